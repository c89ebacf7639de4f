"""The hospital that does not exist: every manner of spelling occurs, and no manner changes a fact."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from adapter.bootstrap import load_knowledge
from adapter.config import load_settings
from adapter.judgement import Judgement, judge_bundle
from adapter.parts import Knowledge
from adapter.resource import dump_json
from adapter.synthetic.hospital import Population, make_population
from adapter.synthetic.hospital.strangers import STRANGERS
from tests.sample_cases import make_case

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
CASES = {case["case_id"]: case for case in map(make_case, range(70))}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(load_settings({}))


@pytest.fixture(scope="module")
def population(knowledge: Knowledge) -> Population:
    return make_population(CASES.values(), knowledge.mappings, seed=11)


@pytest.fixture(scope="module")
def judgements(knowledge: Knowledge, population: Population) -> dict[str, Judgement]:
    """What becomes of each patient, by the case or stranger it was made from."""
    return {
        population.patients[patient_id]: judge_bundle(
            knowledge,
            dump_json({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}),
            lambda patient, full_url: "C-1",
            date(2026, 3, 17),
        )
        for patient_id, resources in by_patient(population).items()
    }


def by_patient(population: Population) -> dict[str, list[Json]]:
    drugs = {f"Medication/{each['id']}": each for each in population.resources if each["resourceType"] == "Medication"}
    found: dict[str, list[Json]] = defaultdict(list)
    for resource in population.resources:
        if resource["resourceType"] == "Patient":
            found[resource["id"]].append(resource)
        elif "subject" in resource:
            belongs = found[resource["subject"]["reference"].removeprefix("Patient/")]
            belongs.append(resource)
            drug = drugs.get(resource.get("medicationReference", {}).get("reference"))
            belongs += [drug] if drug else []
    return found


def facts(case: Json) -> Json:
    """A case with its lists in any order, numbers as numbers, and studies told by what they are, not by their name."""
    told: Json = json.loads(dump_json(case), parse_int=float)
    del told["case_id"]
    studies = {study.pop("id", None): json.dumps(study, sort_keys=True) for study in told["imaging_studies"]}
    for lesion in told["imaging_lesions"]:
        lesion["study"] = studies[lesion["study"]]
    for treatment in told["treatments"]:
        treatment.pop("substance", None)  # a drug told by its French name only has no code
    return {
        section: sorted(json.dumps(item, sort_keys=True) for item in value) if isinstance(value, list) else value
        for section, value in told.items()
    }


def test_every_fact_survives_its_spelling(judgements: dict[str, Judgement]) -> None:
    changed = Counter[str]()
    for case_id, case in CASES.items():
        sent, kept = facts(case), facts(judgements[case_id].case or {})
        changed.update(section for section in sent.keys() | kept.keys() if sent.get(section) != kept.get(section))
    assert changed == {}


def test_every_case_is_eligible(judgements: dict[str, Judgement]) -> None:
    assert {(judgements[case_id].decision or {}).get("status") for case_id in CASES} == {"eligible"}


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: stranger.name)
def test_stranger_is_recognised(stranger: Any, judgements: dict[str, Judgement]) -> None:
    judgement = judgements[stranger.name]
    assert (judgement.decision or {"status": "unusable"})["status"] == stranger.expected


def test_same_seed_makes_the_same_hospital(knowledge: Knowledge) -> None:
    first, again, other = (make_population([make_case(1)], knowledge.mappings, seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_resources_are_shaped_as_r4_says(population: Population) -> None:
    """fhir.resources speaks R4B, which is R4 for these types."""
    for resource in population.resources:
        model = get_fhir_model_class(resource["resourceType"]).model_validate_json(dump_json(resource))
        assert model.id == resource["id"]


def test_ids_are_unique(population: Population) -> None:
    ids = [(each["resourceType"], each["id"]) for each in population.resources]
    assert len(ids) == len(set(ids))


def test_registry_pseudonym_is_not_known_in_the_hospital(population: Population) -> None:
    assert [each for each in population.resources if "SAMPLE-" in json.dumps(each, default=str)] == []


def test_national_numbers_are_impossible(population: Population) -> None:
    """A French insurance number starts with 1 or 2, or with 3, 4, 7 or 8 while it is provisional: never with 9."""
    national = [
        identifier["value"]
        for each in population.resources
        for identifier in each.get("identifier", [])
        if each["resourceType"] == "Patient" and identifier["system"].startswith("urn:oid:1.2.250.1.213")
    ]
    assert national
    assert {value[0] for value in national} == {"9"}


def has(type_: str, test: Callable[[Json], Any]) -> Callable[[Population], bool]:
    return lambda population: any(test(each) for each in population.resources if each["resourceType"] == type_)


def codes(resource: Json, element: str = "code") -> Iterator[tuple[str, str]]:
    value = resource.get(element) or {}
    for concept in value if isinstance(value, list) else [value]:
        yield from ((coding.get("system", ""), coding.get("code", "")) for coding in concept.get("coding", []))


def coded(system: str, code: str, element: str = "code") -> Callable[[Json], bool]:
    return lambda resource: any(system in s and c == code for s, c in codes(resource, element))


def status(code: str) -> Callable[[Json], bool]:
    return lambda resource: resource.get("status") == code


MESS: dict[str, Callable[[Population], bool]] = {
    "1 contained drug": has("MedicationStatement", lambda r: r.get("medicationReference", {}).get("reference") == "#m"),
    "1 drug by relative reference": has(
        "MedicationStatement", lambda r: "/" in r.get("medicationReference", {}).get("reference", "")
    ),
    "2 drug by name only": has(
        "MedicationStatement",
        lambda r: (
            {s for s, _ in codes(r, "medicationCodeableConcept")} == {"https://smt.esante.gouv.fr/terminologie-cip_ucd"}
        ),
    ),
    "2 ATC as second coding": has(
        "MedicationStatement", lambda r: len(list(codes(r, "medicationCodeableConcept"))) == 2
    ),
    "2 ATC in the classification": has("Medication", lambda r: "extension" in r),
    "3 not taken": has("MedicationStatement", status("not-taken")),
    "3 intended": has("MedicationStatement", status("intended")),
    "4 single date": has("MedicationStatement", lambda r: "effectiveDateTime" in r),
    "4 open period": has("MedicationStatement", lambda r: set(r.get("effectivePeriod", {})) == {"start"}),
    "5 prescription": has("MedicationRequest", lambda r: True),
    "6 once per stay": has("Condition", lambda r: coded("condition-category", "encounter-diagnosis", "category")(r)),
    "6 without the dot": has("Condition", coded("cim-10", "M863")),
    "6 with the site": has("Condition", coded("cim-10", "M86.37")),
    "7 without status": has("Condition", lambda r: "verificationStatus" not in r and coded("cim-10", "M86.3")(r)),
    "8 working code": has("Condition", coded("cim-10", "M86.9")),
    "9 R69 with text": has("Condition", lambda r: coded("cim-10", "R69")(r) and "OCMR" in r["code"]["text"]),
    "10 no known problems": has("Condition", coded("absent-unknown", "no-known-problems")),
    "10 intervention": has("Procedure", coded("Thesaurus", "C25218")),
    "11 refuted": has("Condition", coded("ver-status", "refuted", "verificationStatus")),
    "11 absent": has("Observation", coded(SCT, "272519000", "valueCodeableConcept")),
    "11 false": has("Observation", lambda r: r.get("valueBoolean") is False),
    "12 entered in error": has("Observation", status("entered-in-error")),
    "12 not done": has("Procedure", status("not-done")),
    "12 cancelled study": has("ImagingStudy", status("cancelled")),
    "13 onset as age": has("Condition", lambda r: "onsetAge" in r),
    "13 onset as range": has("Condition", lambda r: "onsetRange" in r),
    "13 onset as period": has("Condition", lambda r: "onsetPeriod" in r),
    "13 onset as words": has("Condition", lambda r: "onsetString" in r),
    "13 moment with zone": has("Condition", lambda r: "+02:00" in r.get("onsetDateTime", "")),
    "14 partial birth date": has("Patient", lambda r: len(r.get("birthDate", "")) == 7),
    "15 entire bone": has("Observation", coded(SCT, "182061009", "bodySite")),
    "15 side as coding": has("Observation", coded(SCT, "7771000", "bodySite")),
    "15 side as extension": has("Observation", lambda r: "extension" in r.get("bodySite", {})),
    "16 modality at the series only": has("ImagingStudy", lambda r: "modality" not in r),
    "16 modality of another system": has(
        "ImagingStudy", lambda r: any("urn:oid" in c["system"] for c in r.get("modality", []))
    ),
    "16 report series": has("ImagingStudy", lambda r: any(s["modality"]["code"] == "SR" for s in r.get("series", []))),
    "17 SPECT-CT": has("ImagingStudy", lambda r: {"NM", "CT"} <= {c["code"] for c in r.get("modality", [])}),
    "18 words of a report": has("DiagnosticReport", lambda r: "conclusion" in r),
    "19 CCAM with phase": has("Procedure", coded("ccam", "NZHA0014")),
    "20 wrong label": has("Procedure", coded(SCT, "86273004")),
    "21 mg/dL": has("Observation", lambda r: r.get("valueQuantity", {}).get("code") == "mg/dL"),
    "21 words with a comma": has("Observation", lambda r: "12,5" in r.get("valueString", "")),
    "21 no unit": has("Observation", lambda r: r.get("valueString") == "<5"),
    "22 local code": has("Observation", coded("urn:oid:1.2.250.1.999", "CRPU")),
    "23 billing number": has(
        "Patient", lambda r: any("fr-core" in i["type"]["coding"][0]["system"] for i in r["identifier"])
    ),
    "23 old number": has("Patient", lambda r: any(i["use"] == "old" for i in r["identifier"])),
    "24 subject with identifier": has("Observation", lambda r: "identifier" in r["subject"]),
    "27 absent with a reason": has("Patient", lambda r: "_birthDate" in r),
    "27 unknown modifier": has("Procedure", lambda r: "modifierExtension" in r),
    "27 foreign extension": has(
        "Observation", lambda r: any("chu-imaginaire" in e["url"] for e in r.get("extension", []))
    ),
}


@pytest.mark.parametrize("mess", MESS)
def test_mess_occurs(mess: str, population: Population) -> None:
    assert MESS[mess](population)
