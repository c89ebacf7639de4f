"""The pages about cases: found, read, explained, judged and changed, in both languages and without scripts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from adapter.case import check_case
from adapter.case.fields import allowed_values, field_schema, list_fields
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.parts import Knowledge
from adapter.resource import dump_json, parse_json
from adapter.store import edits
from adapter.synthetic import synthesize
from adapter.web.pages.cases.differences import changes
from adapter.web.pages.cases.form import make_form, read_rows, read_section
from adapter.web.pages.cases.values import HEAD, head_fields, leaves, section_names
from adapter.web.pages.cases.vocabulary import Vocabulary
from adapter.web.pages.wording import TONGUES, Tongue
from tests.pages.browser.registry import let_in
from tests.pages.forms import Page
from tests.sample_bundles import as_bytes, make_bundle
from tests.sample_cases import make_case

HOSTILE = '"><script>alert(1)</script>'
WHY = "Relu sur le compte rendu"
EN = {"Accept-Language": "en"}


def keep(client: FlaskClient, case: Json, source: str = "chu") -> str:
    told = {"X-CRMO-Source": source, "Content-Type": "application/json"}
    answer = client.post("/cases", data=dump_json(case), headers=told)
    assert answer.status_code == 201, answer.text
    return f"/ui/cases/{quote(case['case_id'], safe='')}"


def edit(client: FlaskClient, page: str, section: str, reason: str = WHY, **changed: str) -> Any:
    """The form of a section as it stands, with some fields changed, sent."""
    fields = Page(client.get(f"{page}/edit/{section}").text).fields
    assert fields.keys() >= changed.keys() - {"do", "nothing", "confirm"}
    return client.post(f"{page}/edit/{section}", data={**fields, "reason": reason, **changed})


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
    assert client.get(f"{page}/versions?from=1&to=9").status_code == 400


def test_the_fhir_page_shows_every_resource_and_a_command(client: FlaskClient, page: str) -> None:
    told = client.get(f"{page}/fhir").text
    resources = client.get("/cases/SAMPLE-1/fhir").get_json()["entry"]
    assert told.count("<details>") == len(resources)
    assert "curl " in told
    assert 'href="/cases/SAMPLE-1/fhir" download' in told


# Changing a case.


def test_a_change_becomes_a_version_with_its_reason(client: FlaskClient, page: str) -> None:
    answer = edit(client, page, "outcome", **{"/outcome/status": "active"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}?done=edited")
    assert client.get("/cases/SAMPLE-1").get_json()["outcome"]["status"] == "active"
    assert client.get("/cases/SAMPLE-1").headers["ETag"] == 'W/"2"'
    first, second = client.get("/cases/SAMPLE-1/history").get_json()["versions"]
    assert ("edit" in first, second["edit"]) == (False, {"actor": "open", "reason": WHY})


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


def test_saving_what_stands_makes_no_version(client: FlaskClient, page: str) -> None:
    assert edit(client, page, "patient").headers["Location"] == f"{page}?done=unchanged"
    assert client.get("/cases/SAMPLE-1").headers["ETag"] == 'W/"1"'


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


# Laws.


def fields_of(schema: Json, prefix: str) -> Iterator[str]:
    for name in schema.get("properties", {}):
        inner = schema["properties"][name].get("type") == "array"
        field = f"{prefix}{name}{'[]' if inner else ''}"
        found = field_schema(field) or {}
        yield field
        yield from fields_of(found, f"{field}.")


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_coded_value_and_every_field_has_words(knowledge: Knowledge, tongue: Tongue) -> None:
    words = Vocabulary(knowledge.mappings, tongue)
    same = {"<", "<=", ">=", ">", "mg/L", "mm/h", *(("yes", "no", "alive", "dead") if tongue == "en" else ())}
    for field in fields_of(load_schema("case"), ""):
        assert words.label(field), field
        for value in allowed_values(field) or []:
            told = words.word(field, value)
            assert told not in (value, f"word_{value}") or value in same, (field, value)


@pytest.fixture(scope="module")
def some_cases() -> list[Json]:
    """As they stand in the registry: decimals keep their digits."""
    made = (each for each in synthesize(40, 11) if each.get("opposition") != "opposed")
    return [parse_json(dump_json(each))[0] for each in made]


@pytest.mark.parametrize("tongue", TONGUES)
def test_a_form_sent_back_untouched_says_what_the_case_says(
    knowledge: Knowledge, some_cases: list[Json], tongue: Tongue
) -> None:
    words = Vocabulary(knowledge.mappings, tongue)
    for case in some_cases:
        told: Json = {"case_id": case["case_id"]}
        for name in section_names():
            if name == HEAD:
                held: Any = {key: case[key] for key in head_fields() if key in case}
            else:
                held = case.get(name, [] if name in list_fields() else {})
            sent = {each.pointer: each.value for group in make_form(name, held, {}, words) for each in flat(group)}
            read = read_rows(name, sent, len(held)) if name in list_fields() else read_section(name, sent)
            told |= read if name == HEAD else {name: read} if read or name in case else {}
        assert changes(case, told, words) == []
        assert told.keys() == case.keys()
        assert check_case(told, knowledge.consistency, today=date(2026, 1, 1)) == check_case(
            case, knowledge.consistency, today=date(2026, 1, 1)
        )


def flat(part: Any) -> Iterator[Any]:
    if hasattr(part, "parts"):
        for each in part.parts:
            yield from flat(each)
    else:
        yield part


def test_a_case_differs_from_itself_in_nothing_and_from_another_in_something(
    knowledge: Knowledge, some_cases: list[Json]
) -> None:
    words = Vocabulary(knowledge.mappings, "fr")
    for one, other in itertools.pairwise(some_cases):
        assert changes(one, one, words) == []
        assert changes(one, other, words) != []
        assert len({value.pointer for value in leaves(one, words)}) == len(list(leaves(one, words)))


def test_pages_of_all_sorts_of_cases_hold_together(client: FlaskClient, some_cases: list[Json]) -> None:
    for case in some_cases[:6]:
        page = keep(client, case)
        for language in ("fr", "en"):
            answer = client.get(f"{page}?lang={language}")
            told = Page(answer.text)
            assert answer.status_code == 200
            assert told.anchors <= told.ids


def test_what_is_wrong_is_named_as_its_field_is_called(client: FlaskClient, page: str) -> None:
    told = edit(client, page, "laboratory", **{"/laboratory/1/value": "beaucoup"}).text
    assert ">Valeur (Ligne 2)</a>" in told
    english = client.post(
        f"{page}/edit/patient", headers=EN, data={"version": "1", "reason": WHY, "/patient/birth_date": "1/2/03"}
    ).text
    assert ">Birth date</a>" in english
    assert ">Sex</a>" in english
