"""How this pull takes: everything or what has changed, by search or by export.

Takes from: errors, hospital, parts, crawl, store, the other rooms of incremental.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from adapter.crawl import SearchTaking
from adapter.crawl.plan import Plan
from adapter.errors import Issue
from adapter.hospital.answers import read_page
from adapter.hospital.asking import Question
from adapter.hospital.client import Hospital, address
from adapter.hospital.session import Answer
from adapter.incremental.exporting import KnownExport
from adapter.incremental.memory import Memory
from adapter.incremental.plan import LAST_UPDATED, ChangePlan, KnownPlan
from adapter.incremental.since import begin_at, parse_served_at
from adapter.parts import Parts
from adapter.store import units

# Nothing is older than the one or newer than the other.
_EVER, _NEVER = "ge1970-01-01", "ge2999-01-01"


class KnownSearch(SearchTaking):
    """A search pull that knows what was taken before.

    Shapes:  begin  instant of the server's clock; None for everything
    """

    def __init__(self, parts: Parts, hospital: Hospital, pull_id: str, memory: Memory, begin: str | None) -> None:
        self.begin, self._memory = begin, memory
        self._plainly = False
        super().__init__(parts, hospital, pull_id, self._choose(parts, hospital, pull_id))

    def served_at(self) -> datetime | None:
        """The server's time when it first answered in this run; None when it told none."""
        return parse_served_at(self._hospital.session.date)

    def issues(self) -> Iterator[Issue]:
        """Also whether the server could say what has changed."""
        yield from super().issues()
        if self._plainly or (isinstance(self._plan, ChangePlan) and None in self._plan.deleted):
            yield _everybody_asked()

    def _choose(self, parts: Parts, hospital: Hospital, pull_id: str) -> Plan:
        """A pull that goes on keeps to the plan it began with."""
        known = KnownPlan(parts, hospital.source, pull_id, self._memory)
        if self.begin is None:
            return known
        with parts.store.reading() as connection:
            begun = units.has_stage(connection, pull_id, "candidates")
            as_changes = units.has_stage(connection, pull_id, "changes")
        if as_changes or (not begun and _tells_changes(hospital)):
            return ChangePlan(parts, hospital.source, pull_id, self._memory, hospital, self.begin)
        self._plainly = True
        return known


Taking = KnownExport | KnownSearch


def open_taking(parts: Parts, hospital: Hospital, pull_id: str, since: str, memory: Memory) -> Taking:
    """Shapes:  since  as `since.parse_since` gives it"""
    begin = begin_at(since, memory.reached())
    kind = KnownExport if hospital.source.bulk else KnownSearch
    return kind(parts, hospital, pull_id, memory, begin)


def _tells_changes(hospital: Hospital) -> bool:
    """Asked what has changed since ever a server must find something, and since the end of time nothing."""
    source, search = hospital.source, hospital.source.candidates[0]

    def count(instant: str) -> int | None:
        asked = {**search.parameters, LAST_UPDATED: instant, "_summary": "count"}

        def read(answer: Answer) -> int:
            page = read_page(answer, search.type, f"search {search.type}", source.max_answer_bytes)
            return len(page.matches) if page.total is None else page.total

        return hospital.asker.ask(Question(address(source.base, search.type, asked)), read).value

    return count(_NEVER) == 0 and bool(count(_EVER))


def _everybody_asked() -> Issue:
    english = "The server cannot say what has changed or gone since then: every known patient was asked for."
    french = "Le serveur ne peut dire ce qui a changé ou disparu depuis : tous les patients connus ont été demandés."
    return Issue("information", "incomplete", "", "pull:everybody-asked", english, "pull", text_fr=french)
