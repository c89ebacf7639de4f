"""Declared sources and their tokens; transactions sent to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.errors import (
    ConfigError,
    DeclarationError,
    RemoteError,
    RemoteTransientError,
    UsageError,
)
from adapter.hospital import Source, load_sources, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from tests.scripted_hospital import GOOD, Scripted, ScriptedHospital, answer, collect, condition


def _transaction(method: str) -> dict[str, object]:
    entry = {"resource": condition("a"), "request": {"method": method, "url": "Condition/a"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


_DONE = answer({"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201"}}]})


def test_transaction_of_puts_is_sent_again_after_a_fault(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(Scripted(drop=True), _DONE)
    assert hospital.transaction(_transaction("PUT"))["type"] == "transaction-response"
    assert len(server.requests) == 2


def test_transaction_that_creates_is_sent_once(server: ScriptedHospital, hospital: Hospital) -> None:
    """A lost answer does not say whether the resource was created; sending again could create a second one."""
    server.says(Scripted(drop=True), _DONE)
    with pytest.raises(RemoteTransientError):
        hospital.transaction(_transaction("POST"))
    assert len(server.requests) == 1


def test_transaction_must_be_answered_entry_by_entry(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer({"resourceType": "Bundle", "type": "transaction-response"}))
    with pytest.raises(RemoteError, match="every entry"):
        hospital.transaction(_transaction("PUT"))


SOURCE = """
source: chu-exemple
base: {base}
centre: CHU Exemple
{more}
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., dict[str, Source]]:
    def declare_source(base: str = "https://h.invalid/fhir/", more: str = "") -> dict[str, Source]:
        (tmp_path / "chu.yaml").write_text(SOURCE.format(base=base, more=more), encoding="utf-8")
        return load_sources(tmp_path)

    return declare_source


def test_declared_source_takes_our_defaults(declare: Callable[..., dict[str, Source]]) -> None:
    source = resolve_source("chu-exemple", declare())
    assert (source.base, source.centre, source.page_size) == ("https://h.invalid/fhir", "CHU Exemple", 100)
    assert "M86.3" in source.candidates[0].parameters["code"]
    assert [search.type for search in source.collect][:2] == ["Condition", "Procedure"]


def test_declared_source_may_ask_otherwise(declare: Callable[..., dict[str, Source]]) -> None:
    source = declare(more="page_size: 20\nuse_medication_requests: true\ntimeouts: {read_seconds: 5}")["chu-exemple"]
    assert (source.page_size, source.timeouts.read_seconds, source.timeouts.connect_seconds) == (20, 5, 5)
    assert source.collect[-1].type == "MedicationRequest"


def test_source_errors_carry_their_place(declare: Callable[..., dict[str, Source]]) -> None:
    with pytest.raises(DeclarationError, match=r"chu\.yaml:5:1 S001"):
        declare(more="page_size: many")


def test_same_name_twice_is_refused(declare: Callable[..., dict[str, Source]], tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SOURCE.format(base="https://o.invalid/fhir", more=""), encoding="utf-8")
    with pytest.raises(DeclarationError, match="declared twice"):
        declare()


def test_token_is_not_sent_over_plain_http(declare: Callable[..., dict[str, Source]]) -> None:
    with pytest.raises(DeclarationError, match="https"):
        declare(base="http://h.invalid/fhir", more="authentication: {type: bearer, token: {variable: CHU_TOKEN}}")


def test_missing_token_is_a_configuration_error(declare: Callable[..., dict[str, Source]]) -> None:
    source = declare(more="authentication: {type: bearer, token: {variable: CHU_TOKEN}}")["chu-exemple"]
    with pytest.raises(ConfigError, match="CHU_TOKEN"), open_hospital(source, {}.get):
        pass


def test_netrc_is_never_used(
    server: ScriptedHospital, hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.says(answer(GOOD))
    collect(hospital)
    assert server.tokens == [None]


@pytest.mark.parametrize("name", ["chu-inconnu", "ftp://h.invalid/fhir", "https://h.invalid/fhir?x=1", "https://"])
def test_name_that_is_no_source_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError):
        resolve_source(name, {})
