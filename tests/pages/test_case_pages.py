"""The pages about cases: found, read, explained and judged, in both languages and without scripts."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from adapter.web.pages.cases.values import HEAD
from tests.pages.forms import Page
from tests.pages.kept_cases import EN, WHY, edit, keep
from tests.sample_bundles import as_bytes, make_bundle
from tests.sample_cases import make_case

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def page(client: FlaskClient) -> str:
    return keep(client, make_case(1))


# The list.


def test_an_empty_registry_says_so(client: FlaskClient) -> None:
    assert "aucun cas" in client.get("/ui/cases").text
    assert "no case" in client.get("/ui/cases", headers=EN).text


def test_filters_live_in_the_address_and_hold_for_programs_too(client: FlaskClient) -> None:
    boy = make_case(2) | {"patient": {"sex": "male"}}
    keep(client, make_case(1), "north")
    keep(client, boy, "south")
    for query, expected in (
        ("sex=male", ["SAMPLE-2"]),
        ("source=north", ["SAMPLE-1"]),
        ("status=eligible", ["SAMPLE-1"]),
        ("search=ple-2", ["SAMPLE-2"]),
        ("since=2100-01-01", []),
        ("since=2000-01-01&sex=female", ["SAMPLE-1"]),
    ):
        listed = [each["case_id"] for each in client.get(f"/cases?{query}").get_json()["cases"]]
        shown = client.get(f"/ui/cases?{query}").text
        assert listed == expected
        assert [f"SAMPLE-{n}" in shown for n in (1, 2)] == [f"SAMPLE-{n}" in expected for n in (1, 2)]
        assert f"{len(expected)} cas" in shown
        assert f'href="/cases?{query.replace("&", "&amp;")}"' in shown or "since" in query


def test_a_case_that_was_judged_is_no_longer_open(client: FlaskClient) -> None:
    silent = {"case_id": "S", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
    page = keep(client, silent)
    assert 'href="/ui/cases/S"' in client.get("/ui/cases?review=open").text
    judged = {"decision": "eligible", "role": "rhumatologue", "reason": WHY}
    assert client.post(f"{page}/adjudications", data=judged).status_code == 303
    assert 'href="/ui/cases/S"' not in client.get("/ui/cases?review=open").text
    assert 'href="/ui/cases/S"' in client.get("/ui/cases?review=adjudicated").text


def test_the_list_goes_on_where_it_stopped(client: FlaskClient) -> None:
    for number in range(51):
        keep(client, {"case_id": f"C-{number:03}", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}})
    first = client.get("/ui/cases?sex=female").text
    assert ("C-049" in first, "C-050" in first) == (True, False)
    assert 'href="/ui/cases?sex=female&amp;after=C-049"' in first
    assert "C-050" in client.get("/ui/cases?sex=female&after=C-049").text


@pytest.mark.parametrize("query", ["status=x", "sex=x", "review=x", "since=yesterday"])
def test_a_filter_that_there_is_not_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/ui/cases?{query}").status_code == 400
    assert client.get(f"/cases?{query}").status_code == 400


def test_hostile_words_are_shown_as_text(client: FlaskClient) -> None:
    assert "<script>alert" not in client.get("/ui/cases", query_string={"search": HOSTILE, "source": HOSTILE}).text
    case = make_case(1) | {"centre": HOSTILE, "case_id": "<script>alert(1)</script>"}
    page = keep(client, case)
    for room in ("", "/versions", "/fhir", "/edit", f"/edit/{HEAD}"):
        answer = client.get(page + room)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


# Addresses.


@pytest.mark.parametrize("case_id", ["a/b", "a/fhir", "/", "a%2Fb", "a?b#c", "~+&="])
def test_every_pseudonym_can_be_reached(client: FlaskClient, case_id: str) -> None:
    page = keep(client, make_case(1) | {"case_id": case_id})
    address = f"/cases/{quote(case_id, safe='')}"
    assert client.get(address).get_json()["case_id"] == case_id
    assert client.get(f"{address}/history").get_json()["case_id"] == case_id
    for room in ("", "/versions", "/fhir", "/edit", "/edit/patient"):
        assert client.get(page + room).status_code == 200
    assert f'href="{page}/versions"' in client.get(page).text
    assert f'href="{page}?lang=en"' in client.get(page).text


# One case.


def test_a_case_is_told_in_words_of_either_language(client: FlaskClient, page: str) -> None:
    french, english = client.get(page).text, client.get(page, headers=EN).text
    for told in ("éligible", "Au moins une lésion osseuse est enregistrée", "Tibia, distal, gauche", "12,5 mg/L"):
        assert told in french
    for told in (
        "eligible",
        "At least one bone lesion is recorded",
        "Tibia, distal, left",
        "12.5 mg/L",
        "8 years 10 m",
    ):
        assert told in english


def test_every_link_within_the_page_leads_somewhere(client: FlaskClient, page: str) -> None:
    told = Page(client.get(page).text)
    assert len(told.anchors) > 20
    assert told.anchors <= told.ids


def test_the_skeleton_leads_to_the_rows_of_its_lesions(client: FlaskClient, page: str) -> None:
    told = client.get(page, headers=EN).text
    assert told.count('<a href="#lesion-imaging_lesions-0" aria-label="Tibia, distal, left: active on imaging') == 2
    assert 'id="lesion-imaging_lesions-0"' in told
    assert "not on the drawing" in told  # the ankle of an unknown side


def test_what_is_missing_is_asked_in_the_readers_language(client: FlaskClient) -> None:
    page = keep(client, {"case_id": "S", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}})
    french, english = client.get(page).text, client.get(page, headers=EN).text
    assert "Ce qui trancherait" in french
    assert 'href="/ui/cases/S/edit/diagnosis"' in french
    question = next(
        each["settle"] for each in client.get("/cases/S/trace").get_json()["decision"]["criteria"] if "settle" in each
    )
    assert (question in english, question in french) == (True, False)


def test_a_value_of_a_bundle_is_traced_to_element_rule_line_and_hospital(client: FlaskClient) -> None:
    sent = client.post("/fhir", data=as_bytes(make_bundle()), headers={"X-CRMO-Source": "chu-nord"},
                       content_type="application/fhir+json")  # fmt: skip
    case_id = sent.headers["Location"].rpartition("/")[2]
    told = client.get(f"/ui/cases/{case_id}", headers=EN).text
    for expected in ("Bundle.entry[1]", "onsetDateTime", "diagnosis.onset.date", "diagnosis.map.yaml:", "chu-nord"):
        assert expected in told
    assert "<dd>Condition</dd>" in told.replace(" ", "").replace("\n", "")


def test_an_edit_explains_what_it_changed_and_leaves_the_rest_to_what_came_before(client: FlaskClient) -> None:
    sent = client.post("/fhir", data=as_bytes(make_bundle()), content_type="application/fhir+json")
    page = f"/ui/cases/{sent.headers['Location'].rpartition('/')[2]}"
    assert edit(client, page, "patient", **{"/patient/birth_date": "2008-06"}).status_code == 303
    told = client.get(page, headers=EN).text
    birth = told[told.index('id="v-patient-birth_date"') :].partition("</dd></div>")[0]
    onset = told[told.index('id="v-diagnosis-onset-date"') :]
    assert WHY in birth[: birth.index("</details>")]
    assert "diagnosis.map.yaml" in onset[: onset.index("</details>")]


def test_of_a_long_list_one_row_is_explained_when_it_is_asked_for(client: FlaskClient) -> None:
    rows = [{"test": "crp", "value": n, "unit": "mg/L"} for n in range(60)]
    page = keep(client, make_case(1) | {"laboratory": rows})
    assert "of=/laboratory/50" in client.get(page).text.replace("%2F", "/")
    assert "<details open>" in client.get(f"{page}?of=/laboratory/50").text


def test_a_judgement_that_cannot_be_taken_comes_back_with_what_is_wrong(client: FlaskClient, page: str) -> None:
    answer = client.post(f"{page}/adjudications", data={"decision": "eligible", "role": "7", "reason": HOSTILE[:40]})
    assert answer.status_code == 422
    assert 'id="role-wrong"' in answer.text
    assert client.get("/cases/SAMPLE-1/adjudications").get_json()["adjudications"] == []


# Versions and FHIR.


def test_versions_tell_what_changed_by_whom_and_why(client: FlaskClient, page: str) -> None:
    edit(client, page, "diagnosis", **{"/diagnosis/certainty": "provisional"})
    edit(client, page, "laboratory", **{"/laboratory/0/value": "13,5"})
    told = client.get(f"{page}/versions", headers=EN).text
    for expected in (WHY, "somebody unnamed", "Provisional", "Confirmed", "13.5 mg/L", "12.5 mg/L"):
        assert expected in told
    both = client.get(f"{page}/versions?from=1&to=3", headers=EN).text
    assert "From version 1 to version 3" in both
    for wrong in ("from=1&to=9", "from=0", "from=x", "before=-1"):
        assert client.get(f"{page}/versions?{wrong}").status_code == 400, wrong


def test_of_many_versions_a_page_tells_the_newest_and_leads_to_the_others(client: FlaskClient, page: str) -> None:
    for number in range(2, 56):
        client.put("/cases/SAMPLE-1", json=make_case(1) | {"centre": f"Centre {number}"})
    first = client.get(f"{page}/versions", headers=EN).text
    older = client.get(f"{page}/versions?before=6", headers=EN).text
    assert [f'id="version-{number}"' in first for number in (55, 6, 5)] == [True, True, False]
    assert 'versions?before=6"' in first
    assert [f'id="version-{number}"' in older for number in (6, 5, 1)] == [False, True, True]
    assert "Centre 5" in first, "what the oldest shown was changed from"
    assert 'rel="next"' not in older
    assert "First version." in older


def test_the_fhir_page_shows_every_resource_and_a_command(client: FlaskClient, page: str) -> None:
    told = client.get(f"{page}/fhir").text
    resources = client.get("/cases/SAMPLE-1/fhir").get_json()["entry"]
    assert told.count("<details>") == len(resources)
    assert "curl " in told
    assert 'href="/cases/SAMPLE-1/fhir" download' in told
