"""Which cohort is meant: the paper, the filters and the groups, as they stand in the address.

Takes from: errors, describing.  Gives to: the other files of this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from adapter.errors import UsageError
from adapter.parts import Parts

# What stands in an address for the group of those of whom it is not known.
NOT_KNOWN = "-"
_LONGEST = 200


@dataclass(frozen=True)
class Question:
    """Shapes:  where  (grouping, group) in the order of the groupings; "" is not known
    by     groupings that are told apart
    """

    like: str
    where: tuple[tuple[str, str], ...] = ()
    by: tuple[str, ...] = ()

    @property
    def filters(self) -> Mapping[str, str]:
        return dict(self.where)

    def query(self) -> dict[str, Any]:
        """The same as the query of an address."""
        told = {name: word or NOT_KNOWN for name, word in self.where}
        return {"like": self.like, **told, **({"by": list(self.by)} if self.by else {})}

    def unfiltered(self) -> Question:
        return Question(self.like)


def read_question(parts: Parts, asked: MultiDict[str, str]) -> Question:
    """Errors:  UsageError for another paper or another grouping"""
    like = asked.get("like") or "SA"
    published = parts.knowledge.published.get(like)
    if published is None:
        raise UsageError(f"The published cohorts are {', '.join(parts.knowledge.published)}.")
    strata = published.statistics.derivation.strata
    by = tuple(dict.fromkeys(name for name in asked.getlist("by") if name))
    if not strata.keys() >= set(by):
        raise UsageError(f"Cases are grouped by {', '.join(strata)}.")
    chosen = ((name, asked.get(name, "")[:_LONGEST]) for name in strata)
    return Question(like, tuple((name, "" if word == NOT_KNOWN else word) for name, word in chosen if word), by)
