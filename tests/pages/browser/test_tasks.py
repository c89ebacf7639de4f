"""What data managers come for, done with a mouse in a real Chromium, click by click."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings, shipped
from adapter.parts import Parts
from tests.pages.browser.chromium import chromium, log_in, window
from tests.pages.browser.registry import LOGIN, PASSWORD, fill, let_in, send, serving
from tests.sample_bundles import coded, make_bundle, make_condition, make_patient

pytestmark = pytest.mark.slow


OVERLAY = """overlay: utopie
title: {en: Utopia, fr: Utopie}
tables:
  bone:
    add:
      - {word: tibia, read: {sct: ["123"]}, source: its own list}
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """With a hospital that writes codes of its own, and mappings that its data manager may mend."""
    folder = tmp_path_factory.mktemp("tasks")
    shutil.copytree(shipped("mappings"), folder / "mappings")
    (folder / "mappings" / "overlays").mkdir()
    (folder / "mappings" / "overlays" / "utopie.overlay.yaml").write_text(OVERLAY, encoding="utf-8")
    settings = load_settings({"CRMO_DATA": str(folder / "data"), "CRMO_MAPPINGS": str(folder / "mappings")})
    with open_parts(settings, load_knowledge(settings)) as opened:
        parts = replace(opened, clock=lambda: datetime.now(UTC))
        fill(parts, children=3)
        told = {"source": "utopie", "base": "http://127.0.0.1:9/fhir", "overlay": "utopie"}
        parts.sources.add(told)  # type: ignore[attr-defined]
        send(parts, "utopie", [child(number) for number in range(30, 34)])
        let_in(parts)
        yield parts


def child(number: int) -> bytes:
    own = coded("https://utopie.invalid/dx", "OCM1")
    return json.dumps(make_bundle(make_patient(number), make_condition(number, code=own))).encode()


@pytest.fixture(scope="module")
def page(filled: Parts) -> Iterator[Page]:
    """Logged in, on the first page."""
    with serving(filled) as base, chromium() as browser, window(browser, base, language="en") as watched:
        log_in(watched, LOGIN, PASSWORD)
        yield watched.page


class Clicks:
    """A hand on a mouse, which counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/")

    def on(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.page.wait_for_selector("[data-refresh]", state="detached")
        self.count += 1


def test_why_a_bundle_failed_is_found_in_three_clicks(page: Page) -> None:
    hand = Clicks(page)
    hand.on("main .attention a[href*='/ui/inbox/cause?']")
    hand.on("main table a[href^='/ui/inbox/']")
    assert page.locator("main code").count() > 0
    assert hand.count <= 3


def test_a_row_is_mended_and_its_group_tried_again_in_five_clicks(page: Page) -> None:
    hand = Clicks(page)
    hand.on("main .attention a[href*='/ui/inbox/cause?'][href*='utopie']")
    page.locator("main select[name=word]").first.select_option("crmo")
    hand.count += 1  # the list of words is opened and one of them chosen
    hand.on("main form.row button")
    assert "4" in page.locator("main .card.good .figure").inner_text()
    hand.on("main form button")
    assert "4" in page.locator("main .notice.good").first.inner_text()
    assert hand.count <= 5
    page.goto(page.url.split("/ui/")[0] + "/ui/inbox?source=utopie&state=quarantined")
    assert page.locator("main table a[href^='/ui/inbox/']").count() == 0


def test_table_one_is_taken_along_in_four_clicks(page: Page) -> None:
    hand = Clicks(page)
    hand.on("nav a[href='/ui/cohort']")
    hand.on("main a[href^='/ui/cohort/exports']")
    with page.expect_download() as download:
        hand.on("main a[href*='/ui/cohort/tables/'][href*='.csv']")
    assert "A01" in download.value.path().read_text(encoding="utf-8")
    assert hand.count <= 4


def test_where_a_value_came_from_is_found_in_two_clicks_from_the_list(page: Page) -> None:
    hand = Clicks(page)
    hand.on("nav a[href='/ui/cases']")
    start = hand.count
    hand.on("main table a[href^='/ui/cases/']")
    hand.on("main details summary:has-text('Where from')")
    assert "map.yaml:" in page.locator("main details[open]").first.inner_text()
    assert hand.count - start <= 2


def test_a_hospital_is_declared_by_six_fields_at_most(page: Page) -> None:
    hand = Clicks(page)
    hand.on("nav a[href='/ui/sources']")
    hand.on("main a[href='/ui/new-source']")
    fields = page.locator("main form :is(input, select, textarea):visible")
    assert 0 < fields.count() <= 6
    page.fill("[name=name]", "chu-ajoute")
    page.fill("[name=base]", "http://127.0.0.1:9/fhir")
    hand.on("main form button")
    assert "chu-ajoute" in page.inner_text("main")
