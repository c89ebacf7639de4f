"""The same mapping written by hand, resource by resource: what a careful programmer would write without an engine.

It reads only what `to_resources` writes, checks nothing and reports nothing; tests/mapping/test_bench.py holds both to
the same result. The code tables are those of the product, so that the two cannot drift apart.
"""

from __future__ import annotations

from typing import Any

from adapter.canonical import BASE, code_system, extension
from adapter.config import shipped
from adapter.declaration import load_declaration
from adapter.mapping.quantities import make_units
from adapter.mapping.tables import load_systems, load_tables

Json = dict[str, Any]
TABLES = load_tables(shipped("mappings") / "tables", load_systems(shipped("mappings") / "tables"))
UCUM = "http://unitsofmeasure.org"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
OBSERVATION, ROLE = code_system("crmo-observation"), code_system("crmo-role")
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LATERALITY, SEGMENT, LABEL = extension("laterality"), extension("bone-segment"), extension("label")
WRITE = {name: table.codings for name, table in TABLES.items()}
READ: dict[str, dict[Any, Any]] = {name: table.words or table.plain_words for name, table in TABLES.items()}
UNITS = {
    name: {(measured, unit) for measured, spelled in rows.items() for unit, _ in spelled.values()}
    for name, rows in make_units(
        load_declaration(path, "units") for path in (shipped("mappings") / "tables").glob("*.units.yaml")
    ).items()
}


def concept(table: str, word: Any) -> Json:
    return {"coding": [dict(coding) for coding in WRITE[table][word]]}


def word(table: str, value: Json) -> Any:
    coding = value["coding"][0]
    return READ[table][coding["system"], coding["code"]]


def site(item: Json, *, known_side: bool = True) -> Json:
    place: Json = {}
    if (bone := item.get("bone")) is not None:
        place["coding"] = [dict(coding) for coding in WRITE["bone"][bone]]
    more = []
    if (side := item.get("side")) is not None:
        if side != "unknown":
            more.append({"url": LATERALITY, "valueCodeableConcept": concept("side", side)})
        elif not known_side:
            absent = {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}
            more.append({"url": LATERALITY, "valueCodeableConcept": absent})
    if (segment := item.get("segment")) is not None:
        more.append({"url": SEGMENT, "valueCodeableConcept": concept("segment", segment)})
    if more:
        place["extension"] = more
    return place


def meta(profile: str) -> Json:
    return {"source": BASE, "profile": [extension(profile)]}


def observation(subject: Json, name: str, category: str, code: Json, profile: str = "crmo-finding") -> Json:
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": meta(profile),
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": code,
        "subject": subject,
    }


def own(code: str, display: str) -> Json:
    return {"coding": [{"system": OBSERVATION, "code": code, "display": display}]}


def condition(subject: Json, name: str, role: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": name,
        "meta": meta("crmo-condition"),
        "subject": subject,
        "category": [{"coding": [{"system": ROLE, "code": role}]}],
    }


def coding_of(substance: Json) -> Json:
    made = {"system": substance["system"], "code": substance["code"]}
    if (display := substance.get("display")) is not None:
        made["extension"] = [{"url": LABEL, "valueString": display}]
        made["display"] = display
    return made


def to_resources(case: Json) -> list[Json]:
    name = case["case_id"]
    subject = {"reference": f"Patient/{name}"}
    out = [_patient(case, name), _diagnosis(case, name, subject)]
    _conditions(out, case, name, subject)
    for n, item in enumerate(case.get("biopsies", ()), 1):
        out.append(_biopsy(item, f"{name}-biopsy-{n}", subject))
    for n, item in enumerate(case.get("imaging_studies", ()), 1):
        out.append(_study(item, f"{name}-imaging-{n}", subject))
    for n, item in enumerate(case.get("treatments", ()), 1):
        out.append(_treatment(item, f"{name}-treatment-{n}", subject))
    _findings(out, case, name, subject)
    _lesions(out, case, name, subject)
    _answers(out, case, name, subject)
    _outcome(out, case, name, subject)
    return out


