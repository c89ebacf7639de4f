"""The search pull: plan units, ask over several connections, keep page by page, prove, hand over by patient.

    plan ──► engine: questions ──► hospital ──► parcel ──► book (one transaction: ledger, page, index, cursor)
                        ▲                          │
                        └──────── walk ◄───────────┘      control: doubts about filters      handing: by patient

A unit is one search for one list of patients. It ends complete, with a proof, or incomplete, with a reason.

Takes from: hospital, parts, store.  Gives to: pull.
"""

from adapter.crawl.handing import Handed, origins
from adapter.crawl.taking import SearchTaking

__all__ = ["Handed", "SearchTaking", "origins"]
