"""Pull a hospital by bulk export: the job, its files to the last proven line, and each candidate's record out of them.

    desk ──► run_export:  kick-off ──► manifest ──► files ──► proof
         ──► candidates ──► collect_exported ──► (received by the caller) ──► settle ──► end_export

Every step is committed: the address of the job, each batch of lines with the place where it ends, each patient handed
over. A pull that was killed goes on where it stood. What belongs to no candidate is checked, counted and forgotten.

Takes from: errors, resource, hospital, parts, store.  Gives to: pull, incremental.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from adapter.bulk.desk import Desk, Stopped
from adapter.bulk.exporting import Exported, end_export, run_export
from adapter.bulk.patients import collect_exported, find_exported, settle
from adapter.bulk.taking import ExportTaking, forget_ended

__all__ = [
    "Desk",
    "ExportTaking",
    "Exported",
    "Stopped",
    "collect_exported",
    "end_export",
    "find_exported",
    "forget_ended",
    "run_export",
    "settle",
]
