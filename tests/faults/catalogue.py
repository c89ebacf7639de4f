"""The catalogue of modes: from issues of open servers, manuals of closed ones, proxies, and what HTTP allows."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from tests.faults.hospital import Habits, outcome, refuse, tell
from tests.faults.modes import (
    ALWAYS,
    AS_MATCH,
    FATAL,
    LOGIN,
    OFFSET,
    STRANGER,
    WARNING,
    Mode,
    Strike,
    circle,
    deleted,
    each_record,
    empty_between,
    endless,
    forbidden_for_one,
    half,
    inserted,
    lost_filter,
    moving,
    nameless,
    next_is,
    no_ids,
    on_second,
    one_patient_gone,
    overlap,
    page_says,
    patient_gone,
    says,
    with_entry,
)
from tests.faults.wire import Told

E, L = "exact", "loud"
ABROAD = "http://127.0.0.1:9/fhir/Condition?page=10"
BOM, NO_FHIR = b"\xef\xbb\xbf", b'{"error": "session expired", "location": "/login"}'


def itself(url: str) -> str:
    head, _, page = url.rpartition("page=")
    return f"{head}page={int(page) // 2}"


def said(told: Told) -> Told:
    return tell(outcome("timeout"))


def empty(told: Told) -> Told:
    return tell({"resourceType": "Bundle", "type": "searchset"})


def dated(told: Told) -> Told:
    return refuse(429, "throttled", Retry_After=formatdate(time.time() + 1, usegmt=True))


def moved(told: Told) -> Told:
    return Told(status=307, headers={"Location": told.headers["X-Here"]})


def away(told: Told) -> Told:
    return Told(status=302, headers={"Location": "http://127.0.0.1:9/login"})


def odd_version(record: dict[str, Any], number: int) -> None:
    record["meta"] = {"versionId": f"W/{number}", "lastUpdated": "2025-01-01T00:00:00"}


def absolute(record: dict[str, Any], number: int) -> None:
    record["subject"]["reference"] = f"https://hospital.invalid/r4/{record['subject']['reference']}"


def _by_link(status: int, code: str) -> Strike:
    """Strike whatever is asked for by a next link."""
    return lambda hospital, asked, number, told: says(status, code)(told) if asked.get("page") else None


LINKS = [
    Mode("link-query", E, "next links relative to the page: ?page=2", Habits(link="query")),
    Mode("link-host", E, "next links relative to the host: /fhir/Condition?…", Habits(link="host")),
    Mode("link-type", E, "next links relative to the base: Condition?…", Habits(link="type")),
    Mode("link-slash", E, "next links relative to the base, with a slash: /Condition?…", Habits(link="slash")),
    Mode("link-none", E, "no next link at all; _offset is understood", Habits(link="none", offset=True)),
    Mode("link-none-hard", L, "no next link at all, and no _offset", Habits(link="none")),
    Mode(
        "link-stops", E, "no next link after two pages, the total is larger; _offset", Habits(stops_at=2, offset=True)
    ),
    Mode("link-stops-hard", L, "no next link after two pages, the total is larger", Habits(stops_at=2)),
    Mode("link-abroad", E, "a next link to another origin; _offset", OFFSET, alter=next_is(lambda url: ABROAD)),
    Mode("link-abroad-hard", L, "a next link to another origin", alter=next_is(lambda url: ABROAD)),
    Mode("link-scheme", L, "a next link from http to https", alter=next_is(lambda url: f"https{url[4:]}")),
    Mode("link-itself", L, "a next link that leads to its own page", alter=next_is(itself, 1)),
    Mode("link-itself-offset", E, "the same; _offset", OFFSET, alter=next_is(itself, 1)),
    Mode("link-circle", L, "next links that run in a circle", alter=circle),
    Mode("link-endless", L, "ever new next links to the same page", alter=endless),
    Mode("link-refused", E, "every next link is answered 400; _offset", OFFSET, _by_link(400, "invalid")),
    Mode("link-dead", E, "every next link is answered 404; _offset", OFFSET, _by_link(404, "not-found")),
    Mode("link-expired", E, "every next link is answered 410; _offset", OFFSET, _by_link(410, "expired")),
    Mode("link-expired-hard", L, "every next link is answered 410", strike=_by_link(410, "expired")),
    Mode("link-expired-once", E, "410 once: the search has expired", strike=on_second(says(410, "expired"))),
    Mode("link-lost-filter", E, "next links lose the filters; _offset", OFFSET, alter=lost_filter, others=30),
    Mode("link-lost-filter-hard", L, "next links lose the filters", alter=lost_filter, others=30),
]
PAGES = [
    Mode("page-cap", E, "fewer matches on a page than were asked for", Habits(cap=3)),
    Mode("page-cap-refused", E, "400 to a larger _count", Habits(refuses_count=True)),
    Mode("page-empty-between", E, "a page without entries, whose next link leads on", alter=empty_between),
    Mode("page-empty-once", E, "200 with an empty searchset, no total, no link, once", strike=on_second(empty)),
    Mode("page-overlap", E, "each page begins with the end of the one before", alter=overlap),
    Mode("page-newer", E, "a record comes again in a newer version", alter=moving),
    Mode("page-inserted", E, "a record is written in front while we page", strike=inserted),
    Mode("page-deleted", E, "a record is deleted in front while we page: one is passed over", strike=deleted),
    Mode("page-warning", E, "a warning among the entries", alter=with_entry(WARNING)),
    Mode("page-outcome-as-match", E, "an OperationOutcome called a match", alter=with_entry(AS_MATCH)),
    Mode("page-fatal", L, "a fatal outcome among the entries", alter=with_entry(FATAL)),
    Mode("page-stranger", E, "a resource of another type called a match", alter=with_entry(STRANGER)),
    Mode("page-no-mode", E, "no search.mode", Habits(modes=False)),
]
TOTALS = [
    Mode("total-none", E, "no total; _summary=count is understood", Habits(total="none")),
    Mode("total-none-hard", L, "no total, and no count", Habits(total="none", counts=False)),
    Mode("total-estimate", E, "the total is an estimate until the last page", Habits(total="estimate")),
    Mode("total-of-page", E, "the total is what is on the page", Habits(total="page")),
    Mode("total-high", L, "total and count say more than there is", Habits(total="high")),
    Mode("total-no-count", E, "_summary=count is answered 400", Habits(counts=False)),
]
STATUSES = [
    Mode(
        "status-429-seconds",
        E,
        "429 with Retry-After in seconds",
        strike=on_second(says(429, "throttled", Retry_After="1")),
    ),
    Mode("status-429-date", E, "429 with Retry-After as a date", strike=on_second(dated)),
    Mode("status-429-none", E, "429 without Retry-After", strike=on_second(says(429, "throttled"), 2)),
    Mode(
        "status-429-hours",
        L,
        "429 that asks for a day",
        strike=on_second(says(429, "throttled", Retry_After="86400"), ALWAYS),
    ),
    Mode("status-500-once", E, "500 once", strike=on_second(says(500, "exception"))),
    Mode("status-502-html", E, "502 with a proxy's page", strike=on_second(page_says(502, LOGIN, "text/html"))),
    Mode("status-503-thrice", E, "503 three times", strike=on_second(page_says(503, b"down", "text/plain"), 3)),
    Mode("status-504-once", E, "504 once", strike=on_second(says(504, "timeout"))),
    Mode("status-500-always", L, "500 always", strike=on_second(says(500, "exception"), ALWAYS)),
    Mode("status-403-one", L, "403 for one patient", strike=forbidden_for_one),
    Mode("status-307", E, "307 within the origin, once", strike=on_second(moved)),
    Mode("status-302-login", L, "302 to a log-in page elsewhere", strike=on_second(away, ALWAYS)),
    Mode("status-307-circle", L, "307 to itself", strike=on_second(moved, ALWAYS)),
]
BODIES = [
    Mode("body-outcome", E, "200 with an OperationOutcome, once", strike=on_second(said)),
    Mode("body-login", E, "200 with a log-in page, once", strike=on_second(page_says(200, LOGIN, "text/html"))),
    Mode(
        "body-login-always",
        L,
        "200 with a log-in page, always",
        strike=on_second(page_says(200, LOGIN, "text/html"), ALWAYS),
    ),
    Mode(
        "body-redirect-json",
        E,
        "200 with JSON that is no resource",
        strike=on_second(page_says(200, NO_FHIR, "application/json")),
    ),
    Mode("body-half", E, "half a JSON document, its length correct", strike=on_second(half)),
    Mode("body-none", E, "200 with nothing", strike=on_second(page_says(200, b"", "application/fhir+json"))),
    Mode("body-other", E, "another kind of resource", strike=on_second(lambda told: tell({"resourceType": "Patient"}))),
    Mode(
        "body-bom", E, "a byte order mark in front", strike=on_second(lambda told: replace(told, body=BOM + told.body))
    ),
    Mode(
        "body-latin",
        E,
        "letters that are not UTF-8, once",
        strike=on_second(lambda told: replace(told, body=told.body[:-2] + b"\xe9}")),
    ),
]
WIRES = [
    Mode(
        "wire-cut",
        E,
        "the body ends before its Content-Length",
        strike=on_second(lambda told: replace(half(told), promised=len(told.body))),
    ),
    Mode(
        "wire-cut-always",
        L,
        "the same, always",
        strike=on_second(lambda told: replace(half(told), promised=len(told.body)), ALWAYS),
    ),
    Mode("wire-reset", E, "the connection is reset", strike=on_second(lambda told: Told(reset=True))),
    Mode("wire-hang", E, "no answer, once", strike=on_second(lambda told: Told(hang=True))),
    Mode("wire-hang-always", L, "no answer, always", strike=on_second(lambda told: Told(hang=True), ALWAYS)),
    Mode("wire-drip", E, "a body that drips for hours, once", strike=on_second(lambda told: replace(told, drip=0.03))),
    Mode("wire-chunks", E, "chunked", strike=on_second(lambda told: replace(told, chunked="whole"), ALWAYS)),
    Mode(
        "wire-chunks-cut", E, "the last chunk is missing", strike=on_second(lambda told: replace(told, chunked="cut"))
    ),
    Mode(
        "wire-unmeasured", E, "no Content-Length", strike=on_second(lambda told: replace(told, unmeasured=True), ALWAYS)
    ),
    Mode(
        "wire-unmeasured-cut",
        E,
        "no Content-Length, and cut",
        strike=on_second(lambda told: replace(half(told), unmeasured=True)),
    ),
    Mode("wire-gzip", E, "gzip", strike=on_second(lambda told: replace(told, zipped=True), ALWAYS)),
    Mode(
        "wire-gzip-broken",
        E,
        "damaged gzip, once",
        strike=on_second(lambda told: replace(told, headers={"Content-Encoding": "gzip"})),
    ),
]
FILTERS = [
    Mode("filter-code-ignored", E, "the code is ignored: everything comes", Habits(codes="ignore"), others=25),
    Mode("filter-code-nothing", L, "the code finds nothing, with status 200", Habits(codes="nothing")),
    Mode("filter-patient-ignored", L, "the patient is ignored: everything comes", Habits(patients="ignore"), others=25),
    Mode("filter-patient-nothing", L, "the patient finds nothing, with status 200", Habits(patients="nothing")),
    Mode(
        "filter-list-ignored", E, "a list of patients is ignored: everything comes", Habits(lists="ignore"), others=25
    ),
    Mode("filter-list-first", E, "of a list of patients only the first is read", Habits(lists="first")),
    Mode("filter-list-refused", E, "a list of patients is answered 400", Habits(lists="refuse")),
    Mode("filter-ids-ignored", E, "_id is ignored: all patients come", Habits(ids="ignore")),
    Mode("filter-ids-refused", E, "_id is answered 400", Habits(ids="refuse")),
    Mode("filter-companion", L, "400 unless a category is given", Habits(needs="category")),
    Mode("filter-include-refused", E, "_include is answered 400", Habits(includes=False)),
    Mode("filter-get-refused", E, "searches by GET are answered 405", Habits(post_only=True)),
    Mode("filter-type-absent", L, "the type is not there", Habits(types=("Patient",))),
]
RECORDS = [
    Mode("record-no-id", E, "records without an id", change=no_ids),
    Mode("record-no-version", E, "records without meta", change=each_record(lambda each, number: each.pop("meta"))),
    Mode("record-odd-version", E, "versions that are words, moments without a zone", change=each_record(odd_version)),
    Mode("record-absolute", E, "absolute references to the patient", change=each_record(absolute)),
    Mode("record-nameless", L, "a record that names its patient by number only", change=nameless),
    Mode("record-patient-gone", L, "a patient who is answered 410", strike=patient_gone, change=one_patient_gone),
]
MODES = [Mode("clean", E, "nothing fails"), *LINKS, *PAGES, *TOTALS, *STATUSES, *BODIES, *WIRES, *FILTERS, *RECORDS]
