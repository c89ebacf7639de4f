"""Read FHIR JSON safely, write it with its digits, and find a place in the submitted text.

Takes from: errors.  Gives to: every room that touches JSON text.
Source: https://hl7.org/fhir/R4/json.html
"""

from adapter.resource.lines import parse_lines
from adapter.resource.places import Locator, locate
from adapter.resource.reading import MAX_BYTES, MAX_DEPTH, parse_for_counting, parse_json
from adapter.resource.writing import dump_json

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Locator",
    "dump_json",
    "locate",
    "parse_for_counting",
    "parse_json",
    "parse_lines",
]
