"""A sentinel at the way out of this machine: whoever asks for another address is counted and does not get there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from adapter.config import LOOPBACK


class Outbound:
    """Counts whoever leaves this machine; nobody does."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        connect, resolve = socket.socket.connect, socket.getaddrinfo

        def told(address: Any) -> bool:
            away = isinstance(address, tuple) and address[0] not in LOOPBACK
            if away:
                self.calls.append(str(address[0]))
            return away

        def watched(this: socket.socket, address: Any) -> None:
            if told(address):
                raise OSError("nobody leaves")
            connect(this, address)

        def resolved(host: Any, *rest: Any, **more: Any) -> Any:
            if told((host,)):
                raise socket.gaierror("nobody leaves")
            return resolve(host, *rest, **more)

        socket.socket.connect, socket.getaddrinfo = watched, resolved  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            socket.socket.connect, socket.getaddrinfo = connect, resolve  # type: ignore[method-assign]

    def is_awake(self) -> bool:
        """Whether a call that is made here is counted: asked inside `watching`, and forgotten again."""
        before = len(self.calls)
        with suppress(OSError), socket.socket() as asker:
            asker.connect(("192.0.2.1", 443))
        with suppress(OSError):
            socket.getaddrinfo("evil.invalid", 443)
        awake = len(self.calls) == before + 2
        del self.calls[before:]
        return awake
