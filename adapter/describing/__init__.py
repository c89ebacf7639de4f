"""The cohort journey: which of the stored cases a paper would have counted, described as the paper did.

Takes from: errors, parts, store, eligibility, cohort.  Gives to: demo, report, exports, web, cli.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from adapter.cohort import Table, contract_row, count_not_usable, describe_groups, describe_table
from adapter.describing.answering import find_answers
from adapter.describing.counted import LANGUAGES, Behind, Counted, find_behind
from adapter.describing.counting import Screened, screen
from adapter.describing.flow import find_flow
from adapter.errors import Json, UsageError
from adapter.parts import Parts, Published

__all__ = [
    "Behind",
    "Counted",
    "answers_behind",
    "count_registry",
    "describe_cohort",
    "describe_columns",
    "describe_counted",
    "describe_registry",
    "find_behind",
    "included_cases",
]

Language = Literal["en", "fr"]


def describe_cohort(parts: Parts, like: str = "SA", *, language: Language = "en") -> list[Json]:
    """The stored cases that are eligible by a paper's criteria, beside what the paper printed.

    Shapes:  like     "SA" or "SB"
             returns  rows with the keys of the outer contract
    Errors:  UsageError for another paper
    """
    return [contract_row(row) for row in describe_registry(parts, like, language=language)["rows"]]


def describe_registry(
    parts: Parts, like: str = "SA", *, by: Sequence[str] = (), language: Language = "en", processes: int = 1
) -> Json:
    """The whole description: the table, where everybody went, what is not usable, and the same for groups.

    Shapes:  by         groups to tell apart, as declared under `strata` of derived.yaml
             processes  how many read a large registry at the same time
             returns    like, title, citation, described_at, versions, rows, flow, not_usable, strata
    Errors:  UsageError for another paper or another grouping
    """
    published = _published(parts, like)
    _ensure_groups(published, by)
    screened = screen(parts, published, by, processes)
    flow = find_flow(parts, published, screened, language)
    return {**_head(parts, published, language), "flow": flow, **_body(published, screened.table, by, language)}


def count_registry(parts: Parts, like: str = "SA") -> Counted:
    """Look at every living case once, to be described as often as asked.  Errors:  UsageError for another paper"""
    published = _published(parts, like)
    screened = screen(parts, published, list(published.statistics.derivation.strata), keep_ids=True)
    flows = {language: find_flow(parts, published, screened, language) for language in LANGUAGES}
    return Counted(published, screened.table, flows, parts.clock().isoformat())


def describe_counted(
    parts: Parts, counted: Counted, where: Mapping[str, str], *, by: Sequence[str] = (), language: Language = "en"
) -> Json:
    """The description of the included of some groups; the flow is everybody's.

    Shapes:  where  grouping -> group, as `Counted.groups` gives them
    Errors:  UsageError for another grouping
    """
    published = counted.published
    head = {**_head(parts, published, language), "described_at": counted.described_at}
    return {**head, "flow": counted.flows[language], **_body(published, counted.among(where), by, language)}


def _ensure_groups(published: Published, by: Sequence[str]) -> None:
    known = published.statistics.derivation.strata
    if not known.keys() >= set(by):
        raise UsageError(f"Cases are grouped by {', '.join(known)}.")


def _body(published: Published, table: Table, by: Sequence[str], language: Language) -> Json:
    _ensure_groups(published, by)
    statistics = published.statistics
    return {
        "rows": describe_table(table, statistics, language=language),
        "not_usable": count_not_usable(table, statistics, language=language),
        "strata": [_stratum(table, published, name, language) for name in by],
    }


def included_cases(parts: Parts, like: str = "SA") -> Iterator[Json]:
    """The cases that the description of a paper counts, by pseudonym.  Errors:  UsageError for another paper"""
    return Screened(_published(parts, like)).cases(parts)


def describe_columns(
    parts: Parts, table: Table, like: str = "SA", *, by: Sequence[str] = (), language: Language = "en"
) -> Json:
    """The description of cases whose variables were worked out before; who was screened for them is not told.

    Shapes:  as `describe_registry`, without flow
    Errors:  as `describe_registry`
    """
    published = _published(parts, like)
    return {**_head(parts, published, language), **_body(published, table, by, language)}


def answers_behind(parts: Parts, identity: str, like: str = "SA") -> Iterator[Json]:
    """Which patients are behind a number, each with the places in its record that make it so.

    Shapes:  as `answering.find_answers`
    Errors:  UsageError for another paper, row or variable
    """
    return find_answers(parts, _published(parts, like), identity)


def _published(parts: Parts, like: str) -> Published:
    published = parts.knowledge.published.get(like)
    if published is None:
        raise UsageError(f"The published cohorts are {', '.join(parts.knowledge.published)}.")
    return published


def _head(parts: Parts, published: Published, language: Language) -> Json:
    statistics, criteria = published.statistics, published.criteria
    versions = {
        "criteria": criteria.version,
        "statistics": statistics.version,
        "derived": statistics.derivation.version,
    }
    return {
        "like": statistics.like,
        "title": statistics.title[language],
        "citation": statistics.citation,
        "described_at": parts.clock().isoformat(),
        "versions": versions,
    }


def _stratum(table: Table, published: Published, name: str, language: Language) -> Json:
    statistics = published.statistics
    variable = statistics.derivation.strata[name]
    column = next(column for column in statistics.derivation.columns if column.name == variable)
    groups = describe_groups(table, statistics, variable, language=language)
    return {"by": name, "name": column.label[language], "groups": groups}
