"""What every test may ask for: a store on each database, a clock, ids, and a network that ends at this machine."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import Settings, load_settings
from adapter.parts import Knowledge, Parts
from adapter.web import create_app

# Half a day from UTC, on the other side of midnight: what confuses local time with UTC shows at once.
os.environ["TZ"] = "Pacific/Auckland"
time.tzset()

# Hypothesis by HYPOTHESIS_PROFILE: `quick` while working, `ci` the same examples each time, `long` for `make laws`.
hypothesis_settings.register_profile("quick", max_examples=50, deadline=None)
hypothesis_settings.register_profile("ci", max_examples=400, deadline=None, derandomize=True)
hypothesis_settings.register_profile("long", max_examples=10_000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _network_ends_here(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:  # type: ignore[index]
            raise OSError(f"tests do not talk to {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", only_loopback)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Each look at this clock is a second later than the last."""
    seconds = itertools.count()
    return lambda: datetime(2026, 3, 17, 23, 30, tzinfo=UTC) + timedelta(seconds=next(seconds))


@pytest.fixture
def make_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"entry-{next(numbers)}"


class PostgreSQL:
    """A server of our own: a socket in a temporary folder, no port, no password, no fsync."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crmo-pg-"))
        self.programs = _postgresql_programs()
        # PostgreSQL refuses to run as root.
        self.user = next(user for user in ("postgres", "nobody") if _is_user(user)) if os.geteuid() == 0 else ""
        if self.user:
            shutil.chown(self.folder, self.user)
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "crmo", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c timezone=Asia/Kolkata"
        self._run("pg_ctl", "-D", data, "-w", "-l", self.folder / "log", "-o", options, "start")
        self.databases = itertools.count(1)

    def _run(self, program: str, *arguments: object) -> None:
        as_user = ["runuser", "-u", self.user, "--"] if self.user else []
        command = [*as_user, str(self.programs / program), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=120)

    def make_database(self) -> str:
        name = f"registry_{next(self.databases)}"
        self._run("createdb", "-h", self.folder, "-U", "crmo", name)
        return f"postgresql+psycopg://crmo@/{name}?host={self.folder}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)


def _is_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _postgresql_programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4].split(".")[0]))
    if installed:
        return installed[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    pytest.fail("No PostgreSQL server programs here: apt-get install postgresql")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.make_database()


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge(load_settings({}))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return load_settings({"CRMO_DATA": str(tmp_path / "data"), "CRMO_DATABASE_URL": database_url})


@pytest.fixture
def parts(
    settings: Settings, knowledge: Knowledge, clock: Callable[[], datetime], make_id: Callable[[], str]
) -> Iterator[Parts]:
    """The adapter on each kind of database, with a clock and ids that tests can foresee."""
    with open_parts(settings, knowledge) as opened:
        yield replace(opened, clock=clock, make_id=make_id)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def still_parts(
    request: pytest.FixtureRequest, knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    """The adapter on each kind of database, once for all the tests of a file: none changes what another finds."""
    own = {"CRMO_DATA": str(tmp_path_factory.mktemp("data"))}
    if request.param == "postgresql":
        own["CRMO_DATABASE_URL"] = request.getfixturevalue("postgresql").make_database()
    with open_parts(load_settings(own), knowledge) as opened:
        yield opened


@pytest.fixture
def guarded(tmp_path: Path, knowledge: Knowledge) -> Iterator[Flask]:
    """The service as it stands on a network: whoever asks says who he is."""
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "data")}), knowledge) as opened:
        app = create_app(opened, ask_who=True, public_url="https://registry.invalid")
        yield app
        app.extensions["background"].shutdown()


@pytest.fixture
def client(tmp_path: Path, knowledge: Knowledge) -> Iterator[FlaskClient]:
    """The service, asked without a network."""
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "data")}), knowledge) as opened:
        app = create_app(opened)
        yield app.test_client()
        app.extensions["background"].shutdown()
