"""The pulling journey: find candidates, collect what the hospital holds about them, judge each patient as a whole.

    start_pull ──► run_pull:  candidates ──► patients ──► collect ──► linked ──► per patient: receive ──► report

Every page is kept with its cursor: a pull that was stopped or killed goes on where it stood. A patient of whom a part
is missing is not judged: what did not come would look like a "no". The report names it.

Takes from: errors, hospital, parts, crawl, bulk, incremental, examining, forecast, tally, inbound, lease, store.
Gives to: demo, worker, web, cli.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.bulk import forget_ended
from adapter.bundle import in_order
from adapter.crawl import Handed, origins, staging
from adapter.errors import Json, UsageError
from adapter.examining import examine_source, find_changes, report_profile
from adapter.forecast import forecast_pull
from adapter.hospital import Patience, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from adapter.inbound import receive_resources
from adapter.incremental import (
    ALL,
    KnownExport,
    KnownSearch,
    Memory,
    absence,
    erase_opposed,
    open_taking,
    withdraw,
)
from adapter.lease import Lease, hold
from adapter.parts import Parts
from adapter.receipt import Receipt
from adapter.store import candidates, jobs, ledger
from adapter.tally import count_one, make_report, read_progress

COMPLETE, IN_PART = 0, 5
# Pages come many a second; how far it is, is counted at most so often.
_COUNT_SECONDS = 0.25

Notice = Callable[[Json], None]

# Somebody waits for the answer to these: a server that is away is told at once.
_SHORT = Patience(attempts=2, longest_wait_seconds=10)


def only_options(only: str) -> Json:
    """What is kept with a job that asks the hospital something instead of pulling from it.

    Shapes:  only  "examine": what can the server do; "forecast": what will a pull cost; "" nothing
    Errors:  UsageError for another word
    """
    if only and only not in _ONLY:
        raise UsageError(f"only is one of {', '.join(_ONLY)}")
    return {"only": only} if only else {}


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
    """Do a pull that was started, or go on with one that was stopped or killed, and return its report.

    Shapes:  notice    told while it goes on: the counts so far, "phase", "done" and "of" (patients)
             stopping  set when the process is asked to end; the pull then stops and waits for the next one
             retries   how often a hospital that does not answer puts the pull back instead of ending it in part
             returns   as `tally.make_report`; screened is the sum of the counts; state is "stopped" when the pull was
                       paused, cancelled or the process ends. Of a job with `only_options`: {"source", "state", "only"}
                       with "findings" (`examining.report_profile`) or what `forecast_pull` tells
    Errors:  RemoteError when the candidates cannot be asked for at all; NotFoundError, VersionConflictError
    """
    if only := _only(parts, pull_id):
        return _ask_only(parts, pull_id, only, patience)
    staging.forget_ended(parts)
    forget_ended(parts)
    with hold(parts, pull_id, stopping=stopping, retries=retries) as lease:
        source = resolve_source(lease.job.source, parts.sources)
        memory = Memory(parts, source.name)
        with open_hospital(source, parts.secret, patience) as hospital:
            taking = open_taking(parts, hospital, pull_id, lease.job.options.get("since", ALL), memory)
            taking.gives_up = lease.job.attempts > retries
            journey = _Journey(parts, hospital, taking, memory, pull_id, lease, notice)
            stopped = not (taking.take(journey.goes_on) and journey.judge())
            issues = [*taking.issues(), *find_changes(parts, hospital)]
            report = make_report(parts, pull_id, source.name, issues, hospital.access(), stopped)
            if not stopped:
                memory.end(pull_id, taking.begin, complete=report["state"] == "complete")
                lease.end("complete" if report["state"] == "complete" else "partial", report)
                taking.end()
                with parts.store.writing() as connection:
                    staging.forget(connection, [pull_id])
    return report


def _only(parts: Parts, pull_id: str) -> str:
    with parts.store.reading() as connection:
        return str(jobs.find(connection, pull_id).options.get("only", ""))


def _ask_only(parts: Parts, pull_id: str, only: str, patience: Patience | None) -> Json:
    with hold(parts, pull_id) as lease:
        told = _ONLY[only](parts, lease.job.source, patience or _SHORT)
        report = {"source": lease.job.source, "state": "complete", "only": only, **told}
        lease.end("complete", report)
    return report


def _examine(parts: Parts, name: str, patience: Patience) -> Json:
    return {"findings": report_profile(*examine_source(parts, name, patience))}


_ONLY: dict[str, Callable[[Parts, str, Patience], Json]] = {"examine": _examine, "forecast": forecast_pull}


def exit_code(report: Json) -> int:
    """0 when every part came with its proof, 5 when something is missing."""
    return COMPLETE if report["state"] == "complete" else IN_PART


@dataclass
class _Journey:
    """One run of a pull: tells how far it is, and judges what was taken."""

    parts: Parts
    hospital: Hospital
    taking: KnownSearch | KnownExport
    memory: Memory
    pull_id: str
    lease: Lease
    notice: Notice
    counted_at: float = 0.0
    begun: bool = False
    progress: Json = field(default_factory=dict)

    def judge(self) -> bool:
        """Every patient who waits for it; False when it was asked to stop. Who objects by now is erased first."""
        erase_opposed(self.parts, self.memory, self.pull_id)
        self.progress = read_progress(self.parts, self.pull_id, "judge")
        if not self._tell():
            return False
        with self.parts.store.reading() as connection:
            waiting = candidates.waiting(connection, self.pull_id)
        for patient in waiting:
            outcome, problem = self._judge(patient, self.taking.of(patient))
            with self.parts.store.writing() as connection:
                candidates.settle(connection, self.pull_id, patient, outcome, problem)
            self.taking.settle(patient)
            self.progress = count_one(self.progress, outcome)
            if not self._tell():
                return False
        return True

    def _judge(self, patient: str, handed: Handed) -> tuple[str, str]:
        """Outcome and problem of one patient; of one who is gone, what that means for his case."""
        before = self.memory.find(patient)
        if before and (why := absence(self.hospital, patient, handed)):
            self.memory.keep(self.pull_id, patient, {}, before.case_id, why)
            return withdraw(self.parts, self.memory.source, before, why), ""
        if handed.problem:
            return "failed", handed.problem
        receipt = self._receive(handed)
        self.memory.keep(self.pull_id, patient, handed.resources, receipt.entry.case_id)
        return str(receipt.decision["status"]) if receipt.decision else "quarantined", ""

    def _receive(self, handed: Handed) -> Receipt:
        ordered = in_order(handed.resources.values())
        receipt = receive_resources(self.parts, ordered, self.memory.source)
        with self.parts.store.writing() as connection:
            if not ledger.origins_of(connection, receipt.entry.id):
                came = [ledger.Origin(*each) for each in origins(handed, ordered)]
                ledger.keep_origins(connection, receipt.entry.id, came)
        return receipt

    def goes_on(self, phase: str) -> bool:
        """Told after every page, counted now and then."""
        self._begin()
        now = time.monotonic()
        if self.progress and now - self.counted_at < _COUNT_SECONDS:
            return self.lease.goes_on(self.progress)
        self.counted_at, self.progress = now, read_progress(self.parts, self.pull_id, phase)
        return self._tell()

    def _begin(self) -> None:
        """Note the server's time as soon as it is known: an export tells it when it is done."""
        if not self.begun and (served_at := self.taking.served_at()):
            self.begun = True
            self.memory.begin(self.pull_id, served_at)

    def _tell(self) -> bool:
        self._begin()
        self.notice(self.progress)
        return self.lease.goes_on(self.progress)
