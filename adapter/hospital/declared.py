"""The declared hospitals as they are now: their folder is looked at again whenever a file in it has changed.

What has become wrong while the service runs is logged, and the hospitals stay as they were declared before.

Takes from: errors, hospital.declaring.  Gives to: bootstrap, web.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from adapter.errors import ConfigError, DeclarationError, Json, VersionConflictError
from adapter.hospital.declaring import load_source, load_sources
from adapter.hospital.source import Source

_LOG = logging.getLogger("adapter.hospital")

Check = Callable[[Iterable[Source]], Iterable[str]]
State = tuple[tuple[str, int, int], ...]


class Sources(Mapping[str, Source]):
    """By name.

    Shapes:  folder  may be missing; the first source that is added makes it
             check   what else must hold of sources, as "file:line:col code message"
    Errors:  DeclarationError, as `load_sources`
    """

    def __init__(self, folder: Path, client_keys: Path | None = None, check: Check = lambda sources: ()) -> None:
        self._folder, self._client_keys, self._check = folder, client_keys, check
        self._turn = threading.Lock()
        self._state = self._look()
        self._known = self._load()

    def __getitem__(self, name: str) -> Source:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def add(self, declaration: Json) -> Source:
        """Write a new declaration, whole or not at all.

        Shapes:  declaration  as source.schema.json
        Errors:  DeclarationError; VersionConflictError when there is one of this name; ConfigError when the folder
                 cannot be written
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        except OSError as error:
            raise ConfigError(f"The folder of sources cannot be written ({type(error).__name__}).") from None
        try:
            return self._add(declaration, aside)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _add(self, declaration: Json, aside: Path) -> Source:
        written = aside / "source.yaml"
        written.write_text(_spell(declaration), encoding="utf-8")
        source = load_source(written, self._client_keys)
        if problems := list(self._check([source])):
            raise DeclarationError(problems)
        if source.name in self:
            raise VersionConflictError("A source of this name is declared already.")
        try:
            os.link(written, self._folder / f"{source.name}.yaml")
        except FileExistsError:
            raise VersionConflictError("There is a file for a source of this name already.") from None
        except OSError as error:
            raise ConfigError(f"The folder of sources cannot be written ({type(error).__name__}).") from None
        return self[source.name]

    def _now(self) -> dict[str, Source]:
        state = self._look()
        with self._turn:
            if state != self._state:
                self._state = state
                try:
                    self._known = self._load()
                except DeclarationError as error:
                    _LOG.error("sources stay as they were: %s", error)
            return self._known

    def _load(self) -> dict[str, Source]:
        known = load_sources(self._folder, self._client_keys)
        if problems := list(self._check(known.values())):
            raise DeclarationError(problems)
        return known

    def _look(self) -> State:
        """Name, time and size of every file."""
        try:
            with os.scandir(self._folder) as entries:
                stats = [(each.name, each.stat()) for each in entries if each.name.endswith((".yaml", ".yml"))]
        except OSError:
            return ()
        return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


def _spell(declaration: Json) -> str:
    """As YAML that a person can go on with: one line a key."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in declaration.items())
