"""Asking a hospital something without pulling from it, as a job; and seeing what is known of a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.bootstrap import make_id, now, open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.errors import Json, RemoteTransientError, UsageError
from adapter.hospital import Patience, resolve_source
from adapter.parts import Knowledge, Parts
from adapter.pull import only_options, run_pull, start_pull
from adapter.store import jobs
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.web import create_app
from tests.sample_bundles import ICD10, coded, make_condition, make_patient

HASTY = Patience(attempts=1, pause=lambda seconds: None)


@pytest.fixture
def plain_parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "data")}), knowledge) as opened:
        yield opened


@pytest.fixture
def declared(plain_parts: Parts) -> Iterator[Parts]:
    """One declared hospital that answers, and one that does not."""
    subject = {"reference": "Patient/p1"}
    resources = [make_patient(id="p1"), make_condition(id="c1", subject=subject, code=coded(ICD10, "M86.3"))]
    with serve_resources(FhirServer(resources)) as base:
        here = replace(resolve_source(base, {}), name="chu-utopie", centre="CHU d'Utopie")
        away = replace(resolve_source("http://127.0.0.1:9/fhir", {}), name="chu-absent")
        yield replace(plain_parts, sources={"chu-utopie": here, "chu-absent": away}, clock=now, make_id=make_id)


def ask(parts: Parts, only: str, name: str = "chu-utopie") -> Json:
    return run_pull(parts, start_pull(parts, name, only_options(only)), patience=HASTY)


def job_of(parts: Parts, name: str) -> jobs.Job:
    with parts.store.reading() as connection:
        return jobs.recent(connection, 1, name)[0]


def test_examination_is_the_report_of_a_job_and_is_known_afterwards(declared: Parts) -> None:
    report = ask(declared, "examine")
    assert (report["only"], job_of(declared, "chu-utopie").report) == ("examine", report)
    client = create_app(declared).test_client()
    told = client.get("/sources/chu-utopie").json
    assert told["findings"] == report["findings"] != []
    assert told["examined_at"]
    assert told["last_pull"] is None


def test_forecast_is_the_report_of_a_job_and_pulls_nothing(declared: Parts) -> None:
    report = ask(declared, "forecast")
    assert (report["only"], report["patients"], report["state"]) == ("forecast", 1, "complete")
    run_pull(declared, start_pull(declared, "chu-utopie"), patience=HASTY)
    assert create_app(declared).test_client().get("/sources").json["sources"][1]["last_pull"]["state"] == "complete"


def test_hospital_that_is_away_is_told_at_once_and_not_tried_again(declared: Parts) -> None:
    job_id = start_pull(declared, "chu-absent", only_options("examine"))
    with pytest.raises(RemoteTransientError):
        run_pull(declared, job_id, patience=HASTY, retries=5)
    assert (job_of(declared, "chu-absent").state, job_of(declared, "chu-absent").attempts) == ("failed", 1)


def test_question_of_another_kind_is_refused(declared: Parts) -> None:
    with pytest.raises(UsageError):
        only_options("delete")
    client = create_app(declared).test_client()
    answers = [client.post("/pulls", json={"source": "chu-utopie", "only": only}) for only in ("delete", 3, None)]
    assert [each.status_code for each in answers] == [400, 422, 422]


def test_question_asked_over_http_is_answered_by_the_job(declared: Parts) -> None:
    started: list[str] = []
    client = create_app(declared, wake=started.append).test_client()
    asked = client.post("/pulls", json={"source": "chu-utopie", "only": "examine"})
    run_pull(declared, started[0], patience=HASTY)
    told = client.get(asked.headers["Location"]).json
    assert (asked.status_code, told["state"], told["only"]) == (202, "complete", "examine")
    assert told["report"]["findings"]


def test_source_shows_no_secret_and_the_job_that_is_open(declared: Parts) -> None:
    job_id = start_pull(declared, "chu-absent")
    told = create_app(declared).test_client().get("/sources").json["sources"][0]
    assert (told["name"], told["open"], told["authentication"]) == ("chu-absent", job_id, "none")
    assert not {"secret", "headers", "tls"} & set(told)


def test_source_that_is_not_declared_is_not_there(declared: Parts) -> None:
    assert create_app(declared).test_client().get("/sources/chu-nowhere").status_code == 404


@pytest.mark.parametrize(
    ("steps", "state"), [(["pause"], "paused"), (["pause", "resume"], "waiting"), (["cancel"], "cancelled")]
)
def test_pull_is_paused_resumed_and_cancelled_from_a_terminal(
    declared: Parts, tmp_path: Path, steps: list[str], state: str
) -> None:
    job_id = start_pull(declared, "chu-utopie")
    for step in steps:
        result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), "pulls", step, job_id, "--json"])
    assert (result.exit_code, job_of(declared, "chu-utopie").state) == (0, state)
    assert f'"state":"{state}"' in result.stdout


def test_pull_that_has_ended_is_not_paused(declared: Parts, tmp_path: Path) -> None:
    ask(declared, "forecast")
    ended = job_of(declared, "chu-utopie").id
    result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), "pulls", "pause", ended])
    assert (result.exit_code, "has ended" in result.stderr or "complete" in result.stderr) == (1, True)