def _conditions(out: list[Json], case: Json, name: str, subject: Json) -> None:
    for n, item in enumerate(case.get("comorbidities", ()), 1):
        made = condition(subject, f"{name}-comorbidity-{n}", "comorbidity")
        made["code"] = concept("comorbidity", item["type"])
        if (date := item.get("date")) is not None:
            made["onsetDateTime"] = date
        if (timing := item.get("timing")) is not None:
            made["extension"] = [
                {"url": extension("comorbidity-timing"), "valueCodeableConcept": concept("timing", timing)}
            ]
        out.append(made)
    for n, item in enumerate(case.get("sequelae", ()), 1):
        made = condition(subject, f"{name}-sequela-{n}", "sequela")
        made["code"] = concept("sequela", item["type"])
        if (bone := item.get("site")) is not None:
            made["bodySite"] = [concept("bone", bone)]
        out.append(made)
    for n, item in enumerate(case.get("other_diagnoses", ()), 1):
        made = condition(subject, f"{name}-other-diagnosis-{n}", "other-diagnosis")
        made["category"][0]["coding"].append({"system": code_system("crmo-other-diagnosis"), "code": item["category"]})
        if (certainty := item.get("certainty")) is not None:
            made["verificationStatus"] = concept("condition-ver-status", certainty)
        if (code := item.get("code")) is not None:
            made["code"] = {"coding": [coding_of(code)]}
        if (date := item.get("date")) is not None:
            made["onsetDateTime"] = date
        out.append(made)


def _findings(out: list[Json], case: Json, name: str, subject: Json) -> None:
    for n, (key, value) in enumerate(case.get("findings", {}).items(), 1):
        made = observation(subject, f"{name}-finding-{n}", "exam", concept("finding", key))
        if value == "unknown":
            made["dataAbsentReason"] = concept("absent-reason", value)
        else:
            made["valueBoolean"] = value == "yes"
        out.append(made)
    for n, item in enumerate(case.get("laboratory", ()), 1):
        made = observation(subject, f"{name}-laboratory-{n}", "laboratory", concept("lab-test", item["test"]))
        quantity = {"value": item["value"], "system": UCUM, "code": item["unit"], "unit": item["unit"]}
        if (comparator := item.get("comparator")) is not None:
            quantity["comparator"] = comparator
        made["valueQuantity"] = quantity
        if (date := item.get("date")) is not None:
            made["effectiveDateTime"] = date
        out.append(made)


def _lesions(out: list[Json], case: Json, name: str, subject: Json) -> None:
    for n, item in enumerate(case.get("clinical_lesions", ()), 1):
        code = own("clinical-lesion", "Clinical bone lesion")
        made = observation(subject, f"{name}-clinical-lesion-{n}", "exam", code, "crmo-lesion")
        made["bodySite"] = site(item)
        if (present := item.get("present")) is not None:
            made["valueBoolean"] = present
        if (date := item.get("date")) is not None:
            made["effectiveDateTime"] = date
        out.append(made)
    studies = {item["id"]: n for n, item in enumerate(case.get("imaging_studies", ()), 1) if "id" in item}
    for n, item in enumerate(case.get("imaging_lesions", ()), 1):
        out.append(_lesion(item, f"{name}-imaging-lesion-{n}", subject, name, studies))


def _outcome(out: list[Json], case: Json, name: str, subject: Json) -> None:
    if (outcome := case.get("outcome")) is not None:
        made = observation(subject, f"{name}-outcome", "survey", own("outcome-status", "State at the last visit"))
        if (date := outcome.get("last_visit_date")) is not None:
            made["effectiveDateTime"] = date
        if (status := outcome.get("status")) is not None:
            made["valueCodeableConcept"] = concept("outcome", status)
        out.append(made)
    for n, item in enumerate(case.get("assessments", ()), 1):
        made = observation(subject, f"{name}-assessment-{n}", "survey", concept("assessment", item["measure"]))
        value = item["value"]
        if isinstance(value, str):
            made["valueCodeableConcept"] = concept("result", value)
        else:
            made["valueQuantity"] = {"value": value}
            if (unit := item.get("unit")) is not None:
                made["valueQuantity"].update(system=UCUM, code=unit, unit=unit)
        made["effectiveDateTime"] = item["date"]
        out.append(made)


