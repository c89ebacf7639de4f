"""The pulling journey: find candidates, collect each patient as a whole, send each through the inbound journey.

    start_pull ──► run_pull:  candidates ──► per patient: collect ──► receive ──► count ──► report

A patient of whom a part is missing is not judged: what did not come would look like a "no". The report names it.

Takes from: errors, hospital, parts, inbound, store.  Gives to: demo, web, cli.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from adapter.errors import Json, RemoteError
from adapter.hospital import Hospital, Patience, Source, open_hospital, resolve_source
from adapter.hospital.patients import Collected, collect_patient, find_candidates
from adapter.inbound import receive_resources
from adapter.parts import Parts
from adapter.receipt import Receipt
from adapter.store import pulls

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


def start_pull(parts: Parts, name: str) -> str:
    """Note that a source shall be pulled; `run_pull` does it.

    Shapes:  name     a declared source or a FHIR base address
             returns  id of the pull
    Errors:  UsageError when the name is neither
    """
    source = resolve_source(name, parts.sources)
    pull_id = parts.make_id()
    with parts.store.writing() as connection:
        pulls.request(connection, pull_id, name if name == source.name else source.base, parts.clock())
    return pull_id


def run_pull(
    parts: Parts, pull_id: str, *, patience: Patience | None = None, notice: Notice = lambda progress: None
) -> Json:
    """Do a pull that was started, and return its report.

    Shapes:  notice   told after each patient: the counts so far, and "of", the number of candidates
             returns  {"source", "state", "screened", "eligible", "undetermined", "ineligible", "quarantined",
                      "failed", "units", "resources", "missing"}; screened is the sum of the five counts
    Errors:  RemoteError when the candidates cannot be asked for at all; NotFoundError, VersionConflictError
    """
    with parts.store.writing() as connection:
        pull = pulls.begin(connection, pull_id, parts.clock())
    source = resolve_source(pull.source, parts.sources)
    tally = Tally()
    state: pulls.PullState = "failed"
    try:
        with open_hospital(source, parts.secret, patience) as hospital:
            for progress in _pull(parts, hospital, tally):
                _advance(parts, pull_id, progress)
                notice(progress)
        state = "complete" if tally.complete else "partial"
    except RemoteError as error:
        tally.missing.append({"what": "everything", "problem": str(error)})
        raise
    finally:
        # Also on an interrupt: a pull that nobody runs must not be called running.
        report = _finish(parts, pull_id, source, tally, state)
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


def _advance(parts: Parts, pull_id: str, progress: Json) -> None:
    with parts.store.writing() as connection:
        pulls.advance(connection, pull_id, progress, parts.clock())


def _finish(parts: Parts, pull_id: str, source: Source, tally: Tally, state: pulls.PullState) -> Json:
    report = {"source": source.name, "state": state, **tally.as_json(), "missing": tally.missing}
    with parts.store.writing() as connection:
        pulls.finish(connection, pull_id, state, report, parts.clock())
    return report
