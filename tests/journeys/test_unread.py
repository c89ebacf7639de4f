"""What hospitals send and nobody reads, as a command and over HTTP: places and counts, never a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.inbound import receive
from adapter.parts import Knowledge, Parts
from adapter.resource import dump_json
from adapter.web import create_app
from tests.mapping.test_put import hospital

Json = dict[str, Any]
NAME, NOTE = "Patient.name", "Condition.note"


@pytest.fixture
def parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    """Two hospitals have sent: one a name, the other a name and a note."""
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as made:
        noted = hospital()
        noted["entry"][1]["resource"]["note"] = [{"text": "vue en consultation"}]
        receive(made, dump_json(hospital()), "chu-nord")
        receive(made, dump_json(noted), "chu-sud")
        yield made


def counts(told: list[Json]) -> list[tuple[str, str, int]]:
    return sorted((each["source"], each["expression"], each["count"]) for each in told)


def test_the_route_tells_places_and_counts_by_source(parts: Parts) -> None:
    app = create_app(parts)
    client = app.test_client()
    every, one = client.get("/unread"), client.get("/unread?source=chu-sud")
    app.extensions["background"].shutdown()

    assert counts(every.json["unread"]) == [("chu-nord", NAME, 1), ("chu-sud", NOTE, 1), ("chu-sud", NAME, 1)]
    assert counts(one.json["unread"]) == [("chu-sud", NOTE, 1), ("chu-sud", NAME, 1)]
    assert "consultation" not in every.text
    assert "Utopie" not in every.text


def test_the_command_tells_the_same(parts: Parts, tmp_path: Path) -> None:
    run = CliRunner(env={"CRMO_DATA": str(tmp_path)}).invoke

    every, one = run(main, ["unread", "--json"]), run(main, ["unread", "--source", "chu-nord"])

    assert counts(json.loads(every.stdout)) == [("chu-nord", NAME, 1), ("chu-sud", NOTE, 1), ("chu-sud", NAME, 1)]
    assert one.stdout.split() == ["source", "count", "place", "chu-nord", "1", NAME]
