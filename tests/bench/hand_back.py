"""The way back by hand: resources as `to_resources` writes them, to the case.

What was withdrawn, or speaks of somebody else, is left out as the mapping files do; nothing is reported.
"""

from __future__ import annotations

from typing import Any

from adapter.canonical import BASE, extension
from tests.bench.hand import ANSWERS, ASSERTED, LABEL, LATERALITY, OBSERVATION, READ, ROLE, SEGMENT, Json, word

FINDINGS = {key: each for key, each in READ["finding"].items()}
LAB, MEASURES = READ["lab-test"], READ["assessment"]
JOINS = {
    code: (member, field, table, element, len(stem)) for member, field, code, _, _, table, element, _, stem in ANSWERS
}


WITHDRAWN = ("entered-in-error", "cancelled", "preliminary", "registered", "not-done", "not-taken", "intended")


def to_case(resources: list[Json]) -> Json:
    case: Json = {}
    items: dict[str, Json] = {}
    patient = "Patient/" + next(each["id"] for each in resources if each["resourceType"] == "Patient")
    for resource in resources:
        kind = resource["resourceType"]
        if kind != "Patient" and (resource.get("status") in WITHDRAWN or resource["subject"]["reference"] != patient):
            continue
        if kind == "Observation":
            _observation(case, items, resource)
        elif kind == "Condition":
            _condition(case, resource)
        elif kind == "MedicationStatement":
            item = _treatment(resource)
            items[f"MedicationStatement/{resource['id']}"] = item
            case.setdefault("treatments", []).append(item)
        elif kind == "ImagingStudy":
            item = _study(resource)
            items[f"ImagingStudy/{resource['id']}"] = item
            case.setdefault("imaging_studies", []).append(item)
        elif kind == "Procedure":
            item = _biopsy(resource)
            items[f"Procedure/{resource['id']}"] = item
            case.setdefault("biopsies", []).append(item)
        elif kind == "Patient":
            _patient(case, resource)
    return case


def _place(item: Json, value: Json) -> None:
    if "coding" in value:
        item["bone"] = word("bone", value)
    for each in value.get("extension", ()):
        if each["url"] == LATERALITY:
            concept = each["valueCodeableConcept"]
            item["side"] = word("side", concept) if "coding" in concept else "unknown"
        elif each["url"] == SEGMENT:
            item["segment"] = word("segment", each["valueCodeableConcept"])


def _patient(case: Json, resource: Json) -> None:
    for identifier in resource["identifier"]:
        if identifier["system"] == f"{BASE}/identifier/case":
            case["case_id"] = identifier["value"]
    person: Json = {}
    if (sex := resource.get("gender")) is not None:
        person["sex"] = sex
    if (birth := resource.get("birthDate")) is not None:
        person["birth_date"] = birth
    if (death := resource.get("deceasedDateTime")) is not None:
        person["death_date"], person["vital_status"] = death, "dead"
    elif (deceased := resource.get("deceasedBoolean")) is not None:
        person["vital_status"] = "dead" if deceased else "alive"
    elif "_deceasedBoolean" in resource:
        person["vital_status"] = "unknown"
    case["patient"] = person
    for each in resource.get("extension", ()):
        if each["url"] == extension("opposition"):
            case["opposition"] = word("opposition", each["valueCodeableConcept"])
        elif each["url"] == extension("inclusion-date"):
            case["inclusion_date"] = each["valueDate"]
    if (organisation := resource.get("managingOrganization")) is not None:
        case["centre"] = organisation["identifier"]["value"]


def _condition(case: Json, resource: Json) -> None:
    role = next(each["code"] for each in resource["category"][0]["coding"] if each["system"] == ROLE)
    if role == "diagnosis":
        case["diagnosis"] = _diagnosis(resource)
    elif role == "comorbidity":
        item: Json = {"type": word("comorbidity", resource["code"])}
        if (date := resource.get("onsetDateTime")) is not None:
            item["date"] = date
        for each in resource.get("extension", ()):
            item["timing"] = word("timing", each["valueCodeableConcept"])
        case.setdefault("comorbidities", []).append(item)
    elif role == "sequela":
        item = {"type": word("sequela", resource["code"])}
        if sites := resource.get("bodySite"):
            item["site"] = word("bone", sites[0])
        case.setdefault("sequelae", []).append(item)
    else:
        item = {"category": resource["category"][0]["coding"][1]["code"]}
        if (certainty := resource.get("verificationStatus")) is not None:
            item["certainty"] = word("condition-ver-status", certainty)
        if (code := resource.get("code")) is not None:
            item["code"] = _coding(code["coding"][0])
        if (date := resource.get("onsetDateTime")) is not None:
            item["date"] = date
        case.setdefault("other_diagnoses", []).append(item)


def _coding(coding: Json) -> Json:
    made = {"system": coding["system"], "code": coding["code"]}
    for each in coding.get("extension", ()):
        if each["url"] == LABEL:
            made["display"] = each["valueString"]
    return made


