"""How often somebody may be refused before he has to wait.

Takes from: nothing.  Gives to: tokens, logins.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque


class Failures:
    """Counts refusals by caller, in this process.

    Shapes:  most  within the window; more of them and the caller waits until the oldest has left it
    """

    # Callers that are remembered at once; an attacker with more addresses than this forgets the quietest.
    _CALLERS = 10_000

    def __init__(self, most: int, *, window_seconds: float) -> None:
        self.most = most
        self.window_seconds = window_seconds
        self._seen: dict[str, deque[float]] = {}
        self._turn = threading.Lock()

    def wait_seconds(self, caller: str) -> int:
        """0 when the caller may try."""
        with self._turn:
            times = self._recent(caller)
            return math.ceil(times[0] + self.window_seconds - time.monotonic()) if len(times) >= self.most else 0

    def count(self, caller: str) -> None:
        with self._turn:
            times = self._recent(caller)
            times.append(time.monotonic())
            self._seen.pop(caller, None)
            self._seen[caller] = times
            if len(self._seen) > self._CALLERS:
                del self._seen[next(iter(self._seen))]

    def _recent(self, caller: str) -> deque[float]:
        times = self._seen.get(caller, deque())
        while times and times[0] <= time.monotonic() - self.window_seconds:
            times.popleft()
        return times
