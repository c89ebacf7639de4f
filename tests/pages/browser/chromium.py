"""A real Chromium, Debian's, and what is held against every page that it shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_BROKEN = """
window.broken = [];
addEventListener("securitypolicyviolation", told => window.broken.push(told.violatedDirective));
"""
_OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What is still counted in the background.
_COUNTING = "[data-refresh]"
# Of radio buttons with one name, only one is a stop; what is inside a closed <details> is none.
_MARK = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const names = new Set();
  const used = each => each.checkVisibility() && !each.disabled && each.type !== "hidden" && each.tabIndex >= 0;
  const stops = all.filter(used).filter(each => {
    if (each.type !== "radio") return true;
    const known = names.has(each.name);
    names.add(each.name);
    return !known;
  });
  stops.forEach(each => { each.dataset.stop = each.type === "radio" ? each.name : ""; });
  // A date has a stop for its day, its month, its year and its calendar.
  return stops.length + 3 * stops.filter(each => each.type === "date").length;
}"""
_REACH = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "";
  for (const each of document.querySelectorAll("[data-stop]"))
    if (each === at || (each.type === "radio" && each.name === at.name)) delete each.dataset.stop;
  // In a picture the shape shows it.
  const seen = [at, ...at.querySelectorAll("*")].map(each => getComputedStyle(each)).some(
    style => style.outlineStyle !== "none" || style.boxShadow !== "none" || parseFloat(style.strokeWidth) >= 4);
  return seen ? "" : "no focus shown: " + at.outerHTML.slice(0, 100);
}"""
_LEFT = "[...document.querySelectorAll('[data-stop]')].map(each => 'not reached: ' + each.outerHTML.slice(0, 100))"
_PATIENCE = 90_000
Theme = Literal["light", "dark"]


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("No Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=_PATIENCE
        )
        yield browser
        browser.close()


@dataclass
class Watched:
    """One window, and what was noticed in it: calls to other origins, refusals of the policy, errors of scripts."""

    page: Page
    base: str
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        self.page.goto(self.base + address)
        self.page.wait_for_selector(_COUNTING, state="detached")
        self.faults += [f"{address}: policy {each}" for each in self.page.evaluate("window.broken || []")]

    def violations(self) -> list[str]:
        """axe-core's, as "rule: where"."""
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": WCAG}}).response["violations"]
        return [f"{each['id']}: {node['target']} {node['html'][:120]}" for each in found for node in each["nodes"]]

    def out_of_reach(self) -> list[str]:
        """What can be used by a mouse only, or does not show that the keyboard is on it."""
        waiting: int = self.page.evaluate(_MARK)
        self.page.evaluate("document.activeElement.blur()")
        dull = set()
        for _ in range(waiting + 2):
            self.page.keyboard.press("Tab")
            dull.add(self.page.evaluate(_REACH))
        return [*self.page.evaluate(_LEFT), *sorted(each for each in dull if each)]

    def too_wide(self) -> int:
        """By how many pixels the page has to be moved sideways."""
        over: int = self.page.evaluate(_OVER)
        return over


@contextmanager
def window(
    browser: Browser,
    base: str,
    *,
    width: int = 1280,
    theme: Theme = "light",
    language: str = "fr",
    scripts: bool = True,
    cookies: Any = None,
) -> Iterator[Watched]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        locale=language,
        java_script_enabled=scripts,
        reduced_motion="reduce",
        storage_state=cookies,
    )
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    watched = Watched(page, base)
    if scripts:
        page.add_init_script(_BROKEN)
    page.on("request", lambda asked: _note_foreign(watched, asked.url))
    page.on("pageerror", lambda error: watched.faults.append(f"{page.url}: {error.name}"))
    page.on("console", lambda said: _note_fault(watched, said.type, said.text))
    yield watched
    context.close()


def _note_foreign(watched: Watched, url: str) -> None:
    if not url.startswith((watched.base, "data:", "blob:")):
        watched.foreign.append(url)


def _note_fault(watched: Watched, kind: str, text: str) -> None:
    if kind == "error" and "Content Security Policy" in text:
        watched.faults.append(text)


def log_in(watched: Watched, login: str, password: str) -> Any:
    """Through the form; the session, for other windows."""
    watched.go("/login")
    watched.page.fill("#login", login)
    watched.page.fill("#password", password)
    watched.page.click("main button")
    watched.page.wait_for_url(f"{watched.base}/")
    return watched.page.context.storage_state()
