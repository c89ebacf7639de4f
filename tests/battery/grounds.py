"""Where a part of the battery takes place: a fresh registry, on SQLite or on a PostgreSQL server of our own."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg

from adapter.bootstrap import load_knowledge, make_id, now, open_parts
from adapter.config import Settings, load_settings
from adapter.judgement import judge_bundle
from adapter.parts import Knowledge, Parts
from tests.conftest import PostgreSQL
from tests.sample_bundles import as_bytes, make_bundle

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Ground:
    """One registry: a folder with its keys, and a database."""

    folder: Path
    url: str

    def settings(self) -> Settings:
        return load_settings({"CRMO_DATA": str(self.folder), "CRMO_DATABASE_URL": self.url})

    @contextmanager
    def parts(self, knowledge: Knowledge, clock: Callable[[], datetime] = now) -> Iterator[Parts]:
        with open_parts(self.settings(), knowledge) as opened:
            yield replace(opened, clock=clock, make_id=make_id)

    def command(self) -> list[str]:
        """How the command is told where it works."""
        return ["--data", str(self.folder), "--database-url", self.url]


class Grounds:
    """Makes registries of one kind, empty or with the schema in it, and takes them away again."""

    def __init__(self, kind: str, folder: Path, server: PostgreSQL | None) -> None:
        self.kind, self._folder, self._server = kind, folder, server
        self._numbers = itertools.count(1)
        self._template: Ground | None = None

    @property
    def programs(self) -> Path | None:
        """Where PostgreSQL's programs are."""
        return self._server.programs if self._server else None

    def empty(self) -> Ground:
        number = next(self._numbers)
        folder = self._folder / f"{self.kind}-{number}"
        folder.mkdir(mode=0o700)
        if self._server is None:
            return Ground(folder, f"sqlite:///{folder / 'registry.db'}")
        return Ground(folder, self._make_database(f"battery_{number}", "template1"))

    def ready(self, prepare: Callable[[Ground], None]) -> Ground:
        """A copy of one that was prepared once.

        Shapes:  prepare  called the first time; nobody may be connected any more when it returns
        """
        if self._template is None:
            self._template = self.empty()
            prepare(self._template)
        number = next(self._numbers)
        folder = self._folder / f"{self.kind}-{number}"
        shutil.copytree(self._template.folder, folder)
        if self._server is None:
            return Ground(folder, f"sqlite:///{folder / 'registry.db'}")
        return Ground(folder, self._make_database(f"battery_{number}", _name(self._template.url)))

    def begin(self) -> None:
        """Forget what was prepared: the next registry is made anew."""
        if self._template is not None:
            self.drop(self._template)
        self._template = None

    def drop(self, ground: Ground) -> None:
        shutil.rmtree(ground.folder)
        if self._server is not None:
            self._administer(f"DROP DATABASE IF EXISTS {_name(ground.url)} WITH (FORCE)")

    def _make_database(self, name: str, template: str) -> str:
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://crmo@/{name}?host={self._host()}"

    def _administer(self, statement: str) -> None:
        with psycopg.connect(host=self._host(), user="crmo", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]  # names of our own making

    def _host(self) -> str:
        if self._server is None:
            raise RuntimeError("there is no server")
        return str(self._server.folder)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def open_grounds(*kinds: str) -> Iterator[list[Grounds]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="battery-")))
        server = PostgreSQL() if "postgresql" in kinds else None
        if server:
            stack.callback(server.stop)
        yield [Grounds(kind, folder, server if kind == "postgresql" else None) for kind in kinds]


def load_warm() -> Knowledge:
    """Everything compiled, as after the first Bundle: what is forked from here starts at once."""
    knowledge = load_knowledge(load_settings({}))
    judge_bundle(knowledge, as_bytes(make_bundle()), lambda patient, url: "warm", now().date())
    return knowledge
