"""Talk to a hospital's FHIR R4 server: search it to the last page, read one resource, send it a transaction.

The only room that knows HTTP from the client's side. What it hands over is parsed and checked; what it cannot get
it names (RemoteError, or a Unit that says it is incomplete), and never as an empty answer. What is declared of a
hospital is here; talking to it is `adapter.hospital.client`, a door of its own: its libraries take longer to load than
a screening has to lose.

Takes from: errors, resource, declaration.  Gives to: pull, outbound, cli.
Source: https://hl7.org/fhir/R4/http.html, https://hl7.org/fhir/R4/search.html
"""

from adapter.hospital.collecting import Unit
from adapter.hospital.declared import Sources
from adapter.hospital.declaring import load_sources, resolve_source
from adapter.hospital.retry import Patience
from adapter.hospital.search import Search
from adapter.hospital.source import Source

__all__ = [
    "Patience",
    "Search",
    "Source",
    "Sources",
    "Unit",
    "load_sources",
    "resolve_source",
]
