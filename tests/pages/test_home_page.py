"""The first page: counts that lead to their lists, what waits, how complete the eligible cases are."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from adapter.parts import Parts
from adapter.synthetic import published_cohort
from adapter.web import create_app
from tests.sample_bundles import make_bundle, make_condition, make_patient

PATIENCE_SECONDS = 90


@pytest.fixture
def cohort(parts: Parts) -> Iterator[FlaskClient]:
    """Five children of the published cohort, one of them without an outcome; on each kind of database."""
    app = create_app(parts)
    client = app.test_client()
    for number, case in enumerate(published_cohort("SA", 7)[:5]):
        told = {**case, "outcome": {}} if number == 0 else case
        client.post("/cases", data=json.dumps(told, default=float), content_type="application/json")
    yield client
    app.extensions["background"].shutdown()


def counted(client: FlaskClient) -> str:
    """The page, once everything on it is of now."""
    until = time.monotonic() + PATIENCE_SECONDS
    while 'id="glance" data-refresh' in (page := client.get("/?lang=en").text):
        assert time.monotonic() < until
        time.sleep(0.05)
    return page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_empty_registry_has_a_first_page(client: FlaskClient, language: str) -> None:
    page = client.get(f"/?lang={language}")
    assert page.status_code == 200
    assert ("Rien n&#39;attend personne" if language == "fr" else "Nothing waits for anybody") in page.text


def test_counts_lead_to_their_lists(client: FlaskClient) -> None:
    page = client.get("/").text
    assert {"/ui/cases?status=eligible", "/ui/inbox?state=quarantined"} <= set(re.findall(r'href="([^"]+)"', page))


def test_what_waits_leads_to_its_cause(client: FlaskClient) -> None:
    body = json.dumps(make_bundle(make_patient(gender="x"), make_condition()))
    client.post("/fhir", data=body, content_type="application/fhir+json")
    page = client.get("/?lang=en").text
    cause = next(each for each in re.findall(r'href="(/ui/inbox/cause[^"]+)"', page)).replace("&amp;", "&")
    entry = next(iter(re.findall(r'href="(/ui/inbox/[0-9a-f-]{36})"', client.get(cause).text)))
    assert "Use one of: female, male, other, unknown." in client.get(f"{entry}?lang=en").text


def test_completeness_is_the_share_of_eligible_cases_that_hold_a_datum(cohort: FlaskClient) -> None:
    page = counted(cohort)
    eligible = int(re.findall(r'status=eligible"><span class="figure">(\d+)', page)[0])
    births = re.findall(r'<meter[^>]*max="(\d+)" value="(\d+)" aria-label="Birth date"', page)
    outcomes = re.findall(r'<meter[^>]*max="(\d+)" value="(\d+)" aria-label="Outcome"', page)
    assert eligible > 0
    assert births == [(str(eligible), str(eligible))]
    assert int(outcomes[0][1]) < eligible


def test_a_page_of_before_is_counted_again_when_the_registry_changes(client: FlaskClient) -> None:
    assert "Everything that was sent is read" in counted(client)
    body = json.dumps(make_bundle(make_patient(multipleBirthInteger=2), make_condition()))
    client.post("/fhir", data=body, content_type="application/fhir+json")
    assert "Patient.multipleBirthInteger" in counted(client)
