"""Screening an export: exactly the planted, every line counted once, the same bytes however the work is divided."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from adapter.cli import main
from adapter.config import load_settings
from adapter.errors import Json, UsageError
from adapter.hospital import Search, Source, resolve_source
from adapter.inbound import receive_resources
from adapter.parts import Parts
from adapter.pseudonym import Pseudonyms
from adapter.resource import dump_json
from adapter.screen import Plan, exit_code, find_files, make_folder, open_local, plan_chunks, screen, workspace
from adapter.screen.chunks import blocks_of
from adapter.screen.finder import Finder
from adapter.screen.scatter import partition_of
from adapter.store import cases
from adapter.synthetic.bystanders import make_bystanders
from adapter.synthetic.chance import make_chance
from adapter.synthetic.hospital import Population, make_population
from tests.sample_cases import make_case

RESULTS = ("decisions.ndjson", "cases.ndjson", "unreadable.ndjson", "summary.json")
TODAY = date(2026, 3, 17)
KEY = Pseudonyms("k1", b"k" * 32)


def make_source(**more: Any) -> Source:
    return replace(resolve_source("https://export.invalid", {}), name="north", **more)


def make_plan(**more: Any) -> Plan:
    settings = load_settings({})
    own: dict[str, Any] = {"source": make_source(), "partitions": 5, **more}
    return Plan(
        pseudonyms=KEY, mappings=settings.mappings, packages=settings.packages, rule_set="SA", today=TODAY, **own
    )


def run(out: Path, files: Iterable[Path], *, processes: int = 1, chunk_bytes: int = 1 << 20, **more: Any) -> Json:
    make_folder(out)
    chunks = plan_chunks(files, chunk_bytes=chunk_bytes, column=more.pop("column", None))
    with workspace(out) as folder, open_local(folder, processes) as engine:
        return screen(make_plan(**more), chunks, engine, out)


def results(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in RESULTS}


def rows(out: Path, name: str) -> list[Json]:
    return [json.loads(line) for line in (out / name).read_bytes().splitlines()]


def write(file: Path, lines: Iterable[bytes]) -> Path:
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


@pytest.fixture(scope="module")
def population() -> Population:
    from adapter.mapping import load_mappings

    return make_population([make_case(number) for number in range(4)], load_mappings(load_settings({}).mappings), 3)


@pytest.fixture(scope="module")
def export(population: Population, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A file per type: 21 patients who are candidates or near it, among 60 others."""
    folder = tmp_path_factory.mktemp("export")
    resources = [*population.resources, *(each for record in make_bystanders(60, 1) for each in record)]
    make_chance("lines", 5).shuffle(resources)
    by_type: dict[str, list[bytes]] = {}
    for each in resources:
        by_type.setdefault(each["resourceType"], []).append(dump_json(each))
    return [write(folder / f"{kind}.ndjson", lines) for kind, lines in sorted(by_type.items())]


