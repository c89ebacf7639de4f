"""Reading FHIR JSON: nothing is lost, nothing is guessed, every finding has a place."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.resource import Locator, dump_json, locate, parse_json

KEYS = st.text(st.characters(codec="utf-8"), max_size=6)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(codec="utf-8")) | DECIMALS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def rule_of(data: bytes, **limits: int) -> list[str]:
    return [issue.rule for issue in parse_json(data, **limits)[1]]


@given(VALUES)
def test_what_is_written_is_read_back_unchanged(value: object) -> None:
    assert parse_json(dump_json(value)) == (value, [])


@given(VALUES)
def test_the_indented_form_says_the_same(value: object) -> None:
    assert parse_json(dump_json(value, indent=True)) == (value, [])


@given(st.binary(max_size=60) | st.text('{}[]",:\\u019. ', max_size=40).map(str.encode))
def test_arbitrary_bytes_give_a_value_or_a_reason(data: bytes) -> None:
    value, issues = parse_json(data)

    assert issues or json.loads(data) == value


def test_a_decimal_keeps_its_digits() -> None:
    value, _ = parse_json(b'{"value": 1.10, "big": 100000000000000000000.50}')

    assert value["value"] == Decimal("1.10")
    assert dump_json(value) == b'{"value":1.10,"big":100000000000000000000.50}'


def test_an_integer_stays_an_integer() -> None:
    value, _ = parse_json(b"[7, 12345678901234567890123]")

    assert [type(number) for number in value] == [int, int]
    assert dump_json(value) == b"[7,12345678901234567890123]"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "json-syntax"),
        (b'{"a": 1,}', "json-syntax"),
        (b"{'a': 1}", "json-syntax"),
        (b'{"a": 1} trailing', "json-syntax"),
        (b'{"a": "tab\tinside"}', "json-syntax"),
        (b'{"a": NaN}', "json-number"),
        (b'{"a": -Infinity}', "json-number"),
        (b'{"a": 1e999999999999}', "json-number"),
        (b'{"a": ' + b"9" * 6000 + b"}", "json-number"),
        (b'{"a": ' + b"9" * 400 + b"}", "json-number"),
        (b'{"a": 1e400}', "json-number"),
        (b'{"a": "\xe9"}', "json-encoding"),
        (b'{"a": "\\ud800"}', "json-encoding"),
        (b'{"a": 1, "a": 1}', "json-duplicate-key"),
        (b'{"a": 1, "\\u0061": "\\u0022\\u0022"}', "json-duplicate-key"),
        (b'{"a": 12345678901234567890123, "b": 1, "b": 2}', "json-duplicate-key"),
        (b"[" * 65 + b"]" * 65, "json-depth"),
        (b"[" * 300 + b"]" * 300, "json-depth"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json-depth"),
    ],
)
def test_refuses_what_cannot_be_used(data: bytes, rule: str) -> None:
    value, issues = parse_json(data)

    assert value is None
    assert [issue.rule for issue in issues] == [rule]
    assert all(issue.blocks and issue.text and issue.text_fr and issue.line for issue in issues)


def test_sixty_four_levels_are_fine() -> None:
    assert parse_json(b"[" * 64 + b"]" * 64)[1] == []


def test_brackets_and_quotes_inside_strings_are_no_structure() -> None:
    value = {"a": '[[[["{{\\"' * 50, "b": '\\\\"'}

    assert parse_json(dump_json(value), max_depth=2) == (value, [])


def test_refuses_more_bytes_than_allowed() -> None:
    assert rule_of(b'"' + b"a" * 100 + b'"', max_bytes=50) == ["json-size"]


def test_skips_a_byte_order_mark_and_says_so() -> None:
    value, issues = parse_json(b"\xef\xbb\xbf{}")

    assert value == {}
    assert [(issue.rule, issue.severity) for issue in issues] == [("json-bom", "warning")]


def test_names_the_object_and_place_of_a_repeated_key() -> None:
    _, issues = parse_json(b'{"name": [{}, {"family": "x",\n  "given": [], "family": "y"}]}')

    assert [(issue.expression, issue.line, issue.column) for issue in issues] == [("name[1]", 2, 16)]


def test_no_message_shows_a_value() -> None:
    _, issues = parse_json(b'{"family": "Canary", "family": "Canary"}')

    assert "Canary" not in repr(issues)


TEXT = """{
  "resourceType": "Bundle",
  "entry": [
    {"fullUrl": "urn:a"},
    {"resource": {"onsetDateTime": "2020", "é": 1, "name": [{"given": ["A", "B"]}],
      "birthDate": "2020", "_birthDate": {"extension": [{"url": "x"}]},
      "code": ["a", null], "_code": [null, {"id": "z"}]}}
  ]
}""".encode()


@pytest.mark.parametrize(
    ("expression", "pointed_at"),
    [
        ("Bundle", '{\n  "resourceType"'),
        ("Bundle.entry", '"entry"'),
        ("Bundle.entry[0]", '{"fullUrl"'),
        ("Bundle.entry[1].resource.onsetDateTime", '"onsetDateTime"'),
        ("Bundle.entry[1].resource.onset", '"onsetDateTime"'),
        ("Bundle.entry[1].resource.onset.ofType(dateTime)", '"onsetDateTime"'),
        ("Bundle.entry[1].resource.name[0].given[1]", '"B"'),
        ("Bundle.entry[1].resource.birthDate", '"birthDate"'),
        ("Bundle.entry[1].resource.birthDate.extension[0].url", '"url": "x"'),
        ("Bundle.entry[1].resource.code[1].id", '"id": "z"'),
        ("Bundle.entry[1].resource.gender", '"resource"'),
        ("Bundle.entry[9].resource", '"entry"'),
        ("/entry/1/resource/name/0", '{"given"'),
    ],
)
def test_finds_the_line_and_column_of_an_element(expression: str, pointed_at: str) -> None:
    line, column = locate(TEXT, expression)

    rest = "\n".join([TEXT.decode().split("\n")[line - 1][column - 1 :], *TEXT.decode().split("\n")[line:]])
    assert rest.startswith(pointed_at)


@given(st.text(max_size=30))
def test_any_expression_gets_a_place_inside_the_text(expression: str) -> None:
    line, column = Locator(TEXT).place(expression)

    assert 1 <= line <= 9
    assert column >= 1


def test_columns_count_characters_and_stay_fast_on_one_endless_line() -> None:
    text = dump_json({"é" * 5000: 1, "name": [{"family": "é"}] * 20_000})
    locator = Locator(text)

    places = [locator.place(f"Patient.name[{n}].family") for n in range(0, 20_000, 4)]

    assert text.decode()[places[-1][1] - 1 :].startswith('"family"')
    assert len(set(places)) == 5000
