"""From a declared source to what is known about its server: keys, the published set, the doctor, the forecast."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.examining import examine_source
from adapter.hospital.probing import ServerProfile
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import inbox, server_profiles
from adapter.synthetic.server import Answer, FhirServer, serve_resources
from adapter.web import create_app
from tests.sample_bundles import ICD10, coded, make_condition, make_patient

Run = Callable[..., Result]
MARK = "Zqxcanary"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(main, ["--data", str(data), *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def parts(data: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(data)}), knowledge) as opened:
        yield opened


@pytest.fixture
def client(parts: Parts) -> Iterator[FlaskClient]:
    app = create_app(parts)
    yield app.test_client()
    app.extensions["background"].shutdown()


def published(client: FlaskClient) -> list[str]:
    answer = client.get("/.well-known/jwks.json")
    assert (answer.status_code, answer.content_type) == (200, "application/jwk-set+json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    keys: list[dict[str, Any]] = json.loads(answer.text)["keys"]
    assert all({"d", "p", "q", "k"}.isdisjoint(key) for key in keys)
    return [key["kid"] for key in keys]


def test_a_key_is_published_from_its_making_until_it_is_forgotten(run: Run, client: FlaskClient) -> None:
    assert published(client) == []
    first = json.loads(run("keys", "new", "--json").stdout)["kid"]
    second = json.loads(run("keys", "new", "--json").stdout)["kid"]
    assert published(client) == [first, second]

    states = [(key["kid"], key["state"]) for key in json.loads(run("keys", "show", "--json").stdout)]
    assert states == [(first, "signing"), (second, "next")]
    assert run("keys", "forget", first).exit_code == 2
    assert json.loads(run("keys", "rotate", "--json").stdout)["kid"] == second
    assert run("keys", "forget", first).exit_code == 0
    assert published(client) == [second]


def test_no_command_shows_a_secret_key(run: Run, data: Path) -> None:
    shown = run("keys", "new", "--algorithm", "RS384").output + run("keys", "show").output
    shown += run("keys", "show", "--jwks").output
    secret = json.loads((data / "keys" / "client.json").read_text())["keys"][0]
    assert all(secret[name] not in shown for name in ("d", "p", "q", "dp", "dq", "qi"))
    assert (data / "keys" / "client.json").stat().st_mode & 0o077 == 0


def make_resources(patients: int = 12) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number in range(patients):
        names = {"name": [{"family": f"{MARK}{number}"}], "birthDate": "2008-06-15"}
        made.append(make_patient(id=f"{MARK.lower()}{number}", **names))
        subject = {"reference": f"Patient/{MARK.lower()}{number}"}
        for place in range(3):
            code = coded(ICD10, "M86.3")
            made.append(make_condition(id=f"{MARK.lower()}{number}-{place}", subject=subject, code=code))
    return made


class Counting(FhirServer):
    """Remembers what it was asked; may not understand lists of patients."""

    def __init__(self, lists: bool = True) -> None:
        super().__init__(make_resources(), page_cap=10)
        self.lists, self.asked = lists, list[str]()

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        self.asked.append(target)
        if not self.lists and "patient=" in target and "," in target.partition("patient=")[2].partition("&")[0]:
            target = target.replace(",", "")
        return super().answer(method, base, target, body)


def kept(parts: Parts, base: str) -> Any:
    with parts.store.reading() as connection:
        return server_profiles.find(connection, base)


def test_the_doctor_says_what_it_found_and_keeps_it(run: Run, parts: Parts) -> None:
    with serve_resources(Counting()) as base:
        told = run("doctor", base)
    assert told.exit_code == 0
    assert "filter Condition.code" in told.stdout
    assert "at most 10" in told.stdout
    assert MARK.lower() not in told.output.lower()
    assert ServerProfile.from_json(kept(parts, base)).page_cap == 10
    assert MARK.lower() not in json.dumps(kept(parts, base)).lower()


def test_the_doctor_ends_badly_where_a_pull_would(run: Run) -> None:
    class Deaf(Counting):
        def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
            return super().answer(method, base, target.replace("code=", "code=nothing%7C"), body)

    with serve_resources(Deaf()) as base:
        told = run("doctor", base, "--json")
    assert told.exit_code == 1
    found = {each["what"]: each["state"] for each in json.loads(told.stdout)}
    assert found["filter Condition.code"] == "wrong"


def test_a_dry_run_says_what_the_pull_then_brings_and_keeps_nothing(run: Run, parts: Parts) -> None:
    with serve_resources(server := Counting()) as base:
        examine_source(parts, base)
        server.asked.clear()
        shown = run("pull", base, "--dry-run", "--json")
        sent = len(server.asked)
        with parts.store.reading() as connection:
            assert inbox.count_states(connection).get("stored", 0) == 0
        report = run_pull(parts, start_pull(parts, base))
    told = json.loads(shown.stdout)
    assert MARK.lower() not in shown.output.lower()
    assert told["asked"] == sent
    assert (told["exact"], told["patients"]) == (True, report["screened"])
    assert told["resources"] == report["resources"]
    pulled = len(server.asked) - sent
    assert abs(told["requests"] - pulled) <= pulled / 10, (told["requests"], pulled)


def test_a_server_that_does_not_understand_lists_is_asked_patient_by_patient(parts: Parts) -> None:
    with serve_resources(server := Counting(lists=False)) as base:
        examine_source(parts, base)
        server.asked.clear()
        report = run_pull(parts, start_pull(parts, base))
    assert (report["state"], report["screened"]) == ("complete", 12)
    named = [target.partition("patient=")[2].partition("&")[0] for target in server.asked if "patient=" in target]
    assert named
    assert not any("," in patients for patients in named)


def test_a_server_that_has_changed_since_it_was_examined_is_told(parts: Parts) -> None:
    class Renewed(Counting):
        release = "1"

        def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
            status, resource = super().answer(method, base, target, body)
            told = {"software": {"name": "x", "version": self.release}} if target == "metadata" else {}
            return status, {**resource, **told}

    with serve_resources(server := Renewed()) as base:
        examine_source(parts, base)
        same = run_pull(parts, start_pull(parts, base))
        server.release = "2"
        changed = run_pull(parts, start_pull(parts, base))
    assert "pull:server-changed" not in {each["rule"] for each in same["issues"]}
    assert "pull:server-changed" in {each["rule"] for each in changed["issues"]}
