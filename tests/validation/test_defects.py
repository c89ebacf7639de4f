"""Each resource with one defect is refused for that defect, at its place, in one message."""

import json

import pytest
from defects import SEEDS, Defect, made_defects, written_defects
from profiled import PROFILES, profiled_defects, seed

from adapter.conformance import r4_definitions
from adapter.errors import Issue
from adapter.resource import dump_json
from adapter.validation import Validator

KINDS = sorted(SEEDS)


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(r4_definitions().extended(PROFILES))


def errors(validator: Validator, defect: Defect) -> list[Issue]:
    return [issue for issue in validator.validate_text(dump_json(defect.resource)) if issue.blocks]


def of_kind(kind: str) -> list[Defect]:
    return [d for d in [*written_defects(), *made_defects(), *profiled_defects()] if d.name.startswith(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_gives_no_issue(validator: Validator, kind: str) -> None:
    assert validator.validate_text(json.dumps(SEEDS[kind]).encode()) == []


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"Bundle"}))
def test_what_meets_its_profile_gives_no_issue(validator: Validator, kind: str) -> None:
    assert validator.validate(seed(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_defect_is_found_by_its_rule_and_at_its_place(validator: Validator, kind: str) -> None:
    missed = [
        (defect.name, defect.rule, defect.place, found)
        for defect in of_kind(kind)
        if (defect.rule, defect.place) not in (found := [(e.rule, e.expression) for e in errors(validator, defect)])
    ]

    assert missed == []


def test_a_defect_makes_one_message() -> None:
    validator = Validator(r4_definitions().extended(PROFILES))
    defects = [defect for kind in KINDS for defect in of_kind(kind)]
    told = [len(errors(validator, defect)) for defect in defects]

    assert len(defects) >= 600
    assert sum(told) / len(told) <= 1.02


@pytest.mark.parametrize("kind", KINDS)
def test_every_issue_points_into_the_text(validator: Validator, kind: str) -> None:
    for defect in of_kind(kind):
        text = dump_json(defect.resource, indent=True)
        for issue in validator.validate_text(text):
            name = issue.expression.rpartition(".")[2].partition("[")[0]
            line = text.decode().split("\n")[issue.line - 1]
            at = line[issue.column - 1 :]
            assert at.startswith((f'"{name}"', f'"_{name}"', "{", '"', "[", "n", "t", "f")) or at[:1].isdigit(), (
                defect.name
            )


@pytest.mark.parametrize("kind", KINDS)
def test_no_message_shows_a_name_or_an_address(validator: Validator, kind: str) -> None:
    found = [repr(issue) for defect in of_kind(kind) for issue in errors(validator, defect)]

    assert not [text for text in found if "Imaginaire" in text or "Zélie" in text or "Ville" in text]
