"""Where each value of a case came from: none is without an explanation, and no explanation names the wrong place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from adapter.cli import main
from adapter.config import shipped
from adapter.declaration import find_violations
from adapter.mapping import load_mappings
from adapter.resource import dump_json, parse_json
from adapter.synthetic.any_case import synthesize
from adapter.validation import Validator
from adapter.validation.fhirpath import evaluate
from adapter.validation.scope import Scope
from tests import test_cases
from tests.mapping import test_readings
from tests.sample_cases import make_case
from tests.strategies import cases

Json = dict[str, Any]
MAPPINGS = load_mappings(shipped("mappings"))
COMPILER = Validator().compiler
LAST = re.compile(r"\.(\w+)(\.where\([^)]*\))?(\[\d+\])?\Z")


def values(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """The leaf values of a case by JSON pointer."""
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from values(each, f"{at}/{name}")
    else:
        yield at, value


def read(bundle: Json) -> tuple[Json, list[Json]]:
    result = MAPPINGS.to_case(bundle, "C-1")
    return result.case or {}, result.trace


def holders(bundle: Json, source: str) -> tuple[list[Any], str]:
    """What holds the element that a trace names, and the element's name; behind a reference the reference itself."""
    source = source.partition(".resolve()")[0]
    match = LAST.search(source)
    assert match, source
    return evaluate(source[: match.start()], bundle, Scope(COMPILER, bundle)) or [], match[1]


def without(bundle: Json, source: str) -> Json:
    made = deepcopy(bundle)
    found, name = holders(made, source)
    assert found, source
    for each in found:
        each.pop(name)
    return made


@given(cases(), st.data())
def test_without_the_element_that_it_is_said_to_come_from_a_value_is_not_what_it_was(
    case: Json, data: st.DataObject
) -> None:
    bundle, _ = parse_json(dump_json(MAPPINGS.to_fhir(case)))
    before = read(bundle)
    told = data.draw(st.sampled_from([each for each in before[1] if "default" not in each]))

    after = read(without(bundle, told["source"]))

    assert _told(after, told["case"]) != _told(before, told["case"])


@pytest.mark.parametrize("reading", [each for each in test_readings.READINGS if "flaw" not in each])
def test_what_hospitals_send_is_explained_too(reading: Json) -> None:
    bundle, _ = parse_json(dump_json(test_readings.bundle(reading)))
    before = case, trace = read(bundle)

    assert [each["case"] for each in trace] == sorted(place for place, _ in values(case) if place != "/case_id")
    for told in (each for each in trace if "default" not in each):
        after = read(without(bundle, told["source"]))
        assert _told(after, told["case"]) != _told(before, told["case"]), told


def test_every_value_of_a_thousand_bundles_is_explained_once() -> None:
    for case in synthesize(1000, seed=7):
        again, trace = read(MAPPINGS.to_fhir(case))
        assert [each["case"] for each in trace] == sorted(place for place, _ in values(again))


@pytest.mark.parametrize("folder", test_cases.FOLDERS, ids=lambda folder: folder.name)
def test_every_value_of_a_golden_journey_is_explained(folder: Path) -> None:
    case, trace = read(parse_json((folder / "given.json").read_bytes())[0])

    assert {each["case"] for each in trace} == {place for place, _ in values(case)} - {"/case_id"}


def entry(given: list[Json], place: str, **diagnosis: Any) -> Json:
    """What is told of one value of a small record."""
    said = {"code": {"cc": ["orpha 324964"]}, **diagnosis}
    trace = read(test_readings.bundle({"given": given, "diagnosis": said}))[1]
    return next(each for each in trace if each["case"] == place)


def test_an_entry_of_a_list_that_was_left_out_is_counted() -> None:
    sites = [{"cc": ["sct 1"]}, {"cc": ["sct 12611008"]}]

    told = entry([], "/clinical_lesions/0/bone", bodySite=sites)

    assert told["source"] == "Bundle.entry[1].resource.bodySite[1]"


def test_of_several_branches_the_one_that_had_the_word_is_named() -> None:
    unknown_code_and_a_name = {"coding": [{"c": "atc Z99ZZ99"}], "text": "Naproxen 250"}
    given = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": unknown_code_and_a_name,
    }

    told = entry([given], "/treatments/0/class")

    assert (told["rule"], told["source"]) == (
        "treatment.class.text",
        "Bundle.entry[2].resource.medicationCodeableConcept.text",
    )


