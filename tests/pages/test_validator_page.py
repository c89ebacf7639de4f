"""The validator's page: what is wrong, where, what it costs; nothing is kept."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter.errors import Json
from adapter.web.pages.validator import sample
from tests.sample_bundles import make_bundle, make_condition, make_patient

PAGE = "/ui/validator"
CONDITION = "https://crmo-registry.example/fhir/StructureDefinition/crmo-condition"


class Texts(HTMLParser):
    """What stands in the textarea, and on each line of the text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.area, self.ids, self._inside = "", [], False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "textarea"
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "textarea"

    def handle_data(self, data: str) -> None:
        self.area += data if self._inside else ""


def ask(client: FlaskClient, text: str | bytes, query: str = "", **form: str) -> str:
    answer = client.post(f"{PAGE}?lang=en&{query}", data={"text": text, **form})
    assert answer.status_code == 200
    return answer.text


def test_the_page_offers_an_example_that_has_something_to_say(client: FlaskClient) -> None:
    offered = Texts(client.get(f"{PAGE}?sample=yes").text).area
    assert json.loads(offered) == json.loads(sample())
    told = ask(client, offered)
    assert told.count('<li id="finding-') >= 7
    assert "missing then: Sex (<code>patient.sex</code>)" in told
    assert "these fields stay empty: Onset (<code>diagnosis.onset</code>)" in told


def test_a_finding_leads_to_its_line_and_the_line_back_to_it(client: FlaskClient) -> None:
    text = '{\n"resourceType": "Patient",\n"gender": "girl"\n}'
    told = ask(client, text)
    assert '<a href="#line-3">line 3</a>' in told
    assert {"line-1", "line-3", "line-4", "finding-1"} <= set(Texts(told).ids)
    assert 'href="#finding-1"' in re.findall(r'id="line-3".*?</div>', told, re.DOTALL)[0]


def test_what_was_asked_travels_with_the_form(client: FlaskClient) -> None:
    text = '{"resourceType": "Patient", "id": "</textarea><b>&lt;"}'
    told = ask(client, text)
    assert Texts(told).area.removeprefix("\n") == text
    assert "</textarea><b>" not in told


def test_findings_are_chosen_by_severity_and_by_rule_in_the_address(client: FlaskClient) -> None:
    every, errors = ask(client, sample()), ask(client, sample(), "severity=error")
    one = ask(client, sample(), "rule=no-such-day")
    assert (one.count('<li id="finding-'), "no-such-day" in one) == (1, True)
    assert "error (8)" in every
    assert errors.count('<li id="finding-') == 8
    assert "severity=error" in every


def test_the_same_findings_are_an_outcome_and_a_table(client: FlaskClient) -> None:
    outcome = client.post(f"{PAGE}/outcome?lang=en", data={"text": sample()})
    table = client.post(f"{PAGE}/table?lang=en", data={"text": sample()})
    issues = json.loads(outcome.data)["issue"]
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert [each["expression"] for each in issues] == [[row["expression"]] for row in rows]
    assert outcome.headers["Content-Disposition"] == 'attachment; filename="outcome.json"'
    assert {row["registry_fields"] for row in rows if row["rule"] == "no-such-day"} == {"patient.birth_date"}


def test_a_table_starts_no_formula(client: FlaskClient) -> None:
    table = client.post(f"{PAGE}/table", data={"text": '{"resourceType": "Patient", "=cmd()": 1}'}).data.decode()
    assert not re.search(r'(^|,)"?=', table, re.MULTILINE)


def test_an_uploaded_file_goes_before_the_text(client: FlaskClient) -> None:
    file = io.BytesIO(json.dumps({"resourceType": "Condition"}).encode())
    form = {"text": "{}", "file": (file, "<script>.json")}
    told = client.post(PAGE, data=form, content_type="multipart/form-data").text
    assert "Condition : 1 constats" in told
    assert "<script>.json" not in told


def test_what_is_no_json_is_a_finding_with_its_line(client: FlaskClient) -> None:
    told = ask(client, '{\n"resourceType": "Patient",\n}')
    assert "json-syntax" in told
    assert 'href="#line-3"' in told


@pytest.mark.parametrize(
    "text", ["[]", "1", '"x"', "null", "\ufeff{}", '{"resourceType": 1}', '{"entry": 3}', "{" * 200]
)
def test_whatever_is_pasted_is_answered(client: FlaskClient, text: str) -> None:
    for profile in ("", "registry", CONDITION):
        assert 'id="finding-1"' in ask(client, text, profile=profile)


