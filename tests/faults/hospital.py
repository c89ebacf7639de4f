"""The hospital behind the faults: patients with conditions, searched and paged as its settings say.

Settings are habits a server has all the time (page caps, forms of links, totals); faults strike single answers and are
in `modes`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.faults.wire import Asked, Told

Json = dict[str, Any]
Page = dict[str, Any]

ICD = "http://hl7.org/fhir/sid/icd-10"
CODE, OTHER_CODE = "M86.3", "J45"


@dataclass
class Habits:
    """How a server pages and counts.

    Shapes:  cap        most matches on a page
             refuses_count  answers 400 to a larger _count, instead of fewer matches
             link       form of the next link: absolute, host, type, slash, query, none
             offset     understands _offset
             total      exact, none, estimate (until the last page), page (what is on it), high, low
             counts     understands _summary=count
             codes, patients, ids   "filter", "ignore" (everything), "nothing", "refuse" (400)
             lists      of patients: "any", "ignore", "first", "refuse"
             stops_at   no next link from this entry on
             modes      says search.mode
             post_only  searches must be POSTed
             includes   knows _include
    """

    cap: int = 10
    refuses_count: bool = False
    link: str = "absolute"
    offset: bool = False
    total: str = "exact"
    counts: bool = True
    codes: str = "filter"
    patients: str = "filter"
    ids: str = "filter"
    lists: str = "any"
    stops_at: int = 10**9
    modes: bool = True
    post_only: bool = False
    includes: bool = True
    needs: str = ""
    types: tuple[str, ...] = ("Patient", "Condition")


@dataclass
class Hospital:
    """Answers requests; a fault may replace or change any answer.

    Shapes:  strike  (request, page number of a Condition search or -1, answer as it would be) -> answer
    """

    habits: Habits
    patients: list[Json]
    conditions: list[Json]
    strike: Callable[[Hospital, Asked, int, Told], Told | None] = lambda *_: None
    strikes: dict[str, int] = field(default_factory=dict)
    alter: Callable[[Hospital, Page, int], Page] = lambda hospital, page, number: page
    rendered: dict[Any, bytes] | None = None
    by_patient: dict[str, list[Json]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Told:
        told, number = self._answer(asked)
        return self.strike(self, asked, number, told) or told

    def index(self) -> None:
        """For large hospitals: conditions by patient, so that a search need not look at all of them."""
        self.by_patient = {}
        for each in self.conditions:
            self.by_patient.setdefault(_patient(each), []).append(each)

    def count(self, what: str) -> int:
        """How often this has happened, this time included."""
        self.strikes[what] = self.strikes.get(what, 0) + 1
        return self.strikes[what]

    def _answer(self, asked: Asked) -> tuple[Told, int]:
        steps = [step for step in asked.path.split("/") if step][1:]
        if steps == ["metadata"]:
            return tell(_capabilities(self.habits)), -1
        if steps and steps[0] == "Medication":
            return refuse(404, "not-found"), -1
        if len(steps) == 2 and steps[1] != "_search":
            found = next((each for each in self._all(steps[0]) if each["id"] == steps[1]), None)
            return (tell(found) if found else refuse(404, "not-found")), -1
        if not steps or steps[0] not in self.habits.types:
            return refuse(404, "not-supported"), -1
        return self._search(steps[0], asked)

    def _all(self, type_: str) -> list[Json]:
        return self.patients if type_ == "Patient" else self.conditions

    def _search(self, type_: str, asked: Asked) -> tuple[Told, int]:
        if self.rendered is None:
            return self._searched(type_, asked)
        key = (asked.target, asked.headers.get("host"))
        if key not in self.rendered:
            self.rendered[key] = self._searched(type_, asked)[0].body
        return Told(self.rendered[key]), -1

    def _searched(self, type_: str, asked: Asked) -> tuple[Told, int]:
        habits = self.habits
        if habits.post_only and asked.method == "GET" and not asked.get("page"):
            return refuse(405, "not-supported"), -1
        if refusal := self._refusal(type_, asked):
            return refusal, -1
        found = self._matching(type_, asked)
        if asked.get("_summary") == "count" and habits.counts:
            total = len(found) + (7 if habits.total == "high" else 0)
            return tell({"resourceType": "Bundle", "type": "searchset", "total": total}), -1
        start = int(asked.get("page") or 0)
        if habits.offset and asked.get("_offset"):
            start = int(asked.get("_offset") or 0)
        size = min(int(asked.get("_count") or habits.cap), habits.cap)
        number = start // size if type_ == "Condition" else -1
        return tell(self._page(type_, asked, found, start, size, number)), number

    def _refusal(self, type_: str, asked: Asked) -> Told | None:
        habits = self.habits
        count = asked.get("_count")
        listed = (asked.get("patient") or "").count(",")
        refused = (
            (habits.refuses_count and count and int(count) > habits.cap)
            or (habits.needs and type_ == "Condition" and asked.get(habits.needs) is None)
            or (habits.lists == "refuse" and listed)
            or any(
                how == "refuse" and asked.get(name) is not None
                for how, name in ((habits.ids, "_id"), (habits.codes, "code"), (habits.patients, "patient"))
            )
            or (not habits.includes and asked.get("_include") is not None)
            or (not habits.counts and asked.get("_summary") == "count" and habits.total == "exact")
        )
        return refuse(400, "invalid") if refused else None

    def _matching(self, type_: str, asked: Asked) -> list[Json]:
        habits, found = self.habits, self._all(type_)
        if (codes := asked.get("code")) is not None:
            found = _by(habits.codes, found, lambda each: _code(each) in codes.split(","))
        if (patients := asked.get("patient")) is not None:
            named = [each.removeprefix("Patient/") for each in patients.split(",")]
            if self.by_patient:
                return [each for name in named for each in self.by_patient.get(name, [])]
            how = habits.patients
            if len(named) > 1 and habits.lists in ("ignore", "first"):
                how = "ignore" if habits.lists == "ignore" else how
                named = named[:1]
            found = _by(how, found, lambda each: _patient(each) in named)
        if (ids := asked.get("_id")) is not None:
            found = _by(habits.ids, found, lambda each: each["id"] in ids.split(","))
        return found

    def _page(self, type_: str, asked: Asked, found: list[Json], start: int, size: int, number: int) -> Page:
        habits = self.habits
        shown, last = found[start : start + size], start + size >= len(found)
        page: Page = {"resourceType": "Bundle", "type": "searchset", "link": []}
        total = self._total(len(found), len(shown), last)
        if total is not None:
            page["total"] = total
        if not last and start + size < habits.stops_at and habits.link != "none":
            page["link"].append({"relation": "next", "url": self._next(type_, asked, start + size)})
        base = f"http://{asked.headers.get('host')}/fhir"
        page["entry"] = [
            {"fullUrl": f"{base}/{type_}/{each.get('id', '')}", "resource": each}
            | ({"search": {"mode": "match"}} if habits.modes else {})
            for each in shown
        ]
        return self.alter(self, page, number)

    def _total(self, all_of_them: int, here: int, last: bool) -> int | None:
        told = {
            "exact": all_of_them,
            "none": None,
            "estimate": all_of_them if last else all_of_them * 2 + 3,
            "page": here,
            "high": all_of_them + 7,
        }
        return told[self.habits.total]

    def _next(self, type_: str, asked: Asked, start: int) -> str:
        rest = [(name, value) for name, value in asked.query if name not in ("page", "_offset")]
        query = urlencode([*rest, ("page", str(start))])
        forms = {"query": f"?{query}", "host": f"/fhir/{type_}?{query}", "type": f"{type_}?{query}"}
        forms |= {"slash": f"/{type_}?{query}", "absolute": f"http://{asked.headers.get('host')}/fhir/{type_}?{query}"}
        return forms[self.habits.link]


def make_patients(number: int) -> list[Json]:
    return [{"resourceType": "Patient", "id": f"p{each:05}", "gender": "female"} for each in range(number)]


def make_conditions(patients: int, each_has: int, *, letters: int = 0, others: int = 0) -> list[Json]:
    """`each_has` conditions with the code that is searched for each patient, and `others` with another one for all."""
    made = [
        _condition(f"c{patient:05}-{number:03}", f"p{patient:05}", CODE, letters)
        for patient in range(patients)
        for number in range(each_has)
    ]
    return made + [_condition(f"x{number:05}", f"q{number:05}", OTHER_CODE, letters) for number in range(others)]


def _condition(id_: str, patient: str, code: str, letters: int) -> Json:
    return {
        "resourceType": "Condition",
        "id": id_,
        "meta": {"versionId": "1", "lastUpdated": "2025-01-01T00:00:00Z"},
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": ICD, "code": code}], "text": "x" * letters},
        "recordedDate": "2020-01-01",
    }


def tell(resource: Json, status: int = 200, **headers: str) -> Told:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Told(json.dumps(resource).encode(), status, named)


def refuse(status: int, code: str, severity: str = "error", **headers: str) -> Told:
    return tell(outcome(code, severity), status, **headers)


def outcome(code: str, severity: str = "error") -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def _by(how: str, found: list[Json], fits: Callable[[Json], bool]) -> list[Json]:
    if how == "ignore":
        return found
    return [each for each in found if fits(each)] if how == "filter" else []


def _code(resource: Json) -> str:
    return str(resource["code"]["coding"][0]["code"]) if "code" in resource else ""


def _patient(resource: Json) -> str:
    return str(resource["subject"]["reference"]).rpartition("/")[2] if "subject" in resource else str(resource["id"])


def _capabilities(habits: Habits) -> Json:
    parameters = [{"name": name, "type": "token"} for name in ("_id", "patient", "code", "_lastUpdated")]
    interactions = [{"code": "read"}, {"code": "search-type"}]
    types = [{"type": each, "interaction": interactions, "searchParam": parameters} for each in habits.types]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": types}],
    }
