"""A: no rule that can never do anything: directions that contradict, branches behind one that takes everything.

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.mapping.checks.pairs import Pair, schema_of
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.words import has_code, words_of
from adapter.mapping.rules import Map, Rule


def check_branches(survey: Survey) -> Iterator[str]:
    """Directions and the order of branches."""
    for mapping in survey.maps:
        yield from _of_map(mapping, survey.pairs[mapping.name])


def _of_map(mapping: Map, pairs: list[Pair]) -> Iterator[str]:
    for pair in pairs:
        if not pair.part and not pair.whole and not pair.meant_to_write and not pair.reads:
            key = "direction" if "direction" in pair.rule.spelled else "id"
            yield pair.told("A001", "this can neither be written nor read: the directions contradict", key)
        if pair.meant_to_write and pair.rule.codec.name == "words":
            yield pair.told("A001", "`words` is only read: say `direction: from-fhir`", "via")
    for top in (each for each in mapping.rules if each.kind in ("first", "choice")):
        branches = [[pair for pair in pairs if pair.branch is branch] for branch in top.rules]
        for number, branch in enumerate(branches):
            yield from _never_reached(top, branch, branches[:number])


def _never_reached(top: Rule, branch: list[Pair], earlier: list[list[Pair]]) -> Iterator[str]:
    if not branch:
        return
    own = branch[0]
    writers = [each for each in earlier if each and each[0].writes and not each[0].given]
    if own.writes and not own.given and any(each[0].field == own.field for each in writers):
        taken = [each[0] for each in writers if each[0].field == own.field]
        if _takes_all(taken, own.field):
            text = "an earlier branch writes every value: say `direction: from-fhir`, or put this first"
            yield own.told("A002", text, "case")
    same = [each[0] for each in earlier if each and each[0].reads and _reads_the_same(top, each[0], own)]
    if own.reads and same:
        other = all(not _same_codec(each, own) for each in same)
        hint = "; a `first` asks one codec after the other" if other else ""
        yield own.told("A002", f"an earlier branch reads the same element: this one is never reached{hint}", "fhir")


def _takes_all(branches: list[Pair], field: str) -> bool:
    if any(pair.rule.codec.table is None and pair.rule.codec.name != "values" for pair in branches):
        return True
    words = words_of(schema_of(field) or {})
    return bool(words) and all(any(has_code(pair, word) for pair in branches) for word in words)


def _reads_the_same(top: Rule, one: Pair, two: Pair) -> bool:
    return one.fhir == two.fhir and (top.kind == "choice" or _same_codec(one, two))


def _same_codec(one: Pair, two: Pair) -> bool:
    left, right = one.rule.codec, two.rule.codec
    return left.name == right.name and left.option == right.option
