"""Run the units of a stage: several connections ask, one thread keeps. A process that dies goes on at its last page.

    waiting units ──► threads: ask, parse, check, pack ──► one writer: book ──► next question, or the end

Each connection holds one page; what is asked for and not yet kept is bounded by the connections and by MAX_PARSING.

Takes from: errors, hospital, parts, store, book, ledger, parcel, questions, way.  Gives to: pull.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

from adapter.crawl.book import Answered, book
from adapter.crawl.ledger import Scribe
from adapter.crawl.parcel import Parcel, pack
from adapter.crawl.questions import first_of, question_of
from adapter.crawl.trust import Trust
from adapter.crawl.walk import can_split
from adapter.crawl.way import Way
from adapter.errors import Json, RemoteTransientError
from adapter.hospital.answers import Page, read_page, read_resource
from adapter.hospital.asking import Question, Reply
from adapter.hospital.client import Hospital
from adapter.hospital.politeness import QuietHour
from adapter.hospital.session import Answer
from adapter.parts import Parts
from adapter.store import ledger, pages, units
from adapter.store.units import Stage, Unit

# A server that did not answer so many units in a row will not answer the next one either.
SILENT_IN_A_ROW = 3
# So many single patients refused in a row: the type is refused, and lists of it are not taken apart any more.
REFUSED_IN_A_ROW = 3
MAX_PARSING = 32 * 1024 * 1024
_AT_THE_START: Json = {"cursor": None, "pages": 0, "received": 0, "expected": None, "restarts": 0, "problem": ""}

GoesOn = Callable[[], bool]


class Crawl:
    """The search pull of one hospital."""

    def __init__(self, parts: Parts, hospital: Hospital, pull_id: str) -> None:
        self._parts, self._hospital, self._pull_id = parts, hospital, pull_id
        self._scribe = Scribe(hospital.source, parts.pseudonyms)
        self._room = _Room(MAX_PARSING)
        self._habits: dict[str, dict[str, object]] = {}
        self._refused: Counter[str] = Counter()
        self._trust: dict[str, Trust] = {}
        self._silent = 0
        self._unanswered: list[Unit] = []
        self._quiet: QuietHour | None = None
        self.stopped = False

    @property
    def silent(self) -> bool:
        """Has the server stopped answering?"""
        return self._silent >= SILENT_IN_A_ROW

    def run(self, stage: Stage, goes_on: GoesOn) -> None:
        """Bring every waiting unit of a stage to its end, or stop because the server is silent or we are asked to.

        Shapes:  goes_on  asked after every transaction; False stops: what is kept stays, and the pull can go on
        Errors:  QuietHour; what is kept stays, and the pull can go on
        """
        queue = _Queue(self._parts, self._pull_id, stage)
        with ThreadPoolExecutor(self._hospital.connections, thread_name_prefix="pull") as threads:
            asking: set[Future[Answered]] = set()
            try:
                while not self.stopped and not self.silent:
                    while len(asking) < self._hospital.connections and (unit := queue.take()):
                        asking.add(threads.submit(self._ask, unit))
                    if not asking:
                        return
                    done, asking = wait(asking, return_when=FIRST_COMPLETED)
                    queue.put_back(self._keep(self._answered(done)))
                    self.stopped = not goes_on()
                    if self._quiet:
                        raise self._quiet
            finally:
                threads.shutdown(wait=not self.stopped, cancel_futures=True)

    def put_back(self) -> RemoteTransientError:
        """Let the units that a silent server did not answer wait again, from their first page; the error to raise."""
        problem = self._unanswered[-1].problem.removeprefix(f"{self._hospital.host}: ")
        with self._parts.store.writing() as connection:
            for unit in self._unanswered:
                pages.clear(connection, unit.id)
                units.save(connection, replace(unit, state="waiting", way=first_of(unit).as_json(), **_AT_THE_START))
        told = f"did not answer {len(self._unanswered)} times in a row: {problem}"
        return RemoteTransientError(told, self._hospital.host)

    def _answered(self, done: set[Future[Answered]]) -> list[Answered]:
        """What came; of questions that met a quiet hour, only what was sent before is written down."""
        found = []
        for each in done:
            try:
                found.append(each.result())
            except QuietHour as error:
                self._quiet = error
                with self._parts.store.writing() as connection:
                    ledger.add(connection, self._pull_id, None, [self._scribe.request(one) for one in error.attempts])
        return found

    def _ask(self, unit: Unit) -> Answered:
        way = Way(**{**self._habits.get(unit.type, {}), **unit.way})
        question = question_of(unit, way, self._hospital.source)
        return Answered(unit, way, question, self._reply(unit, way, question))

    def _reply(self, unit: Unit, way: Way, question: Question) -> Reply[Parcel]:
        def read(answer: Answer) -> Parcel:
            with self._room.of(len(answer.body)):
                return pack(self._page(unit, way, answer), unit, self._parts.seals)

        return self._hospital.asker.ask(question, read)

    def _page(self, unit: Unit, way: Way, answer: Answer) -> Page:
        limit = self._hospital.source.max_answer_bytes
        if way.asking == "read":
            return Page([read_resource(answer, unit.type, f"read {unit.type}", limit)], [], 1, None)
        page = read_page(answer, unit.type, f"search {unit.type}", limit)
        if way.asking == "pages" and unit.pages and page.empty:
            raise RemoteTransientError("a page came empty", answer.host, answer.status)
        return page

    def _keep(self, answered: list[Answered]) -> list[Unit]:
        """Keep what came, all in one transaction; returns the units that go on."""
        on = []
        with self._parts.store.writing() as connection:
            for done in answered:
                splits = self._refused[done.unit.type] < REFUSED_IN_A_ROW
                trust = self._trust.setdefault(done.unit.type, Trust())
                step = book(connection, self._scribe, self._hospital.source.base, trust, done, splits=splits)
                self._learn(done, step)
                if step in ("on", "again"):
                    on.append(done.unit)
        return on

    def _learn(self, done: Answered, step: str) -> None:
        unit, reply = done.unit, done.reply
        if unit.pages:
            self._habits[unit.type] = done.way.habits()
        if reply.unreachable and step == "end":
            self._silent += 1
            self._unanswered.append(unit)
        elif reply.value:
            self._silent = 0
            self._unanswered.clear()
        if step == "end" and not can_split(unit):
            self._refused[unit.type] = self._refused[unit.type] + 1 if reply.outcome == "fatal" else 0


class _Queue:
    """Units that wait, a handful in memory at a time; those under way come before new ones."""

    def __init__(self, parts: Parts, pull_id: str, stage: Stage) -> None:
        self._parts, self._pull_id, self._stage = parts, pull_id, stage
        self._ready: deque[Unit] = deque()
        self._last = 0

    def take(self) -> Unit | None:
        if not self._ready:
            with self._parts.store.reading() as connection:
                found = units.waiting(connection, self._pull_id, self._stage, after=self._last)
            self._ready.extend(found)
            self._last = found[-1].id if found else self._last
        return self._ready.popleft() if self._ready else None

    def put_back(self, on: list[Unit]) -> None:
        self._ready.extendleft(reversed(on))


class _Room:
    """Bytes that may be parsed at the same time; a larger answer waits until it is alone."""

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Room for an answer of this size, until the end of the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + size <= self._size)
            self._taken += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()
