"""Settings say what they expect, and a typing error does not become a surprise."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.config import ensure_loopback, load_settings, shipped
from adapter.errors import ConfigError


def test_defaults_keep_everything_in_one_folder_on_this_machine(tmp_path: Path) -> None:
    settings = load_settings({"CRMO_DATA": str(tmp_path)})

    assert settings.database_url == f"sqlite:///{tmp_path}/registry.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.pseudonym_key.is_relative_to(tmp_path)
    ensure_loopback(settings)


def test_an_option_goes_before_its_variable() -> None:
    assert load_settings({"CRMO_PORT": "1"}, port="2", host=None).port == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRMO_PORT", "http"),
        ("CRMO_PORT", "70000"),
        ("CRMO_PORT", "-1"),
        ("CRMO_PORT", "８０"),
        ("CRMO_THREADS", "0"),
        ("CRMO_MAPPINGS", "/no/such/folder"),
        ("CRMO_UNPROTECTED", "true"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings({name: value})


def test_an_open_address_needs_a_word_of_consent() -> None:
    elsewhere = {"CRMO_HOST": "192.0.2.1"}
    with pytest.raises(ConfigError, match="CRMO_UNPROTECTED"):
        ensure_loopback(load_settings({**elsewhere, "CRMO_ACCESS": "open"}))
    ensure_loopback(load_settings({**elsewhere, "CRMO_ACCESS": "open", "CRMO_UNPROTECTED": "yes"}))


def test_nobody_has_to_say_who_he_is_on_this_machine_and_everybody_does_elsewhere() -> None:
    assert load_settings({}).access == "open"
    assert load_settings({"CRMO_HOST": "192.0.2.1"}).access == "required"
    assert load_settings({"CRMO_ACCESS": "required"}).access == "required"
    with pytest.raises(ConfigError, match="CRMO_ACCESS"):
        load_settings({"CRMO_ACCESS": "perhaps"})


def test_secrets_are_looked_up_and_never_shown() -> None:
    settings = load_settings({"CRMO_DATABASE_URL": "postgresql://u:hidden@h/d", "NORTH_TOKEN": "hidden"})

    assert settings.secret("NORTH_TOKEN") == "hidden"
    assert "hidden" not in repr(settings)


def test_the_declarations_come_along() -> None:
    assert (shipped("mappings") / "criteria.yaml").is_file()
    assert shipped("profiles").name == "profiles"
