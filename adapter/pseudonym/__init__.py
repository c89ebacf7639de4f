"""The one room that turns a hospital's identifiers into the registry's pseudonym, with keys that stay in their file.

Takes from: errors, canonical, resource, keyfile.  Gives to: inbound, crawl, screen, rotating, bootstrap.
"""

from adapter.pseudonym.identifiers import CASE_IDENTIFIER, find_case_identifier
from adapter.pseudonym.ring import Pseudonyms, load_pseudonyms, make_pseudonyms

__all__ = ["CASE_IDENTIFIER", "Pseudonyms", "find_case_identifier", "load_pseudonyms", "make_pseudonyms"]
