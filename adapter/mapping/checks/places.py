"""P and C: do the places exist? Elements that can be written, fields that the case schema knows.

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.mapping.checks.elements import MissError
from adapter.mapping.checks.pairs import Pair, each_field, item_field, schema_of, tell, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.words import allows
from adapter.mapping.path import Path, parse_path
from adapter.mapping.rules import Map, Rule
from adapter.mapping.spelling import did_you_mean

_KINDS = {"list": "array", "keyed": "object", "object": "object", "root": "object"}


def check_places(survey: Survey) -> Iterator[str]:
    """Paths of rules in R4 and in the case schema."""
    yield from survey.problems
    for mapping in survey.maps:
        if problem := _of_map(mapping):
            yield problem
            continue
        for rule in (each for top in mapping.rules for each in top.leaves()):
            if rule.kind == "each":
                yield from _each(mapping, rule)
        for pair in survey.pairs[mapping.name]:
            if not pair.part:
                yield from _marks(pair)
                yield from _beside(survey, pair)
            yield from _field(pair)


def _of_map(mapping: Map) -> str:
    """The place of the case that the map is about."""
    field = item_field(mapping)
    if schema_of(field) is None or not _is_right_kind(mapping):
        text = f"the case has no {_spelled(mapping)}{_instead(field.split('[')[0].split('{')[0], mapping.get('case'))}"
        return tell_map(mapping, "C001", text, "case")
    return ""


def _spelled(mapping: Map) -> str:
    kinds = {"list": "list", "keyed": "keyed object", "object": "object", "join": "field of a list's items"}
    return f"{kinds.get(mapping.place, 'object')} '{mapping.get('case')}'"


def _is_right_kind(mapping: Map) -> bool:
    schema = schema_of(mapping.case) or schema_of(f"{mapping.case}[]") or {}
    wanted = _KINDS.get(mapping.place)
    is_list = schema_of(mapping.case) is None
    return is_list if wanted in (None, "array") else schema.get("type") == "object" and not is_list


def _instead(name: str, spelled: str) -> str:
    known = (schema_of("") or {})["properties"]
    if name in known and known[name].get("type") == "array":
        return f"; '{name}' is a list: write {name}[]"
    if name in known:
        return f"; '{name}' is no list: write {name}"
    return did_you_mean(name, known)


def _each(mapping: Map, rule: Rule) -> Iterator[str]:
    if any(step.pick == "first" for step in rule.fhir.steps[:-1]):
        yield tell(mapping, rule, "P006", "`each` may not stand inside [0]: the other entries would be lost", "fhir")
    field = each_field(rule, item_field(mapping))
    schema = schema_of(field)
    if schema is None:
        yield tell(mapping, rule, *_unknown_field(field.removesuffix("[]"), "each"), "each")
        return
    own = rule.spelled.get("match", []), rule.spelled.get("feed", []), rule.spelled.get("unless", {})
    for key, names in zip(("match", "feed", "unless"), own, strict=True):
        for name in names:
            if name not in schema.get("properties", {}):
                yield tell(mapping, rule, *_unknown_field(f"{field}.{name}", key), key)
            elif key == "unless" and not allows(schema_of(f"{field}.{name}") or {}, rule.unless[name]):
                text = f"case field '{field}.{name}' knows no word '{rule.unless[name]}'"
                yield tell(mapping, rule, "C003", text, key)


def _marks(pair: Pair) -> Iterator[str]:
    """Marks of a path that only one direction or one kind of rule can carry."""
    if any(step.pick == "each" for step in pair.rule.fhir.steps):
        yield pair.told("P006", "`[]` belongs to a rule with `each`", "fhir")
    if pair.meant_to_write and pair.rule.fhir.lazy:
        yield pair.told("P005", "[*] and resolve() are only read: say `direction: from-fhir`", "fhir")


def _beside(survey: Survey, pair: Pair) -> Iterator[str]:
    """Companions (`with`) stand beside the element, further copies (`also`) below where the rule starts."""
    parent = Path(pair.fhir.steps[:-1])
    for key, places in (("with", pair.rule.with_ or {}), ("also", pair.rule.also or ())):
        for spelled in places:
            base = parent if key == "with" else pair.base
            try:
                survey.elements.follow(pair.mapping.resource, base + parse_path(spelled, {}))
            except (MissError, ValueError) as error:
                yield pair.told(getattr(error, "code", "P003"), str(error), key)


def _field(pair: Pair) -> Iterator[str]:
    if schema_of(pair.item) is None:
        return
    fields = [(pair.field, "case")] if pair.field else []
    if pair.rule is pair.branch:
        fields += [(field, "given") for field, _ in pair.given]
    for field, key in fields:
        if schema_of(field) is None and (not pair.part or schema_of(field.rpartition(".")[0]) is not None):
            code, text = _unknown_field(field, key)
            yield pair.told(code, text, key)


def _unknown_field(field: str, key: str) -> tuple[str, str]:
    holder, _, name = field.rpartition(".")
    if key == "each" and schema_of(field) is not None:
        return "C002", f"'{field}' is no list in the case"
    if schema_of(f"{field}[]") is not None:
        return "C002", f"'{field}' is a list in the case: it needs `each: {name}[]`"
    known = (schema_of(holder) or {}).get("properties", {})
    return "C001", f"the case has no field '{field}'{did_you_mean(name, known)}"
