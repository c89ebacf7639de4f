"""Writing a changed case onto what hospitals sent: the golden records, and what must never happen to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapter import put, to_case, to_fhir
from adapter.case.fields import field_schema
from adapter.cli import main
from adapter.declaration import find_violations
from adapter.errors import InvalidContentError
from adapter.resource import dump_json, parse_json
from tests.test_cases import FOLDERS

Json = dict[str, Any]
ICD = "http://hl7.org/fhir/sid/icd-10"


def given(folder: Path) -> Json:
    bundle: Json = parse_json((folder / "given.json").read_bytes())[0]
    return bundle


def told(bundle: Json) -> Json | None:
    return to_case(bundle, case_id="C-1").case


def hospital(*resources: Json, kind: str = "collection") -> Json:
    """A girl with the disease, as a hospital tells it, and what else is told of her."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "name": [{"family": "Utopie"}]}
    diagnosis = {
        "resourceType": "Condition",
        "id": "dx",
        "code": {"coding": [{"system": ICD, "code": "M86.3", "userSelected": True}], "text": "OCMR"},
        "subject": {"reference": "Patient/p"},
        "onsetDateTime": "2010-03",
    }
    entries = [{"resource": each} for each in (patient, diagnosis, *resources)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def resource(bundle: Json, name: str) -> Json:
    found: Json = next(e["resource"] for e in bundle["entry"] if e.get("resource", {}).get("id") == name)
    return found


def case(**changes: Any) -> Json:
    known = told(hospital()) or {}
    return {**known, **{name: {**known.get(name, {}), **value} for name, value in changes.items()}}


def refusal(changed: Json, bundle: Json) -> list[tuple[str, str]]:
    with pytest.raises(InvalidContentError) as refused:
        put(changed, bundle)
    return [(issue.rule, issue.expression) for issue in refused.value.findings]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_golden_record_is_as_it_was_when_nothing_changed(folder: Path) -> None:
    bundle = given(folder)
    read = told(bundle)

    assert read is None or put(read, bundle) == bundle


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_change_of_a_golden_record_is_read_back_or_refused_with_a_reason(folder: Path) -> None:
    bundle = given(folder)
    for changed in list(edits(told(bundle) or {}))[::3]:
        try:
            made = put(changed, bundle)
        except InvalidContentError as refused:
            findings = refused.findings
        else:
            assert told(made) == changed
            continue
        assert {issue.rule for issue in findings} <= REASONS


# Two laboratory results that nobody can tell apart; a resource that nobody can read stands in the Bundle.
REASONS = {"mapping:put:ambiguous", "mapping:subject", "mapping:modifier"}


def edits(known: Json) -> Iterator[Json]:
    """The case with one value, item or object taken away, or one word another."""
    for path, value in _values(known, ()):
        for other in [None, *_others(path, value)]:
            changed = deepcopy(known)
            holder: Any = changed
            for part in path[:-1]:
                holder = holder[part]
            if other is None:
                del holder[path[-1]]
            else:
                holder[path[-1]] = other
            changed = {name: each for name, each in changed.items() if each not in ([], {})}
            if not list(find_violations("case", changed)):
                yield changed


def _values(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if path and path != ("case_id",):
        yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _values(each, (*path, key))


def _others(path: tuple[Any, ...], value: Any) -> list[Any]:
    name = ".".join("[]" if isinstance(part, int) else part for part in path).replace(".[]", "[]")
    words = [word for word in (field_schema(name) or {}).get("enum", []) if word != value]
    if isinstance(value, str) and value[:4].isdigit():
        words.append("1999-02")
    return words[-1:]


def test_only_what_changed_is_changed() -> None:
    bundle = hospital()
    changed = case(diagnosis={"onset": {"date": "2009"}})

    made = put(changed, bundle)

    assert resource(made, "dx") == {**resource(bundle, "dx"), "onsetDateTime": "2009"}
    assert resource(made, "p") == resource(bundle, "p")


def test_a_code_that_says_otherwise_goes_with_its_label_and_a_code_nobody_knows_stays() -> None:
    bundle = hospital()
    resource(bundle, "dx")["code"]["coding"].append({"system": "https://hospital.invalid/codes", "code": "OS-7"})

    made = put(case(diagnosis={"code": "sapho"}), bundle)

    codings = resource(made, "dx")["code"]
    assert {"system": "https://hospital.invalid/codes", "code": "OS-7"} in codings["coding"]
    assert "M86.3" not in str(codings)
    assert "text" not in codings


def test_a_narrative_made_of_the_data_no_longer_claims_to_be() -> None:
    bundle = hospital()
    resource(bundle, "dx")["text"] = {"status": "generated", "div": "<div>OCMR</div>"}

    made = put(case(diagnosis={"onset": {"date": "2009"}}), bundle)

    assert resource(made, "dx")["text"] == {"status": "additional", "div": "<div>OCMR</div>"}


def test_nothing_is_written_over_what_nobody_understands() -> None:
    bundle = hospital()
    resource(bundle, "dx")["verificationStatus"] = {
        "coding": [{"system": "https://hospital.invalid/v", "code": "sure"}]
    }

    assert refusal(case(diagnosis={"certainty": "confirmed"}), bundle) == [
        ("mapping:put:diagnosis.certainty", "/diagnosis")
    ]


def test_another_type_of_a_choice_that_no_rule_knows_is_not_thrown_away() -> None:
    psoriasis = {"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/p"}}
    psoriasis["code"] = {"coding": [{"system": ICD, "code": "L40.0"}]}
    bundle = hospital({**psoriasis, "onsetAge": {"value": 9, "code": "a"}})

    assert refusal({**case(), "comorbidities": [{"type": "psoriasis", "date": "2010"}]}, bundle) == [
        ("mapping:put:comorbidity.date", "/comorbidities/0")
    ]


def test_a_case_is_not_written_onto_another_child() -> None:
    bundle = to_fhir({"case_id": "C-2", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}})

    assert refusal(case(patient={"sex": "male"}), bundle) == [("mapping:put:case", "/case_id")]


