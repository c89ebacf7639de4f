"""The API's description is true, and what is generated from it finds no failure."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from adapter import inbound
from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.parts import Knowledge
from adapter.web import create_app
from adapter.web.openapi import describe
from tests.sample_bundles import as_bytes, make_bundle

# For each operation; `make fuzz-http` asks for many more.
EXAMPLES = int(os.environ.get("CRMO_FUZZ_EXAMPLES", "8"))
CASES = int(os.environ.get("CRMO_FUZZ_CASES", "0"))


@pytest.fixture(scope="module")
def service(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With one case, so that something can be found."""
    data = tmp_path_factory.mktemp("data")
    with open_parts(load_settings({"CRMO_DATA": str(data)}), knowledge) as parts:
        inbound.receive(parts, as_bytes(make_bundle()), "north")
        app = create_app(parts, wake=lambda pull_id: None)
        yield app
        app.extensions["background"].shutdown()


def test_every_route_for_programs_is_described(service: Flask) -> None:
    described = describe(service)["paths"]
    count = sum(len(operations) for operations in described.values())

    assert count == sum(
        len((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for rule in service.url_map.iter_rules()
        if rule.rule not in ("/static/<path:filename>", "/login", "/logout", "/") and not rule.rule.startswith("/ui/")
    )
    assert all(each["summary"] for operations in described.values() for each in operations.values())


@pytest.mark.slow
def test_generated_requests_find_no_failure(service: Flask) -> None:
    """Whatever is sent, it is answered by the rules: no 5xx but 501, and every refusal an OperationOutcome."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", service)
    seen: list[tuple[str, int]] = []

    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @_given(operation)
        def ask(case: Any) -> None:
            answer = case.call(headers={"Accept-Encoding": "identity"})
            seen.append((case.operation.label, answer.status_code))
            if answer.status_code != 501:
                case.validate_response(answer, checks=[not_a_server_error])
            if answer.status_code >= 400 and "token" not in case.path and case.path != "/openapi.json":
                assert answer.json()["resourceType"] == "OperationOutcome", case.as_curl_command()

        ask()

    assert len(seen) >= max(EXAMPLES, CASES)
    sys.stderr.write(
        f"{len(seen)} requests for {len({label for label, _ in seen})} operations, answered {_told(seen)}\n"
    )


def _told(seen: list[tuple[str, int]]) -> dict[int, int]:
    return dict(sorted(Counter(status for _, status in seen).items()))


def _given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())
