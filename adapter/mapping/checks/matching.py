"""Q and C: can the items of a list be told apart by what `match` names?

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.mapping.checks.pairs import each_field, item_field, schema_of, tell, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.rules import Map
from adapter.mapping.spelling import did_you_mean


def check_matching(survey: Survey) -> Iterator[str]:
    """`match` of the maps and of their rules with `each`."""
    for mapping in survey.maps:
        yield from _of_map(mapping)
        for rule in (leaf for top in mapping.rules for leaf in top.leaves() if leaf.kind == "each"):
            if rule.match and str(rule.spelled["each"]).startswith("$."):
                text = f"the map of '{rule.case}' says how its items are told apart: no `match` here"
                yield tell(mapping, rule, "Q004", text, "match")
            else:
                for _, text in _unknown(each_field(rule, item_field(mapping)), rule.match or []):
                    yield tell(mapping, rule, "C001", text, "match")


def _of_map(mapping: Map) -> Iterator[str]:
    match = mapping.get("match") or []
    if match and mapping.place != "list" and schema_of(f"{mapping.case}[]") is None:
        text = f"`match` tells the items of a list apart, and '{mapping.get('case')}' is none"
        yield tell_map(mapping, "Q004", text, "match")
    for name, text in _unknown(item_field(mapping), match if mapping.place == "list" else []):
        yield tell_map(mapping, "C001", text, "match", match.index(name))


def _unknown(item: str, names: list[str]) -> Iterator[tuple[str, str]]:
    known = (schema_of(item) or {}).get("properties", {})
    for name in names:
        if known and name not in known:
            yield name, f"the case has no field '{item}.{name}'{did_you_mean(name, known)}"
