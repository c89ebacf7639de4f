"""Findings and laboratory values as wards and laboratories send them.

Rows 11, 12, 21, 22 and 27 of the list of what hospitals send.

Takes from: hospital.dossier.  Gives to: population.
"""

from __future__ import annotations

from decimal import Decimal

from adapter.errors import Json
from adapter.synthetic.hospital.dossier import SCT, Dossier, code_in, concept

_LOINC = "http://loinc.org"
_HPO = "http://purl.obolibrary.org/obo/hp.owl"
_LOCAL_LABORATORY = "urn:oid:1.2.250.1.999.2"
_FEVER = [
    concept(SCT, "386661006", "Fever"),
    concept(_HPO, "HP:0001945"),
    concept("https://smt.esante.gouv.fr/terminologie-cim-10", "R50.9", "Fièvre, sans précision"),
]
_YES, _NO = concept(SCT, "52101004", "Present"), concept(SCT, "272519000", "Absence findings")
_FINDINGS = (
    "fever",
    "skin-inflammation-over-lesion",
    "inflammatory-syndrome",
    "family-history-cno",
    "infection-proven",
)


def spell_findings(dossier: Dossier) -> None:
    """Yes and no as booleans or as codes; fever under any of its public codes."""
    for observation in list(dossier.observed(*_FINDINGS)):
        if "valueBoolean" in observation and dossier.take("presence", [False, True, False]):
            observation["valueCodeableConcept"] = _YES if observation.pop("valueBoolean") else _NO
    for observation in list(dossier.observed("fever")):
        observation["code"] = dossier.take("fever", [observation["code"], *_FEVER])


def spell_laboratory(dossier: Dossier) -> None:
    """CRP in milligrams per decilitre, or as words with a French comma; the amount stays the same."""
    for observation in dossier.of("Observation"):
        quantity = observation.get("valueQuantity")
        if quantity and code_in(observation, _LOINC) == "1988-5":
            _respell_quantity(dossier, observation, quantity)


def _respell_quantity(dossier: Dossier, observation: Json, quantity: Json) -> None:
    way = dossier.take("crp", ["as is", "mg/dL", "words"])
    value = Decimal(str(quantity["value"]))
    if way == "mg/dL":
        observation["valueQuantity"] = quantity | {"value": value / 10, "unit": "mg/dL", "code": "mg/dL"}
    elif way == "words":
        del observation["valueQuantity"]
        words = f"{quantity.get('comparator', '')}{value} mg/L"
        observation["valueString"] = words.replace(".", ",")


def add_unreadable_values(dossier: Dossier) -> None:
    """A value without a unit, a laboratory's own code, an act behind a modifier nobody else knows."""
    way = dossier.take("unreadable", [None, "unit", None, "local", None, "modifier"])
    if way == "unit":
        dossier.add("Observation", status="final", code=concept(_LOINC, "1988-5"), valueString="<5")
    elif way == "local":
        code = concept(_LOCAL_LABORATORY, "CRPU", "CRP ultrasensible")
        dossier.add("Observation", status="final", code=code, valueString="12")
    elif way == "modifier":
        url = "https://chu-imaginaire.invalid/StructureDefinition/acte-annule"
        modifier = [{"url": url, "valueBoolean": True}]
        dossier.add("Procedure", status="completed", code=concept(SCT, "13861005"), modifierExtension=modifier)


def add_unfinished_results(dossier: Dossier) -> None:
    """Cancelled observations say nothing."""
    if dossier.take("cancelled", [False, True, False, False]):
        dossier.add("Observation", status="cancelled", code=_FEVER[0], valueBoolean=True)


def add_foreign_extensions(dossier: Dossier) -> None:
    """An extension of the hospital's own: it may be passed over."""
    extension = {"url": "https://chu-imaginaire.invalid/StructureDefinition/service", "valueString": "Pédiatrie"}
    for resource in dossier.of("Observation")[:1]:
        if dossier.take("extension", [True, False]):
            resource["extension"] = [*resource.get("extension", []), extension]
