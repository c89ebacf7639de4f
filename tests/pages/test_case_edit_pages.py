"""The pages that change a case: a section at a time, with a reason, and no change that cannot stand."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.store import edits
from adapter.web.pages.cases.values import HEAD
from tests.pages.browser.registry import let_in
from tests.pages.forms import Page
from tests.pages.kept_cases import EN, WHY, edit, keep
from tests.sample_cases import make_case


@pytest.fixture
def page(client: FlaskClient) -> str:
    return keep(client, make_case(1))


def test_a_change_becomes_a_version_with_its_reason(client: FlaskClient, page: str) -> None:
    answer = edit(client, page, "outcome", **{"/outcome/status": "active"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}?done=edited")
    assert client.get("/cases/SAMPLE-1").get_json()["outcome"]["status"] == "active"
    assert client.get("/cases/SAMPLE-1").headers["ETag"] == 'W/"2"'
    first, second = client.get("/cases/SAMPLE-1/history").get_json()["versions"]
    assert ("edit" in first, second["edit"]) == (False, {"actor": "open", "reason": WHY})


def test_saving_what_stands_makes_no_version(client: FlaskClient, page: str) -> None:
    assert edit(client, page, "patient").headers["Location"] == f"{page}?done=unchanged"
    assert client.get("/cases/SAMPLE-1").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("section", "changed"),
    [
        ("patient", {"/patient/birth_date": "15/06/1998"}),
        ("patient", {"/patient/birth_date": "1998-02-30"}),
        ("patient", {"/patient/sex": ""}),
        ("laboratory", {"/laboratory/1/value": "beaucoup"}),
        ("diagnosis", {"/diagnosis/onset/text": "enfance"}),
        ("treatments", {"/treatments/0/class": ""}),
        ("assessments", {"/assessments/0/date": ""}),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_kept(
    client: FlaskClient, page: str, section: str, changed: dict[str, str]
) -> None:
    answer = edit(client, page, section, **changed)
    assert answer.status_code == 422
    ((pointer, typed),) = changed.items()
    place = pointer.rpartition("/")[0] if pointer.endswith("/text") else pointer
    assert f'href="#f{place.replace("/", "-")}"' in answer.text
    assert 'class="wrong"' in answer.text
    assert Page(answer.text).fields[pointer] == typed
    assert client.get("/cases/SAMPLE-1").headers["ETag"] == 'W/"1"'


def test_what_is_wrong_is_named_as_its_field_is_called(client: FlaskClient, page: str) -> None:
    told = edit(client, page, "laboratory", **{"/laboratory/1/value": "beaucoup"}).text
    assert ">Valeur (Ligne 2)</a>" in told
    english = client.post(
        f"{page}/edit/patient", headers=EN, data={"version": "1", "reason": WHY, "/patient/birth_date": "1/2/03"}
    ).text
    assert ">Birth date</a>" in english
    assert ">Sex</a>" in english


@pytest.mark.parametrize("reason", ["", "x", "see anne@chu.invalid", "IPP 1234567"])
def test_a_change_without_a_fit_reason_is_refused(client: FlaskClient, page: str, reason: str) -> None:
    answer = edit(client, page, "outcome", reason, **{"/outcome/status": "active"})
    assert (answer.status_code, 'id="reason-wrong"' in answer.text) == (422, True)


def test_rows_are_added_and_removed_without_scripts(client: FlaskClient, page: str) -> None:
    added = edit(client, page, "comorbidities", do="add")
    assert added.status_code == 200
    fields = Page(added.text).fields
    number = int(fields["rows"]) - 1
    fields |= {f"/comorbidities/{number}/type": "uveitis", "reason": WHY, "do": "save"}
    assert client.post(f"{page}/edit/comorbidities", data=fields).status_code == 303
    assert client.get("/cases/SAMPLE-1").get_json()["comorbidities"][-1] == {"type": "uveitis"}
    removed = edit(client, page, "comorbidities", do=f"remove-{number}")
    assert Page(removed.text).fields["rows"] == str(number)


def test_a_list_may_say_nothing_or_that_there_is_none(client: FlaskClient) -> None:
    page = keep(client, make_case(1) | {"sequelae": [{"type": "other"}]})
    none = {"version": "1", "rows": "0", "reason": WHY, "do": "save"}
    assert client.post(f"{page}/edit/sequelae", data={**none, "nothing": "none"}).status_code == 303
    assert client.get("/cases/SAMPLE-1").get_json()["sequelae"] == []
    assert client.post(f"{page}/edit/sequelae", data={**none, "version": "2"}).status_code == 303
    assert "sequelae" not in client.get("/cases/SAMPLE-1").get_json()


def test_somebody_who_was_slower_is_told_what_changed_meanwhile(client: FlaskClient, page: str) -> None:
    fields = Page(client.get(f"{page}/edit/outcome").text).fields
    edit(client, page, "diagnosis", **{"/diagnosis/certainty": "provisional"})
    answer = client.post(f"{page}/edit/outcome", data={**fields, "/outcome/status": "active", "reason": WHY})
    assert answer.status_code == 409
    assert "Provisoire" in answer.text
    assert client.get("/cases/SAMPLE-1").get_json()["outcome"] == make_case(1)["outcome"]


def test_opposition_erases_only_when_it_is_confirmed(client: FlaskClient, page: str) -> None:
    edit(client, page, "outcome", **{"/outcome/status": "active"})
    assert edit(client, page, HEAD, **{"/opposition": "opposed"}).status_code == 422
    answer = edit(client, page, HEAD, confirm="yes", **{"/opposition": "opposed"})
    assert answer.headers["Location"] == "/ui/cases?done=erased"
    assert client.get(page).status_code == 410
    with client.application.extensions["parts"].store.reading() as connection:
        assert connection.execute(edits.EDITS.select()).all() == []


def test_there_is_no_section_of_another_name(client: FlaskClient, page: str) -> None:
    assert client.get(f"{page}/edit/case_id").status_code == 404


def test_who_may_only_read_is_shown_no_way_to_change(guarded: Any) -> None:
    parts = guarded.extensions["parts"]
    let_in(parts, "bert", "reader")
    let_in(parts, "anne", "data-manager")
    bert, anne = guarded.test_client(), guarded.test_client()
    for browser, login in ((bert, "bert"), (anne, "anne")):
        secure = "https://localhost"
        browser.post("/login", base_url=secure, data={"login": login, "password": "an untold word of hers"})
    page = "/ui/cases/SAMPLE-1"
    assert anne.post("/cases", base_url="https://localhost", json=make_case(1)).status_code == 201
    told = bert.get(page, base_url="https://localhost").text
    assert ("/edit" in told, 'name="decision"' in told) == (False, False)
    assert bert.get(f"{page}/edit", base_url="https://localhost").status_code == 403
    assert bert.post(f"{page}/edit/outcome", base_url="https://localhost", data={}).status_code == 403
    assert "/edit" in anne.get(page, base_url="https://localhost").text
