"""The Observations of the hand-written reader, and what it knows of codes and sites (see hand_back.py)."""

from __future__ import annotations

from typing import Any

from tests.bench.hand import ANSWERS, LATERALITY, OBSERVATION, READ, SEGMENT, UNITS, Json

Said = list[tuple[str, str]]

FINDINGS, LAB, MEASURES = READ["finding"], READ["lab-test"], READ["assessment"]
JOINS = {code: (member, field, table, element) for member, field, code, _, _, table, element, _, _ in ANSWERS}
WITHDRAWN = ("entered-in-error", "cancelled", "preliminary", "registered", "not-done", "not-taken", "intended")
WEIGHT = {"yes": 0, "no": 1, "unknown": 2}


def read_word(table: str, value: Json, said: Said) -> Any:
    known = READ[table]
    for coding in value.get("coding", ()):
        if (word := known.get((coding.get("system"), coding.get("code")))) is not None:
            return word
    said.append(("unmapped", table))
    return None


def read_place(item: Json, value: Json, said: Said) -> None:
    if "coding" in value and (bone := read_word("bone", value, said)) is not None:
        item["bone"] = bone
    for each in value.get("extension", ()):
        if each["url"] == LATERALITY:
            concept = each["valueCodeableConcept"]
            if (side := read_word("side", concept, said) if "coding" in concept else "unknown") is not None:
                item["side"] = side
        elif (
            each["url"] == SEGMENT and (segment := read_word("segment", each["valueCodeableConcept"], said)) is not None
        ):
            item["segment"] = segment


def read_observation(case: Json, items: dict[str, Json], resource: Json, said: Said) -> None:
    coding = resource["code"]["coding"][0]
    key = system, code = coding["system"], coding["code"]
    if (finding := FINDINGS.get(key)) is not None:
        _finding(case, finding, resource, said)
    elif resource["status"] in WITHDRAWN:
        said.append(("dropped", resource["id"]))
    elif (test := LAB.get(key)) is not None:
        _laboratory(case, test, resource, said)
    elif (measure := MEASURES.get(key)) is not None:
        _assessment(case, measure, resource, said)
    elif system != OBSERVATION:
        said.append(("unselected", "Observation"))
    elif code in JOINS:
        _answer(items, resource, *JOINS[code], said)
    elif code == "clinical-lesion":
        _lesion(case, resource, said)
    elif code == "imaging-lesion":
        _imaging_lesion(case, resource, said)
    elif code == "outcome-status":
        case["outcome"] = outcome = {}
        if (date := resource.get("effectiveDateTime")) is not None:
            outcome["last_visit_date"] = date[:10]
        value = resource.get("valueCodeableConcept")
        if value is not None and (status := read_word("outcome", value, said)) is not None:
            outcome["status"] = status


def _answer(items: dict[str, Json], resource: Json, _: str, field: str, table: str, element: str, said: Said) -> None:
    item = items.get(resource[element][0]["reference"])
    if item is None:
        said.append(("dangling", element))
    elif (word := read_word(table, resource["valueCodeableConcept"], said)) is not None:
        item[field] = word


def _finding(case: Json, finding: Any, resource: Json, said: Said) -> None:
    status, value = resource["status"], resource.get("valueBoolean")
    if status != "preliminary" and status in WITHDRAWN:
        said.append(("dropped", resource["id"]))
        return
    answer = "unknown" if value is None or status == "preliminary" else "yes" if value else "no"
    answers = case.setdefault("findings", {})
    if finding not in answers or WEIGHT[answer] < WEIGHT[answers[finding]]:
        answers[finding] = answer


def _laboratory(case: Json, test: Any, resource: Json, said: Said) -> None:
    quantity = resource["valueQuantity"]
    if (test, quantity["code"]) not in UNITS["lab-units"]:
        said.append(("lacks", "valueQuantity"))
        return
    item: Json = {"test": test, "value": quantity["value"], "unit": quantity["code"]}
    if (comparator := quantity.get("comparator")) is not None:
        item["comparator"] = comparator
    if (date := resource.get("effectiveDateTime")) is not None:
        item["date"] = date[:10]
    case.setdefault("laboratory", []).append(item)


def _lesion(case: Json, resource: Json, said: Said) -> None:
    item: Json = {"side": "unknown"}
    read_place(item, resource["bodySite"], said)
    if "bone" not in item:
        said.append(("lacks", "bodySite"))
        return
    if (present := resource.get("valueBoolean")) is not None:
        item["present"] = present
    if (date := resource.get("effectiveDateTime")) is not None:
        item["date"] = date[:10]
    case.setdefault("clinical_lesions", []).append(item)


def _imaging_lesion(case: Json, resource: Json, said: Said) -> None:
    if resource.get("valueBoolean") is False:
        said.append(("dropped", resource["id"]))
        return
    item: Json = {"side": "unknown"}
    read_place(item, resource["bodySite"], said)
    item["modality"] = read_word("modality", resource["method"], said)
    if "bone" not in item or item["modality"] is None:
        said.append(("lacks", "bodySite or method"))
        return
    if references := resource.get("derivedFrom"):
        item["study"] = references[0]["identifier"]["value"]
    for each in resource.get("component", ()):
        if each["code"]["coding"][0]["code"] == "lesion-active":
            item["active"] = each["valueBoolean"]
    if (date := resource.get("effectiveDateTime")) is not None:
        item["date"] = date[:10]
    case.setdefault("imaging_lesions", []).append(item)


def _assessment(case: Json, measure: Any, resource: Json, said: Said) -> None:
    item: Json = {"measure": measure, "date": resource["effectiveDateTime"][:10]}
    if (value := resource.get("valueCodeableConcept")) is not None:
        item["value"] = read_word("result", value, said)
        if item["value"] is None:
            said.append(("lacks", "value"))
            return
    else:
        quantity = resource["valueQuantity"]
        item["value"] = quantity["value"]
        if (unit := quantity.get("code")) is not None:
            item["unit"] = unit
    case.setdefault("assessments", []).append(item)
