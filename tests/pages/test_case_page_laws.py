"""What holds on the pages of every case: each field has words, an untouched form changes nothing, no link is dead."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.case import check_case
from adapter.case.fields import allowed_values, field_schema, list_fields
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.parts import Knowledge
from adapter.resource import dump_json, parse_json
from adapter.synthetic import synthesize
from adapter.web.pages.cases.differences import changes
from adapter.web.pages.cases.form import make_form, read_rows, read_section
from adapter.web.pages.cases.values import HEAD, head_fields, leaves, section_names
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.wording import TONGUES, Tongue
from tests.pages.forms import Page
from tests.pages.kept_cases import keep


def fields_of(schema: Json, prefix: str) -> Iterator[str]:
    for name in schema.get("properties", {}):
        inner = schema["properties"][name].get("type") == "array"
        field = f"{prefix}{name}{'[]' if inner else ''}"
        found = field_schema(field) or {}
        yield field
        yield from fields_of(found, f"{field}.")


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_coded_value_and_every_field_has_words(knowledge: Knowledge, tongue: Tongue) -> None:
    words = Vocabulary(knowledge.mappings, tongue)
    same = {"<", "<=", ">=", ">", "mg/L", "mm/h", *(("yes", "no", "alive", "dead") if tongue == "en" else ())}
    for field in fields_of(load_schema("case"), ""):
        assert words.label(field), field
        for value in allowed_values(field) or []:
            told = words.word(field, value)
            assert told not in (value, f"word_{value}") or value in same, (field, value)


@pytest.fixture(scope="module")
def some_cases() -> list[Json]:
    """As they stand in the registry: decimals keep their digits."""
    made = (each for each in synthesize(40, 11) if each.get("opposition") != "opposed")
    return [parse_json(dump_json(each))[0] for each in made]


@pytest.mark.parametrize("tongue", TONGUES)
def test_a_form_sent_back_untouched_says_what_the_case_says(
    knowledge: Knowledge, some_cases: list[Json], tongue: Tongue
) -> None:
    words = Vocabulary(knowledge.mappings, tongue)
    for case in some_cases:
        told: Json = {"case_id": case["case_id"]}
        for name in section_names():
            if name == HEAD:
                held: Any = {key: case[key] for key in head_fields() if key in case}
            else:
                held = case.get(name, [] if name in list_fields() else {})
            sent = {each.pointer: each.value for group in make_form(name, held, {}, words) for each in flat(group)}
            read = read_rows(name, sent, len(held)) if name in list_fields() else read_section(name, sent)
            told |= read if name == HEAD else {name: read} if read or name in case else {}
        assert changes(case, told, words) == []
        assert told.keys() == case.keys()
        assert check_case(told, knowledge.consistency, today=date(2026, 1, 1)) == check_case(
            case, knowledge.consistency, today=date(2026, 1, 1)
        )


def flat(part: Any) -> Iterator[Any]:
    if hasattr(part, "parts"):
        for each in part.parts:
            yield from flat(each)
    else:
        yield part


def test_a_case_differs_from_itself_in_nothing_and_from_another_in_something(
    knowledge: Knowledge, some_cases: list[Json]
) -> None:
    words = Vocabulary(knowledge.mappings, "fr")
    for one, other in itertools.pairwise(some_cases):
        assert changes(one, one, words) == []
        assert changes(one, other, words) != []
        assert len({value.pointer for value in leaves(one, words)}) == len(list(leaves(one, words)))


def test_pages_of_all_sorts_of_cases_hold_together(client: FlaskClient, some_cases: list[Json]) -> None:
    for case in some_cases[:6]:
        page = keep(client, case)
        for language in ("fr", "en"):
            answer = client.get(f"{page}?lang={language}")
            told = Page(answer.text)
            assert answer.status_code == 200
            assert told.anchors <= told.ids
