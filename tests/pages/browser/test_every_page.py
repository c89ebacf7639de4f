"""Every page that links lead to, in a real Chromium: accessible, no wider than the window, nothing from elsewhere.

`make pages` does the same in both languages, themes and widths, and keeps pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.parts import Knowledge, Parts
from adapter.web import create_app
from tests.pages.browser.chromium import chromium, log_in, window
from tests.pages.browser.crawl import crawl, pages_of
from tests.pages.browser.registry import LOGIN, PASSWORD, fill, let_in, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def filled(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "data")}), knowledge) as opened:
        parts = replace(opened, clock=lambda: datetime.now(UTC))
        fill(parts, children=3)
        let_in(parts)
        yield parts


def test_every_page_can_be_reached_and_read_by_everybody(filled: Parts, browser: Browser) -> None:
    url_map, seen, flaws = create_app(filled).url_map, set(), []
    with serving(filled) as base, window(browser, base, width=360) as watched:
        log_in(watched, LOGIN, PASSWORD)
        for route, address in crawl(watched, url_map, of_each=1):
            seen.add(route)
            flaws += [f"{address} {each}" for each in watched.violations()]
            flaws += [f"{address} is wider than its window"] if watched.too_wide() > 0 else []
        assert (flaws, watched.faults, watched.foreign) == ([], [], [])
    assert sorted(pages_of(url_map) - seen) == []
