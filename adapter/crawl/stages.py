"""The stages of a search pull, one after the other, until everything is taken that can be had.

    candidates ──► patients ──► consents (who objects is left out) ──► collect ──► linked

Takes from: errors, hospital, parts, store, control, engine, plan, staging.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adapter.crawl.control import Control
from adapter.crawl.engine import SILENT_IN_A_ROW, Crawl
from adapter.crawl.plan import Plan
from adapter.crawl.staging import begin_again, give_up
from adapter.errors import RemoteError, RemoteTransientError
from adapter.hospital.client import Hospital
from adapter.parts import Parts
from adapter.store import units
from adapter.store.units import Stage

STAGES: tuple[Stage, ...] = ("changes", "candidates", "patients", "consents", "collect", "linked")
_CONTROLLED = ("candidates", "consents", "collect")


def run_stages(
    parts: Parts,
    hospital: Hospital,
    pull_id: str,
    goes_on: Callable[[Stage], bool],
    plan: Plan,
    *,
    gives_up: bool = True,
) -> bool:
    """Take what the source asks for; a pull that was begun goes on.

    Shapes:  goes_on   asked after every page that was kept; False stops
             gives_up  of a server that has fallen silent, say what is missing; else raise, to go on another time
             returns   False when it was stopped
    Errors:  RemoteError when no search for candidates was answered; RemoteTransientError
    """
    control = Control(parts, hospital, pull_id)
    crawl = Crawl(parts, hospital, pull_id)
    for stage in STAGES:
        plan.note(stage)
        if not crawl.silent:
            crawl.run(stage, partial(goes_on, stage))
        if crawl.stopped:
            return False
        if crawl.silent and not gives_up:
            raise crawl.put_back()
        if crawl.silent:
            give_up(parts, pull_id, SILENT_IN_A_ROW)
        elif stage in _CONTROLLED:
            control.ensure_filters(stage)
        if stage == "candidates":
            _ensure_answered(parts, hospital, pull_id, silent=crawl.silent)
    return True


def _ensure_answered(parts: Parts, hospital: Hospital, pull_id: str, *, silent: bool) -> None:
    """When no search for candidates was answered, the hospital cannot be pulled; tried later, it begins again."""
    with parts.store.reading() as connection:
        found = units.ended(connection, pull_id, "candidates")
    if any(unit.pages or unit.state == "complete" for unit in found):
        return
    reason = found[0].problem.removeprefix(f"{hospital.host}: ")
    begin_again(parts, pull_id)
    kind = RemoteTransientError if silent else RemoteError
    raise kind(f"no search for candidates was answered: {reason}", hospital.host)
