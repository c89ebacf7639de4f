"""The pages of the mapping: searched from any side, tried out, what it does not know, what another would change."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings, shipped
from adapter.errors import Json
from adapter.mapping import load_mappings
from adapter.mapping.differences import find_differences
from adapter.parts import Knowledge, Parts
from adapter.remapping import remap
from adapter.synthetic import published_cohort
from adapter.web import create_app
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient

FEVER = "386661006"
HOSTILE = "<script>alert(1)</script>"
CRP: Json = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "1988-5"}]},
    "subject": {"reference": "Patient/somebody"},
    "effectiveDateTime": "2020-01-01",
    "valueQuantity": {"value": 12, "unit": "mg/L", "system": "http://unitsofmeasure.org", "code": "mg/L"},
}


CHILD = make_bundle(make_patient(), make_condition(), make_finding())


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our mappings, with another code for fever."""
    folder = tmp_path_factory.mktemp("changed") / "mappings"
    shutil.copytree(shipped("mappings"), folder)
    table = folder / "tables" / "finding.table.yaml"
    told = table.read_text(encoding="utf-8")
    assert FEVER in told
    for file in (table, *folder.glob("*.map.yaml")):
        file.write_text(file.read_text(encoding="utf-8").replace(FEVER, "999999990"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[FlaskClient]:
    """A registry without a case, which nothing here changes."""
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path_factory.mktemp("empty"))}), knowledge) as parts:
        app = create_app(parts)
        app.extensions["background"].shutdown()
        app.extensions["prepared"].patience_seconds = 90
        yield app.test_client()


@pytest.fixture
def filled(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    """A registry with one case, of a child with fever, that came as FHIR."""
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "data")}), knowledge) as parts:
        app = create_app(parts)
        app.extensions["background"].shutdown()
        answer = app.test_client().post("/fhir", data=as_bytes(CHILD), content_type="application/fhir+json")
        assert answer.status_code == 200
        yield parts


@pytest.fixture
def browser(filled: Parts) -> FlaskClient:
    app = create_app(filled)
    app.extensions["background"].shutdown()
    app.extensions["prepared"].patience_seconds = 90
    return app.test_client()


def tried(client: FlaskClient, document: object) -> str:
    return client.post("/ui/mapping/try?lang=en", data={"resource": json.dumps(document)}).text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("diagnosis.onset", "Condition.onset"),
        ("onsetDateTime", "diagnosis.onset"),
        ("M86.3", "crmo"),
        ("fémur", "71341001"),
        ("FEMUR", "71341001"),
        ("71341001", "bone.table.yaml"),
        ("laboratory.quantity", "laboratory.map.yaml"),
    ],
)
def test_the_mapping_is_searched_from_any_side(client: FlaskClient, asked: str, expected: str) -> None:
    assert expected in client.get("/ui/mapping", query_string={"q": asked}).text


def test_without_a_question_everything_is_listed(client: FlaskClient) -> None:
    page = client.get("/ui/mapping?lang=en").text
    assert "/ui/mapping/tables/bone" in page
    assert "/ui/mapping/fields/outcome.status" in page


def test_what_nothing_fits_says_so(client: FlaskClient) -> None:
    page = client.get("/ui/mapping", query_string={"q": HOSTILE, "lang": "en"}).text
    assert ("Nothing fits." in page, HOSTILE in page) == (True, False)


def test_a_field_tells_its_rules_and_what_they_promise(client: FlaskClient) -> None:
    page = client.get("/ui/mapping/fields/diagnosis.onset?lang=en").text
    assert "Condition.onset" in page
    assert re.search(r"diagnosis\.map\.yaml:\d+", page)
    assert "Lost: the time of day" in page
    assert "Se perd : l&#39;heure du jour" in client.get("/ui/mapping/fields/diagnosis.onset?lang=fr").text


def test_a_table_tells_each_code_in_both_languages(client: FlaskClient) -> None:
    page = client.get("/ui/mapping/tables/bone?lang=fr").text
    assert "Clavicule" in page
    assert '<span class="note" lang="en">Clavicle</span>' in page
    assert "écrit et relu" in page
    assert "/ui/mapping/fields/imaging_lesions.bone" in page


@pytest.mark.parametrize("name", load_mappings(shipped("mappings")).language.tables)
def test_every_table_has_its_page(client: FlaskClient, name: str) -> None:
    assert client.get(f"/ui/mapping/tables/{name}").status_code == 200


@pytest.mark.parametrize("address", ["fields/nothing.here", "tables/nothing"])
def test_what_there_is_not_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(f"/ui/mapping/{address}").status_code == 404


