"""Every named way to fail: exact or loud, never silent, never endless; exact wherever the server can be had at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from adapter.parts import Parts
from tests.faults.catalogue import MODES
from tests.faults.hospital import CODE, Hospital
from tests.faults.modes import Mode
from tests.faults.ours import Brought, open_parts, pull, source_of
from tests.faults.wire import Server, serve

# A client that goes round in circles asks without end; the busiest honest one here asks 54 times.
MOST_REQUESTS = 150


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with open_parts(tmp_path_factory.mktemp("faults")) as opened:
        yield opened


def held(hospital: Hospital) -> Counter[str]:
    """What the server has at the end and our search should find; records without an id by their number only."""
    fitting = [each for each in hospital.conditions if each["code"]["coding"][0]["code"] == CODE]
    return Counter(each.get("id", "#") for each in fitting)


def came(brought: Brought) -> Counter[str]:
    ids = (key.partition("/")[2] for key in brought.rows)
    return Counter("#" if each.startswith("#") else each for each in ids)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_is_exact_or_loud(parts: Parts, mode: Mode) -> None:
    hospital = mode.open()
    server = Server(hospital.answer)
    with serve(server) as base:
        brought = pull(parts, source_of(base), mode.name)
    assert ("exact" if brought.complete else "loud") == mode.expects, brought.problems
    if brought.complete:
        assert came(brought) == held(hospital)
    assert not came(brought) - held(hospital)
    assert server.requests <= MOST_REQUESTS
    assert server.most_at_once <= 4


def test_there_are_enough_modes_and_no_name_twice() -> None:
    names = [mode.name for mode in MODES]
    assert len(set(names)) == len(names) >= 40
