"""Read what experts declare (YAML files with their JSON Schema) and remember where each word stands.

Takes from: errors.  Gives to: every room that is ruled by a file (mapping, terminology, criteria, cohort, sources).
Source: https://yaml.org/spec/1.2.2/#103-core-schema, https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from adapter.errors import DeclarationError, Json

Pointer = tuple[str | int, ...]

# YAML 1.1 reads `no`, `yes` and bare dates as booleans and timestamps; the registry's words are strings.
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True)
class Declaration:
    """One file, read.

    Shapes:  data    plain dicts, lists and scalars
             places  pointer into data -> (line, column), 1-based; for a mapping's member, the place of its key
    """

    path: Path
    data: Any
    places: dict[Pointer, tuple[int, int]] = field(repr=False)

    @property
    def name(self) -> str:
        return self.path.name

    def __getstate__(self) -> Json:
        """Where each word stands is packed: hardly anybody asks."""
        return {"path": self.path, "data": self.data, "packed": marshal.dumps(self.places)}

    def __getattr__(self, name: str) -> Any:
        if name != "places" or "packed" not in self.__dict__:
            raise AttributeError(name)
        self.__dict__["places"] = marshal.loads(self.__dict__["packed"])  # noqa: S302 - what __getstate__ packed
        return self.places

    def line(self, pointer: Pointer = ()) -> int:
        return self._place(pointer)[0]

    def at(self, pointer: Pointer = ()) -> str:
        """`file:line:col` of a place; of its nearest written ancestor when the place itself is not written."""
        line, column = self._place(pointer)
        return f"{self.name}:{line}:{column}"

    def _place(self, pointer: Pointer) -> tuple[int, int]:
        while pointer not in self.places:
            pointer = pointer[:-1]
        return self.places[pointer]


def load_declaration(path: Path, schema: str | None = None) -> Declaration:
    """Read one YAML file and, when a schema is named, hold it against adapter/schemas/<schema>.schema.json.

    Errors:  DeclarationError with every problem as "file:line:col code message"
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path.name}:1:1 D001 cannot be read: {type(error).__name__}") from error
    declaration = parse_declaration(text, path)
    if schema and (problems := list(check_schema(declaration, schema))):
        raise DeclarationError(problems)
    return declaration


def parse_declaration(text: str, path: Path) -> Declaration:
    """Errors:  DeclarationError (D002 not YAML, D003 a key written twice, D004 aliases or tags)"""
    try:
        node = yaml.compose(text, yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise DeclarationError(f"{path.name}:{place} D002 not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path.name}:1:1 D002 not YAML: {str(error).splitlines()[0]}") from error
    if node is None:
        raise DeclarationError(f"{path.name}:1:1 D002 the file is empty")
    places: dict[Pointer, tuple[int, int]] = {(): (1, 1)}
    return Declaration(path, _value(node, (), places, path), places)


def _value(node: yaml.Node, pointer: Pointer, places: dict[Pointer, tuple[int, int]], path: Path) -> Any:
    places.setdefault(pointer, _mark(node))
    if isinstance(node, yaml.MappingNode):
        return dict(_members(node, pointer, places, path))
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*pointer, i), places, path) for i, child in enumerate(node.value)]
    return _scalar(node.value) if isinstance(node, yaml.ScalarNode) and not node.style else node.value


def _members(
    node: yaml.MappingNode, pointer: Pointer, places: dict[Pointer, tuple[int, int]], path: Path
) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, child in node.value:
        name = key.value if isinstance(key.value, str) else "?"
        line, column = _mark(key)
        if not isinstance(key, yaml.ScalarNode):
            raise DeclarationError(f"{path.name}:{line}:{column} D004 a key must be a word")
        if name in seen:
            raise DeclarationError(f"{path.name}:{line}:{column} D003 '{name}' is written twice here")
        seen.add(name)
        places[(*pointer, name)] = (line, column)
        yield name, _value(child, (*pointer, name), places, path)


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text) if text.lstrip("+-") == "0" or not text.lstrip("+-").startswith("0") else text
    return float(text) if _FLOAT.match(text) else text


