"""The inbox: lists, causes, one entry, trying again, a row for a hospital's table, putting aside with a reason."""

from __future__ import annotations

import importlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings, shipped
from adapter.fsck import check_integrity
from adapter.mapping import load_mappings
from adapter.parts import Knowledge, Parts
from adapter.store import audit
from adapter.web import create_app
from tests.pages.browser.registry import let_in
from tests.sample_bundles import coded, make_bundle, make_condition, make_patient

HOSTILE = '"><script>alert(1)</script>'
UTOPIA = "https://utopie.invalid/dx"
OVERLAY = """# Kept by hand.
overlay: utopie
title: {en: Utopia, fr: Utopie}
tables:
  bone:
    add:
      - {word: tibia, read: {sct: ["123"]}, source: its own list}  # and this too
"""
CAUSE = {"source": "utopie", "rule": "mapping:required:diagnosis.code", "place": "Bundle"}
ROW = {**CAUSE, "table": "diagnosis", "system": UTOPIA, "code": "OCM1"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mappings of the operator's own, and a hospital with an overlay."""
    folder = tmp_path_factory.mktemp("operator")
    shutil.copytree(shipped("mappings"), folder / "mappings")
    for name in ("mappings/overlays", "sources"):
        (folder / name).mkdir()
    (folder / "mappings" / "overlays" / "utopie.overlay.yaml").write_text(OVERLAY, encoding="utf-8")
    told = "source: utopie\nbase: https://fhir.utopie.invalid/r4\noverlay: utopie\n"
    (folder / "sources" / "utopie.yaml").write_text(told, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def declared(home: Path) -> Knowledge:
    return load_knowledge(load_settings({"CRMO_MAPPINGS": str(home / "mappings")}))


@pytest.fixture
def folder(home: Path) -> Path:
    """As it was at first: what an earlier test has set into the hospital's file is gone."""
    (home / "mappings" / "overlays" / "utopie.overlay.yaml").write_text(OVERLAY, encoding="utf-8")
    return home


@pytest.fixture
def opened(folder: Path, tmp_path: Path, declared: Knowledge) -> Iterator[Parts]:
    told = {"CRMO_DATA": str(tmp_path / "data"), "CRMO_SOURCES": str(folder / "sources")}
    with open_parts(load_settings(told), declared) as parts:
        yield parts


@pytest.fixture
def utopia(opened: Parts) -> Iterator[FlaskClient]:
    app = create_app(opened)
    yield app.test_client()
    app.extensions["background"].shutdown()


def push(client: FlaskClient, body: object, source: str = "direct") -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body)
    client.post("/fhir", data=raw, content_type="application/fhir+json", headers={"X-CRMO-Source": source})


def child(number: int, code: str = "OCM1") -> object:
    return make_bundle(make_patient(number), make_condition(number, code=coded(UTOPIA, code)))


def entries(client: FlaskClient, query: str = "") -> list[str]:
    page = client.get(f"/ui/inbox?{query}").text
    return re.findall(r'href="/ui/inbox/([0-9a-f-]{36})"', page)


def overlay(folder: Path) -> str:
    return (folder / "mappings" / "overlays" / "utopie.overlay.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_empty_inbox_says_that_nothing_waits(client: FlaskClient, language: str) -> None:
    page = client.get(f"/ui/inbox?lang={language}").text
    assert ("Rien n'attend" if language == "fr" else "Nothing waits") in page.replace("&#39;", "'")
    assert client.get("/ui/inbox/causes").status_code == 200
    assert client.get("/ui/inbox/retry?rule=x").status_code == 200


def test_the_list_is_filtered_by_state_hospital_and_rule(client: FlaskClient) -> None:
    push(client, make_bundle(), "north")
    push(client, make_bundle(), "north")
    push(client, b'{"a"', "south")
    assert [len(entries(client, query)) for query in ("", "state=stored", "source=south", "rule=json-syntax")] == [
        3,
        1,
        1,
        1,
    ]
    assert entries(client, "state=stored&source=south") == []
    assert client.get("/ui/inbox?state=nothing").status_code == 400


def test_a_long_list_goes_on_where_it_ended(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("adapter.web.pages.inbox.listing"), "_PAGE", 3)
    for number in range(5):
        push(client, f'{{"a": {number}'.encode())
    first = client.get("/ui/inbox").text
    following = re.findall(r'rel="next" href="([^"]+)"', first)[0].replace("&amp;", "&")
    rest = re.findall(r'href="/ui/inbox/([0-9a-f-]{36})"', client.get(following).text)
    assert (len(entries(client)), len(rest), set(rest) & set(entries(client))) == (3, 2, set())
    assert client.get("/ui/inbox?after=yesterday~x").status_code == 400
    assert client.get("/ui/inbox?after=2026-01-01T00:00:00~x").status_code == 400


def test_an_entry_tells_why_it_waits_and_nothing_about_the_patient(client: FlaskClient) -> None:
    push(client, make_bundle(make_patient(name=[{"family": "Utopiste"}], gender="fille"), make_condition()))
    page = client.get(f"/ui/inbox/{entries(client)[0]}").text
    assert "Employer l&#39;un de : female, male, other, unknown." in page
    assert "Sexe (<code>patient.sex</code>)" in page
    assert ("Utopiste" in page, "IPP-1" in page) == (False, False)


def test_what_nobody_read_and_other_sendings_of_the_case_are_shown(client: FlaskClient) -> None:
    push(client, make_bundle(make_patient(multipleBirthInteger=2), make_condition()))
    push(client, make_bundle(make_patient(), make_condition(onsetDateTime="2017-06")))
    newer, older = entries(client)
    page = client.get(f"/ui/inbox/{older}").text
    assert "Patient.multipleBirthInteger" in page
    assert f'href="/ui/inbox/{newer}"' in page
    assert 'href="/ui/cases/C-' in page


def test_an_entry_that_there_is_not_is_told_on_a_page(client: FlaskClient) -> None:
    answer = client.get(f"/ui/inbox/{HOSTILE.replace('/', '')}")
    assert (answer.status_code, "<script>alert" in answer.text) == (404, False)


def test_hostile_filters_and_causes_are_shown_as_text(client: FlaskClient) -> None:
    push(client, b"{", "north")
    for address in ("/ui/inbox", "/ui/inbox/causes", "/ui/inbox/cause", "/ui/inbox/retry"):
        answer = client.get(address, query_string={"source": HOSTILE, "rule": HOSTILE, "place": HOSTILE})
        assert (answer.status_code, "<script>alert" in answer.text) == (200, False)


def test_causes_are_told_by_hospital_in_a_sentence_with_their_number(client: FlaskClient) -> None:
    for number in range(3):
        push(client, make_bundle(make_patient(number, gender="x"), make_condition(number)), "north")
    push(client, b"{", "south")
    page = client.get("/ui/inbox/causes?lang=en").text
    rows = re.findall(r'class="number">(\d+)</td><th scope="row"><a[^>]*>([^<]+)</a></th><td>(\w+)', page)
    assert [(count, said[:3], source) for count, said, source in rows] == [("3", "Sex", "north"), ("1", "Thi", "south")]
    assert "south" not in re.findall(r"<tbody>.*", client.get("/ui/inbox/causes?source=north").text, re.DOTALL)[0]


def test_a_trial_changes_nothing(utopia: FlaskClient) -> None:
    push(utopia, child(1), "utopie")
    page = utopia.get(f"/ui/inbox/retry?{urlencode(CAUSE)}").text
    assert re.findall(r'class="figure">(\d+)', page) == ["0", "1"]
    assert len(entries(utopia, "state=quarantined")) >= 1


def test_a_group_is_judged_a_handful_at_a_time(utopia: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("adapter.web.pages.inbox.retrying"), "AT_ONCE", 2)
    for number in range(3):
        push(utopia, child(number), "utopie")
    first = utopia.get(f"/ui/inbox/retry?{urlencode(CAUSE)}").text
    after = utopia.post("/ui/inbox/retry", data=CAUSE).headers["Location"]
    second = utopia.get(after).text
    last = utopia.post("/ui/inbox/retry", data=dict(re.findall(r'name="(\w+)" value="([^"]*)"', second)))
    assert re.findall(r'class="figure">(\d+)', first) == ["0", "2", "1"]
    assert re.findall(r'class="figure">(\d+)', second) == ["0", "1"]
    assert "Tout le groupe a été jugé" in utopia.get(last.headers["Location"]).text


def test_one_entry_is_judged_again_by_itself(client: FlaskClient) -> None:
    push(client, b"{")
    (waiting, *_) = entries(client, "state=quarantined")
    assert client.get(f"/ui/inbox/retry?id={waiting}").status_code == 200
    done = client.post("/ui/inbox/retry", data={"id": waiting})
    assert (done.status_code, done.headers["Location"]) == (303, f"/ui/inbox/{waiting}?done=stayed")
    push(client, make_bundle(), "north")
    assert client.get(f"/ui/inbox/retry?id={entries(client, 'source=north')[0]}").status_code == 400


def test_a_row_is_set_into_the_hospitals_file_and_what_waits_is_stored(
    utopia: FlaskClient, opened: Parts, folder: Path
) -> None:
    for number in range(3):
        push(utopia, child(number), "utopie")
    push(utopia, child(9, "ZZ"), "utopie")

    page = utopia.get(f"/ui/inbox/cause?{urlencode(CAUSE)}").text
    preview = utopia.post("/ui/inbox/mend", data={**ROW, "word": "crmo"}).headers["Location"]
    trial = utopia.get(preview).text
    done = utopia.post("/ui/inbox/retry", data=CAUSE).headers["Location"]

    assert ("OCM1" in page, "ZZ" in page) == (True, True)
    assert re.findall(r'class="figure">(\d+)', trial) == ["3", "1"]
    assert "stored=3&stayed=1" in done
    assert {"# Kept by hand.", "# and this too"} <= set(re.findall(r"# .*", overlay(folder)))
    assert '"utopie-dx": {' in overlay(folder) or "utopie-dx: {" in overlay(folder)
    with opened.store.reading() as connection:
        assert any(event.action == "teach" for _, event in audit.events(connection))
    assert list(check_integrity(opened)) == []


def test_another_process_reads_with_the_row_at_its_next_look(opened: Parts, utopia: FlaskClient, folder: Path) -> None:
    other = load_mappings(folder / "mappings")
    before = other.of("utopie").version
    push(utopia, child(1), "utopie")
    utopia.post("/ui/inbox/mend", data={**ROW, "word": "crmo"})
    after = other.of("utopie").version
    assert (before != after, after) == (True, opened.knowledge_of("utopie").mappings.version)


def test_an_overlay_that_comes_while_the_service_runs_is_known(opened: Parts, folder: Path) -> None:
    mappings, file = opened.knowledge.mappings, folder / "mappings" / "overlays" / "later.overlay.yaml"
    try:
        file.write_text("overlay: later\ntitle: {en: L}\n", encoding="utf-8")
        assert not mappings.layers.has("later")
        file.write_text(OVERLAY.replace("overlay: utopie", "overlay: later"), encoding="utf-8")
        assert "later" in mappings.overlays
        assert mappings.of("later").version != mappings.version
    finally:
        file.unlink()


def test_a_code_means_one_thing(utopia: FlaskClient, folder: Path) -> None:
    for number, code in enumerate(("OCM1", "ZZ")):
        push(utopia, child(number, code), "utopie")
    utopia.post("/ui/inbox/mend", data={**ROW, "word": "crmo"})
    once = overlay(folder)
    again = utopia.post("/ui/inbox/mend", data={**ROW, "word": "sapho"})
    assert (again.status_code, "already means" in again.text, overlay(folder)) == (422, True, once)


def test_a_file_that_is_spoilt_by_hand_leaves_in_force_what_was(
    opened: Parts, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = opened.knowledge_of("utopie").mappings.version
    file = folder / "mappings" / "overlays" / "utopie.overlay.yaml"
    file.write_text(OVERLAY.replace("tibia", "no-such-bone"), encoding="utf-8")
    assert opened.knowledge_of("utopie").mappings.version == before
    assert "no-such-bone" in caplog.text
    file.unlink()
    assert opened.knowledge_of("utopie").mappings.version == before


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"word": ""}, 400),
        ({"word": "nothing"}, 400),
        ({"word": "crmo", "table": "nothing"}, 400),
        ({"word": "crmo", "code": "two\nlines"}, 422),
        ({"word": "crmo", "code": "ZZ", "system": "no uri"}, 422),
        ({"word": "crmo", "source": "direct"}, 400),
    ],
)
def test_a_row_that_does_not_hold_leaves_the_file_as_it_was(
    utopia: FlaskClient, folder: Path, row: dict[str, str], status: int
) -> None:
    push(utopia, child(1), "utopie")
    answer = utopia.post("/ui/inbox/mend", data={**ROW, **row})
    assert (answer.status_code, overlay(folder)) == (status, OVERLAY)
    assert [file.name for file in (folder / "mappings" / "overlays").iterdir()] == ["utopie.overlay.yaml"]