def test_nothing_given_is_told_and_the_form_is_kept(client: FlaskClient) -> None:
    answer = client.post(PAGE, data={"text": " ", "profile": CONDITION})
    assert answer.status_code == 400
    assert f'value="{CONDITION}" selected' in answer.text


def test_a_profile_that_is_not_loaded_is_refused(client: FlaskClient) -> None:
    assert client.post(PAGE, data={"text": "{}", "profile": "https://no.invalid/p"}).status_code == 400


def test_the_registrys_profiles_are_asked_of_each_resource_that_its_maps_take(client: FlaskClient) -> None:
    own = make_condition(meta={"source": "https://crmo-registry.example/fhir"})
    text = json.dumps(make_bundle(make_patient(), own), indent=1)
    claimed, registry, one = (ask(client, text, profile=each) for each in ("", "registry", CONDITION))
    link = '<a href="/ui/validator/profiles/crmo-condition#crmo-con-2"><code>invariant:crmo-con-2</code></a>'
    assert (link in claimed, link in registry, link in one) == (False, True, True)


def test_a_rule_has_a_place_on_the_page_of_its_profile(client: FlaskClient) -> None:
    page = client.get("/ui/validator/profiles/crmo-condition")
    assert 'id="crmo-con-2"' in page.text
    assert "Une Condition écrite par le registre a exactement un rôle dans le cas" in page.text
    assert client.get("/ui/validator/profiles/nothing").status_code == 404


def test_a_text_of_one_line_is_shown_with_indents(client: FlaskClient) -> None:
    text = json.dumps(make_bundle(*[make_patient(n, gender="girl") for n in range(1, 9)]))
    told = ask(client, text)
    assert "The text stood on very long lines" in told
    assert "line-40" in Texts(told).ids
    outcome = client.post(f"{PAGE}/outcome?lang=en", data={"text": text}).text
    assert "line" not in outcome.replace("guideline", "")


def test_of_a_long_text_the_lines_around_the_findings_are_shown(client: FlaskClient) -> None:
    names = [{"family": f"Name {n}"} for n in range(1_000)]
    text = json.dumps({"resourceType": "Patient", "name": names, "gender": "girl"}, indent=1)
    told = ask(client, text)
    shown = [each for each in Texts(told).ids if each.startswith("line-")]
    assert len(shown) < 20 < text.count("\n")
    assert "only those around the findings shown are shown" in told


def test_too_many_findings_are_cut_and_said(client: FlaskClient) -> None:
    told = ask(client, json.dumps(make_bundle(*[make_patient(n, gender="girl") for n in range(1, 260)]), indent=1))
    assert told.count('<li id="finding-') == 200
    assert "more findings are not shown here" in told


def test_what_is_too_large_to_examine_is_told_without_sending_it_back(client: FlaskClient) -> None:
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = head + b"1" * (11 << 20) + b"\r\n--cut--\r\n"
    answer = client.post(PAGE, data=body, content_type="multipart/form-data; boundary=cut")
    assert "json-size" in answer.text
    assert len(answer.text) < 50_000


def test_a_form_of_too_many_parts_or_bytes_is_refused(client: FlaskClient) -> None:
    parts: Json = {f"x{n}": "1" for n in range(50)} | {"file": (io.BytesIO(b"{}"), "x")}
    assert client.post(PAGE, data=parts, content_type="multipart/form-data").status_code == 413
    assert client.post(PAGE, data={"text": "1" * (21 << 20)}).status_code == 413


def test_nothing_of_what_is_examined_is_kept_or_logged(
    client: FlaskClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "Zébulette-Untold"
    text = json.dumps(make_bundle(make_patient(name=[{"family": canary}], gender=canary)), ensure_ascii=False)
    for address in (PAGE, f"{PAGE}/outcome", f"{PAGE}/table"):
        client.post(address, data={"text": text})
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and canary.encode() in file.read_bytes()]
    assert (kept, canary in caplog.text) == ([], False)


def test_it_needs_the_permission_to_validate(guarded: Flask) -> None:
    asker = guarded.test_client()
    assert asker.post(PAGE, data={"text": "{}"}).status_code == 401
    assert asker.get(PAGE, headers={"Accept": "text/html"}).headers["Location"] == "/login"
