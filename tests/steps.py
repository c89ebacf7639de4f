"""How much SQLite does, in steps of its machine: the same on every computer, however busy."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from adapter.store import Store


class Steps:
    """Counts what SQLite does on every connection of a store."""

    def __init__(self, store: Store) -> None:
        self.count = 0
        sa.event.listen(store.engine, "checkout", self._watch)

    def _watch(self, raw: Any, *_: object) -> None:
        raw.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.count += 1
        return 0
