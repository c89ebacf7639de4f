"""Every page that can be reached by links from the first one: at most a few addresses of each route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect

from tests.pages.browser.chromium import Watched

# Two of each, so that a list and its next page are both seen.
OF_EACH = 2
# Where no link leads: the way in, and what is told when there is nothing.
BESIDE = ("/login", "/ui/nothing")
# Files to take along, and pictures.
_FILES = tuple(f"/ui/cohort/{part}/" for part in ("figures", "outside", "records", "tables"))
# In a picture, too, where `href` is no text.
_LINKS = """[...document.querySelectorAll("a[href]:not([download])")]
  .map(a => new URL(a.getAttribute("href"), location).href)"""


def crawl(watched: Watched, url_map: Map, *, start: str = "/", of_each: int = OF_EACH) -> Iterator[tuple[str, str]]:
    """(route, address) of each page, while the window shows it."""
    waiting, seen, counted = [start], {start}, Counter[str]()
    while waiting:
        address = waiting.pop(0)
        route = route_of(url_map, address)
        if not is_page(route) or counted[route] >= of_each:
            continue
        counted[route] += 1
        watched.go(address)
        links = watched.page.evaluate(_LINKS)
        yield route, address
        for link in (_local(each, watched.base) for each in links):
            if link and link not in seen and not _is_choice(link):
                seen.add(link)
                waiting.append(link)
    for address in BESIDE:
        watched.go(address)
        yield route_of(url_map, address), address


def pages_of(url_map: Map) -> set[str]:
    """Routes of all pages that can be looked at."""
    return {rule.rule for rule in url_map.iter_rules() if is_page(rule.rule) and "GET" in (rule.methods or ())}


def is_page(route: str) -> bool:
    """Not what the pages offer for download or show as a picture."""
    return route == "/" or (route.startswith("/ui/") and not route.startswith(_FILES))


def route_of(url_map: Map, address: str) -> str:
    adapter = url_map.bind("registry.invalid")
    try:
        rule, _ = adapter.match(urlsplit(address).path, return_rule=True)
    except (HTTPException, RequestRedirect):
        return ""
    return str(rule.rule)


def _local(link: str, base: str) -> str:
    return link.removeprefix(base).partition("#")[0] if link.startswith(base) else ""


def _is_choice(address: str) -> bool:
    """Another language or theme of a page that is seen in all of them anyhow."""
    return "lang=" in address or "theme=" in address