def _patient(case: Json, name: str) -> Json:
    person = case["patient"]
    pseudonym = {
        "system": f"{BASE}/identifier/case",
        "type": {"coding": [{"system": "http://snomed.info/sct", "code": "422549004"}]},
        "value": case["case_id"],
    }
    made: Json = {"resourceType": "Patient", "id": name, "meta": meta("crmo-patient"), "identifier": [pseudonym]}
    if (sex := person.get("sex")) is not None:
        made["gender"] = sex
    if (birth := person.get("birth_date")) is not None:
        made["birthDate"] = birth
    if (death := person.get("death_date")) is not None:
        made["deceasedDateTime"] = death
    elif (vital := person.get("vital_status")) is not None:
        if vital == "unknown":
            made["_deceasedBoolean"] = {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}
        else:
            made["deceasedBoolean"] = vital == "dead"
    more = []
    if (opposition := case.get("opposition")) is not None:
        more.append({"url": extension("opposition"), "valueCodeableConcept": concept("opposition", opposition)})
    if (inclusion := case.get("inclusion_date")) is not None:
        more.append({"url": extension("inclusion-date"), "valueDate": inclusion})
    if more:
        made["extension"] = more
    if (centre := case.get("centre")) is not None:
        made["managingOrganization"] = {"identifier": {"system": f"{BASE}/identifier/centre", "value": centre}}
    return made


def _diagnosis(case: Json, name: str, subject: Json) -> Json:
    diagnosis = case["diagnosis"]
    made = condition(subject, f"{name}-diagnosis", "diagnosis")
    made["code"] = concept("diagnosis", diagnosis["code"])
    if (certainty := diagnosis.get("certainty")) is not None:
        made["verificationStatus"] = concept("condition-ver-status", certainty)
    if (status := diagnosis.get("clinical_status")) is not None:
        made["clinicalStatus"] = concept("condition-clinical", status)
    if (onset := diagnosis.get("onset")) is not None:
        _onset(made, onset)
    if (date := diagnosis.get("date")) is not None:
        if diagnosis.get("date_is_recorded"):
            made["recordedDate"] = date
        else:
            made["extension"] = [{"url": ASSERTED, "valueDateTime": date}]
    sites = [site(item) for item in case.get("clinical_lesions", ()) if item.get("present") is not False]
    if sites:
        made["bodySite"] = sites
    return made


def _onset(made: Json, onset: Json) -> None:
    if (date := onset.get("date")) is not None:
        made["onsetDateTime"] = date
    elif (age := onset.get("age")) is not None:
        made["onsetAge"] = _age(age)
    elif (period := onset.get("period")) is not None:
        made["onsetPeriod"] = dict(period)
    elif (ages := onset.get("range")) is not None:
        made["onsetRange"] = {end: _age(age) for end, age in ages.items()}
    elif (text := onset.get("text")) is not None:
        made["onsetString"] = text


def _age(age: Json) -> Json:
    return {"value": age["value"], "system": UCUM, "code": age["unit"], "unit": age["unit"]}


def _biopsy(item: Json, name: str, subject: Json) -> Json:
    made: Json = {
        "resourceType": "Procedure",
        "id": name,
        "meta": meta("crmo-biopsy"),
        "status": "completed",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "13861005", "display": "Biopsy of bone"}]},
        "subject": subject,
    }
    if (date := item.get("date")) is not None:
        made["performedDateTime"] = date
    if place := site({key: item[key] for key in ("bone", "side") if key in item}, known_side=False):
        made["bodySite"] = [place]
    return made


