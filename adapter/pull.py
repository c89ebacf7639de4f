"""The pulling journey: find candidates, collect each patient as a whole, send each through the inbound journey.

    start_pull ──► run_pull:  candidates ──► per patient: collect ──► receive ──► count ──► report

A patient of whom a part is missing is not judged: what did not come would look like a "no". The report names it.

Takes from: errors, hospital, parts, inbound, store.  Gives to: demo, web, cli.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from adapter.errors import Json, RemoteError
from adapter.hospital import Hospital, Patience, Source, open_hospital, resolve_source
from adapter.hospital.patients import Collected, collect_patient, find_candidates
from adapter.inbound import receive_resources
from adapter.lease import hold
from adapter.parts import Parts
from adapter.receipt import Receipt
from adapter.store import jobs

COMPLETE, IN_PART = 0, 5
# A server that did not answer for so many patients in a row will not answer for the next one either.
UNREACHABLE_IN_A_ROW = 3

Notice = Callable[[Json], None]


@dataclass
class Tally:
    """What a pull brought so far.

    Shapes:  counts   eligible, undetermined, ineligible, quarantined, failed
             units    every search made, with its proof, as JSON
             missing  [{"what", "problem"}] without a patient's value
    """

    screened: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    units: list[Json] = field(default_factory=list)
    missing: list[Json] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.missing

    def as_json(self) -> Json:
        complete = sum(unit["complete"] for unit in self.units)
        return {
            "screened": self.screened,
            **{name: self.counts[name] for name in ("eligible", "undetermined", "ineligible", "quarantined", "failed")},
            "units": {"made": len(self.units), "complete": complete},
            "resources": sum(unit["received"] for unit in self.units),
        }


def start_pull(parts: Parts, name: str, options: Json | None = None) -> str:
    """Note that a source shall be pulled; `run_pull` does it. One that is open already is the one that is meant.

    Shapes:  name     a declared source or a FHIR base address
             options  what is asked beside the source, kept with the job
             returns  id of the pull
    Errors:  UsageError when the name is neither; VersionConflictError when one with other options is open
    """
    source = resolve_source(name, parts.sources)
    known = name if name == source.name else source.base
    with parts.store.writing() as connection:
        return jobs.request(connection, parts.make_id(), known, parts.clock(), options).id


def run_pull(
    parts: Parts,
    pull_id: str,
    *,
    patience: Patience | None = None,
    notice: Notice = lambda progress: None,
    stopping: threading.Event | None = None,
    retries: int = 0,
) -> Json:
    """Do a pull that was started, and return its report.

    Shapes:  notice    told after each patient: the counts so far, and "of", the number of candidates
             stopping  set when the process is asked to end; the pull then stops and waits for the next one
             retries   how often a hospital that does not answer puts the pull back instead of ending it
             returns   {"source", "state", "screened", "eligible", "undetermined", "ineligible", "quarantined",
                       "failed", "units", "resources", "missing"}; screened is the sum of the five counts; state is
                       "stopped" when the pull was paused, cancelled or the process ends
    Errors:  RemoteError when the candidates cannot be asked for at all; NotFoundError, VersionConflictError
    """
    with hold(parts, pull_id, stopping=stopping, retries=retries) as lease:
        source, tally = resolve_source(lease.job.source, parts.sources), Tally()
        with open_hospital(source, parts.secret, patience) as hospital:
            for progress in _pull(parts, hospital, tally):
                notice(progress)
                if not lease.goes_on(progress):
                    return _report(source, tally, "stopped")
        state: jobs.JobState = "complete" if tally.complete else "partial"
        report = _report(source, tally, state)
        lease.end(state, report)
    return report


def exit_code(report: Json) -> int:
    """0 when every part came with its proof, 5 when something is missing."""
    return COMPLETE if report["state"] == "complete" else IN_PART


def _pull(parts: Parts, hospital: Hospital, tally: Tally) -> Iterator[Json]:
    patient_ids = _candidates(hospital, tally)
    tally.screened = len(patient_ids)
    yield _progress(tally)
    silent = 0
    for place, patient_id in enumerate(patient_ids, 1):
        collected = collect_patient(hospital, patient_id)
        tally.units += [unit.as_json() for unit in collected.units]
        tally.counts[_outcome(parts, hospital.source, collected, tally)] += 1
        yield _progress(tally)
        silent = silent + 1 if collected.unreachable else 0
        if silent == UNREACHABLE_IN_A_ROW:
            _give_up(tally, len(patient_ids) - place)
            return


def _candidates(hospital: Hospital, tally: Tally) -> list[str]:
    """Ids of the candidates. A search that failed is told; when none answered, the hospital cannot be pulled.

    Errors:  RemoteError
    """
    patient_ids, units = find_candidates(hospital)
    if all(unit.pages == 0 for unit in units):
        reason = units[0].problem.removeprefix(f"{hospital.host}: ")
        raise RemoteError(f"no search for candidates was answered: {reason}", hospital.host)
    tally.units += [unit.as_json() for unit in units]
    incomplete = (unit for unit in units if not unit.complete)
    tally.missing += [{"what": f"candidates by {unit.type}", "problem": unit.problem} for unit in incomplete]
    return patient_ids


def _outcome(parts: Parts, source: Source, collected: Collected, tally: Tally) -> str:
    if not collected.complete:
        tally.missing.append({"what": "one patient", "problem": collected.problem})
        return "failed"
    return _decided(receive_resources(parts, collected.resources.values(), source.name))


def _decided(receipt: Receipt) -> str:
    return str(receipt.decision["status"]) if receipt.decision else "quarantined"


def _give_up(tally: Tally, remaining: int) -> None:
    tally.counts["failed"] += remaining
    problem = f"the hospital did not answer {UNREACHABLE_IN_A_ROW} times in a row"
    tally.missing.append({"what": f"{remaining} patients not asked for", "problem": problem})


def _progress(tally: Tally) -> Json:
    return {**tally.as_json(), "of": tally.screened, "done": tally.counts.total()}


def _report(source: Source, tally: Tally, state: str) -> Json:
    return {"source": source.name, "state": state, **tally.as_json(), "missing": tally.missing}
