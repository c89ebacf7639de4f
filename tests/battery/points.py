"""Where the adapter is killed: named points, each the moment before or after one of its own functions is called.

Nothing of this is in the product, so it costs nothing there: a point is put into a forked child, in the way of
`tests.faults.child`. A point whose function is gone is an error, and one that is not reached is told: the list stays
true.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from tests.faults.child import dying


@dataclass(frozen=True)
class Point:
    """One moment to die at.

    Shapes:  target  "module:function" or "module:Class.method", as the caller looks it up
             at      which of its calls
             kept    what was sent is in the database by then, and must be there afterwards
    """

    journey: str
    name: str
    target: str
    first: bool = False
    at: int = 1
    kept: bool = False

    def arrange(self) -> None:
        """Put death where it is wanted, in this process."""
        module, _, path = self.target.partition(":")
        owner: Any = importlib.import_module(module)
        *inner, last = path.split(".")
        for step in inner:
            owner = getattr(owner, step)
        setattr(owner, last, dying(self.at, getattr(owner, last), first=self.first))


def _points(journey: str, *rows: tuple[Any, ...]) -> list[Point]:
    return [Point(journey, name, target, **dict.fromkeys(flags.split(), True)) for name, target, flags in rows]


_UP_TO_THE_INBOX = (
    ("received", "adapter.web.guard:_admit", "first"),
    ("admitted", "adapter.web.guard:_admit", ""),
    ("body-read", "adapter.web.fhir:read_body", ""),
    ("inbox-begin", "adapter.store.inbox:keep", "first"),
    ("inbox-sealed", "adapter.sealing:Seals.seal", ""),
    ("inbox-written", "adapter.store.inbox:keep", ""),
    ("inbox-committed", "adapter.inbound:_keep", "kept"),
)
_JUDGED = (
    ("parsed", "adapter.judgement:parse_json", "kept"),
    ("bundle-checked", "adapter.judgement:check_bundle", "kept"),
    ("scopes-checked", "adapter.judgement:check_scopes", "kept"),
    ("validated", "adapter.judgement:admit", "kept"),
    ("mapped", "adapter.judgement:_map", "kept"),
    ("case-checked", "adapter.judgement:check_case", "kept"),
    ("decided", "adapter.judgement:decide", "kept"),
    ("judged", "adapter.inbound:_judge", "kept"),
)
_WRITTEN = (
    ("t2-begin", "adapter.inbound:record", "first kept"),
    ("identity-claimed", "adapter.store.messages:claim", "kept"),
    ("case-written", "adapter.store.keeping:keep", "kept"),
    ("resources-written", "adapter.store.resources:add_versions", "kept"),
    ("index-written", "adapter.store.resources:replace_index", "kept"),
    ("provenance-written", "adapter.recording:publish", "kept"),
    ("decision-written", "adapter.store.keeping:keep_decision", "kept"),
    ("findings-written", "adapter.store.findings:replace", "kept"),
    ("audit-written", "adapter.store.audit:append", "kept"),
    ("entry-settled", "adapter.store.inbox:settle", "kept"),
    ("before-commit", "adapter.inbound:record", "kept"),
    ("after-commit", "adapter.inbound:_judge_and_store", "kept"),
)
_ANSWERED = (
    ("receipt-read", "adapter.inbound:read_receipt", "kept"),
    ("answer-built", "adapter.web.fhir:answer_bundle", "kept"),
    ("access-begin", "adapter.web.guard:_write_down", "first kept"),
    ("access-written", "adapter.web.guard:_write_down", "kept"),
    ("before-response", "adapter.web.logbook:_end", "kept"),
    ("half-a-response", "tests.battery.journeys:half_sent", "kept"),
    ("acknowledged", "tests.battery.journeys:acknowledged", "kept"),
)
PUSH = _points("push", *_UP_TO_THE_INBOX, *_JUDGED, *_WRITTEN, *_ANSWERED)
AMEND = _points(
    "amend",
    ("inbox-committed", "adapter.inbound:_keep", "kept"),
    ("identity-claimed", "adapter.store.messages:claim", "kept"),
    ("case-written", "adapter.store.keeping:keep", "kept"),
    ("earlier-superseded", "adapter.store.inbox:supersede", "kept"),
    ("before-commit", "adapter.inbound:record", "kept"),
    ("after-commit", "adapter.inbound:_judge_and_store", "kept"),
    ("acknowledged", "tests.battery.journeys:acknowledged", "kept"),
)
CASE = _points(
    "case",
    ("inbox-written", "adapter.store.inbox:keep", ""),
    ("inbox-committed", "adapter.inbound:_keep", "kept"),
    ("case-written", "adapter.store.keeping:keep", "kept"),
    ("before-commit", "adapter.inbound:record", "kept"),
    ("after-commit", "adapter.inbound:_judge_and_store", "kept"),
    ("acknowledged", "tests.battery.journeys:acknowledged", "kept"),
)
RETRY = _points(
    "retry",
    ("read", "adapter.inbound:_waiting", "kept"),
    ("judged", "adapter.inbound:_judge", "kept"),
    ("case-written", "adapter.store.keeping:keep", "kept"),
    ("before-commit", "adapter.inbound:record", "kept"),
    ("after-commit", "adapter.inbound:_judge_and_store", "kept"),
    ("told", "adapter.inbound:read_receipt", "kept"),
)
ERASE = _points(
    "erase",
    ("begin", "adapter.store.keeping:erase", "first"),
    ("adjudications-gone", "adapter.store.adjudications:forget", ""),
    ("findings-gone", "adapter.store.findings:forget", ""),
    ("bytes-gone", "adapter.store.inbox:erase", ""),
    ("resources-gone", "adapter.store.resources:erase", ""),
    ("before-commit", "adapter.store.keeping:erase", ""),
    ("access-begin", "adapter.web.guard:_write_down", "first"),
    ("acknowledged", "tests.battery.journeys:acknowledged", ""),
)
RESEAL = [
    *_points(
        "reseal",
        ("key-drafted", "adapter.keyfile:_draft", ""),
        ("key-added", "adapter.keyfile:add_key", ""),
        ("before-commit", "adapter.store.inbox:seal_again", ""),
        ("after-commit", "adapter.cli.arriving:_reseal_some", ""),
    ),
    Point("reseal", "one-of-some", "adapter.sealing:Seals.seal", at=2),
    Point("reseal", "second-batch", "adapter.store.inbox:seal_again", at=2),
]
ROTATE = [
    *_points(
        "rotate",
        ("key-drafted", "adapter.keyfile:_draft", ""),
        ("key-added", "adapter.rotating:add_key", ""),
        ("begun", "adapter.store.pseudonym_keys:begin", ""),
        ("cases-before-commit", "adapter.store.rotation:rotate_cases", ""),
        ("cases-done", "adapter.rotating:_Turn.do_cases", ""),
        ("messages-before-commit", "adapter.store.rotation:rotate_messages", ""),
        ("messages-done", "adapter.rotating:_Turn.do_messages", ""),
        ("requests-before-commit", "adapter.store.pseudonym_keys:note_requests", ""),
        ("requests-done", "adapter.rotating:_Turn.do_requests", ""),
        ("audit-chained", "adapter.store.audit:rename_cases", ""),
        ("list-forgotten", "adapter.store.rotation:forget_done", ""),
        ("end-before-commit", "adapter.store.pseudonym_keys:finish", ""),
        ("ended", "adapter.rotating:_Turn.end", ""),
    ),
    Point("rotate", "heads-copied", "adapter.store.rotation:_copy_heads"),
    Point("rotate", "resources-renamed", "adapter.store.rotation:_rename_resources"),
    Point("rotate", "second-cases-begin", "adapter.store.rotation:rotate_cases", first=True, at=2),
    Point("rotate", "second-cases", "adapter.store.rotation:rotate_cases", at=2),
    Point("rotate", "second-requests", "adapter.store.rotation:rotate_requests", at=2),
]
EXPORT = [
    *_points(
        "export",
        ("folder-made", "adapter.exports:ensure_empty", ""),
        ("rows-written", "adapter.exports.folder:CsvTable.write", ""),
        ("tables-written", "adapter.exports:write_tables", ""),
        ("manifest-begin", "adapter.exports:write_manifest", "first"),
        ("manifest-written", "adapter.exports:write_manifest", ""),
        ("written-down", "adapter.cli.giving:_remember", ""),
    ),
    Point("export", "third-table", "adapter.exports.folder:CsvTable.write", at=3),
]
BACKUP = [
    *_points(
        "backup",
        ("begin", "adapter.backup:_write", "first"),
        ("written", "adapter.backup:_write", ""),
        ("renamed", "adapter.backup:back_up", ""),
    ),
    Point("backup", "third-table", "adapter.store.copying:rows", at=3),
    Point("backup", "ninth-table", "adapter.store.copying:rows", at=9),
]
RESTORE = [
    *_points(
        "restore",
        ("checked", "adapter.backup:check_copy", ""),
        ("first-table", "adapter.store.copying:put_back", ""),
        ("committed", "tests.battery.maintenance:brought_back", ""),
    ),
    Point("restore", "fifth-table", "adapter.store.copying:put_back", at=5),
    Point("restore", "last-rows", "adapter.store.copying:_insert", at=7),
]
START = _points(
    "start",
    ("pseudonym-key-drafted", "adapter.keyfile:_draft", ""),
    ("pseudonym-key-made", "adapter.bootstrap:load_pseudonyms", ""),
    ("sealing-key-made", "adapter.bootstrap:load_seals", ""),
    ("schema-begin", "adapter.store.database:upgrade", "first"),
    ("schema-before-commit", "adapter.store.database:upgrade", ""),
    ("schema-committed", "adapter.store.database:_migrate", ""),
)
PULL = [
    *_points(
        "pull",
        ("lease-taken", "adapter.store.leases:take", ""),
        ("hospital-open", "adapter.pull:open_taking", ""),
        ("page-read", "adapter.crawl.engine:read_page", ""),
        ("page-packed", "adapter.crawl.engine:pack", ""),
        ("page-book-begin", "adapter.crawl.engine:book", "first"),
        ("page-stored", "adapter.store.pages:keep", ""),
        ("request-written", "adapter.store.ledger:add", ""),
        ("cursor-saved", "adapter.store.units:save", ""),
        ("page-before-commit", "adapter.crawl.engine:book", ""),
        ("page-committed", "adapter.crawl.engine:Crawl._keep", ""),
        ("judging", "adapter.pull:_Journey.judge", "first"),
        ("patient-begin", "adapter.pull:receive_resources", "first"),
        ("patient-kept", "adapter.inbound:_keep", ""),
        ("patient-before-commit", "adapter.inbound:record", ""),
        ("patient-received", "adapter.pull:receive_resources", ""),
        ("origins-before-commit", "adapter.store.ledger:keep_origins", ""),
        ("memory-before-commit", "adapter.store.known:remember", ""),
        ("memory-committed", "adapter.incremental:Memory.keep", ""),
        ("patient-settled", "adapter.store.candidates:settle", ""),
        ("report-made", "adapter.pull:make_report", ""),
        ("watermark-before-commit", "adapter.store.known:reach", ""),
        ("watermark-committed", "adapter.incremental:Memory.end", ""),
        ("end-before-commit", "adapter.store.leases:give_back", ""),
        ("ended", "adapter.lease:Lease.end", ""),
        ("staging-forgotten", "adapter.crawl.staging:forget", ""),
    ),
    Point("pull", "fourth-page-stored", "adapter.store.pages:keep", at=4),
    Point("pull", "third-page-committed", "adapter.crawl.engine:Crawl._keep", at=3),
    Point("pull", "second-patient-begin", "adapter.pull:receive_resources", first=True, at=2),
    Point("pull", "second-patient-settled", "adapter.store.candidates:settle", at=2),
]
POINTS = [*PUSH, *AMEND, *CASE, *RETRY, *ERASE, *RESEAL, *ROTATE, *EXPORT, *BACKUP, *RESTORE, *START, *PULL]
