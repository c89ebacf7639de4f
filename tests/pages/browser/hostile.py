"""Hostile texts in a real browser: wherever they come in, they are shown as text, and nothing of them runs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask.testing import FlaskClient

from tests.battery.hostile_bundles import in_texts
from tests.battery.payloads import cross_site
from tests.pages.browser.chromium import Watched

# What would have run: a dialog, an element with a handler, a script of somebody else, an address that is a script.
_RAN = """() => [
  ...document.querySelectorAll("main script, main iframe, main object, main embed, main style, main base, main meta"),
  ...[...document.querySelectorAll("main *")].filter(e => [...e.attributes].some(a => /^on/i.test(a.name))),
  ...[...document.querySelectorAll("a[href], form[action], [src]")].filter(
    e => /^\\s*(javascript|vbscript|data):/i.test(e.href || e.action || e.src || "")),
].map(e => e.outerHTML.slice(0, 120))"""
_AT_ONCE = 25


def payloads() -> list[str]:
    return [each for family in cross_site().values() for each in family]


def send_all(client: FlaskClient) -> None:
    """Everything into the inbox; what can be stored is."""
    for payload in payloads():
        client.post("/fhir", data=in_texts(payload), content_type="application/fhir+json")


def pasted(watched: Watched) -> Iterator[str]:
    """What ran, or was not shown as it is, when the validator was given all of them."""
    dialogs: list[str] = []
    watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    told = payloads()
    for start in range(0, len(told), _AT_ONCE):
        some = [each for each in told[start : start + _AT_ONCE] if each.isprintable()]
        entries = [{"resource": {"resourceType": "Patient", "name": [{"text": each}], each: each}} for each in some]
        text = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}, indent=1, ensure_ascii=False)
        watched.go("/ui/validator")
        watched.page.fill("#text", text)
        watched.page.click("form#again button:not(.second):not(.chip)")
        yield from watched.page.evaluate(_RAN)
        shown = " ".join(watched.page.inner_text("main").split())
        yield from (
            f"not shown: {each[:60]}" for each in some if " ".join(each.split()) not in shown.replace("\\\\", "\\")
        )
    yield from dialogs


def filtered(watched: Watched, addresses: list[str]) -> Iterator[str]:
    """The same of filters in the address, each tried on one page in turn."""
    dialogs: list[str] = []
    watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for number, each in enumerate(payloads()):
        page = addresses[number % len(addresses)].partition("?")[0]
        names = watched.page.evaluate("[...document.querySelectorAll('main form [name]')].map(e => e.name)") or ["q"]
        query = watched.page.evaluate(
            "([names, text]) => new URLSearchParams(names.map(n => [n, text])).toString()", [[*names, "rule"], each]
        )
        watched.page.goto(f"{watched.base}{page}?{query}")
        yield from watched.page.evaluate(_RAN)
    yield from dialogs