@pytest.fixture(scope="module")
def reference(export: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("reference")
    run(out, export)
    return results(out)


def test_finds_exactly_the_planted(reference: dict[str, bytes], population: Population) -> None:
    patients = {each["id"]: each for each in population.resources if each["resourceType"] == "Patient"}
    planted = {
        KEY.case_id(patients[name], source="north")
        for name, origin in population.patients.items()
        if origin in {make_case(number)["case_id"] for number in range(4)}
    }
    found = [json.loads(line) for line in reference["decisions.ndjson"].splitlines()]
    assert {each["case_id"] for each in found if each["status"] == "eligible"} == planted
    assert len(planted) == 4


def test_counts_add_up(reference: dict[str, bytes], export: list[Path]) -> None:
    summary = json.loads(reference["summary.json"])
    lines, candidates = summary["lines"], summary["candidates"]
    assert lines["received"] == sum(file.read_bytes().count(b"\n") for file in export)
    assert lines.pop("received") == sum(lines.values())
    assert candidates.pop("found") == sum(candidates.values()) == len(reference["decisions.ndjson"].splitlines())


def test_decisions_carry_their_evidence(reference: dict[str, bytes]) -> None:
    found = [json.loads(line) for line in reference["decisions.ndjson"].splitlines()]
    eligible = [each for each in found if each["status"] == "eligible"]
    assert all(criterion["reason"] for each in eligible for criterion in each["criteria"])
    assert all(each["criteria"][0]["evidence"] for each in eligible)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_judges_as_a_pull_does(parts: Parts, population: Population, reference: dict[str, bytes]) -> None:
    """The same patients through the inbound journey make the same cases and decisions."""
    guided = replace(parts, pseudonyms=KEY)
    by_patient: dict[str, list[Json]] = {}
    wanted = {"Patient", *(search.type for search in make_source().collect)}
    for each in population.resources:
        owner = each["id"] if each["resourceType"] == "Patient" else each.get("subject", {}).get("reference", "")
        if each["resourceType"] in wanted:
            by_patient.setdefault(owner.removeprefix("Patient/"), []).append(each)
    drugs = [each for each in population.resources if each["resourceType"] == "Medication"]
    statuses = {}
    for name in population.patients:
        pointed = {each.get("medicationReference", {}).get("reference", "") for each in by_patient[name]}
        held = [*by_patient[name], *(each for each in drugs if f"Medication/{each['id']}" in pointed)]
        receipt = receive_resources(guided, held, "north")
        if receipt.decision and receipt.entry.case_id:
            statuses[receipt.entry.case_id] = receipt.decision
    screened = [json.loads(line) for line in reference["cases.ndjson"].splitlines()]
    decided = {each["case_id"]: each for each in map(json.loads, reference["decisions.ndjson"].splitlines())}
    with parts.store.reading() as connection:
        stored = {case["case_id"]: case for case, _ in cases.current(connection)}
    assert {each["case_id"]: each for each in screened}.items() <= json.loads(dump_json(stored)).items()
    assert all(decided[name]["criteria"] == statuses[name]["criteria"] for name in {e["case_id"] for e in screened})


@pytest.mark.parametrize(("chunk_bytes", "partitions"), [(4_000, 1), (30_000, 3), (1 << 20, 64)])
def test_result_does_not_depend_on_how_the_work_is_divided(
    export: list[Path], reference: dict[str, bytes], tmp_path: Path, chunk_bytes: int, partitions: int
) -> None:
    run(tmp_path, export, chunk_bytes=chunk_bytes, partitions=partitions)
    assert results(tmp_path) == reference


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_as_one(
    export: list[Path], reference: dict[str, bytes], tmp_path: Path
) -> None:
    run(tmp_path, export, processes=2, chunk_bytes=64_000)
    assert results(tmp_path) == reference


def test_result_does_not_depend_on_the_order_of_the_lines(
    export: list[Path], reference: dict[str, bytes], tmp_path: Path
) -> None:
    lines = [line for file in export for line in file.read_bytes().splitlines()]
    make_chance("lines", 9).shuffle(lines)
    run(tmp_path / "out", [write(tmp_path / "all.ndjson", lines)])
    mixed = results(tmp_path / "out")
    assert (mixed["decisions.ndjson"], mixed["cases.ndjson"]) == (
        reference["decisions.ndjson"],
        reference["cases.ndjson"],
    )


def test_gzip_and_parquet_hold_the_same(export: list[Path], reference: dict[str, bytes], tmp_path: Path) -> None:
    files = []
    for number, file in enumerate(export):
        lines = file.read_bytes().splitlines()
        if number % 2:
            files.append(tmp_path / f"{file.name}.gz")
            files[-1].write_bytes(gzip.compress(file.read_bytes()))
        else:
            files.append(tmp_path / f"{file.stem}.parquet")
            pq.write_table(pa.table({"size": [1] * len(lines), "value": [line.decode() for line in lines]}), files[-1])
    run(tmp_path / "out", files)
    assert results(tmp_path / "out") == reference


def test_no_identity_leaves_the_screening(reference: dict[str, bytes], population: Population) -> None:
    text = b"".join(reference.values()).decode()
    identities = [*population.patients, "IPP-TEST", "Zéphyrine", "IMAGINAIRE", "PASSANT"]
    assert [each for each in identities if each in text and each not in population.patients.values()] == []


def test_nothing_under_way_is_left_behind(export: list[Path], tmp_path: Path) -> None:
    run(tmp_path, export)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(RESULTS)


CONDITION = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M86.3"}]},
}
PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "2001-05-14"}


