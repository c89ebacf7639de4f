"""The registry given away whole: a Bulk Data export, asked for, prepared, and read line by line.

No file is written: what stood at the export's transaction time is read from the versions that are kept anyway, so a
restart costs nothing, nothing lies about, and what is erased meanwhile cannot leave.

    begin ──► prepare (counts, cuts into files) ──► lines (of each file) ──► deleted, or forgotten after a day

Takes from: errors, scopes, search, parts, store.  Gives to: web.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from adapter.registry.exporting.asking import Wish, parse_wish
from adapter.registry.exporting.giving import lines
from adapter.registry.exporting.preparing import begin, prepare

__all__ = ["Wish", "begin", "lines", "parse_wish", "prepare"]