@cache
def load_schema(name: str) -> Json:
    """One of the product's own JSON Schemas, by the name before `.schema.json`."""
    file = resources.files("adapter").joinpath("schemas", f"{name}.schema.json")
    schema: Json = json.loads(file.read_text(encoding="utf-8"))
    return schema


_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("partial-date", raises=ValueError)
def _is_partial_date(value: object) -> bool:
    return not isinstance(value, str) or len(value) < 10 or bool(date.fromisoformat(value))


def _pattern(_: Any, pattern: str, instance: object, __: Json) -> Iterator[jsonschema.ValidationError]:
    # Python's `$` also matches before a last line feed; ECMA 262, which JSON Schema follows, does not.
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError("does not match the pattern")


_extend: Any = jsonschema.validators.extend
_Validator = _extend(jsonschema.Draft202012Validator, {"pattern": _pattern})


@cache
def _validator(name: str) -> Any:
    schema = load_schema(name)
    return _Validator(_written_out(schema, schema.get("$defs", {}), ()), format_checker=_FORMATS)


def _written_out(schema: Any, definitions: Json, within: tuple[str, ...]) -> Any:
    """A schema with its own definitions in place of `$ref`, which are slow to follow; recursive ones stay.

    What is said to people is left out: it would be looked at with every value.
    """
    if isinstance(schema, list):
        return [_written_out(each, definitions, within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = [key for key in ("description", "title") if isinstance(schema.get(key), str)]
    schema = {key: each for key, each in schema.items() if key not in said}
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if schema.keys() == {"$ref"} and name in definitions and name not in within:
        return _written_out(definitions[name], definitions, (*within, name))
    return {key: each if key == "$defs" else _written_out(each, definitions, within) for key, each in schema.items()}


def check_schema(declaration: Declaration, schema: str) -> Iterator[str]:
    """Problems of a file against its JSON Schema, in file order, as "file:line:col S001 message"."""
    errors = _validator(schema).iter_errors(declaration.data)
    found = {(_pointer(leaf), leaf.message) for error in errors for leaf in _deepest(error)}
    for pointer, message in sorted(found, key=lambda item: (declaration._place(item[0]), item[1])):
        yield f"{declaration.at(pointer)} S001 {message}"


@dataclass(frozen=True)
class Violation:
    """What of a JSON Schema a document breaks, told without the document's values."""

    pointer: Pointer
    keyword: str
    expected: str


def find_violations(schema: str, document: Any) -> Iterator[Violation]:
    """Hold a document (a case) against one of our schemas; dates are real days, patterns match to the last character.

    Shapes:  document  parsed JSON
             returns   nothing when the document is good
    """
    for error in _validator(schema).iter_errors(document):
        for leaf in _deepest(error):
            yield Violation(_pointer(leaf), str(leaf.validator), _expected(leaf))


def _expected(error: Any) -> str:
    rule, value = error.validator, error.validator_value
    if rule == "required":
        # One error a missing key, and only its message says which; the key is the schema's word, not the document's.
        missing = error.message.split("'")[1]
        return f"the key '{missing}' is required"
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = sum(key not in known for key in error.instance)
        return f"{unknown} key(s) unknown here; known: {', '.join(known)}"
    if rule == "enum":
        return f"expected one of {', '.join(map(str, value))}"
    return f"{_EXPECTED.get(rule, f'breaks {rule}')} {value if isinstance(value, str) else json.dumps(value)}"


_EXPECTED = {
    "const": "expected",
    "type": "expected the type",
    "pattern": "expected the form",
    "format": "expected a real",
    "not": "not allowed:",
}


def _pointer(error: jsonschema.ValidationError) -> Pointer:
    return tuple(error.absolute_path)


def _deepest(error: jsonschema.ValidationError) -> list[jsonschema.ValidationError]:
    """Of an anyOf/oneOf that failed, the branch that got furthest: its complaint is the useful one."""
    if not error.context:
        return [error]
    return _deepest(max(error.context, key=lambda each: (len(each.absolute_path), -len(each.context or ()))))
