"""Who is included: every living case held against a paper's criteria once, its variables worked out on the way.

Takes from: parts, store, eligibility, cohort, resource.  Gives to: describing.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date

from adapter.cohort import Derivation, Table, tabulate
from adapter.eligibility import decide
from adapter.errors import Json
from adapter.parts import Parts, Published
from adapter.resource import parse_for_counting
from adapter.store import Store, open_store, streams

# Below this many cases a second process costs more than it saves.
MANY = 20_000


class Screened:
    """What became of the living cases.

    Shapes:  table         the included
             statuses      how many there are of each status
             first, any    criterion -> cases it excludes first / at all; open: criterion -> cases it leaves open
    """

    def __init__(self, published: Published) -> None:
        self.published = published
        self.table = Table(())
        self.statuses: Counter[str] = Counter()
        self.first: Counter[str] = Counter()
        self.any: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self._exclude = {each.id: each.exclude for each in published.criteria.criteria}

    def cases(self, parts: Parts) -> Iterator[Json]:
        """The included, by the decision on record where the paper's criteria are the registry's own; else decided now.

        Everybody else is counted on the way.
        """
        own = is_own(parts, self.published)
        with parts.store.reading() as connection:
            for body in streams.bodies(connection, "eligible" if own else None):
                case = parse_for_counting(body)
                if own or self._is_included(case, parts.today()):
                    yield case

    def _is_included(self, case: Json, today: date) -> bool:
        decision = decide(case, self.published.criteria, today=today)
        self.count(decision)
        return bool(decision["status"] == "eligible")

    def count(self, decision: Json) -> None:
        """Why somebody is not included."""
        status = decision["status"]
        self.statuses[status] += 1
        if status == "ineligible":
            reasons = [each["id"] for each in decision["criteria"] if self._fails(each)]
            self.any.update(reasons)
            self.first.update(reasons[:1])
        elif status == "undetermined":
            self.open.update(each["id"] for each in decision["criteria"] if each["value"] == "unknown")

    def _fails(self, criterion: Json) -> bool:
        return bool(criterion["value"] == ("true" if self._exclude.get(criterion["id"]) else "false"))


def is_own(parts: Parts, published: Published) -> bool:
    return published.criteria.rule_set == parts.knowledge.criteria.rule_set


def screen(
    parts: Parts, published: Published, by: Sequence[str] = (), processes: int = 1, *, keep_ids: bool = False
) -> Screened:
    """Hold everybody against a paper's criteria; what its table and these groups ask is worked out.

    Shapes:  keep_ids  the table knows the pseudonyms; then one process does it all
    """
    statistics = published.statistics
    screened, derivation = Screened(published), statistics.derivation.only(statistics.variables(by))
    if not is_own(parts, published):
        screened.table = tabulate(screened.cases(parts), derivation, keep_ids=keep_ids)
        return screened
    with parts.store.reading() as connection:
        for status in ("ineligible", "undetermined"):
            for decision in streams.decisions(connection, status):
                screened.count(decision)
        many = processes > 1 and not keep_ids and streams.count(connection) >= MANY
    if many:
        screened.table = _tabulate_together(parts.store, derivation, processes)
    else:
        screened.table = tabulate(screened.cases(parts), derivation, keep_ids=keep_ids)
    screened.statuses["eligible"] = len(screened.table)
    return screened


def _tabulate_together(store: Store, derivation: Derivation, processes: int) -> Table:
    """Parts of the registry in processes of their own; forked, because a compiled declaration cannot be sent."""
    context = multiprocessing.get_context("fork")
    url = store.engine.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(processes, context, _start, (url, derivation)) as pool:
        parts = list(pool.map(_tabulate_part, range(processes), [processes] * processes))
    whole, *others = parts
    for other in others:
        whole.extend(other)
    return whole


class _Worker:
    """What a forked process works with; set once, when it starts."""

    url: str
    derivation: Derivation


def _start(url: str, derivation: Derivation) -> None:
    _Worker.url, _Worker.derivation = url, derivation
    gc.disable()  # cases hold no circles; looking for some took a third of the time, and this process soon ends


def _tabulate_part(part: int, parts: int) -> Table:
    store = open_store(_Worker.url)
    try:
        with store.reading() as connection:
            bodies = streams.bodies(connection, "eligible", part, parts)
            return tabulate(map(parse_for_counting, bodies), _Worker.derivation)
    finally:
        store.close()
