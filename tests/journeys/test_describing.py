"""Hospital FHIR in, numbers out: both papers' tables, where everybody went, what to ask, and what a person judges."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.describing import answers_behind, counting, describe_cohort, describe_registry, included_cases
from adapter.errors import Json, UsageError
from adapter.exports import export_cases
from adapter.hospital import resolve_source
from adapter.inbound import receive, receive_case
from adapter.parts import Parts
from adapter.pull import run_pull, start_pull
from adapter.queries import find_queries, make_tasks
from adapter.synthetic import look_alikes, published_cohort
from adapter.synthetic.hospital import make_population
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.validation import make_validator
from tests.sample_bundles import as_bytes
from tests.sample_cases import make_case

FOLDERS: list[Path] = []


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The 17 children of the series in a hospital's own FHIR, pulled over HTTP."""
    folder = tmp_path_factory.mktemp("series")
    with open_parts(load_settings({"CRMO_DATA": str(folder)})) as parts:
        series = published_cohort("SB", 3)
        population = make_population(series, parts.knowledge.mappings, 3)
        # Strangers live in every synthetic hospital; two of them are children with CRMO too.
        known = {case["case_id"] for case in series}
        strangers = [name for name, origin in population.patients.items() if origin not in known]
        ours = [each for each in population.resources if not any(name in str(each) for name in strangers)]
        with serve_resources(FhirServer(ours)) as base:
            guided = replace(parts, sources={"chu": replace(resolve_source(base, {}), name="chu")})
            run_pull(guided, start_pull(guided, "chu"))
            yield guided


def test_every_count_of_the_series_comes_out_of_hospital_fhir(hospital: Parts) -> None:
    rows = describe_cohort(hospital, "SB")
    printed = {row["id"]: row["published"]["n"] for row in rows if "n" in row["published"]}
    assert {row["id"]: row["n"] for row in rows if row["id"] in printed} == printed
    assert len(printed) == 14


