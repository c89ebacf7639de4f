"""What a pull has brought so far, and its report: read from committed rows, so that a pull that goes on counts on.

Takes from: errors, parts, store, crawl.  Gives to: pull.
"""

from __future__ import annotations

from collections import Counter

from adapter.errors import Issue, Json
from adapter.parts import Parts
from adapter.store import Connection, candidates, ledger, units

_NOT_GRANTED = "the server has not granted us to read this type"

OUTCOMES = ("eligible", "undetermined", "ineligible", "quarantined", "opposed", "failed")


def read_tally(connection: Connection, pull_id: str) -> Json:
    """Shapes:  {"screened", one count for each of OUTCOMES, "units": {"made", "complete"}, "resources", "pages"}"""
    outcomes, counted = candidates.outcomes(connection, pull_id), units.count(connection, pull_id)
    return {
        "screened": candidates.count(connection, pull_id),
        **{name: outcomes.get(name, 0) for name in OUTCOMES},
        "units": {"made": counted["made"], "complete": counted["complete"]},
        "resources": counted["received"],
        "pages": counted["pages"],
    }


def read_progress(parts: Parts, pull_id: str, phase: str) -> Json:
    """The tally, with "phase", "done" and "of": patients judged, and to be judged."""
    with parts.store.reading() as connection:
        tally = read_tally(connection, pull_id)
    return {**tally, "phase": phase, "done": sum(tally[name] for name in OUTCOMES), "of": tally["screened"]}


def count_one(progress: Json, outcome: str) -> Json:
    """The progress after one more patient."""
    return {**progress, outcome: progress[outcome] + 1, "done": progress["done"] + 1}


def make_report(
    parts: Parts, pull_id: str, source: str, issues: list[Issue], access: Json, stopped: bool = False
) -> Json:
    """Shapes:  the tally, "source", "state" (complete, partial, stopped), "asked", "missing", "issues"

    asked: requests, bytes, and why anything was asked again. access: what was granted, where we had to be known.
    """
    with parts.store.reading() as connection:
        missing, tally = _missing(connection, pull_id), read_tally(connection, pull_id)
        asked = ledger.summary(connection, pull_id)
    # Some servers answer with nothing, and 200, to what they have not granted.
    missing += [{"what": each, "problem": _NOT_GRANTED} for each in access.get("types_missing", [])]
    state = "stopped" if stopped else "partial" if missing else "complete"
    known = {"access": access} if access.get("authentication", "none") != "none" else {}
    told = {**known, "asked": asked, "missing": missing, "issues": [issue.as_json() for issue in issues]}
    return {"source": source, "state": state, **tally, **told}


def _missing(connection: Connection, pull_id: str) -> list[Json]:
    """What is not there, and why; patients with the same problem are told together, and never by name."""
    found = units.ended(connection, pull_id, "candidates")
    searches = Counter((unit.type, unit.problem) for unit in found if unit.state != "complete")
    told = [{"what": f"candidates by {type_}", "problem": problem} for type_, problem in searches]
    files = Counter((unit.type, unit.problem) for unit in units.ended(connection, pull_id, "export") if unit.problem)
    told += [
        {"what": f"{number} export file(s) of {type_}", "problem": problem}
        for (type_, problem), number in files.items()
    ]
    for problem, number in Counter(candidates.problems(connection, pull_id)).items():
        told.append({"what": "one patient" if number == 1 else f"{number} patients", "problem": problem})
    return told
