"""What stands guard over a mapping file, held against mappings that are not the shipped ones.

The very tests of this repository are asked, one after the other: the laws, on a fixed set of rich cases; the mapping
written by hand; the small readings; the golden journeys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any
from unittest.mock import patch

from adapter.bootstrap import load_knowledge
from adapter.config import load_settings
from adapter.mapping import Mappings
from adapter.parts import Knowledge
from tests import test_cases
from tests.mapping import test_bench, test_laws, test_put_laws, test_readings
from tests.mapping.rich_cases import rich_cases

Json = dict[str, Any]


@contextmanager
def _instead(module: Any, mappings: Mappings) -> Iterator[None]:
    with patch.object(module, "MAPPINGS", mappings):
        yield


class _Pick:
    """Stands where hypothesis chooses: the n-th of what there is to choose from."""

    def __init__(self, number: int) -> None:
        self.number = number

    def draw(self, strategy: Any) -> Any:
        return strategy.elements[self.number % len(strategy.elements)]


def _broken(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - a test fails by whatever it raises
        return True
    return False


def laws_broken(mappings: Mappings) -> str:
    """Name of a law that does not hold; "" when all do."""
    laws = (
        test_laws.test_a_case_comes_back_as_it_went,
        test_laws.test_nothing_is_left_unread_of_what_we_write,
        test_laws.test_resources_come_back_as_they_were_written,
        test_laws.test_nothing_empty_is_ever_written,
    )
    foreign = test_laws.test_a_foreign_key_anywhere_is_reported
    with _instead(test_laws, mappings):
        for number, case in enumerate(rich_cases()):
            for law in laws:
                if _broken(lambda law=law, case=case: law.hypothesis.inner_test(case)):
                    return law.__name__
            if _broken(lambda case=case, n=number: foreign.hypothesis.inner_test(case, _Pick(7 * n))):
                return foreign.__name__
    return ""


def put_broken(mappings: Mappings) -> str:
    """Name of the law of putting that does not hold; "" when it does."""
    law = test_put_laws.test_what_is_changed_in_its_place_and_changed_back_is_as_it_was
    with _instead(test_put_laws, mappings):
        for number, case in enumerate(rich_cases()):
            if test_put_laws.has_twins(case):
                continue
            if _broken(lambda case=case, n=number: law.hypothesis.inner_test(case, Random(n))):  # noqa: S311
                return law.__name__
    return ""


def differs_from_hand(mappings: Mappings) -> str:
    """Name of a test that compares with the mapping written by hand, and fails."""
    with _instead(test_bench, mappings):
        for case in rich_cases():
            for test in (
                test_bench.test_hand_written_code_writes_the_same_resources,
                test_bench.test_hand_written_code_reads_the_same_case,
            ):
                if _broken(lambda test=test, case=case: test.hypothesis.inner_test(case)):
                    return test.__name__
    return ""


@cache
def _knowledge() -> Knowledge:
    return load_knowledge(load_settings({}))


def reading_broken(mappings: Mappings) -> str:
    """Title of a small record that is read otherwise."""
    with _instead(test_readings, mappings):
        for reading in test_readings.READINGS:
            if "flaw" not in reading and _broken(lambda reading=reading: test_readings.test_reading(reading)):
                return str(reading["title"])
    return ""


def golden_broken(mappings: Mappings) -> str:
    """Name of a golden journey that ends elsewhere."""
    knowledge = replace(_knowledge(), mappings=mappings)
    for folder in test_cases.FOLDERS:
        if _broken(lambda folder=folder: test_cases.test_golden_journey(folder, knowledge)):
            return folder.name
    return ""
