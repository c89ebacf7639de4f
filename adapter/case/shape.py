"""Has a case the shape of its schema? Asked of every case before anything else, so compiled and quick.

It only says yes or no. What is wrong, and where, is told by the schema's own validator when the answer is no.

Takes from: declaration.  Gives to: case.
Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from adapter.declaration import load_schema
from adapter.errors import Json

Test = Callable[[Any], bool]

_SAID_ONLY = {"title", "description", "x-fr", "x-code-system", "$schema", "$id", "$defs", "version", "then"}


@cache
def case_shape() -> Test:
    """The test of a whole case."""
    return _compile(load_schema("case"))


def _compile(schema: Json) -> Test:
    tests = [test for word in schema if word not in _SAID_ONLY for test in _tests(word, schema)]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _tests(word: str, schema: Json) -> Iterator[Test]:
    """KeyError for a word of JSON Schema that our case has not used so far: a test compares with the validator."""
    if word == "additionalProperties":
        return  # the members of an object are tested with its properties
    yield _WORDS[word](schema[word], schema)


def _type(name: str, _: Json) -> Test:
    return _TYPES[name]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


_TYPES: dict[str, Test] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": _is_integer,
}


def _ref(pointer: str, _: Json) -> Test:
    return _named(pointer.rsplit("/", 1)[1])


@cache
def _named(name: str) -> Test:
    return _compile(load_schema("case")["$defs"][name])


def _enum(words: list[str], _: Json) -> Test:
    known = frozenset(words)
    return lambda value: isinstance(value, str) and value in known


def _const(wanted: str | bool, _: Json) -> Test:
    return lambda value: type(value) is type(wanted) and bool(value == wanted)


def _properties(members: dict[str, Json], schema: Json) -> Test:
    tests = {name: _compile(member) for name, member in members.items()}
    closed = schema.get("additionalProperties") is False

    def holds(value: Any) -> bool:
        if not isinstance(value, dict):
            return True
        for name, held in value.items():
            test = tests.get(name)
            if (test is None and closed) or (test and not test(held)):
                return False
        return True

    return holds


def _items(member: Json, _: Json) -> Test:
    test = _compile(member)
    return lambda value: not isinstance(value, list) or all(map(test, value))


def _required(names: list[str], _: Json) -> Test:
    wanted = frozenset(names)
    return lambda value: not isinstance(value, dict) or value.keys() >= wanted


def _dependent_required(names: dict[str, list[str]], _: Json) -> Test:
    return lambda value: (
        not isinstance(value, dict)
        or all(value.keys() >= set(wanted) for name, wanted in names.items() if name in value)
    )


def _pattern(text: str, _: Json) -> Test:
    search = re.compile(text.replace("$", r"\Z")).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _format(_: str, __: Json) -> Test:
    return lambda value: not isinstance(value, str) or len(value) < len("YYYY-MM-DD") or _is_day(value)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _any_of(schemas: list[Json], _: Json) -> Test:
    tests = [_compile(each) for each in schemas]
    return lambda value: any(test(value) for test in tests)


def _all_of(schemas: list[Json], _: Json) -> Test:
    tests = [_compile(each) for each in schemas]
    return lambda value: all(test(value) for test in tests)


def _if(condition: Json, schema: Json) -> Test:
    when, then = _compile(condition), _compile(schema["then"])
    return lambda value: not when(value) or then(value)


def _not(schema: Json, _: Json) -> Test:
    test = _compile(schema)
    return lambda value: not test(value)


def _bounded(kind: Test, measure: Callable[[Any], Any], *, low: bool) -> Callable[[Any, Json], Test]:
    if low:
        return lambda bound, _: lambda value: not kind(value) or bool(measure(value) >= bound)
    return lambda bound, _: lambda value: not kind(value) or bool(measure(value) <= bound)


_WORDS: dict[str, Callable[[Any, Json], Test]] = {
    "type": _type,
    "$ref": _ref,
    "enum": _enum,
    "const": _const,
    "properties": _properties,
    "items": _items,
    "required": _required,
    "dependentRequired": _dependent_required,
    "pattern": _pattern,
    "format": _format,
    "anyOf": _any_of,
    "allOf": _all_of,
    "if": _if,
    "not": _not,
    "minimum": _bounded(_is_number, lambda value: value, low=True),
    "maximum": _bounded(_is_number, lambda value: value, low=False),
    "minLength": _bounded(_TYPES["string"], len, low=True),
    "maxLength": _bounded(_TYPES["string"], len, low=False),
    "maxItems": _bounded(_TYPES["array"], len, low=False),
    "minProperties": _bounded(_TYPES["object"], len, low=True),
    "maxProperties": _bounded(_TYPES["object"], len, low=False),
}
