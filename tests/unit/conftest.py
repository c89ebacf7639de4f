"""What the tests of the hospital client share: a scripted server, and a client with no patience to lose."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapter.hospital import Patience, Source, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from tests.scripted_hospital import NOW, ScriptedHospital, run_scripted_hospital


@pytest.fixture
def server() -> Iterator[ScriptedHospital]:
    with run_scripted_hospital() as scripted:
        yield scripted


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def patience(pauses: list[float]) -> Patience:
    return Patience(attempts=4, pause=pauses.append, chance=lambda low, high: high, now=lambda: NOW)


@pytest.fixture
def source(server: ScriptedHospital) -> Source:
    return resolve_source(server.base, {})


@pytest.fixture
def hospital(source: Source, patience: Patience) -> Iterator[Hospital]:
    with open_hospital(source, {}.get, patience) as opened:
        yield opened
