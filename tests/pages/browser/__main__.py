"""`make pages`: every page in both languages, both themes and two widths, with and without scripts, in a real browser.

Screenshots are left under build/pages, to be looked at. Prints one JSON line; ends with 1 when anything was found.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser
from werkzeug.routing import Map

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings
from adapter.parts import Parts
from adapter.web import create_app
from tests.pages.browser import hostile
from tests.pages.browser.chromium import Theme, Watched, chromium, log_in, window
from tests.pages.browser.crawl import crawl, pages_of
from tests.pages.browser.registry import LOGIN, PASSWORD, fill, let_in, serving

PICTURES = Path("build/pages")
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (1280, 320)
_BY_KEYBOARD = "fr-light-1280"


@dataclass
class Found:
    pages: set[str] = field(default_factory=set)
    looks: int = 0
    heaviest_kilobytes: int = 0
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    hostile: list[str] = field(default_factory=list)
    mouse_only: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)

    def flaws(self) -> Iterator[str]:
        for name in ("violations", "too_wide", "foreign", "faults", "unreadable", "mouse_only", "hostile", "unreached"):
            yield from (f"{name}: {each}" for each in getattr(self, name))

    def line(self) -> dict[str, int]:
        return {name: len(value) if not isinstance(value, int) else value for name, value in vars(self).items()}


def main() -> None:
    found = Found()
    for state, children in (("filled", 8), ("empty", 0)):
        with tempfile.TemporaryDirectory() as folder, open_registry(Path(folder)) as parts:
            if children:
                fill(parts, children=children)
                send_hostile(parts)
            let_in(parts)
            look_at_all(parts, state, found)
    for flaw in found.flaws():
        print(flaw, file=sys.stderr)  # noqa: T201
    print(json.dumps({"figure": "pages", **found.line()}))  # noqa: T201
    sys.exit(any(found.flaws()))


def send_hostile(parts: Parts) -> None:
    application = create_app(parts)
    hostile.send_all(application.test_client())
    application.extensions["background"].shutdown()


def open_registry(folder: Path):  # type: ignore[no-untyped-def]
    settings = load_settings({"CRMO_DATA": str(folder)})
    return open_parts(settings, load_knowledge(settings))


def look_at_all(parts: Parts, state: str, found: Found) -> None:
    url_map = create_app(parts).url_map
    with serving(parts) as base, chromium() as browser:
        with window(browser, base) as watched:
            session = log_in(watched, LOGIN, PASSWORD)
        for language, theme, width in product(("fr", "en"), THEMES, WIDTHS):
            pictures = PICTURES / state / f"{language}-{theme}-{width}"
            pictures.mkdir(parents=True, exist_ok=True)
            with window(browser, base, width=width, theme=theme, language=language, cookies=session) as watched:
                addresses = list(look(watched, url_map, pictures, found))
        read_without_scripts(browser, base, session, addresses, found)
        load_afresh(browser, base, session, addresses, found)
        if state == "filled":
            with window(browser, base, cookies=session) as watched:
                found.hostile += [*hostile.pasted(watched), *hostile.filtered(watched, addresses)]
                found.faults += watched.faults
            found.unreached += sorted(pages_of(url_map) - found.pages)


def look(watched: Watched, url_map: Map, pictures: Path, found: Found) -> Iterator[str]:
    for number, (route, address) in enumerate(crawl(watched, url_map)):
        found.looks += 1
        found.pages.add(route)
        where = f"{pictures.name} {address}"
        found.violations += [f"{where} {each}" for each in watched.violations()]
        if pictures.name == _BY_KEYBOARD:
            found.mouse_only += [f"{where} {each}" for each in watched.out_of_reach()]
        found.too_wide += [where] if watched.too_wide() > 0 else []
        name = route.strip("/").replace("/", "-").replace("<", "").replace(">", "") or "home"
        watched.page.screenshot(path=pictures / f"{number:02}-{name}.png", full_page=True)
        yield address
    found.foreign += watched.foreign
    found.faults += watched.faults


def read_without_scripts(browser: Browser, base: str, session: object, addresses: list[str], found: Found) -> None:
    """The first heading and all words of the page are there without scripts."""
    with window(browser, base, scripts=False, cookies=session, language="en") as plain:
        for address in addresses:
            plain.page.goto(base + address)
            if plain.page.locator("main h1").count() != 1 or len(plain.page.inner_text("main")) < 20:
                found.unreadable.append(address)


def load_afresh(browser: Browser, base: str, session: object, addresses: list[str], found: Found) -> None:
    """What a first visit costs, with nothing kept from another: as it is on the wire."""
    for address in addresses:
        with window(browser, base, cookies=session) as watched:
            sizes: list[int] = []
            watched.page.on("requestfinished", lambda told, sizes=sizes: sizes.append(told.sizes()["responseBodySize"]))
            watched.go(address)
            watched.page.wait_for_load_state("networkidle")
            found.heaviest_kilobytes = max(found.heaviest_kilobytes, sum(sizes) // 1000)


if __name__ == "__main__":
    main()
