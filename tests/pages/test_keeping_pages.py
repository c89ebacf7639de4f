"""The pages of those who look after the registry: people, audit, API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter.access import load_permissions
from adapter.parts import Parts
from adapter.web import create_app
from adapter.web.pages.wording import TONGUES, load_words, pages
from tests.pages.browser.registry import let_in

HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("page", pages())
def test_every_page_says_everything_in_both_languages(page: str, tongue: str) -> None:
    words = load_words(page, tongue)  # type: ignore[arg-type]
    assert {"title", "lead"} <= words.keys() or page == "shared"


def test_french_comes_before_english_and_a_choice_is_kept(client: FlaskClient) -> None:
    assert 'lang="fr"' in client.get("/").text
    assert 'lang="en"' in client.get("/?lang=en").text
    assert 'lang="en"' in client.get("/ui/api").text
    assert 'data-theme="dark"' in client.get("/ui/api?theme=dark").text
    assert 'data-theme="dark"' in client.get("/").text
    assert 'data-theme="auto"' not in client.get("/?theme=auto").text


def test_a_choice_that_there_is_not_is_passed_over(client: FlaskClient) -> None:
    answer = client.get(f"/?lang={HOSTILE}&theme={HOSTILE}")
    assert (answer.status_code, HOSTILE in answer.text, "Set-Cookie" in answer.headers) == (200, False, False)


@pytest.mark.parametrize("address", ["/ui/nothing", "/ui/audit?before=x", f"/ui/audit?before={2**64}"])
def test_what_goes_wrong_on_a_page_is_told_on_a_page(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (400, 404)
    assert answer.content_type.startswith("text/html")
    assert "Cela n&#39;a pas abouti" in answer.text


def test_the_audit_is_read_line_by_line(client: FlaskClient) -> None:
    for _ in range(60):
        client.get("/cases")
    first = client.get("/ui/audit?lang=en").text
    assert "GET /cases" in first
    assert 'rel="next" href="/ui/audit?lang=en&amp;before=' in first
    assert "GET /cases" in client.get("/ui/audit?actor=open&before=30").text
    assert "No line fits" in client.get("/ui/audit?actor=nobody-of-this-name").text


def test_hostile_filters_are_shown_as_text(client: FlaskClient) -> None:
    answer = client.get("/ui/audit", query_string={"actor": HOSTILE, "case_id": HOSTILE}).text
    assert "<script>alert" not in answer
    assert "&lt;script&gt;" in answer


def test_every_permission_of_every_role_is_told_in_words(client: FlaskClient) -> None:
    words = load_words("people", "fr")
    told = client.get("/ui/people").text
    permissions = load_permissions()
    for name in permissions.names:
        assert name == "public" or f"p_{name}" in words
    assert all(words[role] in told for role in permissions.roles)


def test_access_is_closed_at_once_but_never_ones_own(parts: Parts) -> None:
    let_in(parts, "anne", "admin")
    let_in(parts, "bert", "reader")
    app: Flask = create_app(parts, ask_who=True)
    anne, bert = app.test_client(), app.test_client()
    for browser, login in ((anne, "anne"), (bert, "bert")):
        browser.post("/login", data={"login": login, "password": "an untold word of hers"})
    assert bert.get("/").status_code == 200
    assert bert.get("/ui/people").status_code == 403
    assert anne.post("/ui/people/anne/disable").status_code == 403
    assert anne.post("/ui/people/bert/disable").status_code == 303
    assert bert.get("/cases").status_code == 401
    assert "fermé le" in anne.get("/ui/people").text
    app.extensions["background"].shutdown()


def test_the_bar_shows_what_the_reader_may_see(parts: Parts) -> None:
    let_in(parts, "bert", "reader")
    app = create_app(parts, ask_who=True)
    bert = app.test_client()
    bert.post("/login", data={"login": "bert", "password": "an untold word of hers"})
    assert "/ui/audit" not in bert.get("/").text
    assert "/ui/api" in bert.get("/").text
    app.extensions["background"].shutdown()


def test_the_api_page_has_a_command_for_every_operation(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    told = client.get("/ui/api?lang=en").text
    operations = sum(len(methods) for methods in document["paths"].values())
    assert told.count("<details>") == operations
    assert "/fhir/$export" in told
    assert "<details>" in client.get("/ui/api?part=fhir").text
