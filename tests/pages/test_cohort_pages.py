"""The pages of the cohort: the table with its filters, who is behind a number, figures, and what can be taken along."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.describing import describe_registry
from adapter.inbound import receive_case
from adapter.parts import Knowledge, Parts
from adapter.synthetic import look_alikes, published_cohort
from adapter.web import create_app
from adapter.web.prepared import Prepared
from tests.sample_bundles import as_bytes

TABLES = ("table.csv", "table.json")
RECORDS = ("cases-csv.zip", "cases-parquet.zip", "phenopackets.zip", "erdri.zip", "queries.csv")
PSEUDONYM = r'<th scope="row">(?:<a[^>]*>)?<code>([^<]+)</code>'
OUTSIDE = ("table-outside.csv", "counts-csv.zip", "counts-parquet.zip")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("cohort-pages")
    with open_parts(load_settings({"CRMO_DATA": str(folder)}), knowledge) as parts:
        for case in (*published_cohort("SA", 2011)[:40], *(case for case, _ in look_alikes(1))):
            receive_case(parts, as_bytes(case), source="direct")
        yield parts


def patient(parts: Parts) -> FlaskClient:
    """A browser that waits until a page is counted."""
    app = create_app(parts)
    app.extensions["background"].shutdown()
    app.extensions["prepared"].patience_seconds = 90
    return app.test_client()


@pytest.fixture(scope="module")
def browser(registry: Parts) -> FlaskClient:
    return patient(registry)


@pytest.fixture
def empty(client: FlaskClient) -> FlaskClient:
    client.application.extensions["prepared"].patience_seconds = 90
    return client


def first(parts: Parts, identity: str, **asked: Any) -> Any:
    return next(row for row in describe_registry(parts, **asked)["rows"] if row["id"] == identity)


def test_the_table_is_the_description(browser: FlaskClient, registry: Parts) -> None:
    page = browser.get("/ui/cohort?lang=en").text
    girls = first(registry, "A02")
    assert f"{girls['n']}/{girls['N']} (" in page
    assert "40 children included" in page


def test_french_is_french(browser: FlaskClient) -> None:
    page = browser.get("/ui/cohort?lang=fr").text
    assert "40 enfants inclus" in page
    assert "Dossiers examinés" in page
    assert re.search(r"\d,\d\u202f%", page)


def test_the_other_paper_is_chosen_by_the_address(browser: FlaskClient) -> None:
    assert "B01" in browser.get("/ui/cohort?like=SB").text
    assert browser.get("/ui/cohort?like=SC").status_code == 400


def test_a_filter_leaves_those_it_names(browser: FlaskClient, registry: Parts) -> None:
    girls = first(registry, "A02")["n"]
    page = browser.get("/ui/cohort?sex=female&lang=en").text
    assert f"{girls} children included" in page
    assert "of 40 included in all" in page
    assert f"{girls}/{girls} (100.0%)" in page


def test_filters_together_leave_those_whom_all_name(browser: FlaskClient, registry: Parts) -> None:
    strata = describe_registry(registry, by=("focality",))["strata"][0]["groups"]
    unifocal = next(group for group in strata if group["value"] == "unifocal")
    girls = next(row["n"] for row in unifocal["rows"] if row["id"] == "A02")
    assert f"{girls} children included" in browser.get("/ui/cohort?sex=female&focality=unifocal&lang=en").text


def test_a_group_that_nobody_is_in_is_empty_and_says_so(browser: FlaskClient) -> None:
    page = browser.get("/ui/cohort?centre=nowhere&lang=en")
    assert page.status_code == 200
    assert "No child is included" in page.text


def test_groups_are_told_apart(browser: FlaskClient) -> None:
    page = browser.get("/ui/cohort?by=sex&by=focality&lang=en").text
    assert all(group in page for group in ("girls (N = ", "unifocal (N = "))
    assert browser.get("/ui/cohort?by=hair").status_code == 400


def test_agreement_with_the_paper_is_not_claimed_of_some_of_the_children(browser: FlaskClient) -> None:
    assert "≠ differs" in browser.get("/ui/cohort?lang=en").text
    assert "≠ differs" not in browser.get("/ui/cohort?sex=male&lang=en").text


def test_who_is_behind_a_number_is_as_many_as_it_counts(browser: FlaskClient, registry: Parts) -> None:
    page = browser.get("/ui/cohort/who?row=A02&answer=yes&lang=en").text
    assert len(set(re.findall(PSEUDONYM, page))) == first(registry, "A02")["n"]
    assert "<code>/patient/sex</code>" in page


def test_who_is_behind_a_number_keeps_the_filters(browser: FlaskClient) -> None:
    page = browser.get("/ui/cohort/who?row=A02&answer=yes&sex=male&lang=en").text
    assert "Nobody." in page


def test_a_measure_tells_each_childs_value(browser: FlaskClient) -> None:
    page = browser.get("/ui/cohort/who?row=A05&lang=en").text
    assert len(set(re.findall(PSEUDONYM, page))) == 40


@pytest.mark.parametrize("query", ["row=Z99", "row=A02&answer=perhaps", "row=A02&after=-1", "row=A02&after=x", ""])
def test_a_question_that_makes_no_sense_is_refused(browser: FlaskClient, query: str) -> None:
    assert browser.get(f"/ui/cohort/who?{query}").status_code == 400


def test_each_figure_has_its_numbers_beside_it(browser: FlaskClient) -> None:
    page = browser.get("/ui/cohort/figures?lang=en").text
    names = re.findall(r'<figure id="([a-z-]+)">', page)
    assert len(names) == 7
    for name in names:
        svg = browser.get(f"/ui/cohort/figures/en/{name}.svg?ink=dark")
        assert svg.content_type.startswith("image/svg+xml")
        assert svg.text.startswith('<svg color="#e6ecef"')
        assert len(list(csv.reader(io.StringIO(browser.get(f"/ui/cohort/figures/en/{name}.csv").text)))) > 1


@pytest.mark.parametrize("address", ["en/nothing.svg", "en/nothing.csv", "de/ages.svg"])
def test_a_figure_that_there_is_not_is_not_found(browser: FlaskClient, address: str) -> None:
    assert browser.get(f"/ui/cohort/figures/{address}").status_code == 404


@pytest.mark.parametrize(
    ("family", "name"),
    [(f, n) for f, names in (("tables", TABLES), ("records", RECORDS), ("outside", OUTSIDE)) for n in names],
)
def test_every_file_can_be_taken_along(browser: FlaskClient, family: str, name: str) -> None:
    answer = browser.get(f"/ui/cohort/{family}/{name}", buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename=crmo-SA-{name}"
    if name.endswith(".zip"):
        assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None


def test_table_one_is_the_same_as_the_command_writes(browser: FlaskClient, registry: Parts) -> None:
    answer = browser.get("/ui/cohort/tables/table.json?lang=en", buffered=True)
    assert json.loads(answer.data)["rows"] == json.loads(json.dumps(describe_registry(registry)["rows"]))


def test_an_export_keeps_the_filters_and_says_so(browser: FlaskClient, registry: Parts) -> None:
    answer = browser.get("/ui/cohort/records/cases-csv.zip?sex=female", buffered=True)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        manifest = json.loads(archive.read("crmo-SA-cases-csv/manifest.json"))
    assert (manifest["cases"], manifest["filters"]) == (first(registry, "A02")["n"], {"sex": "female"})


def test_what_may_leave_takes_no_filter_and_tells_no_small_count(browser: FlaskClient) -> None:
    whole = browser.get("/ui/cohort/outside/table-outside.csv?lang=en", buffered=True).text
    assert browser.get("/ui/cohort/outside/table-outside.csv?sex=male&lang=en", buffered=True).text == whole
    rows = list(csv.DictReader(io.StringIO(whole)))
    told = [int(row[name]) for row in rows for name in ("n", "N", "assessed") if row[name]]
    assert told
    assert all(n == 0 or n >= 10 for n in told)
    assert {n % 5 for n in told} == {0}


def test_a_file_that_there_is_not_is_not_found(browser: FlaskClient) -> None:
    assert browser.get("/ui/cohort/outside/cases-csv.zip", buffered=True).status_code == 404


def test_while_it_is_counted_the_page_says_so_and_asks_again(registry: Parts) -> None:
    browser = patient(registry)
    browser.application.extensions["prepared"].patience_seconds = 0
    held = Held(browser.application.extensions["prepared"])
    page = browser.get("/ui/cohort?lang=en")
    assert (page.status_code, 'data-refresh="2"' in page.text) == (202, True)
    download = browser.get("/ui/cohort/records/cases-csv.zip?lang=en", buffered=True, headers={"Accept": "text/html"})
    assert download.status_code == 303
    making = browser.get(download.headers["Location"])
    assert (making.status_code, "The file is being made" in making.text) == (202, True)
    held.let_go()
    browser.application.extensions["prepared"].patience_seconds = 90
    assert "data-refresh" not in browser.get("/ui/cohort?lang=en").text
    assert "The file is ready" in browser.get(download.headers["Location"]).text


class Held:
    """The background waits until it is let go."""

    def __init__(self, prepared: Prepared) -> None:
        self._gate = threading.Event()
        prepared.ask("held", "", self._gate.wait)

    def let_go(self) -> None:
        self._gate.set()


def test_a_changed_registry_is_counted_again(empty: FlaskClient) -> None:
    assert "0 children included" in empty.get("/ui/cohort?lang=en").text
    case = published_cohort("SA", 2011)[0]
    empty.post("/cases", data=as_bytes(case), content_type="application/json")
    assert "1 children included" in empty.get("/ui/cohort?lang=en").text


def test_an_empty_registry_has_every_page(empty: FlaskClient) -> None:
    for address in ("", "/figures", "/exports", "/who?row=A01", "/tables/table.csv", "/outside/table-outside.csv"):
        assert empty.get(f"/ui/cohort{address}", buffered=True).status_code == 200


def test_hostile_words_are_shown_as_text(browser: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script>'
    page = browser.get("/ui/cohort", query_string={"centre": hostile, "lang": "en"})
    assert hostile not in page.text
    assert "&lt;script&gt;" in page.text
