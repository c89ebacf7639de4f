"""Who objects is not collected: labels, lists and Consents, and what cannot be understood counts as an objection."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.errors import ConfigError
from adapter.hospital.opposition import ConsentRule, Opposition

Json = dict[str, Any]
TODAY = date(2026, 1, 5)
NO = "http://terminology.hl7.org/CodeSystem/v3-ActCode|NORESEARCH"
CODE = "urn:oid:2.16.840.1.113883.3.1937.777.24.5.3|2.16.840.1.113883.3.1937.777.24.5.3.8"
ASKS = Opposition(consents=ConsentRule())


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", **more}


def coding(token: str) -> Json:
    system, _, code = token.rpartition("|")
    return {"system": system, "code": code}


def consent(type_: str | None = "permit", status: str = "active", **more: Any) -> Json:
    provision = {**({"type": type_} if type_ else {}), **more}
    return {"resourceType": "Consent", "status": status, "provision": provision}


@pytest.mark.parametrize("place", ["security", "tag"])
def test_a_label_is_an_objection(place: str) -> None:
    labelled = patient(meta={place: [{"system": "urn:x", "code": "y"}, coding(NO)]})
    assert Opposition(labels=(NO,)).verdict(labelled, [], TODAY) == "label"
    assert Opposition(labels=(NO,)).verdict(patient(), [], TODAY) == ""


def test_a_list_names_ids_and_identifiers_and_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "objections.txt"
    listed = Opposition(listed=file)
    file.write_text("# 2026\nurn:ipp|0042  # asked by letter\np9\n", encoding="utf-8")
    assert listed.verdict(patient(identifier=[{"system": "urn:ipp", "value": "0042"}]), [], TODAY) == "list"
    assert listed.verdict(patient(), [], TODAY) == ""
    file.write_text("p1", encoding="utf-8")
    assert listed.verdict(patient(), [], TODAY) == "list"


def test_a_list_that_is_lost_stops_the_pull(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lost"):
        Opposition(listed=tmp_path / "lost").verdict(patient(), [], TODAY)


PERIODS = {
    "open": ({}, True),
    "running": ({"start": "2025", "end": "2027-01"}, True),
    "to today": ({"end": "2026-01-05"}, True),
    "over": ({"end": "2026-01-04"}, False),
    "not begun": ({"start": "2026-01-06T00:00:00+01:00"}, False),
}


@pytest.mark.parametrize("name", PERIODS)
def test_a_denial_counts_while_it_holds(name: str) -> None:
    period, holds = PERIODS[name]
    assert ASKS.verdict(patient(), [consent("deny", period=period)], TODAY) == ("consent-denied" if holds else "")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([consent("deny"), consent("permit")], "consent-denied"),
        ([consent(status="rejected")], "consent-denied"),
        ([consent(status="inactive", type_="deny")], ""),
        ([consent(None)], "consent-unreadable"),
        ([consent("perhaps")], "consent-unreadable"),
        ([consent("permit", provision=[{"type": "deny"}])], "consent-unreadable"),
        ([consent("permit", period={"end": "soon"})], "consent-unreadable"),
        ([consent("permit", period="always")], "consent-unreadable"),
        ([{"resourceType": "Consent", "status": "active"}], "consent-unreadable"),
        ([consent("permit")], ""),
        ([], ""),
    ],
)
def test_what_consents_say(found: list[Json], expected: str) -> None:
    assert ASKS.verdict(patient(), found, TODAY) == expected


def test_where_a_consent_is_needed_silence_is_an_objection() -> None:
    needed = Opposition(consents=ConsentRule(required=True))
    assert needed.verdict(patient(), [], TODAY) == "consent-missing"
    assert needed.verdict(patient(), [consent("permit", period={"end": "2025"})], TODAY) == "consent-missing"
    assert needed.verdict(patient(), [consent("permit")], TODAY) == ""


def broad(*nested: Json) -> Json:
    """A consent in modules: everything is denied but what is permitted by code."""
    return consent("deny", provision=list(nested))


def module(type_: str, code: str = CODE, **more: Any) -> Json:
    return {"type": type_, "code": [{"coding": [coding(code)]}], **more}


def test_a_consent_in_modules_is_read_by_its_codes() -> None:
    by_code = Opposition(consents=ConsentRule(codes=frozenset({CODE}), required=True))
    assert by_code.verdict(patient(), [broad(module("permit"), module("deny", "urn:x|other"))], TODAY) == ""
    assert by_code.verdict(patient(), [broad(module("deny"))], TODAY) == "consent-denied"
    assert by_code.verdict(patient(), [broad(module("permit", period={"end": "2025"}))], TODAY) == "consent-missing"
    assert by_code.verdict(patient(), [broad(module("permit", "urn:x|other"))], TODAY) == "consent-missing"


def test_consents_are_searched_for_lists_of_patients() -> None:
    rule = Opposition(consents=ConsentRule({"category": ("urn:x|research",)}))
    (search,) = rule.searches(["p1", "p2"])
    assert (search.type, search.parameters["patient"]) == ("Consent", ("p1", "p2"))
    assert rule.searches([]) == []
    assert Opposition(labels=(NO,)).searches(["p1"]) == []


WORDS = st.sampled_from(["status", "provision", "type", "period", "start", "end", "code", "coding", "system"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(LEAVES, lambda each: st.lists(each, max_size=3) | st.dictionaries(WORDS, each), max_leaves=12)


@given(st.dictionaries(st.sampled_from(["status", "provision"]), JSON))
def test_no_consent_however_broken_stops_us_or_permits(broken: Json) -> None:
    needed = Opposition(consents=ConsentRule(required=True))
    verdict = needed.verdict(patient(), [broken], TODAY)
    provision = broken.get("provision")
    permits = broken.get("status") == "active" and isinstance(provision, dict) and provision.get("type") == "permit"
    assert verdict or permits