def lines_of(*resources: Json) -> list[bytes]:
    return [dump_json(each) for each in resources]


@pytest.mark.parametrize(
    ("line", "rule", "kind"),
    [
        (b'{"resourceType": "Condition", "id": "cut', "json", "unreadable"),
        (b"<html>login</html>", "json", "unreadable"),
        (b"\xff\xfe", "json", "unreadable"),
        (b"null", "json", "unreadable"),
        (b"[1]", "no-resource", "unreadable"),
        (b'{"id": "x"}', "no-resource", "unreadable"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "bundle", "unreadable"),
        (dump_json({**CONDITION, "subject": {"display": "somebody"}}), "no-patient", "unattached"),
    ],
)
def test_line_that_cannot_be_used_is_named_by_file_and_number(
    tmp_path: Path, line: bytes, rule: str, kind: str
) -> None:
    first = write(tmp_path / "a.ndjson", lines_of(PATIENT))
    file = write(tmp_path / "b.ndjson", [*lines_of(CONDITION), b"", b"  ", line, *lines_of(PATIENT)])
    summary = run(tmp_path / "out", [first, file], chunk_bytes=40)
    assert rows(tmp_path / "out", "unreadable.ndjson") == [{"file": "b.ndjson", "line": 4, "rule": rule}]
    assert (summary["lines"][kind], summary["lines"]["received"], exit_code(summary)) == (1, 4, 5)


def test_compressed_file_that_ends_early_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(line + b"\n" for line in lines_of(PATIENT, CONDITION) * 50))
    (tmp_path / "cut.ndjson.gz").write_bytes(whole[:-20])
    summary = run(tmp_path / "out", [tmp_path / "cut.ndjson.gz"])
    told = rows(tmp_path / "out", "unreadable.ndjson")
    assert [each["rule"] for each in told][-1] == "compressed-file-breaks"
    assert exit_code(summary) == 5


def test_candidate_with_a_line_of_two_meanings_is_not_judged(tmp_path: Path) -> None:
    """One key twice: a fast reader takes the last one and never tells."""
    twice = b'{"resourceType": "Observation", "id": "o", "id": "o2", "subject": {"reference": "Patient/p1"}}'
    run(tmp_path / "out", [write(tmp_path / "a.ndjson", [*lines_of(PATIENT, CONDITION), twice])])
    (decision,) = rows(tmp_path / "out", "decisions.ndjson")
    assert (decision["status"], decision["issues"][0]["rule"]) == ("quarantined", "json-duplicate-key")


def test_code_written_by_its_letters_numbers_is_found(tmp_path: Path) -> None:
    hidden = dump_json(CONDITION).replace(b"M86.3", b"\\u004d86.3")
    summary = run(tmp_path / "out", [write(tmp_path / "a.ndjson", [*lines_of(PATIENT), hidden])])
    assert summary["candidates"]["found"] == 1


def test_latest_version_of_a_resource_counts(tmp_path: Path) -> None:
    newer = {**CONDITION, "meta": {"versionId": "10"}, "onsetDateTime": "2011"}
    older = {**CONDITION, "meta": {"versionId": "9"}, "onsetDateTime": "2009"}
    run(tmp_path / "out", [write(tmp_path / "a.ndjson", lines_of(newer, PATIENT, older))])
    (case,) = rows(tmp_path / "out", "cases.ndjson")
    assert case["diagnosis"]["onset"] == {"date": "2011"}


def test_child_whose_family_objects_is_counted_and_nothing_else(tmp_path: Path) -> None:
    labelled = {**PATIENT, "meta": {"security": [{"system": "urn:x", "code": "NO"}]}}
    from adapter.hospital.opposition import Opposition

    source = make_source(opposition=Opposition(labels=("urn:x|NO",)))
    summary = run(tmp_path / "out", [write(tmp_path / "a.ndjson", lines_of(labelled, CONDITION))], source=source)
    assert summary["candidates"]["opposed"] == 1
    assert (tmp_path / "out" / "decisions.ndjson").read_bytes() == b""


