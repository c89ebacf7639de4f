"""The look for wounds finds every text of the battery where it is not escaped, and none where it is."""

from __future__ import annotations

import html

import pytest

from tests.battery.payloads import cross_site, injections
from tests.battery.wounds import wounds

TEXTS = list(dict.fromkeys(text for each in cross_site().values() for text in each))


def test_there_are_as_many_texts_as_promised_and_none_twice() -> None:
    others = {text for each in injections().values() for text in each}
    assert len(TEXTS) >= 250
    assert len(others) >= 300


@pytest.mark.parametrize("family", [name for name in cross_site() if name not in ("breakouts", "encodings", "schemes")])
def test_what_is_not_escaped_is_found(family: str) -> None:
    unseen = [text for text in cross_site()[family] if "<" in text and not list(wounds(f"<p>{text}</p>", text))]
    assert unseen == []


def test_an_address_that_runs_is_found_whatever_stands_before_it() -> None:
    links = [text for text in cross_site()["schemes"] if text.startswith("<a") and "javascript:" in text]
    assert len(links) > 30
    assert [text for text in links if not list(wounds(text))] == []


def test_an_attribute_that_is_left_is_found() -> None:
    left = f'<input value="{cross_site()["breakouts"][2]}">'
    assert list(wounds(left)) == ["an event handler on input"]


def test_what_is_escaped_is_text() -> None:
    for text in TEXTS:
        assert list(wounds(f'<p title="{html.escape(text)}">{html.escape(text)}</p>', text)) == []
