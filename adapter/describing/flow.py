"""Where everybody went: screened, excluded by which criterion, undetermined, included; as STROBE asks a paper to show.

Takes from: parts, store, describing.counting.  Gives to: describing.
Source: von Elm et al., STROBE statement, item 13
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

from adapter.describing.counting import Screened
from adapter.errors import Json
from adapter.parts import Parts, Published
from adapter.store import adjudications, inbox


def find_flow(parts: Parts, published: Published, screened: Screened, language: Literal["en", "fr"]) -> Json:
    """Shapes:  screened = ineligible + undetermined + included; `first` sums to the ineligible, `any` may overlap;
    unreadable: records in quarantine, of which nothing could be kept; they are not among the screened
    """
    labels = {each.id: each.label[language] for each in published.criteria.criteria}
    statuses = screened.statuses
    with parts.store.reading() as connection:
        unreadable = inbox.count_states(connection).get("quarantined", 0)
        judged = adjudications.standing(connection, published.criteria.rule_set)
    excluded = [
        {"id": name, "label": label, "first": screened.first[name], "any": screened.any[name]}
        for name, label in labels.items()
        if screened.any[name]
    ]
    waiting = [
        {"id": name, "label": label, "any": screened.open[name]}
        for name, label in labels.items()
        if screened.open[name]
    ]
    return {
        "screened": statuses.total(),
        "unreadable": unreadable,
        "ineligible": {"n": statuses["ineligible"], "by": excluded},
        "undetermined": {"n": statuses["undetermined"], "by": waiting},
        "included": statuses["eligible"],
        "adjudicated": _differing(judged),
    }


def _differing(judged: list[adjudications.Adjudication]) -> list[Json]:
    """How often a person judged otherwise than the rule; the description follows the rule all the same."""
    pairs = Counter((each.rule_status, each.decision) for each in judged if each.rule_status != each.decision)
    return [{"rule": rule, "person": person, "n": n} for (rule, person), n in sorted(pairs.items())]
