"""One child, one pseudonym; two children, two; and nobody can tell from it who it is."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.canonical import BASE
from adapter.errors import ConfigError
from adapter.keyfile import add_key
from adapter.pseudonym import Pseudonyms, load_pseudonyms
from tests.sample_bundles import IDENTIFIER_TYPES, coded

KEY = Pseudonyms("k-1", b"k" * 32)
INS_OID = "urn:oid:1.2.250.1.213.1.4.8"


def identifier(value: str, kind: str = "PI", system: str = "urn:oid:1.9", use: str = "usual") -> dict[str, Any]:
    return {"use": use, "type": coded(IDENTIFIER_TYPES, kind), "system": system, "value": value}


def name(*identifiers: dict[str, Any], source: str = "north", **patient: Any) -> str | None:
    return KEY.case_id({"resourceType": "Patient", "identifier": list(identifiers), **patient}, source=source)


def test_looks_like_a_pseudonym() -> None:
    assert re.fullmatch(r"C-[A-Z2-7]{20}", name(identifier("1")) or "")


def test_depends_on_source_system_type_value_and_key() -> None:
    told = {
        name(identifier("1")),
        name(identifier("2")),
        name(identifier("1"), source="south"),
        name(identifier("1", system="urn:oid:1.8")),
        name(identifier("1", kind="MR")),
        Pseudonyms("k-2", b"q" * 32).case_id({"identifier": [identifier("1")]}, source="north"),
    }

    assert len(told) == 6


def test_our_own_identifier_is_taken_as_it_is() -> None:
    assert name(identifier("x"), {"system": f"{BASE}/identifier/case", "value": "C-7"}) == "C-7"


def test_the_billing_number_of_a_parent_never_names_a_child() -> None:
    """Two children of one family share it, under the very OID of the national identifier."""
    billing = identifier("2840675123456", kind="NH", system=INS_OID, use="official")

    assert name(billing) is None
    assert name(billing, id="p1") == name(id="p1")
    assert name(billing, id="p1") != name(billing, id="p2")


def test_a_number_of_the_shared_oid_without_its_type_is_not_trusted() -> None:
    assert name({"system": INS_OID, "value": "2840675123456"}) is None


def test_the_national_identifier_counts_with_and_without_its_key_digits() -> None:
    def ins(value: str) -> dict[str, Any]:
        return identifier(value, kind="INS-NIR", system=INS_OID, use="official")

    assert name(ins("284067512345612")) == name(ins("2840675123456"))


@pytest.mark.parametrize("use", ["old", "temp"])
def test_an_identifier_that_will_not_last_is_passed_over(use: str) -> None:
    assert name(identifier("9", use=use), identifier("1")) == name(identifier("1"))
    assert name(identifier("9", use=use)) is None


def test_a_national_identifier_that_comes_later_does_not_split_the_case() -> None:
    ins = identifier("2840675123456", kind="INS-NIR", system=INS_OID, use="official")

    assert name(identifier("1"), ins) == name(ins, identifier("1")) == name(identifier("1"))


def test_the_last_resort_is_the_id_also_when_only_the_address_tells_it() -> None:
    assert name(id="p1") == KEY.case_id({}, source="north", full_url="https://x.invalid/fhir/Patient/p1")
    assert KEY.case_id({}, source="north", full_url="urn:uuid:0f6ae1f2-6d5c-4a3b-9b0e-5f9f0c6f0a01") is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(["identifier", "system", "value", "type", "coding", "code", "use", "id"]), s
            )
        ),
        max_leaves=12,
    )
)
def test_any_patient_gets_an_opaque_pseudonym_or_none(junk: Any) -> None:
    told = KEY.case_id({"resourceType": "Patient", "identifier": junk, "id": junk}, source="north")

    assert told is None or told.startswith("C-")


def test_a_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "key.json"
    made: list[Pseudonyms] = []
    threads = [threading.Thread(target=lambda: made.append(load_pseudonyms(file))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({each.case_id({"id": "p"}, source="s") for each in made}) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["key.json"]


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    shown = repr(load_pseudonyms(file))

    assert json.loads(file.read_text())["secret"] not in shown
    assert "secret" not in shown
    assert "_key" not in shown


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"id": "k", "secret": "zz"}', '{"id": "k", "secret": "00"}', '{"id": "k", "secret": 1}'],
)
def test_refuses_a_file_that_holds_no_key(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(content)
    file.chmod(0o600)

    with pytest.raises(ConfigError):
        load_pseudonyms(file)


def test_refuses_a_key_that_others_can_read(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    load_pseudonyms(file)
    file.chmod(0o640)

    with pytest.raises(ConfigError, match="chmod 600"):
        load_pseudonyms(file)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=5, unique=True), st.text(min_size=1))
def test_a_later_key_makes_of_an_earlier_pseudonym_what_it_makes_of_the_patient(keys: list[bytes], value: str) -> None:
    """So nobody has to be asked for the patient again."""
    rings = [Pseudonyms(f"k{last}", keys[last], tuple(keys[:last])) for last in range(len(keys))]
    patient = {"identifier": [identifier(f"x{value}")]}
    told = [ring.case_id(patient, source="north") or "" for ring in rings]
    marks = [ring.message_mark(["urn:x", value], 31) for ring in rings]

    for number, ring in enumerate(rings[1:], start=1):
        assert ring.next_case_id(told[number - 1]) == told[number]
        assert ring.next_mark(marks[number - 1]) == marks[number]
        assert told[number] == ring.may_be(told[0])[number]
    assert len(set(told)) == len(set(marks)) == len(rings)


def test_the_newest_key_of_a_file_is_the_last_of_the_chain(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    before = load_pseudonyms(file)
    keys = add_key(file)
    after = load_pseudonyms(file)

    assert (after.key_id, len(keys.secrets)) == (keys.current, 2)
    patient = {"identifier": [identifier("1")]}
    assert after.case_id(patient, source="s") == after.next_case_id(before.case_id(patient, source="s") or "")


@pytest.mark.parametrize("name_", ["REG-7", "C-EXAMPLE", "C-AAAAAAAAAAAAAAAAAAAA1", "c-aaaaaaaaaaaaaaaaaaaa", ""])
def test_what_no_key_of_ours_made_is_left_as_it_is(name_: str) -> None:
    assert Pseudonyms("k-2", b"q" * 32, (b"k" * 32,)).next_case_id(name_) == name_
