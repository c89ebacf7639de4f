"""A pull by search, seen as the pulling journey sees any pull: take everything, hand over by patient, end.

Takes from: errors, hospital, parts, store, control, handing, plan, stages.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapter.crawl.control import Control
from adapter.crawl.handing import Handed, Taken
from adapter.crawl.plan import Plan
from adapter.crawl.stages import run_stages
from adapter.errors import Issue
from adapter.hospital.client import Hospital
from adapter.parts import Parts


class SearchTaking:
    """The searches of one pull.

    Shapes:  plan      which searches; without one, all that the source declares
             gives_up  of a server that has fallen silent; else the pull goes on another time
    """

    gives_up = True

    def __init__(self, parts: Parts, hospital: Hospital, pull_id: str, plan: Plan | None = None) -> None:
        self._parts, self._hospital, self._pull_id = parts, hospital, pull_id
        self._plan = plan or Plan(parts, hospital.source, pull_id)
        self._taken: Taken | None = None

    def take(self, goes_on: Callable[[str], bool]) -> bool:
        """As `run_stages`."""
        parts, hospital = self._parts, self._hospital
        return run_stages(parts, hospital, self._pull_id, goes_on, self._plan, gives_up=self.gives_up)

    def of(self, patient: str) -> Handed:
        """One patient's resources, or what is missing of them. Ask when everything was taken."""
        source = self._hospital.source
        with self._parts.store.reading() as connection:
            if self._taken is None:
                self._taken = Taken(connection, self._parts, self._pull_id, source.base)
            return self._taken.of(connection, patient, source.centre)

    def settle(self, patient: str) -> None:
        """Pages hold many patients: they go when the pull ends."""

    def issues(self) -> Iterator[Issue]:
        """What the server did with filters."""
        yield from Control(self._parts, self._hospital, self._pull_id).issues()

    def end(self) -> None:
        """Nothing is left on the server."""
