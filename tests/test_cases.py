"""Golden journeys: what arrives, the case that comes of it, what is said about it, what nobody read.

A folder of `cases/` holds given.json (a Bundle), expect-case.json (null when there is none; the pseudonym is left out),
expect-issues.json ([{severity, expression[, rule]}], warnings and errors), expect-unread.json (expressions that must be
listed as unread) and why.md.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import load_knowledge
from adapter.config import load_settings
from adapter.judgement import judge_bundle
from adapter.parts import Knowledge
from adapter.resource import dump_json

FOLDERS = sorted(folder for folder in (Path(__file__).parent / "cases").iterdir() if folder.is_dir())
TODAY = date(2026, 3, 17)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge(load_settings({}))


def expected(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_golden_journey(folder: Path, knowledge: Knowledge) -> None:
    raw = (folder / "given.json").read_bytes()
    judgement = judge_bundle(knowledge, raw, lambda patient, full_url: "C-GOLDEN", TODAY)

    case = json.loads(dump_json(judgement.case))
    if case is not None:
        del case["case_id"]
    assert case == expected(folder, "expect-case")

    told = {(issue.severity, issue.expression): issue.rule for issue in judgement.issues}
    told = {place: rule for place, rule in told.items() if place[0] != "information"}
    wanted = expected(folder, "expect-issues")
    assert set(told) == {(issue["severity"], issue["expression"]) for issue in wanted}
    for issue in wanted:
        assert issue.get("rule", "") in ("", told[issue["severity"], issue["expression"]])

    assert set(expected(folder, "expect-unread")) <= {each["expression"] for each in judgement.unread}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_golden_journey_says_why(folder: Path) -> None:
    assert (folder / "why.md").read_text(encoding="utf-8").startswith("# ")


def test_every_row_of_the_list_has_a_journey() -> None:
    assert {int(folder.name[4:6]) for folder in FOLDERS if folder.name.startswith("row-")} == set(range(1, 31))
