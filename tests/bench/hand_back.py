"""The way back by hand: a Bundle as `to_fhir` writes it, to the case, with what a careful programmer looks at.

It does the work that the mapping files ask for, and no more than a look where nothing is wrong:

- a resource that was withdrawn, says that there is nothing, shows no part of the child, or speaks of somebody else is
  left out and said so; so is an item that lacks a part without which it means nothing;
- a code is looked up in the table, the next coding is tried when the first is unknown, and a value without a known
  code is said and left out, never guessed;
- a quantity counts only in a unit known for what is measured; a dateTime is cut to the day;
- of several answers to one question the weightier one counts; sites told with the diagnosis alone become lesions;
- what another resource answers is put onto the item that it points at.

What it does not do: the spellings of the field (aliases, dots, prefixes, finer codes), references in all their forms,
several diagnoses in one Bundle, file and line in what it says, explanations, and a report of what nobody read.
"""

from __future__ import annotations

from adapter.canonical import BASE, extension
from tests.bench.hand import ASSERTED, LABEL, READ, ROLE, UNITS, Json
from tests.bench.hand_observations import WITHDRAWN, Said, read_observation, read_place, read_word

NOTHING = READ["statement-of-nothing"]
CASE, STUDY = f"{BASE}/identifier/case", f"{BASE}/identifier/study"
WHOLE_BODY, REGION = extension("whole-body"), extension("imaging-region")
OPPOSITION, INCLUSION = extension("opposition"), extension("inclusion-date")
TIMING, LINE = extension("comorbidity-timing"), extension("treatment-line")


def to_case(bundle: Json) -> tuple[Json, Said]:
    case: Json = {}
    items: dict[str, Json] = {}
    sites: list[Json] = []
    said: Said = []
    resources = [entry["resource"] for entry in bundle["entry"] if "resource" in entry]
    patient = "Patient/" + next(each["id"] for each in resources if each["resourceType"] == "Patient")
    for resource in resources:
        kind = resource["resourceType"]
        if kind == "Patient":
            _patient(case, resource, said)
            continue
        if resource["subject"]["reference"] != patient:
            said.append(("subject", resource["id"]))
        elif kind == "Observation":
            read_observation(case, items, resource, said)
        elif resource.get("status") in WITHDRAWN:
            said.append(("dropped", resource["id"]))
        elif kind == "Condition":
            _condition(case, sites, resource, said)
        elif kind == "MedicationStatement":
            _treatment(case, items, resource, said)
        elif kind == "ImagingStudy":
            _study(case, items, resource, said)
        elif kind == "Procedure":
            _biopsy(case, items, resource, said)
    _sites(case, sites)
    return case, said


def _sites(case: Json, sites: list[Json]) -> None:
    """Sites told with the diagnosis are lesions, unless the examination found them already."""
    known = case.get("clinical_lesions", [])
    new = [site for site in sites if not any(_covers(each, site) for each in known)]
    if new:
        case["clinical_lesions"] = known + new


def _covers(lesion: Json, site: Json) -> bool:
    return all(site.get(key) in (None, "unknown", lesion.get(key)) for key in ("bone", "side", "segment"))


def _patient(case: Json, resource: Json, said: Said) -> None:
    for identifier in resource["identifier"]:
        if identifier["system"] == CASE:
            case["case_id"] = identifier["value"]
    person: Json = {}
    if (sex := resource.get("gender")) is not None:
        if sex in READ_SEX:
            person["sex"] = READ_SEX[sex]
        else:
            said.append(("unmapped", "gender"))
    if (birth := resource.get("birthDate")) is not None:
        person["birth_date"] = birth[:10]
    if (death := resource.get("deceasedDateTime")) is not None:
        person["death_date"], person["vital_status"] = death[:10], "dead"
    elif (deceased := resource.get("deceasedBoolean")) is not None:
        person["vital_status"] = "dead" if deceased else "alive"
    elif "_deceasedBoolean" in resource:
        person["vital_status"] = "unknown"
    case["patient"] = person
    _consent(case, resource, said)
    if (organisation := resource.get("managingOrganization")) is not None:
        case["centre"] = organisation["identifier"]["value"]


def _consent(case: Json, resource: Json, said: Said) -> None:
    for each in resource.get("extension", ()):
        if each["url"] == OPPOSITION:
            if (word := read_word("opposition", each["valueCodeableConcept"], said)) is not None:
                case["opposition"] = word
        elif each["url"] == INCLUSION:
            case["inclusion_date"] = each["valueDate"][:10]


def _condition(case: Json, sites: list[Json], resource: Json, said: Said) -> None:
    role = next((each["code"] for each in resource["category"][0]["coding"] if each["system"] == ROLE), None)
    if role == "diagnosis":
        _diagnosis(case, sites, resource, said)
    elif role == "comorbidity":
        _comorbidity(case, resource, said)
    elif role == "sequela":
        item = {"type": read_word("sequela", resource["code"], said)}
        if item["type"] is None:
            said.append(("lacks", "code"))
            return
        if (bodies := resource.get("bodySite")) and (bone := read_word("bone", bodies[0], said)) is not None:
            item["site"] = bone
        case.setdefault("sequelae", []).append(item)
    elif role == "other-diagnosis":
        _other(case, resource, said)
    else:
        said.append(("unselected", "Condition"))


def _comorbidity(case: Json, resource: Json, said: Said) -> None:
    if (kind := read_word("comorbidity", resource["code"], said)) is None:
        said.append(("lacks", "code"))
        return
    item: Json = {"type": kind}
    if (date := resource.get("onsetDateTime")) is not None:
        item["date"] = date[:10]
    for each in resource.get("extension", ()):
        if each["url"] == TIMING and (timing := read_word("timing", each["valueCodeableConcept"], said)) is not None:
            item["timing"] = timing
    case.setdefault("comorbidities", []).append(item)


