"""What whoever runs the registry does, killed under way: its commands, and its first start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from click.testing import CliRunner

from adapter import bootstrap
from adapter.backup import check_copy
from adapter.cli import main
from adapter.errors import AdapterError
from adapter.keyfile import load_keys
from adapter.parts import Knowledge
from adapter.store.audit import AUDIT
from adapter.store.inbox import INBOX
from tests.battery.forks import Tell
from tests.battery.grounds import Ground
from tests.battery.journeys import Journey, bundle_of, count, post
from tests.battery.points import Point
from tests.sample_bundles import as_bytes
from tests.sample_cases import make_case

SENT = 3


class Command(Journey):
    """A command on a registry that holds a few cases; `arguments` follow where it works."""

    def template(self, ground: Ground) -> None:
        with ground.parts(self.knowledge) as parts:
            for number in range(1, SENT + 1):
                post(parts, as_bytes(make_case(number)), "/cases")

    def arguments(self, ground: Ground) -> list[str]:
        raise NotImplementedError

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        tell(self.run(ground))

    def run(self, ground: Ground) -> int:
        """Exit code of the command, with what is compiled already."""
        bootstrap.load_knowledge = lambda settings, rule_set="SA": self.knowledge
        return CliRunner().invoke(main, [*ground.command(), *self.arguments(ground)], catch_exceptions=False).exit_code

    def commands_written(self, ground: Ground, what: str) -> int:
        with ground.parts(self.knowledge) as parts:
            return count(parts, AUDIT, AUDIT.c.actor == "command", AUDIT.c.route == what)


class Reseal(Command):
    """A new sealing key, and its seal on everything kept."""

    def arguments(self, ground: Ground) -> list[str]:
        return ["inbox", "reseal"]

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        from adapter.store import inbox

        again = inbox.seal_again
        inbox.seal_again = lambda connection, seals, limit: again(connection, seals, limit=2)  # several batches
        super().act(ground, known, tell)

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        with ground.parts(self.knowledge) as parts, parts.store.reading() as connection:
            used = set(connection.scalars(sa.select(INBOX.c.seal)))
        if used - set(load_keys(ground.settings().sealing_key).secrets):
            yield "lost: bytes under a key that is not in the file"
        if (code := self.run(ground)) != 0:
            yield f"lost: asked again the command ends with {code}"
        with ground.parts(self.knowledge) as parts:
            if old := count(parts, INBOX, INBOX.c.seal != load_keys(ground.settings().sealing_key).current):
                yield f"lost: {old} entries stay under an old key"


class Export(Command):
    """Tables for analysis: whole with their sums, or without them; and nobody takes data out unnoticed."""

    def arguments(self, ground: Ground) -> list[str]:
        return ["export", "--to", str(ground.folder / "export")]

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        folder = ground.folder / "export"
        yield from _wrong_sums(folder)
        if any(folder.glob("*.csv")) and not self.commands_written(ground, "export"):
            yield "lost: data were taken out, and nobody wrote it down"
        folder.rename(ground.folder / "before") if folder.exists() else None
        if (code := self.run(ground)) != 0 or not (folder / "SHA256SUMS").exists():
            yield f"lost: asked again the command ends with {code}"
        yield from _wrong_sums(folder)


def _wrong_sums(folder: Path) -> Iterator[str]:
    """An export that says that it is whole, is whole."""
    if not (folder / "SHA256SUMS").exists():
        return
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        if not (folder / name).exists() or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield f"lost: {name} is not what the sums say"


class Backup(Command):
    """A copy of the registry: whole, or not there."""

    def arguments(self, ground: Ground) -> list[str]:
        return ["backup", str(ground.folder / "copy.zip")]

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        file = ground.folder / "copy.zip"
        if (file.exists() or any(ground.folder.glob(".copy*"))) and not self.commands_written(ground, "backup"):
            yield "lost: a copy was begun, and nobody wrote it down"
        if not file.exists() and (code := self.run(ground)) != 0:
            yield f"lost: asked again the command ends with {code}"
        try:
            copy = check_copy(file)
        except AdapterError as error:
            yield f"lost: the copy is not whole: {error}"
        else:
            if copy.tables["inbox"]["rows"] != SENT:
                yield f"lost: {copy.tables['inbox']['rows']} entries in the copy of {SENT}"


def brought_back() -> None:
    """The copy is in the database."""


class Restore(Command):
    """A copy comes back whole, or not at all."""

    def template(self, ground: Ground) -> None:
        """A copy beside an empty registry."""
        from adapter.backup import back_up

        kept = Ground(ground.folder, f"sqlite:///{ground.folder / 'kept.db'}")
        super().template(kept)
        with kept.parts(self.knowledge) as parts:
            back_up(parts.store, ground.folder / "copy.zip", parts.clock())
        with ground.parts(self.knowledge):
            pass

    def arguments(self, ground: Ground) -> list[str]:
        return ["restore", str(ground.folder / "copy.zip")]

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        code = self.run(ground)
        brought_back()
        tell(code)

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        there = self._there(ground)
        if there not in (0, SENT):
            yield f"lost: {there} entries of {SENT} came back"
        if not there and (code := self.run(ground)) != 0:
            yield f"lost: asked again the command ends with {code}"
        if (there := self._there(ground)) != SENT:
            yield f"lost: asked again {there} entries of {SENT} came back"

    def _there(self, ground: Ground) -> int:
        with ground.parts(self.knowledge) as parts:
            return count(parts, INBOX)


class Start(Journey):
    """The first start: keys and schema are made. There is one key of each kind, whenever it ends."""

    def template(self, ground: Ground) -> None:
        return

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        with ground.parts(self.knowledge) as parts:
            tell([parts.pseudonyms.key_id, parts.seals.key_id])

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        made = [
            json.loads(file.read_text())["id"] for file in sorted((ground.folder / "keys").glob("*.json"), reverse=True)
        ]
        with ground.parts(self.knowledge) as parts:
            known_now = [parts.seals.key_id, parts.pseudonyms.key_id]
            status, _ = post(parts, bundle_of(1))
        if not set(made) <= set(known_now):
            yield "twice: a key was made again"
        if status != 200:
            yield f"lost: what comes first is answered {status}"


MAINTENANCE: dict[str, Callable[[Knowledge], Journey]] = {
    "reseal": Reseal,
    "export": Export,
    "backup": Backup,
    "restore": Restore,
    "start": Start,
}
