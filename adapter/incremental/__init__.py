"""Follow a source: ask only for what has changed since its last complete pull, and notice what is gone.

    since ──► plan: changed, created, deleted, merged ──► (the pull collects these patients as a whole) ──► memory

Time is the server's own, never ours. What a server cannot tell is found by asking for every known patient again.

Takes from: errors, hospital, parts, crawl, bulk, inbound, store.  Gives to: pull.
Source: https://hl7.org/fhir/R4/http.html#history, https://hl7.org/fhir/R4/search.html#lastUpdated
"""

from adapter.incremental.exporting import KnownExport
from adapter.incremental.memory import Memory
from adapter.incremental.since import ALL, since_options
from adapter.incremental.taking import KnownSearch, open_taking
from adapter.incremental.wishes import erase_opposed
from adapter.incremental.withdrawal import absence, withdraw

__all__ = [
    "ALL",
    "KnownExport",
    "KnownSearch",
    "Memory",
    "absence",
    "erase_opposed",
    "open_taking",
    "since_options",
    "withdraw",
]
