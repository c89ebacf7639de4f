"""Examples inside a map, run both ways: what the map says of itself is held against what it does.

Takes from: mapping.engine, mapping.rules, case schema.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.declaration import find_violations
from adapter.errors import InvalidContentError, Json
from adapter.mapping.checks.pairs import tell_map
from adapter.mapping.engine import Mappings
from adapter.mapping.rules import Map
from adapter.resource import dump_json, parse_json

# The least that makes a case; an example brings the rest.
_LEAST: Json = {"case_id": "C-1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
_CHILD = {"reference": "Patient/C-1"}


def check_examples(mappings: Mappings) -> Iterator[str]:
    """Every example that does not come out, as "file:line:col code map: message"."""
    for mapping in mappings.language.maps:
        for number, example in enumerate(mapping.get("examples") or ()):
            case = _case(mapping, example["case"])
            if wrong := [each.expected for each in find_violations("case", case)]:
                yield tell_map(mapping, "E001", f"the example is no case: {wrong[0]}", "examples", number, "case")
                continue
            way = mapping.get("one-way") or example.get("direction")
            if way != "from-fhir":
                yield from _written(mappings, mapping, number, case, example["fhir"])
            if way != "to-fhir":
                yield from _read(mappings, mapping, number, case, example["fhir"])


def _case(mapping: Map, told: Any) -> Json:
    """The item of an example in its place."""
    if mapping.place == "root":
        return {**_LEAST, **told}
    if mapping.place == "object":
        return {**_LEAST, mapping.case: told}
    return {**_LEAST, mapping.case: told if mapping.place == "keyed" else [told]}


def _written(mappings: Mappings, mapping: Map, number: int, case: Json, wanted: Json) -> Iterator[str]:
    try:
        made = _own(mappings, mapping, case)
    except InvalidContentError:
        made = {}
    for name in sorted(each for each in wanted if _plain(made.get(each)) != wanted[each]):
        yield tell_map(mapping, "E002", f"'{name}' is written otherwise", "examples", number, "fhir", name)


def _own(mappings: Mappings, mapping: Map, case: Json) -> Json:
    """The one resource that the map makes of the example's item."""
    name = mapping.id.replace("{case}", "C-1").replace("{n}", "1")
    made = (each for each in mappings.to_resources(case) if each["resourceType"] == mapping.resource)
    return next((each for each in made if each["id"] == name), {})


def _read(mappings: Mappings, mapping: Map, number: int, case: Json, told: Json) -> Iterator[str]:
    """The resource beside whatever else tells the case: what the map is about must come of it alone."""
    own = mapping.id.replace("{case}", "C-1").replace("{n}", "1")
    others = [each for each in mappings.to_resources(case) if each["id"] != own]
    head = {"resourceType": mapping.resource, "id": "C-1" if mapping.place == "root" else "example"}
    about = {} if mapping.resource == "Patient" else {"subject": _CHILD}
    constants = {
        rule.fhir.steps[0].name: rule.const
        for rule in mapping.rules
        if rule.kind == "const" and len(rule.fhir.steps) == 1 and rule.fhir.steps[0].name != "subject"
    }
    entries = [{"resource": each} for each in (*others, {**head, **about, **constants, **told})]
    found = mappings.to_case({"resourceType": "Bundle", "type": "collection", "entry": entries}, "C-1").case or {}
    for name in sorted(each for each in {**case, **found} if _plain(found.get(each)) != _plain(case.get(each))):
        yield tell_map(mapping, "E003", f"'{name}' is read otherwise", "examples", number, "case")


def _plain(value: Any) -> Any:
    """Numbers as JSON has them."""
    return None if value is None else parse_json(dump_json({"value": value}))[0]["value"]