def test_a_hospital_without_a_file_of_its_own_is_told_what_to_do(client: FlaskClient) -> None:
    push(client, child(1), "north")
    page = client.get(f"/ui/inbox/cause?{urlencode({**CAUSE, 'source': 'north'})}").text
    assert ("OCM1" in page, "n&#39;est pas déclaré" in page, "<select" in page) == (True, True, False)


def test_what_is_put_aside_loses_its_content_and_keeps_its_reason(client: FlaskClient, tmp_path: Path) -> None:
    push(client, b'{"Zebulette-Untold"')
    (waiting, *_) = entries(client, "state=quarantined")
    assert client.post(f"/ui/inbox/{waiting}/put-aside", data={"reason": " "}).status_code == 400
    assert client.post(f"/ui/inbox/{waiting}/put-aside", data={"reason": "x" * 501}).status_code == 400
    done = client.post(f"/ui/inbox/{waiting}/put-aside", data={"reason": f"a test {HOSTILE}"})
    page = client.get(done.headers["Location"]).text
    assert ("a test &#34;&gt;&lt;script&gt;" in page, "json-syntax" in page) == (True, False)
    assert client.post(f"/ui/inbox/{waiting}/put-aside", data={"reason": "again"}).status_code == 400
    assert entries(client, "state=quarantined") == []


def test_only_who_may_erase_puts_aside_and_only_who_operates_looks(guarded: Flask) -> None:
    let_in(guarded.extensions["parts"], "marc", "data-manager")
    let_in(guarded.extensions["parts"], "rea", "reader")
    browser, reader = guarded.test_client(), guarded.test_client()
    for asker, login in ((browser, "marc"), (reader, "rea")):
        form = {"login": login, "password": "an untold word of hers"}
        asker.post("/login", data=form, base_url="https://registry.invalid")
    look = {"base_url": "https://registry.invalid"}
    assert browser.get("/ui/inbox", **look).status_code == 200  # type: ignore[arg-type]
    assert browser.post("/ui/inbox/x/put-aside", data={"reason": "r"}, **look).status_code == 403  # type: ignore[arg-type]
    assert reader.get("/ui/inbox", **look).status_code == 403  # type: ignore[arg-type]
