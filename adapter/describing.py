"""The cohort journey: which of the stored cases a paper would have counted, described as the paper did.

Takes from: errors, parts, store, eligibility, cohort.  Gives to: demo, web, cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from adapter.cohort import describe
from adapter.eligibility import decide
from adapter.errors import Json, UsageError
from adapter.parts import Parts, Published
from adapter.store import cases


def describe_cohort(parts: Parts, like: str = "SA", *, language: Literal["en", "fr"] = "en") -> list[Json]:
    """The stored cases that are eligible by a paper's criteria, beside what the paper printed.

    Shapes:  like     "SA" or "SB"
             returns  rows as `cohort.describe` makes them
    Errors:  UsageError for another paper
    """
    published = parts.knowledge.published.get(like)
    if published is None:
        raise UsageError(f"The published cohorts are {', '.join(parts.knowledge.published)}.")
    return describe(_eligible(parts, published), published.statistics, language=language)


def _eligible(parts: Parts, published: Published) -> Iterator[Json]:
    """By the decision on record where the paper's criteria are the registry's own; else decided now."""
    own = published.criteria.rule_set == parts.knowledge.criteria.rule_set
    with parts.store.reading() as connection:
        for case, _ in cases.current(connection, "eligible" if own else None):
            if own or decide(case, published.criteria, today=parts.today())["status"] == "eligible":
                yield case