def _diagnosis(resource: Json) -> Json:
    made: Json = {"code": word("diagnosis", resource["code"])}
    if (certainty := resource.get("verificationStatus")) is not None:
        made["certainty"] = word("condition-ver-status", certainty)
    if (status := resource.get("clinicalStatus")) is not None:
        made["clinical_status"] = word("condition-clinical", status)
    if (date := resource.get("onsetDateTime")) is not None:
        made["onset"] = {"date": date}
    elif (age := resource.get("onsetAge")) is not None:
        made["onset"] = {"age": {"value": age["value"], "unit": age["code"]}}
    elif (period := resource.get("onsetPeriod")) is not None:
        made["onset"] = {"period": dict(period)}
    elif (ages := resource.get("onsetRange")) is not None:
        made["onset"] = {"range": {end: {"value": a["value"], "unit": a["code"]} for end, a in ages.items()}}
    elif (text := resource.get("onsetString")) is not None:
        made["onset"] = {"text": text}
    for each in resource.get("extension", ()):
        if each["url"] == ASSERTED:
            made["date"] = each["valueDateTime"]
    if (recorded := resource.get("recordedDate")) is not None:
        made["date"], made["date_is_recorded"] = recorded, True
    return made


def _biopsy(resource: Json) -> Json:
    item: Json = {}
    if (date := resource.get("performedDateTime")) is not None:
        item["date"] = date
    if sites := resource.get("bodySite"):
        _place(item, sites[0])
    return item


def _study(resource: Json) -> Json:
    coding = resource["modality"][0]
    item: Json = {"modality": READ["modality"][coding["system"], coding["code"]]}
    for each in resource.get("identifier", ()):
        if each["system"] == f"{BASE}/identifier/study":
            item["id"] = each["value"]
    if (date := resource.get("started")) is not None:
        item["date"] = date
    for each in resource.get("extension", ()):
        if each["url"] == extension("whole-body"):
            item["whole_body"] = each["valueBoolean"]
        elif each["url"] == extension("imaging-region"):
            item["region"] = each["valueCode"]
    return item


def _treatment(resource: Json) -> Json:
    codings = resource["medicationCodeableConcept"]["coding"]
    item: Json = {"class": codings[0]["code"]}
    if len(codings) > 1:
        item["substance"] = _coding(codings[1])
    if (status := resource.get("status")) is not None:
        item["status"] = status
    if (period := resource.get("effectivePeriod")) is not None:
        if (start := period.get("start")) is not None:
            item["start"] = start
        if (end := period.get("end")) is not None:
            item["stop"] = end
    for each in resource.get("extension", ()):
        item["line"] = each["valuePositiveInt"]
    return item


def _observation(case: Json, items: dict[str, Json], resource: Json) -> None:
    coding = resource["code"]["coding"][0]
    system, code = coding["system"], coding["code"]
    if (finding := FINDINGS.get((system, code))) is not None:
        value = resource.get("valueBoolean")
        case.setdefault("findings", {})[finding] = "unknown" if value is None else "yes" if value else "no"
    elif (test := LAB.get((system, code))) is not None:
        case.setdefault("laboratory", []).append(_laboratory(test, resource))
    elif system == OBSERVATION and code in JOINS:
        _, field, table, element, _ = JOINS[code]
        items[resource[element][0]["reference"]][field] = word(table, resource["valueCodeableConcept"])
    elif code == "clinical-lesion":
        case.setdefault("clinical_lesions", []).append(_lesion(resource))
    elif code == "imaging-lesion":
        case.setdefault("imaging_lesions", []).append(_imaging_lesion(resource))
    elif code == "outcome-status":
        case["outcome"] = outcome = {}
        if (date := resource.get("effectiveDateTime")) is not None:
            outcome["last_visit_date"] = date
        if (status := resource.get("valueCodeableConcept")) is not None:
            outcome["status"] = word("outcome", status)
    else:
        case.setdefault("assessments", []).append(_assessment(MEASURES[system, code], resource))


def _laboratory(test: Any, resource: Json) -> Json:
    quantity = resource["valueQuantity"]
    item: Json = {"test": test, "value": quantity["value"], "unit": quantity["code"]}
    if (comparator := quantity.get("comparator")) is not None:
        item["comparator"] = comparator
    if (date := resource.get("effectiveDateTime")) is not None:
        item["date"] = date
    return item


def _lesion(resource: Json) -> Json:
    item: Json = {"side": "unknown"}
    _place(item, resource["bodySite"])
    if (present := resource.get("valueBoolean")) is not None:
        item["present"] = present
    if (date := resource.get("effectiveDateTime")) is not None:
        item["date"] = date
    return item


def _imaging_lesion(resource: Json) -> Json:
    item = _lesion(resource)
    del item["present"]
    item["modality"] = word("modality", resource["method"])
    if references := resource.get("derivedFrom"):
        item["study"] = references[0]["identifier"]["value"]
    for each in resource.get("component", ()):
        item["active"] = each["valueBoolean"]
    return item


def _assessment(measure: Any, resource: Json) -> Json:
    item: Json = {"measure": measure, "date": resource["effectiveDateTime"]}
    if (value := resource.get("valueCodeableConcept")) is not None:
        item["value"] = word("result", value)
    else:
        quantity = resource["valueQuantity"]
        item["value"] = quantity["value"]
        if (unit := quantity.get("code")) is not None:
            item["unit"] = unit
    return item
