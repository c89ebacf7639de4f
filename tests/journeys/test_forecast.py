"""What a pull is forecast to cost is what it costs, for servers that page and count in their own ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.forecast import forecast_pull
from adapter.hospital import resolve_source
from adapter.parts import Knowledge
from adapter.pull import run_pull, start_pull
from adapter.store.ledger import REQUESTS
from adapter.synthetic import synthesize
from adapter.synthetic.hospital import make_population
from adapter.synthetic.server import FhirServer, serve_resources

NAME = "chu-imaginaire"


class Untelling(FhirServer):
    """How many there are it says only when it is asked for that."""

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> tuple[int, Any]:
        status, told = super().answer(method, base, target, body)
        if told.get("type") == "searchset" and "_summary=count" not in target:
            del told["total"]
        return status, told


@pytest.mark.parametrize("page_cap", [1000, 20, 5])
@pytest.mark.parametrize("server", [FhirServer, Untelling])
def test_a_forecast_says_within_a_tenth_what_a_pull_asks(
    tmp_path: Path, knowledge: Knowledge, server: type[FhirServer], page_cap: int
) -> None:
    population = make_population(list(synthesize(40, seed=5)), knowledge.mappings, seed=2)
    settings = load_settings({"CRMO_DATA": str(tmp_path)})
    with (
        open_parts(settings, knowledge) as opened,
        serve_resources(server(population.resources, page_cap=page_cap)) as base,
    ):
        parts = replace(opened, sources={NAME: replace(resolve_source(base, {}), name=NAME)})
        told = forecast_pull(parts, NAME)
        assert run_pull(parts, start_pull(parts, NAME, {}))["state"] == "complete"
        with parts.store.reading() as connection:
            asked, came = connection.execute(
                sa.select(sa.func.count(), sa.func.sum(REQUESTS.c.resources)).select_from(REQUESTS)
            ).one()

    assert abs(told["requests"] - asked) <= asked / 10
    assert abs(told["resources"] - came) <= came / 10