def test_every_measure_of_the_series_comes_out_of_hospital_fhir(hospital: Parts) -> None:
    rows = {row["id"]: row for row in describe_cohort(hospital, "SB")}
    for name, value in rows["B04"]["published"].items():
        assert rows["B04"][name] == pytest.approx(value, abs=0.005), name
    assert rows["B06"]["min"] * 365.25 == pytest.approx(14, abs=0.5)
    assert rows["B06"]["max"] == pytest.approx(5, abs=0.005)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The 70, and those who must not be taken, sent as registry cases; and a record that nobody could read."""
    folder = tmp_path_factory.mktemp("registry")
    FOLDERS.append(folder)
    with open_parts(load_settings({"CRMO_DATA": str(folder)})) as parts:
        for case in [*published_cohort("SA", 1), *(case for case, _ in look_alikes(1))]:
            receive_case(parts, as_bytes(case), "chu-utopie")
        receive(parts, b"{", "chu-utopie")
        yield parts


@pytest.fixture
def run(registry: Parts) -> Any:
    def invoke(*arguments: str, typed: bytes | None = None) -> Result:
        result = CliRunner().invoke(main, ["--data", str(FOLDERS[-1]), *arguments], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_everybody_who_was_screened_went_somewhere(registry: Parts) -> None:
    flow = describe_registry(registry, "SA")["flow"]
    excluded, waiting = flow["ineligible"], flow["undetermined"]
    assert (flow["included"], flow["unreadable"]) == (70, 1)
    assert flow["screened"] == flow["included"] + excluded["n"] + waiting["n"] == 70 + len(look_alikes(1))
    assert sum(each["first"] for each in excluded["by"]) == excluded["n"]
    assert all(0 <= each["first"] <= each["any"] <= excluded["n"] for each in excluded["by"])
    assert all(0 < each["any"] <= waiting["n"] for each in waiting["by"])


def test_the_criteria_of_another_paper_are_asked_of_everybody(registry: Parts) -> None:
    found = describe_registry(registry, "SB")
    assert found["flow"]["screened"] == 70 + len(look_alikes(1))
    assert found["flow"]["included"] == found["rows"][0]["n"] == len(list(included_cases(registry, "SB")))
    assert found["flow"]["included"] > 70


@pytest.mark.parametrize("by", ["sex", "centre", "focality", "period"])
def test_groups_add_up_to_the_whole(registry: Parts, by: str) -> None:
    found = describe_registry(registry, "SA", by=(by,))
    groups = found["strata"][0]["groups"]
    assert sum(group["N"] for group in groups) == 70
    for i, row in enumerate(found["rows"]):
        if row["kind"] == "count":
            assert sum(group["rows"][i]["n"] for group in groups) == row["n"]
        assert sum(group["rows"][i]["assessed"] for group in groups) == row["assessed"]


def test_an_unknown_group_or_paper_is_refused(registry: Parts) -> None:
    with pytest.raises(UsageError, match="sex, centre, focality, period"):
        describe_registry(registry, by=("shoe_size",))
    with pytest.raises(UsageError, match="SA, SB"):
        describe_registry(registry, "SC")


def test_several_processes_count_what_one_counts(registry: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = describe_registry(registry, "SA", by=("period",))
    monkeypatch.setattr(counting, "MANY", 1)
    together = describe_registry(registry, "SA", by=("period",), processes=3)
    assert {**together, "described_at": ""} == {**alone, "described_at": ""}


def test_printed_figures_are_held_against_arithmetic(registry: Parts) -> None:
    rows = {row["id"]: row for row in describe_registry(registry, "SA")["rows"]}
    possible = {
        name: [each["possible"] for each in row["comparison"].get("possible", [])] for name, row in rows.items()
    }
    assert possible["A12"] == [False, True]
    assert possible["A17"] == [True, False, True]
    assert possible["A08"] == [True, False]
    assert "A09 + A10 + A11 = 8" in rows["A08"]["comparison"]["possible"][1]["why"]
    assert all(all(each) for name, each in possible.items() if name not in ("A08", "A12", "A17"))


def test_the_complete_description_is_one_json_document(run: Any) -> None:
    found = json.loads(run("cohort", "--format", "json", "--complete", "--by", "sex").stdout)
    assert set(found) >= {"rows", "flow", "not_usable", "strata", "versions", "citation"}
    assert found["rows"][1]["ci"]["method"] == "wilson"


def test_the_contracts_rows_have_no_other_keys(run: Any) -> None:
    rows = json.loads(run("cohort", "--format", "json").stdout)
    keys = {"id", "name", "kind", "n", "N", "assessed", "mean", "sd", "median", "min", "max", "unit", "published"}
    assert all(set(row) <= keys | {"notes"} for row in rows)


def test_text_tells_flow_groups_and_what_is_not_usable(run: Any) -> None:
    told = run("--lang", "fr", "cohort", "--by", "period").stdout
    for words in ("Examinés", "inclus 70", "Enregistré, et inutilisable", "Par : Années du diagnostic"):
        assert words in told


def test_csv_has_rows_kinds_of_what_is_not_usable_and_groups(run: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(run("cohort", "--format", "csv", "--by", "sex").stdout)))
    assert next(row["id"] for row in rows if row["kind"] == "not_usable") == "impossible_age"
    assert {(row["by"], row["group"]) for row in rows} == {("", ""), ("sex", "female"), ("sex", "male")}


def test_an_export_is_described_like_the_registry_it_came_from(registry: Parts, run: Any, tmp_path: Path) -> None:
    derivation, mappings = registry.knowledge.derivation, registry.knowledge.mappings
    told = {"made_at": "2026-01-01T00:00:00Z"}
    cases = included_cases(registry, "SA")
    export_cases(cases, tmp_path / "export", "parquet", derivation=derivation, mappings=mappings, provenance=told)
    file = str(tmp_path / "export" / "cases.parquet")
    ours, theirs = (
        json.loads(run("cohort", "--by", "period", *more, "--json").stdout) for more in ((), ("--from", file))
    )
    assert {**theirs, "described_at": "", "flow": ours["flow"]} == {**ours, "described_at": ""}
    assert run("cohort", "--from", file).stdout.count("A01") == 1
    assert run("cohort", "--from", file, "--format", "html").exit_code == 2
    assert run("cohort", "--from", str(tmp_path / "export" / "biopsies.parquet")).exit_code == 2


# --- Who is behind a number ---


def test_behind_every_count_stand_as_many_patients(registry: Parts) -> None:
    for row in describe_cohort(registry, "SA"):
        found = list(answers_behind(registry, row["id"]))
        told = [each["answer"] for each in found if each["answer"] != "unknown"]
        if row["kind"] == "count":
            assert (told.count("yes"), len(found), len(told)) == (row["n"], row["N"], row["assessed"]), row["id"]
        elif "mean" in row:
            assert (len(found), sum(each["answer"] for each in found)) == (
                row["N"],
                pytest.approx(row["mean"] * row["N"]),
            )


def test_the_places_behind_an_answer_are_where_the_registry_says_it(registry: Parts) -> None:
    told = {each["case_id"]: each for each in answers_behind(registry, "inflammatory_syndrome")}
    derived = next(each for each in told.values() if each["by"] == "derived" and each["answer"] == "yes")
    assert any(each["case"].startswith("/laboratory/") for each in derived["evidence"])
    onset = next(answers_behind(registry, "age_at_onset"))["evidence"]
    assert [each["expression"] for each in onset] == ["Patient.birthDate", "Condition.onsetDateTime"]


def test_the_command_lists_who_is_behind_a_number(run: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(run("cohort", "--who", "A20", "--format", "csv").stdout)))
    assert [row["answer"] for row in rows].count("yes") == 15
    assert json.loads(run("cohort", "--who", "A20", "--json").stdout)[0]["evidence"][0]["resource"]
    assert run("cohort", "--who", "A99").exit_code == 2


# --- What is recorded and cannot be used ---


def test_what_cannot_be_used_is_counted_in_its_own_row(parts: Parts) -> None:
    """A registry case may say a lesion without a bone and a drug nobody knows; both are kept, and counted."""
    case = make_case(1)
    case["clinical_lesions"].append({"bone": "unspecified", "side": "unknown"})
    case["treatments"].append({"class": "other"})
    receive_case(parts, as_bytes(case), "registry")
    counts = {row["id"]: (row["n"], row["N"]) for row in describe_registry(parts)["not_usable"]}
    assert counts == {
        "impossible_age": (0, 1),
        "impossible_interval": (0, 1),
        "lesion_without_bone": (1, 1),
        "unknown_drug": (1, 1),
    }


# --- Queries ---


def test_every_undetermined_case_is_asked_about_and_no_other(registry: Parts) -> None:
    waiting = {case["case_id"] for case, why in look_alikes(1) if why.startswith("undetermined")}
    found = find_queries(registry)
    assert {each.case_id for each in found} == waiting
    assert {each.source for each in found} == {"chu-utopie"}
    assert find_queries(registry, source="elsewhere") == []


def test_one_datum_is_asked_for_once_a_case(registry: Parts) -> None:
    pairs = [(each.case_id, each.datum) for each in find_queries(registry)]
    assert len(pairs) == len(set(pairs))


def test_queries_are_fhir_tasks_that_validate(registry: Parts) -> None:
    bundle = make_tasks(find_queries(registry), registry.clock())
    validator = make_validator(registry.knowledge.packages)
    assert [issue for issue in validator.validate(bundle) if issue.blocks] == []
    assert {entry["resource"]["status"] for entry in bundle["entry"]} == {"requested"}
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(bundle["entry"])


def test_queries_as_text_csv_and_fhir(run: Any, tmp_path: Path) -> None:
    assert "waiting for: An MRI or bone scintigraphy result." in run("queries").stdout
    assert "Un résultat d'IRM" in run("--lang", "fr", "queries").stdout
    run("queries", "--format", "csv", "--source", "chu-utopie", "--out", str(tmp_path / "queries.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "queries.csv").read_text(encoding="utf-8"))))
    tasks = json.loads(run("queries", "--format", "fhir").stdout)
    assert (
        len(rows)
        == len(tasks["entry"])
        == len(json.loads(run("queries", "--format", "fhir", "--json").stdout)["entry"])
    )


# --- What if ---


def test_what_if_shows_the_decision_before_and_after(run: Any) -> None:
    case = make_case(1)
    case["findings"]["infection_proven"] = "yes"
    told = run("decide", "-", "--what-if", "findings.infection_proven=no", "--json", typed=as_bytes(case))
    found = json.loads(told.stdout)
    assert (found["before"]["status"], found["after"]["status"]) == ("ineligible", "eligible")
    assert (found["changed"], told.exit_code) == (["I4", "E3"], 0)


def test_decide_tells_in_lines(run: Any) -> None:
    told = run("decide", "-", "--format", "text", "--what-if", "diagnosis.certainty=", typed=as_bytes(make_case(1)))
    assert told.stdout.startswith("eligible -> undetermined\n")
    assert "-> Confirmation or refutation of CRMO by the centre." in told.stdout


def test_what_if_is_held_against_the_schema(run: Any) -> None:
    told = run("decide", "-", "--what-if", "diagnosis.certainty=sure", typed=as_bytes(make_case(1)))
    assert (told.exit_code, told.stdout) == (1, "")
    assert "/diagnosis/certainty" in told.stderr
    assert run("decide", "-", "--what-if", "diagnosis=", typed=as_bytes(make_case(1))).exit_code == 1
    assert run("decide", "-", "--what-if", "nothing=1", typed=as_bytes(make_case(1))).exit_code == 2


# --- Adjudications ---

JUDGEMENT = {"decision": "ineligible", "role": "centre rheumatologist", "reason": "Relapse explained by the fracture."}


def test_a_judgement_stands_beside_the_rule_and_never_over_it(client: FlaskClient) -> None:
    client.post("/cases", data=as_bytes(make_case(1)), content_type="application/json")
    made = client.post("/cases/SAMPLE-1/adjudications", json=JUDGEMENT)
    assert (made.status_code, made.json["rule_status"], made.json["version"]) == (201, "eligible", 1)
    assert client.get("/cases/SAMPLE-1/trace").json["decision"]["status"] == "eligible"
    found = client.get("/cases/SAMPLE-1/adjudications").json["adjudications"]
    assert [(each["decision"], each["role"], each["reason"]) for each in found] == [tuple(JUDGEMENT.values())]
    flow = client.get("/cohort?complete=1").json["flow"]
    assert (flow["included"], flow["adjudicated"]) == (1, [{"rule": "eligible", "person": "ineligible", "n": 1}])


@pytest.mark.parametrize(
    "told",
    [
        {**JUDGEMENT, "decision": "perhaps"},
        {**JUDGEMENT, "role": "dr 42"},
        {**JUDGEMENT, "reason": "call 0612345678"},
        {**JUDGEMENT, "reason": "ask zoe@hospital.invalid"},
        {**JUDGEMENT, "reason": "two\nlines"},
        {**JUDGEMENT, "name": "Zoé"},
        {"decision": "eligible"},
        [],
    ],
)
def test_a_judgement_without_who_or_why_or_with_an_identity_is_refused(client: FlaskClient, told: Any) -> None:
    client.post("/cases", data=as_bytes(make_case(1)), content_type="application/json")
    answer = client.post("/cases/SAMPLE-1/adjudications", json=told)
    assert answer.status_code == 422
    assert "Zoé" not in answer.text
    assert client.get("/cases/SAMPLE-1/adjudications").json["adjudications"] == []


def test_a_judgement_on_nobody_is_404_and_by_unknown_rules_400(client: FlaskClient) -> None:
    client.post("/cases", data=as_bytes(make_case(1)), content_type="application/json")
    assert client.post("/cases/C-NOBODY/adjudications", json=JUDGEMENT).status_code == 404
    assert client.get("/cases/C-NOBODY/adjudications").status_code == 404
    assert client.post("/cases/SAMPLE-1/adjudications?rules=SC", json=JUDGEMENT).status_code == 400


def test_judgements_on_either_database_are_forgotten_with_the_case(parts: Parts) -> None:
    from adapter.adjudicating import adjudicate, read_adjudications
    from adapter.store import adjudications, keeping

    receive_case(parts, as_bytes(make_case(1)), "registry")
    for decision in ("ineligible", "eligible"):
        adjudicate(parts, "SAMPLE-1", {**JUDGEMENT, "decision": decision}, "SB")
    assert [each["decision"] for each in read_adjudications(parts, "SAMPLE-1")] == ["ineligible", "eligible"]
    with parts.store.writing() as connection:
        assert [each.decision for each in adjudications.standing(connection, "SB")] == ["eligible"]
        keeping.erase(connection, "SAMPLE-1", parts.clock())
        assert adjudications.of_case(connection, "SAMPLE-1") == []


def test_the_command_records_a_judgement_and_the_case_shows_it(run: Any) -> None:
    case_id = published_cohort("SA", 1)[0]["case_id"]
    told = run(
        "case", "adjudicate", case_id, "--decision", "undetermined", "--role", "methodologist", "--reason", "why"
    )
    assert "the criteria say eligible" in told.stderr
    shown: Json = json.loads(run("case", "show", case_id).stdout)
    assert (shown["decision"]["status"], shown["adjudications"][0]["decision"]) == ("eligible", "undetermined")