def test_a_value_that_stands_nowhere_is_the_rules_own() -> None:
    told = entry([], "/clinical_lesions/0/side", bodySite=[{"cc": ["sct 12611008"]}])

    assert (told["rule"], told["source"], told["default"]) == (
        "diagnosis.site.side",
        "Bundle.entry[1].resource.bodySite[0]",
        True,
    )


def test_a_value_that_another_brings_with_it_names_that_one() -> None:
    told = entry([], "/diagnosis/date_is_recorded", recordedDate="2010-03-02")

    assert (told["rule"], told["source"]) == ("diagnosis.date.recorded", "Bundle.entry[1].resource.recordedDate")


def test_a_gap_that_another_resource_filled_names_that_resource() -> None:
    again = {"resourceType": "Condition", "code": {"cc": ["orpha 324964"]}, "recordedDate": "2010-03-02"}

    told = entry([again], "/diagnosis/date", verificationStatus={"cc": ["condition-ver-status confirmed"]})

    assert told["source"] == "Bundle.entry[2].resource.recordedDate"


def test_a_result_that_speaks_of_something_else_has_no_place_and_no_trace() -> None:
    """Found by mutated Bundles: a histology part of an imaging study, in a record without a biopsy."""
    bundle = MAPPINGS.to_fhir(make_case(1))
    kept = [each for each in bundle["entry"] if each["resource"]["resourceType"] != "Procedure"]
    study = next(each["fullUrl"] for each in kept if each["resource"]["resourceType"] == "ImagingStudy")
    results = [each["resource"] for each in kept if "partOf" in each["resource"]]
    for result in results:
        result["partOf"] = [{"reference": study}]

    told = MAPPINGS.to_case({**bundle, "entry": kept}, "C-1")

    assert results
    assert "biopsies" not in (told.case or {})
    assert [each["case"] for each in told.trace if each["case"].startswith("/biopsies")] == []
    assert len([each for each in told.issues if "dangling" in each.rule]) == len(results)


def written(case: Json) -> dict[tuple[str, str], Any]:
    """The leaf values of the resources of a case, by resource and FHIRPath."""
    found = {}
    for resource in MAPPINGS.to_resources(case):
        for at, value in values(resource):
            path = re.sub(r"/(\d+)(?=/|\Z)", r"[\1]", at).replace("/", ".")
            found[f"{resource['resourceType']}/{resource['id']}", f"{resource['resourceType']}{path}"] = value
    return found


@given(cases())
def test_every_value_that_is_written_names_its_rule(case: Json) -> None:
    trace = MAPPINGS.trace_written(case)
    heads = {each["element"].split(".")[1] for each in trace if each["rule"] in MAPPINGS.names}

    assert [(each["resource"], each["element"]) for each in trace] == list(written(case))
    assert heads <= {"resourceType", "id", "meta", "partOf[0]", "derivedFrom[0]"}


@given(cases(), st.data())
def test_a_value_that_is_written_is_another_without_the_value_of_the_case(case: Json, data: st.DataObject) -> None:
    told = data.draw(st.sampled_from([each for each in MAPPINGS.trace_written(case) if "case" in each]))
    place = told["resource"], told["element"]
    less = deepcopy(case)
    *path, name = told["case"].split("/")[1:]
    holder: Any = less
    for part in path:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    del holder[name]
    if name == "case_id":
        less["case_id"] = "another"
    assume(not list(find_violations("case", less)))

    assert dict(written(less)).get(place) != written(case)[place]


def test_the_command_tells_what_writes_each_value(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text('{"case_id": "C-1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}', encoding="utf-8")

    result = CliRunner().invoke(main, ["to-fhir", str(file), "--trace", "--json"])

    told = next(each for each in json.loads(result.output) if each["element"] == "Patient.gender")
    assert (told["resource"], told["rule"], told["case"]) == ("Patient/C-1", "patient.sex", "/patient/sex")
    assert told["origin"].startswith("patient.map.yaml:")
    assert told["table"].startswith("sex.table.yaml:")


def _told(result: tuple[Json, list[Json]], place: str) -> tuple[Any, ...]:
    """A value, where it came from, and how long its list is: without its resource the next one moves up."""
    case, trace = result
    source = next((each["source"] for each in trace if each["case"] == place), None)
    return dict(values(case)).get(place), source, len(case.get(place.split("/")[1], ()))
