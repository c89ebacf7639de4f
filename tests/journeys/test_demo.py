"""The demonstration, whole: a hospital on loopback, pulled over HTTP, described beside the published table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.demo import SEED, Demonstration, run_demo
from adapter.errors import Json
from adapter.parts import Parts
from adapter.store import cases
from adapter.synthetic import look_alikes
from adapter.synthetic.hospital.strangers import STRANGERS


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder: Path = tmp_path_factory.mktemp("demo")
    with open_parts(load_settings({"CRMO_DATA": str(folder)})) as opened:
        yield opened


@pytest.fixture(scope="module")
def told() -> list[Json]:
    return []


@pytest.fixture(scope="module")
def shown(parts: Parts, told: list[Json]) -> Demonstration:
    return run_demo(parts, notice=told.append)


def planned(decision: str) -> int:
    around = sum(why.startswith(decision) for _, why in look_alikes(SEED))
    return around + sum(stranger.expected == decision for stranger in STRANGERS)


def test_finds_exactly_the_seventy(shown: Demonstration) -> None:
    assert shown.report["eligible"] == 70


@pytest.mark.parametrize("decision", ["undetermined", "ineligible"])
def test_takes_none_of_those_around_them(shown: Demonstration, decision: str) -> None:
    assert shown.report[decision] == planned(decision)


def test_nobody_is_lost(shown: Demonstration) -> None:
    report = shown.report
    decided = sum(report[each] for each in ("eligible", "undetermined", "ineligible", "quarantined", "failed"))
    assert (report["state"], report["screened"], report["failed"]) == ("complete", decided, 0)


def test_every_count_is_the_published_one(shown: Demonstration) -> None:
    published = {row["id"]: row["published"]["n"] for row in shown.cohort if row["published"].get("n") is not None}
    assert {row["id"]: row["n"] for row in shown.cohort if row["id"] in published} == published
    assert len(published) >= 23


def test_every_mean_and_deviation_is_the_published_one(shown: Demonstration) -> None:
    measured = [row for row in shown.cohort if "mean" in row["published"]]
    for row in measured:
        assert row["mean"] == pytest.approx(row["published"]["mean"], abs=0.005), row["id"]
        assert row["sd"] == pytest.approx(row["published"]["sd"], abs=0.005), row["id"]
    assert len(measured) >= 6


def test_every_undetermined_case_says_what_would_settle_it(shown: Demonstration, parts: Parts) -> None:
    with parts.store.reading() as connection:
        waiting = {case["case_id"] for case, _ in cases.current(connection, "undetermined")}
    assert {each["case_id"] for each in shown.waiting if each["settle"]} == waiting


def test_progress_ends_with_everybody(shown: Demonstration, told: list[Json]) -> None:
    assert told[-1]["done"] == shown.report["screened"]


def test_json_is_the_object_of_the_contract(shown: Demonstration) -> None:
    assert list(shown.as_json()) == ["screened", "eligible", "undetermined", "ineligible", "cohort"]


def test_no_identity_of_the_hospital_is_kept_in_a_case(shown: Demonstration, parts: Parts) -> None:
    with parts.store.reading() as connection:
        text = str(list(cases.current(connection)))
    assert [word for word in ("IPP-TEST", "UTOPIE", "Zéphyrine", "IMAGINAIRE", "LA-0", "SA-0") if word in text] == []
