"""The named ways to fail, each seen at a real server or proxy; what a client that loses nothing can make of each.

    exact   what came is what the server has, and is called complete
    loud    something cannot be had or proven, and is said to be missing

Names group them: link, page, total, status, body, wire, filter, record. A fault strikes the second page of every search
for Conditions (`SECOND`), once, a few times or always; a habit is there all the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults.hospital import Habits, Hospital, Page, make_conditions, make_patients, outcome, refuse
from tests.faults.wire import Asked, Told

SECOND, ALWAYS = 1, 10**9
Blow = Callable[[Told], Told]
Strike = Callable[[Hospital, Asked, int, Told], Told | None]


@dataclass(frozen=True)
class Mode:
    """One way to fail.

    Shapes:  expects  what our client makes of it: "exact" or "loud"
             seen     where this was met
    """

    name: str
    expects: str
    what: str
    habits: Habits = field(default_factory=Habits)
    strike: Strike = lambda *_: None
    alter: Callable[[Hospital, Page, int], Page] = lambda hospital, page, number: page
    others: int = 0
    change: Callable[[Hospital], None] = lambda hospital: None

    def open(self, patients: int = 12, each_has: int = 4, cap: int = 10, letters: int = 0) -> Hospital:
        """A hospital that fails in this way."""
        conditions = make_conditions(patients, each_has, letters=letters, others=self.others)
        habits = replace(self.habits, cap=min(cap, self.habits.cap) if self.habits.cap < 10 else cap)
        if habits.stops_at < 10**9:
            habits = replace(habits, stops_at=habits.stops_at * cap)
        hospital = Hospital(habits, make_patients(patients), conditions, self.strike, alter=self.alter)
        self.change(hospital)
        return hospital


def on_second(blow: Blow, times: int = 1) -> Strike:
    """Strike the second page of Condition searches, the first times it is asked for."""

    def strike(hospital: Hospital, asked: Asked, number: int, told: Told) -> Told | None:
        if number != SECOND or hospital.count("struck") > times:
            return None
        return blow(replace(told, headers={**told.headers, "X-Here": asked.target}))

    return strike


def says(status: int, code: str, **headers: str) -> Blow:
    return lambda told: refuse(status, code, **headers)


def page_says(status: int, body: bytes, kind: str, **headers: str) -> Blow:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda told: Told(body, status, named, kind)


def next_is(make: Callable[[str], str], number: int = 0) -> Callable[[Hospital, Page, int], Page]:
    """Change the next link of a page of Conditions."""

    def alter(hospital: Hospital, page: Page, at: int) -> Page:
        for link in page["link"] if at == number else ():
            link["url"] = make(link["url"])
        return page

    return alter


def with_entry(entry: Page) -> Callable[[Hospital, Page, int], Page]:
    return lambda hospital, page, number: {**page, "entry": [*page["entry"], entry]} if number >= 0 else page


def circle(hospital: Hospital, page: Page, number: int) -> Page:
    for link in page["link"] if number == 2 else ():
        head, _, at = link["url"].rpartition("page=")
        link["url"] = f"{head}page={int(at) // 3}"
    return page


def endless(hospital: Hospital, page: Page, number: int) -> Page:
    if number < 0:
        return page
    again = hospital.count("page")
    links = [{**link, "url": f"{link['url'].split('page=')[0]}page=0&again={again}"} for link in page["link"]]
    return {**page, "link": links}


def overlap(hospital: Hospital, page: Page, number: int) -> Page:
    """Each page begins with the end of the one before."""
    if number < 1 or not page["entry"]:
        return page
    place = next(at for at, each in enumerate(hospital.conditions) if each is page["entry"][0]["resource"])
    before = [
        {"resource": each, "search": {"mode": "match"}} for each in hospital.conditions[max(0, place - 2) : place]
    ]
    wanted = {each["resource"]["subject"]["reference"] for each in page["entry"]}
    return {
        **page,
        "entry": [each for each in before if each["resource"]["subject"]["reference"] in wanted] + page["entry"],
    }


def moving(hospital: Hospital, page: Page, number: int) -> Page:
    """On the second page a record of the first comes again, in a newer version."""
    if number != SECOND or not page["entry"]:
        return page
    first = page["entry"][0]["resource"]
    before = hospital.conditions[: next(at for at, each in enumerate(hospital.conditions) if each is first)]
    known = [each for each in before if each["subject"] == first["subject"]]
    newer = [{**each, "meta": {"versionId": "2"}} for each in known[-1:]]
    return {**page, "entry": [*({"resource": each, "search": {"mode": "match"}} for each in newer), *page["entry"]]}


def inserted(hospital: Hospital, asked: Asked, number: int, told: Told) -> None:
    """Somebody writes a record in front of all others while we page."""
    if number == 0 and hospital.count("first page") == 1:
        new = make_conditions(1, 1)[0]
        hospital.conditions.insert(0, {**new, "id": "c-new"})


def deleted(hospital: Hospital, asked: Asked, number: int, told: Told) -> None:
    """Somebody deletes the first record while we page: the rest moves up, and one is passed over."""
    if number == 0 and hospital.count("first page") == 1:
        hospital.conditions.pop(0)


def empty_between(hospital: Hospital, page: Page, number: int) -> Page:
    """A page without entries, whose next link leads on."""
    if number != SECOND or hospital.count("empty") > 1:
        return page
    url = next((link["url"] for link in page["link"]), "")
    at = url.rpartition("page=")[2]
    back = url.replace(f"page={at}", f"page={int(at) - hospital.habits.cap}&again=1") if url else ""
    return {**page, "entry": [], "link": [{"relation": "next", "url": back}] if back else []}


def lost_filter(hospital: Hospital, page: Page, number: int) -> Page:
    for link in page["link"] if number >= 0 else ():
        head, _, query = link["url"].partition("?")
        kept = [pair for pair in query.split("&") if not pair.startswith(("patient=", "code="))]
        link["url"] = f"{head}?{'&'.join(kept)}"
    return page


def no_ids(hospital: Hospital) -> None:
    for number, each in enumerate(hospital.conditions[:2]):
        del each["id"]
        each["recordedDate"] = f"2020-01-0{number + 1}"


def nameless(hospital: Hospital) -> None:
    """One record says whom it is about by a number, not by reference."""
    hospital.conditions[0]["subject"] = {"identifier": {"value": "IPP-TEST-1"}, "reference": ""}


def each_record(change: Callable[[dict[str, Any], int], None]) -> Callable[[Hospital], None]:
    def apply(hospital: Hospital) -> None:
        for number, condition in enumerate(hospital.conditions):
            change(condition, number)

    return apply


def half(told: Told) -> Told:
    return replace(told, body=told.body[: len(told.body) // 2])


def forbidden_for_one(hospital: Hospital, asked: Asked, number: int, told: Told) -> Told | None:
    return refuse(403, "forbidden") if "p00003" in (asked.get("patient") or "") else None


def patient_gone(hospital: Hospital, asked: Asked, number: int, told: Told) -> Told | None:
    return refuse(410, "deleted") if asked.path.endswith("/Patient/p00003") else None


def one_patient_gone(hospital: Hospital) -> None:
    hospital.patients = [each for each in hospital.patients if each["id"] != "p00003"]


WARNING = {"resource": outcome("not-supported", "warning"), "search": {"mode": "outcome"}}
FATAL = {"resource": outcome("processing", "fatal"), "search": {"mode": "outcome"}}
AS_MATCH = {"resource": outcome("informational", "information"), "search": {"mode": "match"}}
STRANGER = {"resource": {"resourceType": "Provenance", "id": "prov"}, "search": {"mode": "match"}}
LOGIN = b"<!doctype html><title>Connexion</title><form action=/login>"
OFFSET = Habits(offset=True)
