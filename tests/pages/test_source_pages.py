"""The pages of hospitals and pulls: what is declared and found, how a pull goes; a hospital declared by a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.errors import VersionConflictError
from adapter.hospital import Sources, load_sources
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull
from adapter.store import jobs, units
from adapter.synthetic import look_alikes, published_cohort
from adapter.synthetic.hospital import make_population
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.web import create_app

NEW = {"name": "chu-lyon", "base": "https://fhir.chu-lyon.invalid/r4", "centre": "CHU de Lyon", "kind": "none"}
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[Parts]:
    """A registry with one hospital that answers and one that does not."""
    folder = tmp_path_factory.mktemp("source-pages")
    made = [*published_cohort("SA", 7)[:3], *(case for case, _ in look_alikes(7)[:2])]
    population = make_population(made, knowledge.mappings, 7)
    with serve_resources(FhirServer(population.resources)) as base:
        (folder / "sources").mkdir()
        (folder / "sources" / "chu.yaml").write_text(f"source: chu\nbase: {base}\ncentre: CHU imaginaire\n")
        away = "source: away\nbase: http://127.0.0.1:9/fhir\n"
        away += "authentication: {type: bearer, token: {variable: SOURCE_AWAY}}\n"
        (folder / "sources" / "away.yaml").write_text(away)
        with open_parts(load_settings({"CRMO_DATA": str(folder)}), knowledge) as parts:
            yield parts


@pytest.fixture
def woken() -> list[str]:
    """Pulls that somebody was asked to run."""
    return []


@pytest.fixture
def browser(registry: Parts, woken: list[str]) -> FlaskClient:
    app = create_app(registry, wake=woken.append)
    app.extensions["background"].shutdown()
    return app.test_client()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sources"


def run(browser: FlaskClient, parts: Parts, wish: str, source: str = "chu") -> str:
    """Ask by the button, and let the worker do it. Returns the address of the job."""
    answer = browser.post(f"/ui/sources/{source}/{wish}")
    assert answer.status_code == 303
    address = answer.headers["Location"]
    run_pull(parts, address.rpartition("/")[2])
    return address


def test_every_hospital_has_its_card(browser: FlaskClient) -> None:
    page = browser.get("/ui/sources?lang=en").text
    assert "CHU imaginaire" in page
    assert "nothing has been proved complete yet" in page
    assert re.findall(r'id="h-([a-z-]+)"', page) == ["away", "chu"]


def test_a_pull_is_asked_for_and_its_page_proves_each_part(
    browser: FlaskClient, registry: Parts, woken: list[str]
) -> None:
    address = run(browser, registry, "all")
    assert woken == [address.rpartition("/")[2]]
    page = browser.get(f"{address}?lang=en").text
    assert "Each part came with its proof." in page
    assert "as many as the server counts" in page
    assert "data-refresh" not in page
    assert "nothing has been proved complete yet" not in browser.get("/ui/sources/chu?lang=en").text


def test_every_request_of_a_pull_is_in_its_ledger(browser: FlaskClient, registry: Parts) -> None:
    page = browser.get(f"{run(browser, registry, 'all')}/ledger?lang=en").text
    assert "<code>GET Condition" in page
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is None or browser.get(following[1].replace("&amp;", "&")).status_code == 200


def test_the_connection_test_shows_what_the_server_can_do(browser: FlaskClient, registry: Parts) -> None:
    page = browser.get(f"{run(browser, registry, 'examine')}?lang=fr").text
    assert "Filtre Condition.code" in page
    assert "Liens vers la suite" in page
    assert 'lang="en"' not in page.split("<main")[1].split("</main>")[0]
    assert "Filter Condition.code" in browser.get("/ui/sources/chu?lang=en").text


def test_a_forecast_says_what_a_pull_would_cost(browser: FlaskClient, registry: Parts) -> None:
    page = browser.get(f"{run(browser, registry, 'forecast')}?lang=en").text
    assert "Requests of a full pull" in page
    assert browser.get("/ui/pulls?source=chu&lang=en").text.count("forecast") > 0


def test_a_pull_is_paused_goes_on_and_is_cancelled_by_buttons(
    browser: FlaskClient, registry: Parts, woken: list[str]
) -> None:
    address = browser.post("/ui/sources/away/all").headers["Location"]
    waiting = browser.get(address).text
    assert ('data-refresh="2"' in waiting, f'action="{address}/pause"' in waiting) == (True, True)
    assert browser.post(f"{address}/pause").status_code == 303
    paused = browser.get(address).text
    assert ('data-refresh="2"' in paused, f'action="{address}/resume"' in paused) == (False, True)
    browser.post(f"{address}/resume")
    assert woken[-1] == address.rpartition("/")[2]
    browser.post(f"{address}/cancel")
    assert "<button" not in browser.get(address).text.split("<main")[1].split("</main>")[0]
    assert browser.post(f"{address}/pause").status_code == 412


def test_what_is_wished_of_a_running_pull_is_told(browser: FlaskClient, registry: Parts) -> None:
    address = browser.post("/ui/sources/away/last").headers["Location"]
    with registry.store.writing() as connection:
        jobs._set(
            connection,
            address.rpartition("/")[2],
            state="running",
            wish="pause",
            holder="a worker",
            lease_until=registry.clock(),
        )
    assert "Stops after the page under way" in browser.get(f"{address}?lang=en").text
    with registry.store.writing() as connection:
        jobs._set(connection, address.rpartition("/")[2], state="cancelled", wish="", holder="", lease_until=None)


def test_parts_without_a_proof_come_first(browser: FlaskClient, registry: Parts) -> None:
    address = browser.post("/ui/sources/away/all").headers["Location"]
    pull_id = address.rpartition("/")[2]
    lacking = units.Unit(pull_id, "collect", "Observation", {}, state="incomplete", problem="the count differs")
    proven = units.Unit(pull_id, "collect", "Procedure", {}, state="complete", proof="total", received=3, expected=3)
    with registry.store.writing() as connection:
        units.add(connection, [*[proven] * 60, lacking])
    page = browser.get(f"{address}?lang=en").text
    assert page.index("the count differs") < page.index("as many as the total says")
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    assert "the count differs" in browser.get(following[1].replace("&amp;", "&")).text
    browser.post(f"{address}/cancel")


def test_a_secret_that_is_not_there_is_told_and_none_is_shown(browser: FlaskClient) -> None:
    page = browser.get("/ui/sources/away?lang=en").text
    assert "The variable SOURCE_AWAY is empty" in page


@pytest.mark.parametrize(
    ("address", "status"),
    [("/ui/sources/none", 404), ("/ui/pulls/none", 404), ("/ui/pulls/none/ledger", 404), ("/ui/pulls/x?after=y", 400)],
)
def test_what_there_is_not_is_told_on_a_page(browser: FlaskClient, address: str, status: int) -> None:
    answer = browser.get(address)
    assert (answer.status_code, "text/html" in answer.content_type) == (status, True)


def test_only_what_can_be_asked_is_asked(browser: FlaskClient) -> None:
    assert browser.post("/ui/sources/chu/everything").status_code == 400
    assert browser.post("/ui/sources/none/all").status_code == 404
    assert browser.post("/ui/pulls/none/stop").status_code == 404


def test_a_hospital_is_declared_by_the_form_and_known_at_once(client: FlaskClient, folder: Path) -> None:
    answer = client.post("/ui/sources", data=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ui/sources/chu-lyon")
    assert "CHU de Lyon" in client.get("/ui/sources/chu-lyon").text
    assert load_sources(folder)["chu-lyon"].base == NEW["base"]
    assert [file.name for file in folder.iterdir()] == ["chu-lyon.yaml"]


def test_a_declared_hospital_names_its_secret_and_never_holds_it(client: FlaskClient, folder: Path) -> None:
    asked = {**NEW, "kind": "client-secret", "account": "registry", "variable": "SOURCE_CHU_LYON"}
    assert client.post("/ui/sources", data=asked).status_code == 303
    made = load_sources(folder)["chu-lyon"].authentication
    assert made.secret is not None
    assert (made.kind, made.user, made.secret.variable) == ("client-secret", "registry", "SOURCE_CHU_LYON")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "CHU Lyon"},
        {"name": "../escape"},
        {"base": "http://fhir.chu-lyon.invalid/r4"},
        {"base": "file:///etc/passwd"},
        {"base": "https://user:word@chu.invalid/r4"},
        {"kind": "mutual-tls"},
        {"kind": "bearer", "variable": ""},
        {"kind": "bearer", "variable": "CRMO_DATABASE_URL"},
        {"kind": "bearer", "variable": "AWS_SECRET_ACCESS_KEY"},
        {"kind": "basic", "variable": "SOURCE_CHU"},
    ],
    ids=str,
)
def test_a_declaration_that_is_wrong_comes_back_as_it_was_filled_in(
    client: FlaskClient, folder: Path, wrong: dict[str, str]
) -> None:
    answer = client.post("/ui/sources?lang=en", data={**NEW, **wrong})
    assert answer.status_code == 422
    assert "CHU de Lyon" in answer.text
    assert "The declaration is not complete" in answer.text
    assert list(folder.glob("*")) == []


def test_a_name_is_given_once(client: FlaskClient) -> None:
    client.post("/ui/sources", data=NEW)
    again = client.post("/ui/sources?lang=en", data={**NEW, "base": "https://other.invalid/fhir"})
    assert (again.status_code, "A hospital has this name already." in again.text) == (422, True)
    assert "other.invalid" not in client.get("/ui/sources/chu-lyon").text


def test_the_form_asks_for_six_fields_at_most(client: FlaskClient) -> None:
    form = client.get("/ui/new-source").text.split("<main")[1].split("</main>")[0]
    assert len(re.findall(r"<(?:input|select|textarea)\b", form)) == 6


def test_hostile_words_are_shown_as_text(client: FlaskClient) -> None:
    page = client.post("/ui/sources", data=dict.fromkeys(NEW, HOSTILE))
    assert (page.status_code, HOSTILE in page.text, "&lt;script&gt;" in page.text) == (422, False, True)


def test_an_empty_registry_says_that_there_is_none(client: FlaskClient) -> None:
    page = client.get("/ui/sources?lang=en").text
    assert "No hospital is declared." in page
    assert "No pulls." in page


def test_what_changes_in_the_folder_is_known_without_a_restart(tmp_path: Path) -> None:
    sources = Sources(tmp_path)
    assert list(sources) == []
    (tmp_path / "chu.yaml").write_text("source: chu\nbase: https://chu.invalid/fhir\n")
    assert sources["chu"].base == "https://chu.invalid/fhir"
    (tmp_path / "chu.yaml").unlink()
    assert "chu" not in sources


def test_what_becomes_wrong_leaves_the_hospitals_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "chu.yaml").write_text("source: chu\nbase: https://chu.invalid/fhir\n")
    sources = Sources(tmp_path)
    (tmp_path / "other.yaml").write_text("source: Other Hospital\nbase: nowhere\n")
    assert list(sources) == ["chu"]


def test_two_who_declare_the_same_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    first, second = Sources(tmp_path), Sources(tmp_path)
    first.add({"source": "chu", "base": "https://chu.invalid/fhir"})
    with pytest.raises(VersionConflictError):
        second.add({"source": "chu", "base": "https://other.invalid/fhir"})
    assert second["chu"].base == "https://chu.invalid/fhir"
