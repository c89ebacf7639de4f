"""One step of the schema at a time, killed under way: the database stands at one revision or the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from adapter.parts import Knowledge
from adapter.store import database, open_store
from tests.battery.forks import Tell
from tests.battery.grounds import Ground
from tests.battery.journeys import Journey
from tests.battery.points import Point


class Migrate(Journey):
    """One step of the schema, up and down: the database stands at one revision or the next, never between."""

    def __init__(self, knowledge: Knowledge, revision: str) -> None:
        super().__init__(knowledge)
        self.revision = revision
        self.below = f"{int(revision) - 1:04}" if int(revision) > 1 else "base"

    def template(self, ground: Ground) -> None:
        """At the revision below, with a case in it as far as the tables of then can hold one."""
        store = open_store(ground.url)
        with store.writing() as connection:
            database.downgrade(connection, self.below)
        store.close()

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        store = database.Store(database._make_engine(ground.url))
        stepping(store.engine, self.revision)
        with store.writing() as connection:
            database.upgrade(connection, self.revision)
            step_written()
        step_committed()
        store.close()
        tell(self.revision)

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        store = database.Store(database._make_engine(ground.url))
        with store.reading() as connection:
            found = database.read_revision(connection) or "base"
            schema = describe(connection)
        expected = self.below if found != self.revision else self.revision
        if found not in (self.below, self.revision):
            yield f"lost: the database stands at {found}"
        if schema != known[expected]:
            yield f"lost: half of a migration: the tables are not those of {expected}"
        store.close()
        store = open_store(ground.url)
        with store.reading() as connection:
            if describe(connection) != known["head"]:
                yield "lost: migrated to the end it is another schema"
        store.close()

    def before(self, ground: Ground) -> Any:
        """What the tables are at each end of the step; the registry is put back below it."""
        store, told = database.Store(database._make_engine(ground.url)), {}
        for where in (self.below, self.revision, database.find_head(), self.below):
            with store.writing() as connection:
                move = database.upgrade if where not in ("base", self.below) else database.downgrade
                if (database.read_revision(connection) or "base") != where:
                    move(connection, where)
                told["head" if where == database.find_head() and where != self.revision else where] = describe(
                    connection
                )
        told.setdefault("head", told[self.revision])
        store.close()
        return told


def stepping(engine: sa.Engine, revision: str) -> None:
    """Call `step_begun` when the step's first table is changed and `step_marked` when its number is written."""
    begun = False

    @sa.event.listens_for(engine, "after_cursor_execute")
    def _executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal begun
        if re.match(r"\s*(UPDATE|INSERT INTO) alembic_version", statement):
            step_marked()
        elif not begun and re.match(r"\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE)(?!.*alembic_version)", statement):
            begun = True
            step_begun()


def step_begun() -> None:
    """The first statement of a step has changed something."""


def step_marked() -> None:
    """The number of the step is written."""


def step_written() -> None:
    """All of a step is written and not committed."""


def step_committed() -> None:
    """A step is committed."""


def describe(connection: sa.Connection) -> dict[str, list[str]]:
    """Tables with their columns and indexes."""
    seen = sa.inspect(connection)
    return {
        table: sorted(f"{each['name']} {each['nullable']}" for each in seen.get_columns(table))
        + sorted(f"{each['name']} {each['column_names']} {each['unique']}" for each in seen.get_indexes(table))
        for table in sorted(seen.get_table_names())
        if table != "alembic_version"
    }


def revisions() -> list[str]:
    return sorted(file.name[:4] for file in (database.MIGRATIONS / "versions").glob("[0-9]*.py"))


def migration_points() -> list[Point]:
    here = "tests.battery.migrating"
    return [
        Point(f"migrate-{revision}", name, f"{here}:step_{name}")
        for revision in revisions()
        for name in ("begun", "marked", "written", "committed")
    ]


MIGRATIONS: dict[str, Callable[[Knowledge], Journey]] = {
    f"migrate-{each}": lambda knowledge, each=each: Migrate(knowledge, each) for each in revisions()
}
