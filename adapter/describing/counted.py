"""A registry counted once and described again and again: with other filters, and who is behind a number.

Takes from: errors, parts, store, cohort, describing.answering.  Gives to: describing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from adapter.cohort import Derivation, Table, places_of, words_in
from adapter.describing.answering import find_asked
from adapter.errors import GoneError, Json, NotFoundError, UsageError
from adapter.parts import Parts, Published
from adapter.store import cases

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
_ANSWERS = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True)
class Counted:
    """Everybody held against a paper's criteria; of the included, every variable that its table asks for.

    Shapes:  table  with pseudonyms
             flows  where everybody went, in each language
    """

    published: Published
    table: Table
    flows: Mapping[Language, Json]
    described_at: str

    @property
    def derivation(self) -> Derivation:
        return self.published.statistics.derivation

    def groups(self) -> dict[str, list[tuple[str, int]]]:
        """For each grouping the groups that somebody is in, with how many; "" is not known."""
        return {name: self._sizes(variable) for name, variable in self.derivation.strata.items()}

    def _sizes(self, variable: str) -> list[tuple[str, int]]:
        column, words = self.table.categories[variable], self.table.words[variable]
        return [(word, column.count(words.index(word))) for word in words_in(self.table, variable)]

    def among(self, where: Mapping[str, str]) -> Table:
        """The included of these groups only.

        Shapes:  where  grouping -> group; nobody is in a group that there is not
        Errors:  UsageError for another grouping
        """
        strata = self.derivation.strata
        if not strata.keys() >= where.keys():
            raise UsageError(f"Cases are grouped by {', '.join(strata)}.")
        table = self.table
        for name, word in where.items():
            words = table.words[strata[name]]
            wanted = words.index(word) if word in words else -1
            table = table.select(bytes(index == wanted for index in table.categories[strata[name]]))
        return table


@dataclass(frozen=True)
class Behind:
    """Some of those behind a number.

    Shapes:  counts   answer -> how many gave it; empty when answers are numbers or words
             found    [{"case_id", "answer", "by", "evidence": [{"resource", "expression", "case"}]}]
             more     whether there are others after these
    """

    counts: Mapping[str, int]
    found: list[Json]
    more: bool


def find_behind(
    parts: Parts, counted: Counted, identity: str, where: Mapping[str, str], *, answer: str, skip: int, limit: int
) -> Behind:
    """Whose records make a number, a few at a time, with the places that do.

    Shapes:  identity  a row of the table, or a variable that it asks for
             answer    only those: "yes", "no", "unknown"; "" for all
    Errors:  UsageError when there is no such row or variable, or the table does not ask for it
    """
    name, of = find_asked(counted.published, identity)
    table = counted.among(where)
    if not {name, of} - {""} <= {each.name for each in table.columns}:
        raise UsageError("The table of this paper does not ask for this variable.")
    table = table.select(bytes(flag == 1 for flag in table.flags[of])) if of else table
    told = [_told(each) for each in table.answers(name)] if name else [("yes", "")] * len(table)
    counts = {each: sum(said == each for said, _ in told) for each in _ANSWERS.values()}
    chosen = (i for i, (said, _) in enumerate(told) if not answer or said == answer)
    some = list(islice(chosen, skip, skip + limit + 1))
    found = [
        {"case_id": table.ids[i], "answer": told[i][0], "by": told[i][1]}
        | {"evidence": list(_evidence(parts, counted, name, table.ids[i]))}
        for i in some[:limit]
    ]
    return Behind(counts if sum(counts.values()) == len(told) else {}, found, len(some) > limit)


def _told(answer: tuple[Any, str]) -> tuple[Any, str]:
    said, by = answer
    return (_ANSWERS[said] if said is None or isinstance(said, bool) else said), by


def _evidence(parts: Parts, counted: Counted, name: str, case_id: str) -> Iterator[Json]:
    """Where the record says so; nothing of a case that is gone since it was counted."""
    if not name:
        return
    try:
        with parts.store.reading() as connection:
            case = cases.read(connection, case_id).case
    except (NotFoundError, GoneError):
        return
    locate = parts.knowledge.mappings.locate(case)
    for place in places_of(name, counted.derivation.declaration.data["variables"], case):
        resource, expression = locate(place)
        yield {"resource": resource, "expression": expression, "case": place}
