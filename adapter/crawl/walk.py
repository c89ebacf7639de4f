"""How a unit goes on after each answer, until it is proven complete or said to be incomplete.

Pure: an answer's facts go in, the unit and its way are changed, and a step comes out. When the server's own paging
fails, the ladder is: the same walk again, then our own _offset, then smaller units, and only then "incomplete".

Takes from: errors, hospital.attempt, store.units, questions, way.  Gives to: crawl.book.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from adapter.crawl.ledger import CONTROLS
from adapter.crawl.parcel import Parcel
from adapter.crawl.questions import ids_of, plainer
from adapter.crawl.trust import Trust
from adapter.crawl.way import Way
from adapter.errors import RemoteError
from adapter.hospital.attempt import Outcome
from adapter.hospital.origin import resolve_link
from adapter.store.units import BY_PATIENT, Unit

# "on": ask the next question; "again": forget what was taken, and begin; "split": smaller units; "end": it is told
Step = Literal["on", "again", "split", "end"]

RESTARTS = 5
MAX_PAGES = 20_000
MAX_IDLE = 20
_UNSTABLE = "the server's totals do not agree with each other: the data moves, or it counts wrongly"
_UNPROVEN = "the server gives no total and no count; completeness cannot be proven"
_STRANGERS = "the server answers with other patients' resources"


@dataclass(slots=True)
class Walk:
    """A unit with its way, and what can be asked about what it has taken so far.

    Shapes:  digest  of the keys taken
             names   is something of the unit's last patient among them?
             seen    was this address taken before in this walk?
    """

    unit: Unit
    way: Way
    base: str
    digest: Callable[[], str]
    names_last: Callable[[], bool]
    seen: Callable[[str], bool]
    trust: Trust
    splits: bool = True

    def take(self, parcel: Parcel, fresh: int, asked: str) -> Step:
        """After a page: `fresh` matches were new, `asked` is its address."""
        unit, way = self.unit, self.way
        self.trust.see(parcel.matches, parcel.total, has_next=parcel.next is not None)
        way.gone = False
        unit.pages += 1
        unit.received += fresh
        way.entries += parcel.matches
        if parcel.total is not None:
            unit.expected = unit.expected if way.counted else parcel.total
            way.first_total = parcel.total if way.first_total is None else way.first_total
        if parcel.complaint:
            return self._smaller(f"the server reports an error: {parcel.complaint}")
        if parcel.strangers or (parcel.nameless and len(unit.patients or []) > 1):
            return self._strange(unit.pages)
        way.idle = 0 if fresh else way.idle + 1
        if ids_of(unit) is not None and unit.received >= len(ids_of(unit) or []):
            return self._end("ids")
        return self._turn(parcel, fresh, asked)

    def count(self, told: int | None, *, same: bool = False) -> Step:
        """After a count: `told` is None when the server gives none; `same`: it sent the one page again, unchanged."""
        unit, way = self.unit, self.way
        way.counted, way.asking = True, "pages"
        totals_agree = way.first_total is not None and way.first_total == unit.expected == unit.received
        if told is None:
            return self._prove("total") if totals_agree else self._repeated(same)
        if totals_agree and told == unit.received:
            self.trust.confirm(way.entries)
        unit.expected = told
        if told > unit.received:
            return self._more(f"the server counts {told}, {unit.received} came")
        if told == unit.received and way.first_total in (None, told):
            return self._prove("count")
        digest = self.digest()
        if told == unit.received and way.set == digest:
            return self._prove("count")
        way.set = digest
        return self._again(_UNSTABLE)

    def _repeated(self, same: bool) -> Step:
        """Without any count, the one page that came twice and was not cut is all; of several pages nobody knows."""
        if self.unit.pages != 1:
            return self._smaller(self.way.trouble or _UNPROVEN)
        if not same:
            return self._again(_UNPROVEN)
        return self._prove("repeat") if self.trust.is_whole(self.way.entries) else self._smaller(_UNPROVEN)

    def control(self, told: int) -> Step:
        """After asking for the last patient of the list alone."""
        if told == 0:
            return self._end(self.unit.proof)
        return self._smaller("the server does not read the list of patients to its end")

    def fail(self, error: RemoteError, outcome: Outcome) -> Step:
        """After a question that could not be answered."""
        unit, way = self.unit, self.way
        if way.asking == "count" and outcome != "transient":
            return self.count(None)
        if way.asking == "control":
            return self._smaller(str(error))
        if way.asking == "read":
            return self._unread(error)
        first = not unit.pages and not unit.cursor
        if outcome == "restart" or (error.status == 404 and not first):
            return self._gone(str(error))
        if not first and way.paging == "next":
            return self._by_offset(str(error))
        if outcome == "transient" and not error.status:
            return self._incomplete(str(error))
        if first and outcome == "fatal" and plainer(unit, way, error.status):
            return "on"
        return self._smaller(way.trouble or str(error))

    def _gone(self, problem: str) -> Step:
        """Asked for once more: several servers may stand behind one address, and a long walk would never end."""
        before, self.way.gone = self.way.gone, True
        return self._again(problem) if before else "on"

    def _turn(self, parcel: Parcel, fresh: int, asked: str) -> Step:
        unit, way = self.unit, self.way
        enough = unit.expected is not None and unit.received >= unit.expected
        if way.paging == "offset":
            unit.cursor = None
            if not fresh and parcel.next is not None:  # it does not understand _offset
                moved = way.first_total != unit.expected
                return self._again(_UNSTABLE) if moved else self._smaller(way.trouble or _UNPROVEN)
            return self._conclude() if (enough and parcel.next is None) or not fresh else "on"
        if parcel.next is None:
            return self._conclude()
        try:
            unit.cursor = resolve_link(parcel.next, self.base, asked)
        except RemoteError as error:
            return self._astray(str(error))
        if unit.cursor == asked or self.seen(unit.cursor):
            return self._astray("the next links run in a circle")
        if way.idle >= MAX_IDLE or unit.pages >= MAX_PAGES:
            return self._astray(f"{way.idle} pages in a row brought nothing new, {unit.pages} in all")
        return "on"

    def _astray(self, trouble: str) -> Step:
        """Next links that lead nowhere: what came may be all; else the rest is asked for by our own _offset."""
        self.way.trouble = trouble
        self.unit.cursor = None
        return self._conclude()

    def _conclude(self) -> Step:
        unit, way = self.unit, self.way
        unit.cursor = None
        if ids_of(unit) is not None:
            return self._smaller("the server does not give every resource of the list")
        if unit.expected is None or (way.first_total != unit.expected and not way.counted):
            return self._ask("count")
        if unit.expected > unit.received:
            return self._more(f"the server counts {unit.expected}, {unit.received} came")
        if unit.expected == unit.received and way.first_total == unit.expected:
            doubtful = unit.pages == 1 and not way.counted and self.trust.doubts(way.entries)
            return self._ask("count") if doubtful else self._prove("total")
        return self.count(unit.expected) if way.counted else self._ask("count")

    def _more(self, problem: str) -> Step:
        """More is there than came: by our own _offset; a total that the count contradicts is believed no more."""
        way = self.way
        if way.paging == "next":
            way.trouble = way.trouble or problem
            way.paging = "offset"
            return "on"
        return self._smaller(way.trouble or problem) if way.counted else self._ask("count")

    def _by_offset(self, problem: str) -> Step:
        self.way.paging, self.way.forced = "offset", True
        self.way.trouble = self.way.trouble or problem
        return self._fresh_start()

    def _again(self, problem: str) -> Step:
        if self.unit.restarts < RESTARTS:
            return self._fresh_start()
        return self._smaller(problem) if self.way.forced else self._by_offset(problem)

    def _fresh_start(self) -> Step:
        unit = self.unit
        unit.restarts += 1
        unit.pages = unit.received = 0
        unit.expected, unit.cursor = None, None
        return "again"

    def _strange(self, page: int) -> Step:
        """On a later page: the next link has lost a parameter. On the first: the filter is not heeded."""
        if page > 1 and self.way.paging == "next":
            return self._by_offset(_STRANGERS)
        return self._smaller(_STRANGERS)

    def _smaller(self, problem: str) -> Step:
        if self.splits and can_split(self.unit):
            self.unit.state, self.unit.cursor = "split", None
            return "split"
        return self._incomplete(problem)

    def _unread(self, error: RemoteError) -> Step:
        """A drug that is not there is data; a patient who is not there is not."""
        if self.unit.stage == "linked" and error.status in (404, 410):
            return self._end("ids")
        return self._incomplete(str(error))

    def _ask(self, what: Literal["count", "control"]) -> Step:
        self.way.asking = what
        return "on"

    def _prove(self, proof: str) -> Step:
        """A list of patients that the server cut short would give a total that fits: the last one is the control."""
        unit = self.unit
        if unit.stage in BY_PATIENT and len(unit.patients or []) > 1 and not self.names_last():
            unit.proof = proof
            return self._ask("control")
        return self._end(proof)

    def _end(self, proof: str) -> Step:
        unit = self.unit
        unit.state, unit.proof, unit.problem, unit.cursor = "complete", proof, "", None
        return "end"

    def _incomplete(self, problem: str) -> Step:
        unit = self.unit
        unit.state, unit.proof, unit.problem, unit.cursor = "incomplete", "", problem, None
        return "end"


def can_split(unit: Unit) -> bool:
    """Is there a list of patients, of ids or of ORed values in it?"""
    ids = ids_of(unit)
    if ids is not None:
        return len(ids) > 1
    if unit.patients is not None:
        return len(unit.patients) > 1
    return any(len(values) > 1 for name, values in unit.parameters.items() if name not in CONTROLS)
