"""The laws of the mapping files, on cases made from the schema.

L1  reading what was written gives the case back           L6  a foreign key put anywhere is reported
L2  writing what was read gives the resources back         L7  nothing is reported for what we wrote
Every map takes part: the cases carry every field, and a test below proves that each rule was exercised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapter.config import shipped
from adapter.mapping import load_mappings
from adapter.resource import dump_json, parse_json
from tests.strategies import cases

MAPPINGS = load_mappings(shipped("mappings"))
FOREIGN = "zzForeign"


@given(cases())
def test_a_case_comes_back_as_it_went(case: dict[str, Any]) -> None:
    result = MAPPINGS.to_case(MAPPINGS.to_fhir(case))

    assert result.case == case
    assert result.issues == []


@given(cases())
def test_resources_come_back_as_they_were_written(case: dict[str, Any]) -> None:
    bundle = MAPPINGS.to_fhir(case)

    again = MAPPINGS.to_case(bundle).case

    assert MAPPINGS.to_fhir(again or {}) == bundle


@given(cases())
def test_nothing_empty_is_ever_written(case: dict[str, Any]) -> None:
    """R4 knows no null, no empty text, no empty list and no empty object."""
    written = MAPPINGS.to_fhir(case)["entry"]

    assert all(each not in (None, "", [], {}) for each in _values(written))


@given(cases())
def test_nothing_is_left_unread_of_what_we_write(case: dict[str, Any]) -> None:
    assert MAPPINGS.to_case(MAPPINGS.to_fhir(case)).unread == []


@given(cases(), st.data())
def test_a_foreign_key_anywhere_is_reported(case: dict[str, Any], data: st.DataObject) -> None:
    bundle, _ = parse_json(dump_json(MAPPINGS.to_fhir(case)))
    objects = [each for entry in bundle["entry"] for each in _objects(entry["resource"])]
    data.draw(st.sampled_from(objects))[FOREIGN] = 1

    unread = MAPPINGS.to_case(bundle).unread

    assert [each["expression"].rsplit(".", 1)[-1] for each in unread] == [FOREIGN]


def _values(value: Any) -> Iterator[Any]:
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(each)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        # `meta` is the server's and deliberately left, whatever stands in it (every map says so).
        for each in (inner for name, inner in value.items() if name != "meta"):
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)
