"""Who the patient is, as a hospital knows it: names, address, numbers, all invented and impossible; its own ids.

Rows 14, 23 and 27 of the list of what hospitals send.

Takes from: hospital.dossier.  Gives to: population.
Source: https://hl7.fr/ig/fhir/core (fr-core-patient: kinds of identifier)
"""

from __future__ import annotations

from typing import Any

from adapter.errors import Json
from adapter.synthetic.hospital.dossier import Dossier, concept

IPP_SYSTEM = "urn:oid:1.2.250.1.999.1.1"
_INS = "urn:oid:1.2.250.1.213.1.4.8"
_INS_TEST = "urn:oid:1.2.250.1.213.1.4.10"
_FR_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_FAMILIES = ("IMAGINAIRE", "PERSONNE-DUTOUT", "NULLEPART", "INEXISTANT", "DE LA FICTION", "SANSREALITE", "TESTEUR")
_GIVEN = ("Zéphyrine", "Oriflamme", "Quatorzejuillet", "Capucine-Test", "Hippolyte-Test", "Mirabelle", "Nénuphar")
_PROFILES = (
    "http://interopsante.org/fhir/StructureDefinition/FrPatient",
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient",
)


def give_identity(dossier: Dossier) -> None:
    """Replace the registry's pseudonym by what a hospital has instead."""
    patient = dossier.patient
    patient["identifier"] = _identifiers(dossier)
    family, given = dossier.take("family", _FAMILIES), dossier.take("given", _GIVEN)
    patient["name"] = [{"use": "official", "family": f"{family}-{dossier.number}", "given": [given]}]
    patient["address"] = [{"line": [f"{dossier.number} rue de Nulle-Part"], "postalCode": "00000", "city": "UTOPIE"}]
    patient["telecom"] = [
        {"system": "phone", "value": f"00 00 00 {dossier.number // 100:02} {dossier.number % 100:02}"}
    ]
    patient["active"] = True
    patient["meta"] = {"profile": [dossier.take("patient-profile", _PROFILES)], "versionId": "1"}
    patient["text"] = {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{given} {family}-{dossier.number}</div>',
    }


def _identifiers(dossier: Dossier) -> list[Json]:
    """The hospital's number always; beside it, by turns, a tested national identity, a parent's billing number."""
    number = dossier.number
    ipp = {"use": "usual", "type": concept(_TYPES, "PI"), "system": IPP_SYSTEM, "value": f"IPP-TEST-{number:06}"}
    ins = {"use": "official", "type": concept(_FR_TYPES, "INS-NIR-TEST"), "system": _INS_TEST}
    ins["value"] = f"9{number:05}99999999900"[:15]
    billing = {
        "use": "official",
        "type": concept(_FR_TYPES, "NH"),
        "system": _INS,
        "value": f"9{number // 2:05}9999999",
    }
    old = {**ipp, "use": "old", "value": f"IPP-TEST-ANCIEN-{number:06}"}
    return dossier.take("identifiers", [[ipp], [ins, ipp], [billing, ipp], [old, ipp], [billing, ins, ipp]])


def rename(dossier: Dossier) -> None:
    """Give every resource the hospital's id, and lead every reference to it."""
    names = {f"{each['resourceType']}/{each['id']}": dossier.new_id() for each in dossier.all()}
    for each in dossier.all():
        each["id"] = names[f"{each['resourceType']}/{each['id']}"]
    dossier.patient = _led(dossier.patient, names)
    dossier.resources = [_led(each, names) for each in dossier.resources]


def _led(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_led(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    led = {key: _led(item, names) for key, item in value.items()}
    if (target := led.get("reference")) in names:
        led["reference"] = f"{target.partition('/')[0]}/{names[target]}"
    return led


def label_subjects(dossier: Dossier) -> None:
    """Many servers write the patient's name and number into every reference; nothing of it may travel on."""
    name = dossier.patient["name"][0]
    label = {"display": f"{name['family']} {name['given'][0]}"}
    number = {"identifier": {"system": IPP_SYSTEM, "value": dossier.patient["identifier"][-1]["value"]}}
    for resource in (each for each in dossier.resources if "subject" in each):
        resource["subject"] = resource["subject"] | dossier.take("subject", [{}, label, label | number])