def _study(item: Json, name: str, subject: Json) -> Json:
    made: Json = {
        "resourceType": "ImagingStudy",
        "id": name,
        "meta": meta("crmo-imaging-study"),
        "status": "available",
        "subject": subject,
        "modality": [dict(coding) for coding in WRITE["modality"][item["modality"]]],
    }
    if (own_name := item.get("id")) is not None:
        made["identifier"] = [{"system": f"{BASE}/identifier/study", "value": own_name}]
    if (date := item.get("date")) is not None:
        made["started"] = date
    more = []
    if (whole := item.get("whole_body")) is not None:
        more.append({"url": extension("whole-body"), "valueBoolean": whole})
    if (region := item.get("region")) is not None:
        more.append({"url": extension("imaging-region"), "valueCode": region})
    if more:
        made["extension"] = more
    return made


def _treatment(item: Json, name: str, subject: Json) -> Json:
    made: Json = {
        "resourceType": "MedicationStatement",
        "id": name,
        "meta": meta("crmo-medication-statement"),
        "subject": subject,
    }
    if (status := item.get("status")) is not None:
        made["status"] = status
    else:
        made["_status"] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    codings = [{"system": code_system("crmo-treatment-class"), "code": item["class"]}]
    if (substance := item.get("substance")) is not None:
        codings.append(coding_of(substance))
    made["medicationCodeableConcept"] = {"coding": codings}
    period = {}
    if (start := item.get("start")) is not None:
        period["start"] = start
    if (stop := item.get("stop")) is not None:
        period["end"] = stop
    if period:
        made["effectivePeriod"] = period
    if (line := item.get("line")) is not None:
        made["extension"] = [{"url": extension("treatment-line"), "valuePositiveInt": line}]
    return made


def _lesion(item: Json, name: str, subject: Json, case_id: str, studies: dict[str, int]) -> Json:
    made = observation(subject, name, "imaging", own("imaging-lesion", "Bone lesion on imaging"), "crmo-lesion")
    made["valueBoolean"] = True
    made["bodySite"] = site(item)
    if (study := item.get("study")) is not None:
        reference: Json = {"identifier": {"system": f"{BASE}/identifier/study", "value": study}}
        if study in studies:
            reference["reference"] = f"ImagingStudy/{case_id}-imaging-{studies[study]}"
        made["derivedFrom"] = [reference]
    made["method"] = concept("modality", item["modality"])
    if (active := item.get("active")) is not None:
        code = {"coding": [{"system": OBSERVATION, "code": "lesion-active"}]}
        made["component"] = [{"code": code, "valueBoolean": active}]
    if (date := item.get("date")) is not None:
        made["effectiveDateTime"] = date
    return made


ANSWERS = (
    ("imaging_studies", "result", "imaging-result", "Result of an imaging study", "imaging", "result",
     "derivedFrom", "ImagingStudy", "imaging"),
    ("biopsies", "histology", "biopsy-histology", "Histology of a bone biopsy", "laboratory", "histology",
     "partOf", "Procedure", "biopsy"),
    ("biopsies", "microbiology", "biopsy-microbiology", "Microbiology of a bone biopsy", "laboratory", "microbiology",
     "partOf", "Procedure", "biopsy"),
    ("treatments", "response", "treatment-response", "Response to a treatment", "therapy", "response",
     "partOf", "MedicationStatement", "treatment"),
)  # fmt: skip


def _answers(out: list[Json], case: Json, name: str, subject: Json) -> None:
    for member, field, code, display, category, table, element, kind, stem in ANSWERS:
        for n, item in enumerate(case.get(member, ()), 1):
            if (value := item.get(field)) is not None:
                made = observation(subject, f"{name}-{code}-{n}", category, own(code, display))
                made[element] = [{"reference": f"{kind}/{name}-{stem}-{n}"}]
                made["valueCodeableConcept"] = concept(table, value)
                out.append(made)
