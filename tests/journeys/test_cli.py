"""The command, typed as people and scripts type it: data on stdout, words on stderr, exit codes of the contract."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapter.cli import main
from adapter.synthetic.server import FhirServer, serve_resources
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command with a data folder of its own."""

    def invoke(*arguments: str, typed: bytes | str | None = None) -> Result:
        result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], str]:
    def write_json(document: Any) -> str:
        file = tmp_path / "document.json"
        file.write_bytes(document if isinstance(document, bytes) else as_bytes(document))
        return str(file)

    return write_json


@pytest.fixture
def kept(tmp_path: Path) -> str:
    """A case in the registry."""
    from adapter.bootstrap import open_parts
    from adapter.config import load_settings
    from adapter.inbound import receive, receive_case

    with open_parts(load_settings({}, data=str(tmp_path / "data"))) as parts:
        receive_case(parts, as_bytes(make_case(1)), "registry")
        receive(parts, b"{", "north")
    return str(make_case(1)["case_id"])


def test_to_case_tells_case_trace_unread_issues_and_decision(run: Run, write: Callable[[Any], str]) -> None:
    result = run("to-case", write(make_bundle()))

    told = json.loads(result.stdout)
    assert (result.exit_code, set(told)) == (0, {"case", "trace", "unread", "issues", "decision"})
    assert told["case"]["diagnosis"]["code"] == "crmo"
    assert told["decision"]["status"] == "undetermined"


def test_to_case_reads_stdin_and_may_print_the_case_alone(run: Run) -> None:
    result = run("to-case", "-", "--case-only", "--json", typed=as_bytes(make_bundle()))

    assert json.loads(result.stdout)["patient"] == {"sex": "female", "birth_date": "2008-06-15"}
    assert result.stdout.count("\n") == 1


def test_to_case_gives_one_patient_one_pseudonym(run: Run) -> None:
    first, again = (run("to-case", "-", "--case-only", typed=as_bytes(make_bundle())).stdout for _ in range(2))

    assert json.loads(first)["case_id"] == json.loads(again)["case_id"]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", as_bytes(make_patient()), as_bytes(make_bundle(make_patient()))]
)
def test_to_case_answers_anything_with_issues_and_code_1(run: Run, write: Callable[[Any], str], raw: bytes) -> None:
    result = run("to-case", write(raw))

    told = json.loads(result.stdout)
    assert (result.exit_code, told["case"]) == (1, None)
    assert told["issues"]


def test_to_fhir_and_back_is_the_same_case(run: Run, write: Callable[[Any], str]) -> None:
    bundle = run("to-fhir", write(make_case(1)))
    back = run("to-case", "-", "--case-only", typed=bundle.stdout)

    assert (bundle.exit_code, back.exit_code) == (0, 0)
    assert json.loads(back.stdout) == make_case(1)


def test_to_fhir_refuses_what_breaks_the_schema_naming_the_pointer(run: Run, write: Callable[[Any], str]) -> None:
    result = run("to-fhir", write({**make_case(1), "opposition": "maybe"}))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "/opposition" in result.stderr
    assert "maybe" not in result.stderr


def test_decide_ends_with_1_when_not_eligible(run: Run, write: Callable[[Any], str]) -> None:
    eligible = run("decide", write(make_case(1)))
    adult = make_case(2) | {"patient": {"sex": "female", "birth_date": "1970-01-01"}}
    ineligible = run("decide", write(adult))

    assert (eligible.exit_code, json.loads(eligible.stdout)["status"]) == (0, "eligible")
    assert (ineligible.exit_code, json.loads(ineligible.stdout)["status"]) == (1, "ineligible")


def test_decide_gives_its_reasons_in_french(run: Run, write: Callable[[Any], str]) -> None:
    english, french = run("decide", write(make_case(1))), run("--lang", "fr", "decide", write(make_case(1)))

    assert json.loads(english.stdout)["criteria"][0]["reason"] != json.loads(french.stdout)["criteria"][0]["reason"]


def test_explain_says_what_a_field_means_and_where_it_comes_from(run: Run) -> None:
    told = json.loads(run("explain", "diagnosis.onset", "--json").stdout)

    assert told["title"]["fr"]
    assert any(rule["element"] == "Condition.onsetDateTime" for rule in told["rules"])
    assert "Condition.onsetDateTime" in run("explain", "diagnosis.onset").stdout
    assert run("explain", "diagnosis.nothing").exit_code == 2


def test_check_proves_the_declarations(run: Run) -> None:
    told = json.loads(run("check", "--json").stdout)

    assert (told["rule_sets"], len(told["mapping_version"])) == (["SA", "SB"], 16)


