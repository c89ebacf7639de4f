"""What is sealed opens with its key, at its place, unchanged, and in no other way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapter.errors import ConfigError, IntegrityError
from adapter.keyfile import Keys, add_key, load_keys
from adapter.sealing import Seals, load_seals

OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32}
SEALS = Seals(Keys("k1", OLD))


def test_what_is_sealed_opens_and_does_not_show_itself() -> None:
    sealed = SEALS.seal(b"a child", "entry-1")

    assert b"child" not in sealed
    assert SEALS.unseal(sealed, "entry-1", "k1") == b"a child"
    assert SEALS.seal(b"a child", "entry-1") != sealed, "the same bytes look different each time"


@pytest.mark.parametrize("place", range(30))
def test_a_changed_byte_is_noticed_wherever_it_is(place: int) -> None:
    sealed = bytearray(SEALS.seal(b"a child", "entry-1"))
    sealed[place] ^= 1

    with pytest.raises(IntegrityError):
        SEALS.unseal(bytes(sealed), "entry-1", "k1")


def test_a_seal_opens_at_no_other_place_and_with_no_other_key() -> None:
    sealed = SEALS.seal(b"a child", "entry-1")

    with pytest.raises(IntegrityError):
        SEALS.unseal(sealed, "entry-2", "k1")
    with pytest.raises(IntegrityError, match="not in the key file"):
        Seals(Keys("k2", NEW)).unseal(sealed, "entry-1", "k1")


def test_after_a_new_key_the_old_one_still_opens_and_the_new_one_seals(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "sealing.json"
    before = load_seals(file)
    sealed = before.seal(b"a child", "entry-1")

    after = Seals(add_key(file))

    assert after.key_id != before.key_id
    assert after.unseal(sealed, "entry-1", before.key_id) == b"a child"
    assert load_seals(file).key_id == after.key_id
    assert file.stat().st_mode & 0o077 == 0


WRONG = {
    "two keys of one id": {"keys": [{"id": "a", "secret": "00" * 32}, {"id": "a", "secret": "11" * 32}]},
    "a short key": {"id": "a", "secret": "00" * 16},
    "an id with a slash": {"id": "a/b", "secret": "00" * 32},
    "no key": {"keys": []},
    "no hexadecimal": {"id": "a", "secret": "zz" * 32},
}


@pytest.mark.parametrize("name", WRONG)
def test_refuses_a_file_that_is_not_sound_and_shows_nothing_of_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(WRONG[name]), encoding="ascii")
    file.chmod(0o600)

    with pytest.raises(ConfigError) as caught:
        load_keys(file)

    assert "key.json" in str(caught.value)
    assert "00" * 8 not in str(caught.value)
