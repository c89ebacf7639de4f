"""Short spellings written out: codecs that pair whole objects, absence as a value, fragments set into a map.

Takes from: mapping.rules, mapping.codecs, mapping.path.  Gives to: mapping.language.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.canonical import DATA_ABSENT_REASON
from adapter.errors import Json
from adapter.mapping.codecs import COPY, Codec
from adapter.mapping.path import Path, Step
from adapter.mapping.rules import Rule


def below(rule: Rule, case: Path, fhir: Path, at: int) -> Rule:
    """The rule of a fragment, seen from the map that uses it; `at` is the line there."""
    if rule.kind in ("first", "choice"):
        return replace(rule, at=at, rules=tuple(below(branch, case, fhir, at) for branch in rule.rules))
    return replace(rule, at=at, case=case + rule.case, fhir=fhir + rule.fhir)


def _path(*names: str) -> Path:
    return Path(tuple(Step(name) for name in names))


def expand(rule: Rule) -> Rule:
    """Codecs that pair objects (a Quantity, a Coding) become a group of plain pairs; `absent` becomes a choice."""
    if rule.absent:
        return _with_absence(rule)
    if rule.kind != "leaf" or rule.codec.name not in ("quantity", "coding"):
        return rule
    option = rule.codec.option or {}
    pairs = _CODING if rule.codec.name == "coding" else [_VALUE, _UNIT if "units" in option else _UNIT_IF_KNOWN]
    pairs = [*pairs, _COMPARATOR] if option.get("comparator") else pairs
    leaves = tuple(_part(rule, name, fhir, extra) for name, fhir, extra in pairs)
    return replace(rule, kind="group", rules=leaves)


def _with_absence(rule: Rule) -> Rule:
    """A word that FHIR carries as the reason why the element has no value (data-absent-reason)."""
    *parents, last = rule.fhir.steps
    reason = Path((*parents, Step(f"_{last.name}"), _ABSENT, Step("valueCode")))
    value = replace(rule, id=f"{rule.id}.value", spelled={k: v for k, v in rule.spelled.items() if k != "absent"})
    absent = replace(value, id=f"{rule.id}.absent", fhir=reason, codec=Codec("values", None, rule.absent, "checked"))
    return replace(rule, kind="choice", fhir=Path(), case=Path(), codec=COPY, rules=(value, absent))


def _part(rule: Rule, name: str, fhir: Path, extra: Json) -> Rule:
    return Rule(
        f"{rule.id}.{name}",
        "leaf",
        rule.file,
        rule.line,
        rule.at,
        extra,
        _path(name),
        fhir,
        Codec(extra.get("via", "copy")),
    )


_ABSENT = Step("extension", "slice", "url", DATA_ABSENT_REASON)
_UCUM = "http://unitsofmeasure.org"
_Pair = tuple[str, Path, Json]
_IN_UCUM: Json = {"with": {"system": _UCUM}, "also": ["unit"]}
_VALUE: _Pair = ("value", _path("value"), {"required": True})
_UNIT: _Pair = ("unit", _path("code"), {"required": True, **_IN_UCUM})
_UNIT_IF_KNOWN: _Pair = ("unit", _path("code"), _IN_UCUM)
_COMPARATOR: _Pair = ("comparator", _path("comparator"), {})
_LABEL = Path((Step("extension", "slice", "url", "https://crmo-registry.example/fhir/StructureDefinition/label"),))
_CODING: list[_Pair] = [
    ("system", _path("system"), {"required": True, "via": "system"}),
    ("code", _path("code"), {"required": True}),
    ("display", _LABEL + _path("valueString"), {"also": ["display"]}),
]