def test_search_that_is_not_by_code_is_held_against_every_line(tmp_path: Path) -> None:
    search = Search("Condition", {"category": ("urn:x|rare",)})
    rare = {**CONDITION, "category": [{"coding": [{"system": "urn:x", "code": "rare"}]}]}
    summary = run(
        tmp_path / "out",
        [write(tmp_path / "a.ndjson", lines_of(PATIENT, rare))],
        source=make_source(candidates=(search,)),
    )
    assert summary["candidates"]["found"] == 1


TOKENS = ("M86.3", "m86.3", "M85.3", "240151005", "24015100", "ORPHA:324964", "orpha:324964", "X")


@given(st.lists(st.tuples(st.sampled_from(TOKENS), st.sampled_from(["Condition", "Observation"])), max_size=12))
def test_look_at_the_bytes_misses_nobody(told: list[tuple[str, str]]) -> None:
    """Whatever the exact search finds is among what the bytes let through."""
    finder = Finder(make_source().candidates)
    made = [
        {**CONDITION, "id": f"c{number}", "resourceType": kind, "code": {"coding": [{"code": code}]}}
        for number, (code, kind) in enumerate(told)
    ]
    suspects = set(finder.suspects(lines_of(*made)))
    assert {dump_json(each) for each in made if finder.is_match(each)} <= suspects


@given(
    st.lists(
        st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"").replace(b"\xef\xbb\xbf", b"")), max_size=20
    ),
    st.integers(1, 40),
)
def test_chunks_hold_every_line_once(lines: list[bytes], chunk_bytes: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / "a.ndjson", lines)
        chunks = plan_chunks([file], chunk_bytes=chunk_bytes)
        assert [line for chunk in chunks for block in blocks_of(chunk) for line in block.lines] == lines


def test_partition_of_a_patient_is_the_same_everywhere() -> None:
    """Fixed by these values: two releases, or Python and Spark's workers, must agree."""
    assert [partition_of(name, 64) for name in ("p1", "é", "")] == [51, 62, 0]


def test_folder_stands_for_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.ndjson", "notes.txt", "deep/a.jsonl.gz", "c.parquet"):
        (tmp_path / name).write_bytes(b"")
    assert [each.name for each in find_files([tmp_path])] == ["b.ndjson", "c.parquet", "a.jsonl.gz"]
    with pytest.raises(UsageError):
        find_files([tmp_path / "nowhere"])


@pytest.fixture
def runner(tmp_path: Path) -> tuple[CliRunner, list[str]]:
    return CliRunner(), ["--data", str(tmp_path / "data"), "screen", "--out", str(tmp_path / "out"), "--processes", "1"]


def test_command_writes_a_summary(runner: tuple[CliRunner, list[str]], tmp_path: Path) -> None:
    cli, command = runner
    file = write(tmp_path / "a.ndjson", lines_of(PATIENT, CONDITION))
    done = cli.invoke(main, [*command, str(file), "--json", "--today", "2026-01-01"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["candidates"]["undetermined"] == 1
    assert [json.loads(line)["phase"] for line in done.stderr.splitlines()][-1] == "judge"


def test_command_in_part_ends_with_5(runner: tuple[CliRunner, list[str]], tmp_path: Path) -> None:
    cli, command = runner
    done = cli.invoke(main, [*command, str(write(tmp_path / "a.ndjson", [b"{"]))])
    assert done.exit_code == 5


def test_spark_without_pyspark_says_what_is_missing(runner: tuple[CliRunner, list[str]], tmp_path: Path) -> None:
    cli, command = runner
    file = write(tmp_path / "a.ndjson", lines_of(PATIENT))
    done = cli.invoke(main, [*command, str(file), "--spark", "local[1]"])
    assert (done.exit_code, "[spark]" in done.stderr) == (2, True)