def test_what_the_case_has_no_more_is_deleted_in_a_transaction_and_gone_elsewhere() -> None:
    drug = {"resourceType": "MedicationStatement", "id": "m", "status": "active", "subject": {"reference": "Patient/p"}}
    drug["medicationCodeableConcept"] = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M01AE02"}]}
    ways = {kind: put(case(), hospital(drug, kind=kind))["entry"] for kind in ("collection", "transaction")}

    assert len(ways["collection"]) == 2
    assert ways["transaction"][2:] == [{"request": {"method": "DELETE", "url": "MedicationStatement/m"}}]


def test_what_is_new_points_at_what_is_there() -> None:
    bundle = hospital()
    for entry in bundle["entry"]:
        entry["fullUrl"] = f"urn:uuid:{entry['resource']['id']}"
    resource(bundle, "dx")["subject"] = {"reference": "urn:uuid:p"}

    made = put({**case(), "treatments": [{"class": "nsaid", "response": "durable"}]}, bundle)

    drug, response = (entry["resource"] for entry in made["entry"][2:])
    assert drug["subject"] == response["subject"] == {"reference": "urn:uuid:p"}
    assert response["partOf"] == [{"reference": f"MedicationStatement/{drug['id']}"}]


def test_a_new_item_does_not_take_the_id_of_another_resource() -> None:
    bundle = to_fhir({**case(), "comorbidities": [{"type": "psoriasis"}, {"type": "acne"}]})
    known = told(bundle) or {}

    made = put({**known, "comorbidities": [{"type": "acne"}, {"type": "uveitis"}]}, bundle)

    ids = [entry["resource"]["id"] for entry in made["entry"] if "comorbidity" in str(entry.get("fullUrl"))]
    assert ids == ["C-1-comorbidity-2", "C-1-comorbidity-3"]


def test_what_is_handed_in_is_not_altered() -> None:
    bundle = hospital()
    before = deepcopy(bundle)

    put(case(diagnosis={"certainty": "confirmed"}), bundle)

    assert bundle == before


def test_the_command_writes_a_case_onto_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_bytes(dump_json(hospital()))
    changed = case(diagnosis={"certainty": "confirmed"})
    (tmp_path / "case.json").write_bytes(dump_json(changed))

    done = CliRunner().invoke(main, ["to-fhir", f"{tmp_path}/case.json", "--onto", f"{tmp_path}/bundle.json"])

    assert done.exit_code == 0, done.output
    assert told(json.loads(done.stdout)) == changed
    assert resource(json.loads(done.stdout), "p")["name"] == [{"family": "Utopie"}]


@pytest.mark.parametrize("text", [b"{", b'{"resourceType": "Patient"}'])
def test_the_command_wants_a_bundle(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "bundle.json").write_bytes(text)
    (tmp_path / "case.json").write_bytes(dump_json(case()))

    done = CliRunner().invoke(main, ["to-fhir", f"{tmp_path}/case.json", "--onto", f"{tmp_path}/bundle.json"])

    assert done.exit_code == 1


@pytest.mark.parametrize("changed", [0, 1])
@pytest.mark.parametrize("present", [True, False])
def test_a_site_without_its_segment_keeps_its_own_lesion(changed: int, present: bool) -> None:
    """Two lesions of one bone, one of them in a segment: what either said meanwhile leaves no trace."""
    two = [{"bone": "clavicle", "side": "left", "segment": "proximal"}, {"bone": "clavicle", "side": "left"}]
    known = {"case_id": "C-1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
    one, other = (
        [{**each, "present": said} if n == changed else each for n, each in enumerate(two)]
        for said in (present, not present)
    )
    before, after = {**known, "clinical_lesions": one}, {**known, "clinical_lesions": other}
    written = to_fhir(before)

    assert put(before, put(after, written))["entry"] == written["entry"]
