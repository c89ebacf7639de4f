"""The walk of one unit: what an answer does to it, without any server."""

from __future__ import annotations

from adapter.crawl.parcel import Parcel
from adapter.crawl.trust import Trust
from adapter.crawl.walk import RESTARTS, Walk
from adapter.crawl.way import Way
from adapter.errors import RemoteError
from adapter.store.units import Unit

BASE = "https://h.invalid/fhir"
EXPIRED = RemoteError("the page has expired", "h.invalid", 410)


def make_walk() -> Walk:
    """On its third page."""
    unit = Unit("pull", "candidates", "Condition", {"code": ["M86.3"]}, cursor=f"{BASE}?page=3", pages=2, received=20)
    way = Way(entries=20, first_total=1000)
    return Walk(unit, way, BASE, lambda: "", lambda: True, lambda url: False, Trust())


def page(number: int) -> Parcel:
    return Parcel(matches=10, total=1000, next=f"{BASE}?page={number}")


def test_page_that_has_expired_is_asked_for_once_more() -> None:
    walk = make_walk()
    assert (walk.fail(EXPIRED, "restart"), walk.unit.cursor) == ("on", f"{BASE}?page=3")


def test_page_that_has_expired_twice_begins_the_walk_again() -> None:
    walk = make_walk()
    assert [walk.fail(EXPIRED, "restart"), walk.fail(EXPIRED, "restart")] == ["on", "again"]
    assert (walk.unit.cursor, walk.unit.received, walk.unit.restarts) == (None, 0, 1)


def test_long_walk_whose_pages_each_expire_once_never_begins_again() -> None:
    walk = make_walk()
    for number in range(4, 4 + 3 * RESTARTS):
        assert walk.fail(EXPIRED, "restart") == "on"
        assert walk.take(page(number), 10, str(walk.unit.cursor)) == "on"
    assert (walk.unit.restarts, walk.unit.pages) == (0, 2 + 3 * RESTARTS)


def test_new_walk_may_meet_an_expired_page_again() -> None:
    way = Way(gone=True).again(7)
    assert (way.gone, way.since) == (False, 7)