def test_a_resource_shows_which_rules_fire(client: FlaskClient) -> None:
    page = tried(client, CRP)
    assert "<code>/laboratory/0/value</code>" in page
    assert "<code>laboratory.quantity.value</code>" in page
    assert "lab-test.table.yaml:" in page
    assert "Nothing was declined." in page


def test_a_resource_shows_which_rule_declines_and_why(client: FlaskClient) -> None:
    page = tried(client, {**CRP, "valueQuantity": {**CRP["valueQuantity"], "code": "stone/L"}})
    assert "mapping:unmapped:laboratory.quantity" in page
    assert "No rule has read anything here." in page


def test_a_resource_shows_what_nobody_reads_and_what_finds_nothing(client: FlaskClient) -> None:
    page = tried(client, {**CRP, "device": {"display": "x"}})
    assert "<code>Observation.device</code>" in page
    assert "<code>laboratory.text.value</code>" in page


def test_a_bundle_is_tried_as_a_whole(client: FlaskClient) -> None:
    assert "<code>/diagnosis/code</code>" in tried(client, make_bundle())


def test_what_is_tried_is_not_kept(browser: FlaskClient) -> None:
    before = browser.get("/cases").json
    tried(browser, make_bundle())
    assert browser.get("/cases").json == before


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"resourceType": 4}', '{"a": ' * 200])
def test_what_is_no_resource_is_told(client: FlaskClient, text: str) -> None:
    answer = client.post("/ui/mapping/try?lang=en", data={"resource": text})
    assert answer.status_code in (200, 422)
    assert "Rules that declined" in answer.text


def test_hostile_text_is_shown_as_text(client: FlaskClient) -> None:
    page = tried(client, {**CRP, "id": HOSTILE, HOSTILE: [HOSTILE]})
    assert HOSTILE not in page


def test_codes_that_no_table_knows_are_counted_by_rule(browser: FlaskClient) -> None:
    assert "Every code received is known." in browser.get("/ui/mapping/unmapped?lang=en").text
    strange = {**CRP, "subject": {"reference": "Patient/p1"}, "valueQuantity": {"value": 1, "unit": "furlong"}}
    bundle = make_bundle(make_patient(), make_condition(), strange)
    browser.post("/fhir", data=as_bytes(bundle), content_type="application/fhir+json")
    page = browser.get("/ui/mapping/unmapped?lang=en").text
    assert "<code>laboratory.quantity</code>" in page
    assert "/ui/mapping/fields/laboratory." in page


def test_by_which_version_cases_were_made_is_counted(browser: FlaskClient, filled: Parts) -> None:
    page = browser.get("/ui/mapping/versions?lang=en").text
    assert f"<code>{filled.knowledge.mappings.version}</code>" in page


def test_made_again_by_the_same_rules_no_case_changes(browser: FlaskClient) -> None:
    page = browser.get("/ui/mapping/versions?look=all&lang=en").text
    assert re.findall(r'<span class="figure">(\d+)</span>', page) == ["1", "0", "0", "0"]


@pytest.mark.parametrize("query", ["look=some", "overlay=nothing"])
def test_a_comparison_that_makes_no_sense_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/ui/mapping/versions?{query}").status_code == 400


def test_what_other_rules_would_change_is_counted_and_nothing_is_kept(filled: Parts, changed: Path) -> None:
    other = load_knowledge(load_settings({"CRMO_MAPPINGS": str(changed), "CRMO_CACHE": "no"}))
    told = remap(replace(filled, knowledge=other))
    assert (told.looked_at, told.changed, dict(told.fields)) == (1, 1, {"findings": 1})
    assert remap(filled).changed == 0


def test_a_case_that_was_entered_here_is_left_out(browser: FlaskClient, filled: Parts) -> None:
    browser.post("/cases", data=as_bytes(published_cohort("SA", 2011)[0]), content_type="application/json")
    told = remap(filled)
    assert (told.cases, told.looked_at, told.left_out) == (2, 1, 1)


def test_differences_name_rules_and_rows(changed: Path) -> None:
    before, after = load_mappings(shipped("mappings")).language, load_mappings(changed).language
    found = find_differences(before, after)
    assert [(each.kind, each.change, each.name) for each in found] == [("row", "changed", "finding: fever")]
    assert found[0].origin.startswith("finding.table.yaml:")
    assert find_differences(before, before) == []


def test_an_empty_registry_has_every_page(client: FlaskClient) -> None:
    for address in ("", "/try", "/unmapped", "/versions", "/versions?look=all"):
        assert client.get(f"/ui/mapping{address}").status_code == 200
