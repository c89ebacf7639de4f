"""Overlays: what is different for one source, proven like the files it lies over, and used for that source only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapter.bootstrap import load_knowledge, open_parts
from adapter.cli import main
from adapter.config import load_settings, shipped
from adapter.errors import DeclarationError, UsageError
from adapter.inbound import receive
from adapter.mapping import Mappings, load_mappings
from adapter.resource import dump_json
from tests.mapping.test_put import hospital

Json = dict[str, Any]
BONES = "https://chu-utopie.invalid/os"
OVERLAY = """overlay: chu-utopie
title: {en: Utopia's own list of bones, fr: La liste d'os d'Utopie}
systems:
  utopie-bones: {uri: "https://chu-utopie.invalid/os", source: the hospital's dictionary}
tables:
  bone:
    add:
      - {word: tibia, read: {utopie-bones: [T1, T2]}, source: the hospital's dictionary}
    replace:
      - {word: femur, write: {sct: "71341001"}, display: {en: Femur, fr: Fémur}, source: the hospital's dictionary}
maps:
  treatments:
    replace:
      - {id: treatment.start.day, case: start, fhir: dateAsserted, via: date, direction: from-fhir}
    leave:
      - {fhir: dosage, why: {en: "too long to be typed in there", fr: "trop long à saisir là-bas"}}
  outcome:
    add:
      - {id: outcome.seen, fhir: method.text, const: seen, direction: to-fhir}
"""
SOURCE = "source: chu-utopie\nbase: https://fhir.chu-utopie.invalid/r4\noverlay: chu-utopie\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("declared"), OVERLAY)


@pytest.fixture(scope="module")
def mappings(folder: Path) -> Mappings:
    return load_mappings(folder)


def write(folder: Path, overlay: str) -> Path:
    target = folder / "mappings"
    shutil.copytree(shipped("mappings"), target)
    (target / "overlays").mkdir()
    (target / "overlays" / "chu-utopie.overlay.yaml").write_text(overlay, encoding="utf-8")
    return target


def bundle() -> Json:
    drug = {"resourceType": "MedicationStatement", "id": "m", "status": "active", "subject": {"reference": "Patient/p"}}
    drug["medicationCodeableConcept"] = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M01AE02"}]}
    made = hospital({**drug, "dateAsserted": "2011-02", "dosage": [{"text": "2/j"}]})
    made["entry"][1]["resource"]["bodySite"] = [{"coding": [{"system": BONES, "code": "T2"}]}]
    return made


def test_codes_rules_and_what_is_left_are_those_of_the_source(mappings: Mappings) -> None:
    plain, theirs = mappings.to_case(bundle(), "C-1"), mappings.of("chu-utopie").to_case(bundle(), "C-1")

    assert "clinical_lesions" not in (plain.case or {})
    assert theirs.case == {
        **(plain.case or {}),
        "clinical_lesions": [{"bone": "tibia", "side": "unknown"}],
        "treatments": [{**(plain.case or {})["treatments"][0], "start": "2011-02"}],
    }
    assert {"MedicationStatement.dosage", "MedicationStatement.dateAsserted"} <= {e["expression"] for e in plain.unread}
    assert [each["expression"] for each in theirs.unread] == ["Patient.name"]


def test_a_trace_names_the_line_of_the_overlay(mappings: Mappings) -> None:
    trace = mappings.of("chu-utopie").to_case(bundle(), "C-1").trace

    start = next(each for each in trace if each["case"] == "/treatments/0/start")
    assert start["origin"] == "chu-utopie.overlay.yaml:14"


def test_a_replaced_row_is_told_with_the_line_of_the_overlay(mappings: Mappings) -> None:
    sent = bundle()
    sent["entry"][1]["resource"]["bodySite"] = [{"coding": [{"system": "http://snomed.info/sct", "code": "71341001"}]}]

    trace = mappings.of("chu-utopie").to_case(sent, "C-1").trace

    bone = next(each for each in trace if each["case"] == "/clinical_lesions/0/bone")
    assert bone["table"] == "chu-utopie.overlay.yaml:10"


def test_what_is_written_with_an_overlay_comes_back_through_it(mappings: Mappings) -> None:
    theirs = mappings.of("chu-utopie")
    case = theirs.to_case(bundle(), "C-1").case or {}

    assert theirs.to_case(theirs.to_fhir(case)).case == case


def test_the_version_tells_whether_an_overlay_was_laid(mappings: Mappings) -> None:
    assert mappings.version == load_mappings(shipped("mappings")).version
    assert mappings.of("chu-utopie").version != mappings.version


def test_an_overlay_that_is_not_there_is_not_laid(mappings: Mappings) -> None:
    assert mappings.of("") is mappings
    with pytest.raises(UsageError, match="chu-utopie"):
        mappings.of("chu-autre")


def changed(old: str, new: str) -> str:
    assert OVERLAY.count(old) == 1, old
    return OVERLAY.replace(old, new)


BROKEN = {
    "a map that is not there": (changed("  treatments:", "  treatment:"), "12:3 O001"),
    "a table that is not there": (changed("  bone:", "  bones:"), "6:3 O001"),
    "a rule that is not there": (changed("id: treatment.start.day", "id: treatment.begin"), "14:10 O002"),
    "a rule that is there already": (changed("id: outcome.seen", "id: outcome.status"), "19:10 O003"),
    "a word that is not there": (changed("word: tibia", "word: tibias"), "8:10 O002"),
    "a word to replace that is not there": (changed("word: femur", "word: thigh"), "10:10 O002"),
    "a code system that is there already": (changed("  utopie-bones: {", "  sct: {"), "4:3 O003"),
    "a code system without a name": (changed("read: {utopie-bones", "read: {utopie-bone"), "8:30 T007"),
    "an unknown word of a rule": (changed("direction: from-fhir}", "way: from-fhir}"), "14:9 S001"),
    "an unknown word of a row": (changed("read: {utopie", "reads: {utopie"), "8:9 S001"),
    "an unknown word of the overlay": (changed("    add:\n      - {id", "    adds:\n      - {id"), "17:3 S001"),
    "an element that R4 does not have": (changed("fhir: dateAsserted", "fhir: dateAssert"), "14:48 P001"),
    "an element left that is not there": (changed("fhir: dosage", "fhir: dose"), "16:10 P001"),
    "another name than the file's": (changed("overlay: chu-utopie", "overlay: chu"), "1:1 M001"),
    "nothing at all": ('overlay: chu-utopie\ntitle: {en: "-", fr: "-"}\n', "1:1 S001"),
}


@pytest.mark.parametrize("title", BROKEN)
def test_a_broken_overlay_is_refused_with_its_place(title: str, tmp_path: Path) -> None:
    text, expected = BROKEN[title]

    with pytest.raises(DeclarationError) as refused:
        load_mappings(write(tmp_path, text))

    assert any(problem.startswith(f"chu-utopie.overlay.yaml:{expected}") for problem in refused.value.problems), (
        refused.value.problems
    )


def declared(folder: Path, tmp_path: Path, source: str = SOURCE) -> dict[str, str]:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "chu-utopie.yaml").write_text(source, encoding="utf-8")
    return {"CRMO_DATA": str(tmp_path), "CRMO_MAPPINGS": str(folder), "CRMO_SOURCES": str(tmp_path / "sources")}


def test_what_a_source_sends_is_read_with_its_overlay(folder: Path, tmp_path: Path) -> None:
    settings = load_settings(declared(folder, tmp_path))
    knowledge = load_knowledge(settings)
    with open_parts(settings, knowledge) as parts:
        theirs = receive(parts, dump_json(bundle()), "chu-utopie")
        others = receive(parts, dump_json(bundle()), "elsewhere")

        assert theirs.entry.mapping_version == knowledge.mappings.of("chu-utopie").version
        assert others.entry.mapping_version == knowledge.mappings.version
        assert "MedicationStatement.dosage" not in str(theirs.unread)
        assert "MedicationStatement.dosage" in str(others.unread)


def test_a_source_that_names_no_overlay_of_ours_is_refused_with_its_line(folder: Path, tmp_path: Path) -> None:
    settings = load_settings(declared(folder, tmp_path, SOURCE.replace("overlay: chu", "overlay: chr")))

    with pytest.raises(DeclarationError, match=r"chu-utopie\.yaml:3:1 R120"), open_parts(settings):
        pass


def test_the_commands_know_the_overlay_of_a_source(folder: Path, tmp_path: Path) -> None:
    environment = declared(folder, tmp_path)
    (tmp_path / "bundle.json").write_bytes(dump_json(bundle()))
    run = CliRunner(env=environment).invoke

    checked = run(main, ["check", "--json"])
    read = run(main, ["to-case", f"{tmp_path}/bundle.json", "--source", "chu-utopie", "--case-only"])
    told = run(main, ["explain", "treatments.start", "--source", "chu-utopie"])

    assert json.loads(checked.stdout)["overlays"] == ["chu-utopie"]
    assert json.loads(read.stdout)["clinical_lesions"] == [{"bone": "tibia", "side": "unknown"}]
    assert "chu-utopie.overlay.yaml:14" in told.stdout
