"""What if one datum were otherwise? A copy of the case with it changed, for the criteria to be asked again.

Takes from: case, errors, resource.  Gives to: cli, web.
Source: https://datatracker.ietf.org/doc/html/rfc6901
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapter.case.fields import field_schema, list_fields
from adapter.errors import Json, UsageError
from adapter.resource import parse_json

_STEP = re.compile(r"([a-z][a-z0-9_]*)(?:\[(\d*|\+)\])?\Z")
_NEW = "+"


def suppose(case: Json, changes: Sequence[str]) -> Json:
    """The case with these data instead of its own.

    Shapes:  changes  "FIELD=VALUE": diagnosis.certainty=confirmed; imaging_studies[0].result=positive (or as a JSON
                      pointer, /imaging_studies/0/result); imaging_studies[].result=positive for every member;
                      imaging_studies[+]={"modality": "MR", "result": "positive"} for one more; no value: not documented
    Errors:  UsageError when there is no such field or member, or the value cannot be read
    """
    changed = copy.deepcopy(case)
    for change in changes:
        field, equals, value = change.partition("=")
        if not equals:
            raise UsageError("What if: FIELD=VALUE, like diagnosis.certainty=confirmed.")
        steps = list(_steps(field))
        _put(changed, steps, _read(steps, value))
    return changed


def _steps(field: str) -> Iterator[tuple[str, str | None]]:
    """(key, which member): None for no list, "" for all members, "+" for one more, else a number."""
    dotted = _from_pointer(field) if field.startswith("/") else field
    for part in dotted.split("."):
        step = _STEP.match(part)
        if not step:
            raise UsageError(
                "Fields look like diagnosis.onset, imaging_studies[0].result or /imaging_studies/0/result."
            )
        yield step[1], step[2]


def _from_pointer(pointer: str) -> str:
    return re.sub(r"/(\d+|-)(?=/|\Z)", lambda m: f"[{m[1].replace('-', _NEW)}]", pointer).strip("/").replace("/", ".")


def _name(steps: Sequence[tuple[str, str | None]]) -> str:
    return ".".join(key if which is None else f"{key}[]" for key, which in steps)


def _read(steps: Sequence[tuple[str, str | None]], text: str) -> Any:
    """A word where the case holds words; JSON where it holds anything else; None for nothing."""
    name = _name(steps)
    schema = field_schema(name)
    if schema is None and name not in list_fields():
        raise UsageError("The case has no such field.")
    if text == "":
        return None
    if schema and (schema.get("type") == "string" or ("enum" in schema and "type" not in schema)):
        return text
    value, issues = parse_json(text.encode())
    if any(issue.blocks for issue in issues):
        if schema and "type" not in schema:
            return text
        raise UsageError("This field holds a number, true or false, or a JSON object.")
    return value


def _put(inside: Any, steps: Sequence[tuple[str, str | None]], value: Any) -> None:
    (key, which), rest = steps[0], steps[1:]
    if which is None:
        if not rest:
            _set(inside, key, value)
        else:
            _put(inside.setdefault(key, {}), rest, value)
        return
    members = inside.setdefault(key, [])
    if which == _NEW and not rest:
        members.append(value)
        return
    for place in _chosen(members, which):
        if rest:
            _put(members[place], rest, value)
        elif value is None:
            del members[place]
        else:
            members[place] = value


def _set(inside: Json, key: str, value: Any) -> None:
    if value is None:
        inside.pop(key, None)
    else:
        inside[key] = value


def _chosen(members: list[Any], which: str) -> list[int]:
    places = list(range(len(members))) if which == "" else [int(which)] if which != _NEW else []
    if not places or places[-1] >= len(members):
        raise UsageError("The list has no such member; [+] with a whole member adds one.")
    return places[::-1]