def test_a_wrong_declaration_is_code_3_with_file_and_line(run: Run, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "mappings"
    shutil.copytree(ROOT / "mappings", folder)
    with (folder / "patient.map.yaml").open("a", encoding="utf-8") as file:
        file.write("\ntitle: a second one\ntitle: and a third\n")

    result = run("--mappings", str(folder), "check")

    assert result.exit_code == 3
    assert "patient.map.yaml:" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("decide",), ("to-case", "/no/such/file"), ("serve", "--port", "x"), ("--mappings", "/no", "check")],
)
def test_wrong_usage_is_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_serve_beyond_this_machine_must_be_wanted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere callers say who they are, unless the operator wants it otherwise, twice."""
    monkeypatch.setenv("CRMO_ACCESS", "open")
    result = run("serve", "--host", "0.0.0.0")  # noqa: S104

    assert result.exit_code == 2
    assert "CRMO_UNPROTECTED" in result.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_others_use_is_told_before_anything_is_done(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("CRMO_PORT", str(port))
        result = run(command)

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"127.0.0.1:{port}" in result.stderr
    assert "CRMO_PORT" in result.stderr


def test_inbox_and_case_show_what_is_kept(run: Run, kept: str) -> None:
    entries = json.loads(run("inbox", "list", "--json").stdout)
    quarantined = next(entry for entry in entries if entry["state"] == "quarantined")

    assert run("inbox", "list", "--state", "stored").stdout.count("\n") == 2
    assert json.loads(run("inbox", "show", quarantined["id"]).stdout)["issues"][0]["rule"] == "json-syntax"
    assert json.loads(run("case", "list", "--status", "eligible", "--json").stdout)[0]["case_id"] == kept
    assert json.loads(run("case", "show", kept).stdout)["case"] == make_case(1)
    assert run("case", "show", "nobody").exit_code == 1
    assert run("inbox", "list", "--state", "lost").exit_code == 2


def test_retry_tells_what_is_still_wrong(run: Run, kept: str) -> None:
    result = run("inbox", "retry", "--all", "--json")

    assert (result.exit_code, [each["state"] for each in json.loads(result.stdout)]) == (1, ["quarantined"])
    assert run("inbox", "retry").exit_code == 2


def test_quarantine_is_grouped_by_cause_and_tried_without_changing_anything(run: Run, kept: str) -> None:
    (cause,) = json.loads(run("inbox", "causes", "--json").stdout)
    tried = run("inbox", "retry", "--cause", "json-syntax", "--dry-run", "--json")

    assert (cause["rule"], len(cause["entries"])) == ("json-syntax", 1)
    assert (tried.exit_code, json.loads(tried.stdout)[0]["refused by"]) == (1, "json-syntax")
    assert run("inbox", "retry", "--cause", "json-syntax", "--all").exit_code == 2
    assert json.loads(run("inbox", "retry", "--cause", "no-such-rule", "--json").stdout) == []


def test_a_new_sealing_key_opens_everything_that_was_kept(run: Run, kept: str) -> None:
    resealed = json.loads(run("inbox", "reseal", "--json").stdout)

    assert resealed["sealed"] == 2
    assert run("fsck").exit_code == 0
    assert json.loads(run("inbox", "forget", "--json").stdout) == {"forgotten": 0}, "none is a year old"


def test_erasing_asks_first(run: Run, kept: str) -> None:
    declined = run("case", "erase", kept, typed="n\n")
    assert declined.exit_code == 1
    assert run("case", "show", kept).exit_code == 0

    assert run("case", "erase", kept, "--yes").exit_code == 0
    assert run("case", "show", kept).exit_code == 1
    assert kept not in run("case", "list").stdout


@pytest.mark.parametrize(("form", "starts"), [("text", " "), ("json", "["), ("csv", "")])
def test_cohort_in_each_form(run: Run, kept: str, form: str, starts: str) -> None:
    result = run("cohort", "--format", form)

    assert result.exit_code == 0
    assert result.stdout.startswith(starts)
    assert "A01" in result.stdout
    assert "\x1b" not in result.stdout


def test_cohort_beside_the_other_paper(run: Run, kept: str) -> None:
    assert json.loads(run("cohort", "--like", "SB", "--json").stdout)[0]["id"] == "B01"


def test_synthesize_writes_one_document_a_line_the_same_for_the_same_seed(run: Run) -> None:
    cases, again = (run("synthesize", "--n", "3", "--seed", "7").stdout for _ in range(2))
    bundles = run("synthesize", "--n", "2", "--seed", "7", "--as", "bundle").stdout.splitlines()
    resources = run("synthesize", "--n", "1", "--seed", "7", "--as", "ndjson").stdout.splitlines()

    assert cases == again
    assert len(cases.splitlines()) == 3
    assert [json.loads(line)["resourceType"] for line in bundles] == ["Bundle", "Bundle"]
    assert json.loads(resources[0])["resourceType"] == "Patient"
    assert len(run("synthesize", "--like", "SB").stdout.splitlines()) == 17


def test_demo_finds_the_published_cohort_and_takes_none_of_the_others(run: Run) -> None:
    result = run("demo", "--no-serve", "--json")

    told = json.loads(result.stdout)
    counts = {row["id"]: row["n"] for row in told["cohort"] if row["kind"] == "count"}
    published = {row["id"]: row["published"]["n"] for row in told["cohort"] if row["kind"] == "count"}
    assert (result.exit_code, told["eligible"]) == (0, 70)
    assert counts == published
    assert told["undetermined"] > 0
    assert told["ineligible"] > 0


def test_demo_lists_what_the_undetermined_lack(run: Run) -> None:
    result = run("demo", "--no-serve")

    assert "A30" in result.stdout
    assert "70 eligible" in result.stderr


@pytest.fixture
def hospital() -> Iterator[str]:
    resources = [make_patient(), make_condition(), make_finding()]
    with serve_resources(FhirServer(resources)) as base:
        yield base


def test_pull_reports_and_keeps(run: Run, hospital: str) -> None:
    result = run("pull", hospital)

    assert (result.exit_code, json.loads(result.stdout)["undetermined"]) == (0, 1)
    assert len(json.loads(run("case", "list", "--json").stdout)) == 1


class ClosedHospital(FhirServer):
    """A hospital that lets nobody in."""

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        return 403, {"resourceType": "OperationOutcome"}


def test_a_hospital_that_refuses_us_is_code_4(run: Run) -> None:
    with serve_resources(ClosedHospital([])) as base:
        refused = run("pull", base)

    assert (refused.exit_code, refused.stdout) == (4, "")
    assert run("pull", "no-such-source").exit_code == 2


def test_push_gives_a_case_to_a_hospital_which_can_be_pulled_back_unchanged(run: Run, kept: str) -> None:
    server = FhirServer([])
    with serve_resources(server) as base:
        sent, again = (json.loads(run("push", kept, "--to", base).stdout) for _ in range(2))
        run("pull", base)

    assert sent["resources"] == again["resources"] == len(sent["statuses"])
    assert [each["version"] for each in json.loads(run("case", "list", "--json").stdout)] == [1]
    assert run("push", "nobody", "--to", base).exit_code == 1


def test_fsck_and_doctor_are_content_with_a_healthy_registry(run: Run, kept: str) -> None:
    fsck, doctor = run("fsck", "--json"), run("doctor", "--json")

    assert (fsck.exit_code, json.loads(fsck.stdout)) == (0, {"problems": []})
    assert {each["what"]: each["state"] for each in json.loads(doctor.stdout)}["database"] == "fine"


def test_fsck_finds_what_somebody_changed_behind_the_adapters_back(run: Run, kept: str, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "data" / "registry.db") as database:
        database.execute("UPDATE inbox SET raw = x'00' WHERE state = 'stored'")
        database.execute("UPDATE case_versions SET body = replace(body, 'female', 'male')")
    database.close()

    result = run("fsck")

    assert result.exit_code == 6
    assert "I1 inbox" in result.stderr
    assert f"I5 case {kept}" in result.stderr


def test_help_is_there_at_once() -> None:
    """Half a second of imports before each --help is what makes people avoid a command."""
    loaded = (
        "import sys, adapter.cli; print([m for m in ('flask','sqlalchemy','jsonschema','rich') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, cwd=ROOT, check=True)

    assert result.stdout.strip() == "[]"


def test_serve_answers_and_ends_when_interrupted(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "adapter", "--data", str(tmp_path), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
        answer = _ask_until_up(f"http://127.0.0.1:{port}/readyz")
        os.kill(serving.pid, signal.SIGINT)
        _, words = serving.communicate(timeout=40)

    assert json.loads(answer)["status"] == "ok"
    assert b"Traceback" not in words


def _ask_until_up(url: str) -> bytes:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                content: bytes = answer.read()
                return content
        except OSError:
            time.sleep(0.2)
    pytest.fail("the service did not come up")
