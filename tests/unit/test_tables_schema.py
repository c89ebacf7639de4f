"""The form a code table must have: what its JSON Schema refuses, and with which place."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.declaration import check_schema, parse_declaration
from adapter.errors import DeclarationError
from adapter.mapping.tables import load_systems

SOUND = """\
table: sample
kind: {kind}
url: https://crmo-registry.example/fhir/ConceptMap/sample
title: {{en: Sample, fr: Exemple}}
rows:
  - {row}
"""


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("concept", '{word: tibia, write: {sct: 12611008}, display: {en: Tibia, fr: Tibia}, source: "V T4"}'),
        ("concept", '{word: tibia, write: {sct: ["12611008"]}, display: {en: Tibia, fr: Tibia}, source: "V T4"}'),
        ("concept", '{word: tibia, write: {sct: "12611008"}, source: "V T4"}'),
        ("concept", '{word: tibia, display: {en: Tibia, fr: Tibia}, source: "V T4"}'),
        ("concept", '{word: tibia, read: {sct: []}, source: "V T4"}'),
        ("concept", '{word: tibia, read: {sct: "1"}, source: "V T4", status: U}'),
        ("concept", '{word: tibia, read: {sct: "1"}}'),
        ("concept", '{word: tibia, names: [tibia], source: "V T4"}'),
        ("concept", '{word: tibia, write: {sct: "1"}, display: {en: Tibia}, source: "V T4"}'),
        ("code", '{word: active, code: active, read: active, display: {en: A, fr: A}, source: "V T9"}'),
        ("text", '{word: nsaid, names: [], source: "V T5"}'),
        ("text", '{word: nsaid, names: [ab], source: "V T5"}'),
        ("list", '{word: tibia, read: {sct: "1"}, source: "V T4"}'),
    ],
)
def test_a_row_that_breaks_the_form_is_refused_with_its_place(kind, row):
    declaration = parse_declaration(SOUND.format(kind=kind, row=row), Path("sample.table.yaml"))
    problems = list(check_schema(declaration, "table"))
    assert problems
    assert all(problem.startswith("sample.table.yaml:") for problem in problems)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("concept", '{word: tibia, write: {sct: "12611008"}, display: {en: Tibia, fr: Tibia}, source: "V T4"}'),
        ("concept", '{word: true, read: {sct: "426252008"}, status: W, source: "W T4"}'),
        ("code", '{word: active, code: active, read: [actif], display: {en: A, fr: A}, source: "V T9"}'),
        ("text", '{word: nsaid, names: [ibuprofène], source: "V T5"}'),
    ],
)
def test_a_row_in_good_form_is_accepted(kind, row):
    declaration = parse_declaration(SOUND.format(kind=kind, row=row), Path("sample.table.yaml"))
    assert list(check_schema(declaration, "table")) == []


def test_the_registry_s_own_systems_cannot_be_redefined(tmp_path):
    (tmp_path / "systems.yaml").write_text('systems: {crmo-site: {uri: "urn:x", source: "V T4"}}\n', encoding="utf-8")
    with pytest.raises(DeclarationError):
        load_systems(tmp_path)
