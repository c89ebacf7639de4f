"""Second evidence, where a manifest tells no counts: what the server says it holds of what the export was to bring.

    whole server ──► one count      patients named, or a Group's members ──► one count for each list of them
    patients of the server, or of a Group that is not told ──► the whole server's count: when all of it came, it is all

Takes from: hospital.bulk.request, bulk.desk.  Gives to: bulk.proof.
Source: https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from adapter.bulk.desk import Desk

IDS_IN_A_LIST = 50
# More questions of one type would cost the server more than a manifest with counts is worth.
MAX_LISTS = 200

_NOTHING = "the manifest gives no counts, and the server counts none; {came} came, which proves nothing"
_TOO_MANY = "the manifest gives no counts, and {number} patients are too many to count them in lists; {came} came"
_BOUND = "the manifest gives no counts; the server holds {counted} in all, {came} came: the rest need not be asked for"
_OTHER = "the manifest gives no counts; the server counts {counted}, {came} came"
_FEWER = "the server counts {counted}, {came} different ones came"

Parameters = dict[str, list[str]]


@dataclass(frozen=True)
class _Narrowed:
    """What of a type was asked for.

    Shapes:  filters  each is a search; together they find it
             exact    whoever counts these counts the export; else no more than that can be in it
    """

    filters: list[Parameters]
    exact: bool


def find_evidence(desk: Desk, type_: str, came: int) -> tuple[str, str]:
    """(proof, problem) of the different resources of a type that came; one of them is empty."""
    if type_ == "Medication":
        return "references", ""  # what a statement points at and did not come is asked for by itself
    narrowed = _narrowed(desk, type_)
    lists = len(narrowed.filters)
    if lists > MAX_LISTS:
        return "", _TOO_MANY.format(number=lists * IDS_IN_A_LIST, came=came)
    counted = _sum(desk, type_, narrowed.filters) if type_ else None
    if counted is None:
        return "", _NOTHING.format(came=came)
    # Of a search with parameters a server may have heeded some: only the very number is believed.
    plain = narrowed.filters == [{}]
    if counted == came or (plain and narrowed.exact and counted < came):
        return "count", ""
    told = _FEWER if plain and narrowed.exact else _OTHER if narrowed.exact else _BOUND
    return "", told.format(counted=counted, came=came)


def count_whole(desk: Desk, type_: str) -> int | None:
    """What the server counts of a type, where the export is of the whole server and nothing narrows it."""
    narrowed = _narrowed(desk, type_)
    return desk.count(type_, {}) if narrowed.exact and narrowed.filters == [{}] else None


def _narrowed(desk: Desk, type_: str) -> _Narrowed:
    members = desk.only or (desk.members() if desk.bulk.level == "group" else None)
    whole = members is None and desk.bulk.level == "system"
    filters = list(_filters(desk, type_))
    if members is not None:
        name = "_id" if type_ == "Patient" else "patient"
        lists = [list(members[start : start + IDS_IN_A_LIST]) for start in range(0, len(members), IDS_IN_A_LIST)]
        filters = [{**each, name: named} for each in filters for named in lists]
    if desk.since:
        filters = [{**each, "_lastUpdated": [f"ge{desk.since}"]} for each in filters]
    return _Narrowed(filters, exact=whole or members is not None)


def _filters(desk: Desk, type_: str) -> Iterator[Parameters]:
    """The declared filters of the type; without any, all of it."""
    told = [each.partition("?") for each in desk.bulk.type_filters]
    mine = [query for named, _, query in told if named == type_]
    for query in mine or [""]:
        yield {name: [value] for name, value in parse_qsl(query)}


def _sum(desk: Desk, type_: str, filters: Sequence[Parameters]) -> int | None:
    total = 0
    for each in filters:
        counted = desk.count(type_, each)
        if counted is None:
            return None
        total += counted
    return total
