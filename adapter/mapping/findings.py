"""What the mapping says when it cannot go on as told: one maker a kind of Issue, all in one place.

Takes from: errors, mapping.language.  Gives to: mapping.run, mapping.intake, mapping.engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from adapter.errors import Issue, Json
from adapter.mapping.rules import Map, Rule
from adapter.mapping.select import collect


class Place(Protocol):
    """A resource being read (mapping.run.Taken), or one that was."""

    @property
    def resource(self) -> Json: ...
    @property
    def mapping(self) -> Map: ...
    @property
    def place(self) -> str: ...


@dataclass(frozen=True)
class Standing:
    """A resource that was read, and which map took it."""

    mapping: Map
    number: int
    resource: Json

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}].resource"


NO_DIAGNOSIS = Issue(
    "error",
    "required",
    "Bundle",
    "mapping:required:diagnosis.code",
    "expected a Condition whose code is in table 'diagnosis'; without it there is no case",
    "mapping",
    field="diagnosis.code",
    text_fr="une Condition dont le code est dans la table « diagnosis » est attendue ; sans elle, pas de cas",
)


_FRENCH = {
    "unmapped": "rien ici n'est compris (table « {table} ») ; la valeur est écartée",
    "unclassified": "conservé comme « {word} » : rien n'en dit davantage",
    "required": "nécessaire, et absent ou incompris ; l'élément de liste est écarté",
    "dangling": "ce que ceci désigne n'est pas dans le Bundle",
}


def about_rule(severity: Any, kind: str, at: Place, rule: Rule, code: str, text: str) -> Issue:
    """An issue at the element of a rule: of several branches the first whose element is there."""
    paths = [each.fhir.reach for each in rule.leaves() if each.fhir.steps]
    there = (path for path in paths if collect(at.resource, path))
    found = next(there, paths[0] if paths else None)
    place = f"{at.place}.{found.fhirpath}" if found else at.place
    french = _FRENCH[code].format(table=rule.codec.table.name if rule.codec.table else "", word=rule.otherwise)
    return Issue(
        severity,
        kind,
        place,
        f"mapping:{code}:{rule.id}",
        text,
        "mapping",
        origin=rule.origin,
        field=_field(at.mapping, rule),
        text_fr=french,
    )


def _field(mapping: Map, rule: Rule) -> str:
    inner = next((".".join(s.name for s in each.case.steps) for each in rule.leaves() if each.case.steps), "")
    return ".".join(part for part in (mapping.case, inner) if part)


def dropped(place: str, mapping: Map, why: Json) -> Issue:
    rule = f"mapping:dropped:{mapping.name}"
    text, french = f"left out before any rule: {why['en']}", f"écarté avant toute règle : {why['fr']}"
    origin = f"{mapping.file.name}:{mapping.file.line(('drop',))}"
    return Issue("information", "informational", place, rule, text, "mapping", origin=origin, text_fr=french)


def reserved(place: str, mapping: Map, warn: Json) -> Issue:
    origin = f"{mapping.file.name}:{mapping.file.line(('select',))}"
    rule = f"mapping:reserved:{mapping.name}"
    return Issue("warning", "business-rule", place, rule, warn["en"], "mapping", origin=origin, text_fr=warn["fr"])


def stranger(place: str) -> Issue:
    text = "expected a subject that is the Patient of this Bundle; the resource is left out"
    french = "le sujet attendu est le Patient de ce Bundle ; la ressource est écartée"
    return Issue("error", "not-found", f"{place}.subject", "mapping:subject", text, "mapping", text_fr=french)


def not_understood(place: str) -> Issue:
    text = "carries a modifier that changes its meaning and is not understood; the resource is left out"
    french = "porte un modificateur non compris qui change son sens ; la ressource est écartée"
    return Issue("error", "not-supported", place, "mapping:modifier", text, "mapping", text_fr=french)


def misshapen(number: int, resource: Json, error: Exception) -> Issue:
    """A resource whose shape is not FHIR's; the rule that stumbled is read off the traceback."""
    line, file = last_frame(error)
    origin = f"{file}:{line}" if file else ""
    kind, place = resource["resourceType"], f"Bundle.entry[{number}].resource"
    text = f"the {kind} is not shaped as R4 says; it is left out"
    french = f"la ressource {kind} n'a pas la forme voulue par R4 ; elle est écartée"
    return Issue("error", "structure", place, "mapping:shape", text, "mapping", origin=origin, text_fr=french)


def unwritable(error: Exception) -> Issue:
    line, file = last_frame(error)
    text = "the case holds a word that no table knows"
    return Issue("error", "code-invalid", "", "mapping:unwritable", text, "mapping", origin=f"{file}:{line}")


def not_written(place: str, count: int) -> Issue:
    text = f"no map writes this to FHIR ({count} times)" if count > 1 else "no map writes this to FHIR"
    french = f"aucune carte n'écrit ceci en FHIR ({count} fois)" if count > 1 else "aucune carte n'écrit ceci en FHIR"
    return Issue("information", "informational", place, "mapping:unwritten", text, "mapping", text_fr=french)


def last_frame(error: Exception) -> tuple[int, str]:
    """Line and file of the innermost YAML frame: generated code carries the YAML file's name and lines."""
    found = (1, "")
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".yaml"):
            found = (trace.tb_lineno, trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return found
