"""The shipped code tables: well formed, two-way, in step with the case schema and with one another."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from adapter.config import shipped
from adapter.declaration import load_declaration, load_schema
from adapter.mapping.tables import fold, load_systems, load_tables

FOLDER = shipped("mappings") / "tables"
FILES = {path.name.removesuffix(".table.yaml"): path for path in sorted(FOLDER.glob("*.table.yaml"))}
DATA = {name: load_declaration(path, "table").data for name, path in FILES.items()}
CONCEPTS = [name for name, data in DATA.items() if data["kind"] == "concept"]
TWO_WAY = [name for name in CONCEPTS if any("write" in row for row in DATA[name]["rows"])]
SYSTEMS = load_systems(FOLDER)
TABLES = load_tables(FOLDER, SYSTEMS)
ENTRIES = load_declaration(FOLDER / "systems.yaml", "systems").data["systems"]
UNITS = load_declaration(FOLDER / "lab-units.units.yaml", "units").data

LISTS_READ_ONLY = {
    "statement-of-nothing",
    "whole-body",
    "other-object",
    "present",
}


def at(*keys):
    node = load_schema("case")
    for key in keys:
        node = node["properties"][key] if "properties" in node else node["items"]["properties"][key]
    return node["enum"]


def definition(name):
    return load_schema("case")["$defs"][name]["enum"]


FIELDS = {
    "sex": at("patient", "sex"),
    "diagnosis": at("diagnosis", "code"),
    "condition-ver-status": at("diagnosis", "certainty"),
    "condition-clinical": at("diagnosis", "clinical_status"),
    "comorbidity": at("comorbidities", "type"),
    "sequela": at("sequelae", "type"),
    "other-diagnosis": at("other_diagnoses", "category"),
    "other-diagnosis-category": at("other_diagnoses", "category"),
    "diagnosis-hint": ["crmo"],
    "bone": definition("bone"),
    "side": [word for word in definition("side") if word != "unknown"],
    "segment": [word for part in load_schema("case")["$defs"]["segment"]["anyOf"] for word in part["enum"]],
    "modality": definition("modality"),
    "atc-class": at("treatments", "class"),
    "drug-names": at("treatments", "class"),
    "treatment-class": at("treatments", "class"),
    "treatment-status": at("treatments", "status"),
    "response": at("treatments", "response"),
    "lab-test": at("laboratory", "test"),
    "finding": list(load_schema("case")["properties"]["findings"]["properties"]),
    "presence": definition("tri_state"),
    "outcome": at("outcome", "status"),
    "result": at("imaging_studies", "result"),
    "histology": at("biopsies", "histology"),
    "microbiology": at("biopsies", "microbiology"),
    "assessment": at("assessments", "measure"),
    "opposition": at("opposition"),
    "timing": at("comorbidities", "timing"),
    "biopsy": ["bone_biopsy", "generic_biopsy"],
    "absent-reason": ["unknown"],
}


def codes_of(row, *parts):
    for part in parts:
        for system, codes in row.get(part, {}).items():
            for code in [codes] if isinstance(codes, str) else codes:
                yield system, code


def read_codes(table, word):
    return {found for row in DATA[table]["rows"] if row["word"] == word for found in codes_of(row, "read")}


def coding(system, code):
    return {"system": SYSTEMS.uri(system), "code": code}


def find(table, system, code):
    return TABLES[table].find([coding(system, code)])


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_named_like_its_file_and_its_canonical(name):
    assert (DATA[name]["table"], DATA[name]["url"].rsplit("/", 1)[1]) == (name, name)


@pytest.mark.parametrize("name", FIELDS)
def test_the_words_of_a_table_are_the_values_of_its_case_field(name):
    assert {row["word"] for row in DATA[name]["rows"]} == set(FIELDS[name])


def test_every_table_is_either_tied_to_a_case_field_or_a_list_that_is_only_read():
    assert set(FILES) == set(FIELDS) | LISTS_READ_ONLY


@pytest.mark.parametrize("name", sorted(LISTS_READ_ONLY))
def test_a_list_that_is_only_read_writes_nothing(name):
    assert not TABLES[name].codings


@pytest.mark.parametrize("name", CONCEPTS)
def test_every_code_system_of_a_table_is_known(name):
    used = {system for row in DATA[name]["rows"] for system, _ in codes_of(row, "write", "read")}
    assert {system for system in used if not system.startswith("crmo-")} <= set(ENTRIES)


@pytest.mark.parametrize("name", CONCEPTS)
def test_no_code_of_a_table_is_listed_twice_however_it_is_spelled(name):
    listed = Counter(
        SYSTEMS.normal(SYSTEMS.uri(system), code)
        for row in DATA[name]["rows"]
        for system, code in codes_of(row, "write", "read")
    )
    assert [found for found, times in listed.items() if times > 1] == []


@pytest.mark.parametrize("name", TWO_WAY)
def test_every_word_is_written_once_except_those_the_table_only_reads(name):
    only_read = {"presence": {"unknown"}, "biopsy": {"generic_biopsy"}}.get(name, set())
    written = Counter(row["word"] for row in DATA[name]["rows"] if "write" in row)
    assert written == Counter({row["word"] for row in DATA[name]["rows"]} - only_read)


@pytest.mark.parametrize("name", TWO_WAY)
def test_each_coding_that_is_written_reads_back_as_its_word(name):
    table = TABLES[name]
    lost = [(word, each) for word, codings in table.codings.items() for each in codings if table.find([each]) != word]
    assert lost == []


@pytest.mark.parametrize("name", [name for name, data in DATA.items() if data["kind"] == "code"])
def test_each_plain_code_reads_back_as_its_word(name):
    table = TABLES[name]
    assert {table.plain_words[code]: code for code in table.plain.values()} == table.plain


def test_no_name_of_a_drug_is_listed_twice_or_under_two_classes():
    names = Counter(fold(name) for row in DATA["drug-names"]["rows"] for name in row["names"])
    assert [name for name, times in names.items() if times > 1] == []


def test_a_row_is_marked_w_exactly_when_its_source_says_so():
    rows = [row for data in DATA.values() for row in data["rows"]]
    assert all((row.get("status") == "W") == row["source"].startswith("W ") for row in rows)


def test_every_source_key_is_explained():
    explained = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    sourced = [*ENTRIES.values(), *(row for data in DATA.values() for row in data["rows"])]
    keys = {key for each in sourced for key in re.findall(r"\b[TN][0-9]+\b", each["source"])}
    assert [key for key in sorted(keys) if f"| {key} |" not in explained] == []


def test_no_address_of_a_code_system_belongs_to_two_systems():
    addresses = Counter(uri for entry in ENTRIES.values() for uri in (entry["uri"], *entry.get("also", ())))
    assert max(addresses.values()) == 1


def test_findings_and_assessments_share_a_code_system_without_sharing_a_code():
    written = [
        row["write"]["crmo-observation"]
        for name in ("finding", "assessment")
        for row in DATA[name]["rows"]
        if "write" in row
    ]
    assert len(written) == len(set(written))


def listed(*names):
    """Codes of the lists in criteria.yaml, as (URI, code) in the spelling of the tables."""
    criteria = load_declaration(FOLDER.parent / "criteria.yaml").data
    uris = {name: system["uris"][0] for name, system in criteria["systems"].items()}
    codes = [each for name in names for each in criteria["lists"][name]["codes"]]
    return {SYSTEMS.normal(uris[each["system"]], each["code"]) for each in codes}


@pytest.mark.parametrize(
    ("lists", "word"),
    [
        (("specific_infection", "ambiguous_infection"), "infection"),
        (("exact_era", "ambiguous_era"), "era"),
    ],
)
def test_every_code_the_criteria_ask_for_reaches_the_case_under_its_category(lists, word):
    read = {SYSTEMS.normal(SYSTEMS.uri(system), code) for system, code in read_codes("other-diagnosis", word)}
    assert listed(*lists) - read == set()


def test_every_infection_code_of_the_case_is_specific_or_ambiguous_to_the_criteria():
    read = {SYSTEMS.normal(SYSTEMS.uri(system), code) for system, code in read_codes("other-diagnosis", "infection")}
    assert read - listed("specific_infection", "ambiguous_infection") == set()


def test_every_code_that_names_a_segment_names_a_bone_too():
    segments = [(row["word"], code) for row in DATA["segment"]["rows"] for _, code in codes_of(row, "read")]
    assert [code for _, code in segments if find("bone", "sct", code) is None] == []


def test_every_vertebral_level_with_an_outside_code_is_a_vertebra():
    levels = [code for row in DATA["segment"]["rows"] if row["word"][1:].isdigit() for _, code in codes_of(row, "read")]
    assert {find("bone", "sct", code) for code in levels} == {"vertebra"}
    assert len(levels) == 7 + 12 + 5


def test_the_radius_lookalike_is_not_read():
    assert find("bone", "sct", "131190003") is None


def test_a_vague_site_never_outranks_a_bone():
    assert list(TABLES["bone"].rows)[-2:] == ["lower_limb", "unspecified"]


def test_nuclear_medicine_outranks_the_ct_of_the_same_study():
    order = list(TABLES["modality"].rows)
    assert order.index("NM") < order.index("CT") > order.index("PT")


def test_each_test_has_units_and_its_own_unit_counts_once():
    own = {row["test"]: row["read"][row["unit"]] for row in UNITS["rows"]}
    assert own == dict.fromkeys(at("laboratory", "test"), 1)


def test_the_registry_keeps_the_units_of_the_case_schema():
    assert {row["unit"] for row in UNITS["rows"]} == set(at("laboratory", "unit"))


def test_a_sedimentation_rate_without_its_hour_has_no_factor():
    assert "mm" not in next(row for row in UNITS["rows"] if row["test"] == "esr")["read"]
