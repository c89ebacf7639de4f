"""Where a stored value came from: rule and place in what arrived, and for what was pulled, the answer it came in.

    value ──► trace: rule, file:line, place in the Bundle ──► origin: resource version ──► request of the ledger

Takes from: errors, parts, store.  Gives to: web, cli.
"""

from __future__ import annotations

import re

from adapter.errors import Json
from adapter.parts import Parts
from adapter.store import cases, jobs, ledger, units

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


def trace_case(parts: Parts, case_id: str, version: int | None = None) -> Json:
    """A case version's trace and decision; each place in what arrived with the request that brought it.

    Shapes:  returns  {"case_id", "version", "trace", "decision"}, and for what was pulled "origins": [{"entry", "type",
                      "version_id", "pull", "request"}], the request as it stands in the ledger
    Errors:  NotFoundError, GoneError
    """
    with parts.store.reading() as connection:
        found = cases.read(connection, case_id, version)
        came = {each.position: each for each in ledger.origins_of(connection, found.inbox_id)}
        used = {int(match[1]) for each in found.trace if (match := _ENTRY.match(str(each.get("source", ""))))}
        wanted = [came[position] for position in sorted(used) if position in came]
        lines = ledger.find(connection, {each.request_id for each in wanted})
    told: Json = {"case_id": case_id, "version": found.version, "trace": found.trace, "decision": found.decision}
    if came:
        told["origins"] = [_origin(each, lines[each.request_id]) for each in wanted if each.request_id in lines]
    return told


def _origin(origin: ledger.Origin, line: tuple[str, ledger.Line]) -> Json:
    pull_id, request = line
    place = {"entry": f"Bundle.entry[{origin.position}]", "type": origin.type, "version_id": origin.version_id}
    return {**place, "pull": pull_id, "request": request.as_json()}


def read_pull(parts: Parts, pull_id: str) -> Json:
    """A pull with its units and what it has cost the hospital.  Errors:  NotFoundError"""
    with parts.store.reading() as connection:
        job = jobs.find(connection, pull_id)
        ended = [unit.as_json() for unit in units.ended(connection, pull_id)]
        asked = ledger.summary(connection, pull_id)
    told = {"id": job.id, "source": job.source, "state": job.state, "requested_at": job.requested_at.isoformat()}
    return {**told, "asked": asked, "units": ended, "report": job.report}


def read_ledger(parts: Parts, pull_id: str, *, after: int = 0, limit: int = 1000) -> list[Json]:
    """Requests of a pull in the order they were written, after a number.  Errors:  NotFoundError"""
    with parts.store.reading() as connection:
        jobs.find(connection, pull_id)
        return [line.as_json() for line in ledger.lines(connection, pull_id, after=after, limit=limit)]
