"""What takes longer than a page may: worked out in the background, kept, and shown until something newer is there.

Takes from: nothing.  Gives to: factory, pages.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

# A small registry is counted while the reader waits; a page does not wait longer than this.
PATIENCE_SECONDS = 0.15
# What takes minutes, such as making every case again, leaves a worker for what takes seconds.
_WORKERS = 2

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """Shapes:  value    None while there is none yet
    current  False when the value is of an earlier state, and a newer one is being worked out
    """

    value: T | None
    current: bool


class Prepared:
    """One value a name, of the newest state that was asked for; the names that were not asked for longest are let go.

    Shapes:  patience_seconds  how long to wait for a value before going without
    """

    def __init__(self, most: int = 48, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.most, self.patience_seconds = most, patience_seconds
        self._workers = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="prepared")
        self._turn = threading.Lock()
        self._done: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._under_way: dict[Hashable, tuple[Hashable, Future[Any]]] = {}

    def ask(self, name: Hashable, state: Hashable, make: Callable[[], T]) -> Answer[T]:
        """The value of a name; worked out by `make` unless it is there and of this state.

        Errors:  whatever `make` raised, once; asked again it is tried again
        """
        with self._turn:
            kept = self._done.get(name)
            if kept and kept[0] == state:
                self._done.move_to_end(name)
                return Answer(kept[1], current=True)
            _, running = self._under_way.get(name) or self._begin(name, state, make)
        wait([running], self.patience_seconds)
        return self._look(name, state)

    def _begin(self, name: Hashable, state: Hashable, make: Callable[[], Any]) -> tuple[Hashable, Future[Any]]:
        self._under_way[name] = state, self._workers.submit(make)
        return self._under_way[name]

    def _look(self, name: Hashable, state: Hashable) -> Answer[Any]:
        with self._turn:
            of, running = self._under_way.get(name, (None, None))
            if running and running.done():
                del self._under_way[name]
                self._done[name] = of, running.result()
                self._done.move_to_end(name)
                while len(self._done) > self.most:
                    self._done.popitem(last=False)
            kept = self._done.get(name)
        return Answer(kept[1], current=kept[0] == state) if kept else Answer(None, current=False)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)
