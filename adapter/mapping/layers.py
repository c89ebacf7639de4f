"""The overlays of a folder at work, each made again as soon as its file has changed.

A file that is wrong leaves in force what was there before it; every process looks at the file for itself.
Takes from: mapping.check, mapping.rules.  Gives to: mapping.engine.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from adapter.errors import DeclarationError
from adapter.mapping.check import lay_overlay, lay_overlays
from adapter.mapping.overlays import PATTERN
from adapter.mapping.rules import Language

_LOG = logging.getLogger("adapter.mapping")
_TURN = threading.Lock()
T = TypeVar("T")
# Size and time of a file: whether a look into it is worth it.
Mark = tuple[int, int]


class Layers(Generic[T]):
    """What was made of each overlay, by name.

    Shapes:  make  compiles the maps with an overlay in them
    """

    def __init__(self, language: Language, make: Callable[[Language], T]) -> None:
        self._language, self._make = language, make
        laid = lay_overlays(language)
        self._made = {name: make(each) for name, each in laid.items()}
        self._seen = {name: (self._mark(name), self._digest(name)) for name in laid}

    @property
    def names(self) -> list[str]:
        """Those of the start, and those whose files have come since and hold."""
        for place in sorted(self._language.folder.path.glob(PATTERN)):
            self.has(place.name.split(".")[0])
        return list(self._made)

    def has(self, name: str) -> bool:
        if name not in self._made and (mark := self._mark(name)) and not self._language.folder.overlay:
            with _TURN:
                if name not in self._made:
                    self._refresh(name, mark)
        return name in self._made

    def file(self, name: str) -> Path:
        return self._language.folder.path / PATTERN.replace("*", name)

    def get(self, name: str) -> T:
        """Errors:  KeyError when there is no such overlay: ask `has` first"""
        mark = self._mark(name)
        if mark != self._seen[name][0]:
            with _TURN:
                if mark != self._seen[name][0]:
                    self._refresh(name, mark)
        return self._made[name]

    def check(self, place: Path) -> T:
        """What a file would make, were it there.  Errors:  DeclarationError"""
        made, problems = lay_overlay(self._language, place)
        if problems or made is None:
            raise DeclarationError(problems)
        return self._make(made)

    def _refresh(self, name: str, mark: Mark | None) -> None:
        digest, (_, known) = self._digest(name), self._seen.get(name, (None, ""))
        if digest and digest != known:
            try:
                self._made[name] = self.check(self.file(name))
            except DeclarationError as error:
                _LOG.error("overlay %s has changed and is wrong, the earlier one stays: %s", name, error.problems[0])
        self._seen[name] = mark, digest or known

    def _mark(self, name: str) -> Mark | None:
        try:
            told = self.file(name).stat()
        except OSError:
            return None
        return told.st_size, told.st_mtime_ns

    def _digest(self, name: str) -> str:
        try:
            return hashlib.sha256(self.file(name).read_bytes()).hexdigest()
        except OSError:
            return ""
