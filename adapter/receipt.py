"""What a sender is told: how an inbox entry ended, read back from committed rows and from nothing else.

Takes from: errors, parts, store.  Gives to: inbound, web, cli.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.errors import Issue, Json
from adapter.parts import Parts
from adapter.store import cases, findings, inbox


@dataclass(frozen=True)
class Receipt:
    """What became of a document, read back from the committed rows.

    Shapes:  entry    the inbox entry that was judged; for a duplicate, the first that came
             arrived  id of the entry this very message became
    """

    entry: inbox.Entry
    arrived: str
    issues: list[Issue]
    unread: list[Json]
    decision: Json | None

    @property
    def duplicate(self) -> bool:
        return self.arrived != self.entry.id or self.entry.state == "duplicate"

    @property
    def accepted(self) -> bool:
        return (self.entry.status or 500) < 400

    @property
    def status(self) -> int:
        """HTTP status for the sender; a repetition creates nothing, so 201 becomes 200."""
        told = self.entry.status or 500
        return 200 if self.duplicate and told == 201 else told


def read_receipt(parts: Parts, entry_id: str, arrived: str) -> Receipt:
    """The answer for an entry, from committed rows only.  Errors:  NotFoundError"""
    with parts.store.reading() as connection:
        entry = inbox.find(connection, entry_id)
        decision = None
        if entry.case_id and entry.case_version:
            decision = cases.read(connection, entry.case_id, entry.case_version).decision
        issues = findings.issues_of(connection, entry_id)
        return Receipt(entry, arrived, issues, findings.unread_of(connection, entry_id), decision)