def _other(case: Json, resource: Json, said: Said) -> None:
    category = resource["category"][0]["coding"][1]["code"]
    if category not in READ_CATEGORY:
        said.append(("lacks", "category"))
        return
    item: Json = {"category": READ_CATEGORY[category]}
    certainty = resource.get("verificationStatus")
    if certainty is not None and (word := read_word("condition-ver-status", certainty, said)) is not None:
        item["certainty"] = word
    if (code := resource.get("code")) is not None:
        item["code"] = _coding(code["coding"][0])
    if (date := resource.get("onsetDateTime")) is not None:
        item["date"] = date[:10]
    case.setdefault("other_diagnoses", []).append(item)


def _coding(coding: Json) -> Json:
    made = {"system": coding["system"], "code": coding["code"]}
    for each in coding.get("extension", ()):
        if each["url"] == LABEL:
            made["display"] = each["valueString"]
    return made


def _diagnosis(case: Json, sites: list[Json], resource: Json, said: Said) -> None:
    if (code := read_word("diagnosis", resource["code"], said)) is None:
        said.append(("lacks", "code"))
        return
    case["diagnosis"] = made = {"code": code}
    certainty, status = resource.get("verificationStatus"), resource.get("clinicalStatus")
    if certainty is not None and (word := read_word("condition-ver-status", certainty, said)) is not None:
        made["certainty"] = word
    if status is not None and (word := read_word("condition-clinical", status, said)) is not None:
        made["clinical_status"] = word
    _onset(made, resource, said)
    for each in resource.get("extension", ()):
        if each["url"] == ASSERTED:
            made["date"] = each["valueDateTime"][:10]
    if "date" not in made and (recorded := resource.get("recordedDate")) is not None:
        made["date"], made["date_is_recorded"] = recorded[:10], True
    for each in resource.get("bodySite", ()):
        site: Json = {"side": "unknown"}
        read_place(site, each, said)
        if "bone" in site:
            sites.append(site)


def _onset(made: Json, resource: Json, said: Said) -> None:
    if (date := resource.get("onsetDateTime")) is not None:
        made["onset"] = {"date": date[:10]}
    elif (age := resource.get("onsetAge")) is not None:
        if (known := _age(age, said)) is not None:
            made["onset"] = {"age": known}
    elif (period := resource.get("onsetPeriod")) is not None:
        made["onset"] = {"period": {end: date[:10] for end, date in period.items()}}
    elif (ages := resource.get("onsetRange")) is not None:
        made["onset"] = {"range": {end: known for end, age in ages.items() if (known := _age(age, said)) is not None}}
    elif (text := resource.get("onsetString")) is not None:
        made["onset"] = {"text": text}


def _age(age: Json, said: Said) -> Json | None:
    if ("age", age["code"]) in UNITS["age"]:
        return {"value": age["value"], "unit": age["code"]}
    said.append(("unmapped", "age"))
    return None


def _biopsy(case: Json, items: dict[str, Json], resource: Json, said: Said) -> None:
    coding = resource["code"]["coding"][0]
    if READ["biopsy"].get((coding["system"], coding["code"])) != "bone_biopsy":
        said.append(("unselected", "Procedure"))
        return
    items[f"Procedure/{resource['id']}"] = item = {}
    if (date := resource.get("performedDateTime")) is not None:
        item["date"] = date[:10]
    if bodies := resource.get("bodySite"):
        read_place(item, bodies[0], said)
    case.setdefault("biopsies", []).append(item)


def _study(case: Json, items: dict[str, Json], resource: Json, said: Said) -> None:
    coding = resource["modality"][0]
    modality = READ["modality"].get((coding["system"], coding["code"]))
    if modality is None:
        said.append(("lacks", "modality"))
        return
    items[f"ImagingStudy/{resource['id']}"] = item = {"modality": modality}
    for each in resource.get("identifier", ()):
        if each["system"] == STUDY:
            item["id"] = each["value"]
    if (date := resource.get("started")) is not None:
        item["date"] = date[:10]
    for each in resource.get("extension", ()):
        if each["url"] == WHOLE_BODY:
            item["whole_body"] = each["valueBoolean"]
        elif each["url"] == REGION:
            item["region"] = each["valueCode"]
    case.setdefault("imaging_studies", []).append(item)


def _treatment(case: Json, items: dict[str, Json], resource: Json, said: Said) -> None:
    codings = resource["medicationCodeableConcept"]["coding"]
    if any((each.get("system"), each.get("code")) in NOTHING for each in codings):
        said.append(("dropped", resource["id"]))
        return
    code = codings[0]["code"]
    if code not in READ_CLASS:
        said.append(("unclassified", "treatment"))
    items[f"MedicationStatement/{resource['id']}"] = item = {"class": READ_CLASS.get(code, "other")}
    if len(codings) > 1:
        item["substance"] = _coding(codings[1])
    if (status := resource.get("status")) is not None:
        if status in READ_STATUS:
            item["status"] = READ_STATUS[status]
        else:
            said.append(("unmapped", "status"))
    if (period := resource.get("effectivePeriod")) is not None:
        if (start := period.get("start")) is not None:
            item["start"] = start[:10]
        if (end := period.get("end")) is not None:
            item["stop"] = end[:10]
    for each in resource.get("extension", ()):
        if each["url"] == LINE:
            item["line"] = each["valuePositiveInt"]
    case.setdefault("treatments", []).append(item)


READ_SEX, READ_CATEGORY, READ_CLASS, READ_STATUS = (
    READ[name] for name in ("sex", "other-diagnosis-category", "treatment-class", "treatment-status")
)
