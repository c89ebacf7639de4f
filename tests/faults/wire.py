"""HTTP/1.1 with full control of the bytes: answers can be cut, dripped, reset, promised and never sent.

Run it in a thread (`serve`) or as a process of its own (`python -m tests.faults`).
"""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

FHIR_JSON = "application/fhir+json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    target: str

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)


@dataclass
class Told:
    """One answer, and what happens to its bytes on the way.

    Shapes:  promised   the Content-Length, when it is not the true one
             sent       how many bytes of the body are sent before the connection is closed
             chunked    "" no; "whole"; "cut": the last chunk is missing
             unmeasured no Content-Length: the end of the connection is the end
             drip       seconds between bytes
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = FHIR_JSON
    promised: int | None = None
    sent: int | None = None
    chunked: str = ""
    unmeasured: bool = False
    reset: bool = False
    hang: bool = False
    drip: float = 0.0
    zipped: bool = False


Answer = Callable[[Asked], Told]


class Server:
    """Serves an answer function; counts what it was asked."""

    def __init__(self, answer: Answer, latency: float = 0.0) -> None:
        self._answer, self._latency = answer, latency
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.keeps_list = True
        self.requests = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (asked := await _read(reader)) is not None:
                self.requests += 1
                if self.keeps_list:
                    self.asked.append(f"{asked.method} {asked.target}")
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    if self._latency:
                        await asyncio.sleep(self._latency)
                    told = self._answer(asked)
                    if told.hang:
                        await reader.read()  # until the client gives up
                        break
                    if not await _send(writer, told, asked):
                        break
                finally:
                    self.at_once -= 1
        with suppress(ConnectionError):
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).strip()) != b"":
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(body.decode(), keep_blank_values=True)
    return Asked(method, unquote(parts.path), pairs, headers, target)


async def _send(writer: asyncio.StreamWriter, told: Told, asked: Asked) -> bool:
    """False when the connection ends with this answer."""
    if told.reset:
        writer.transport.abort()
        return False
    body, headers = told.body, {"Content-Type": told.kind, **told.headers}
    if told.zipped:
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    if told.chunked:
        headers["Transfer-Encoding"] = "chunked"
        body = b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if told.chunked == "whole" else b"")
    elif not told.unmeasured:
        headers["Content-Length"] = str(len(body) if told.promised is None else told.promised)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {told.status} Told\r\n{head}\r\n".encode())
    sent = body if told.sent is None else body[: told.sent]
    if told.drip:
        for number in range(len(sent)):
            writer.write(sent[number : number + 1])
            await writer.drain()
            await asyncio.sleep(told.drip)
    writer.write(sent if not told.drip else b"")
    await writer.drain()
    cut = told.sent is not None or told.promised is not None or told.chunked == "cut" or told.unmeasured
    return not cut and asked.headers.get("connection", "").lower() != "close"


@contextmanager
def serve(server: Server) -> Iterator[str]:
    """On a free port of 127.0.0.1, in a thread; gives the base address."""
    loop = asyncio.new_event_loop()
    ready: list[int] = []
    listening = threading.Event()

    async def run() -> None:
        listener = await asyncio.start_server(server.connected, "127.0.0.1", 0, limit=2**20)
        ready.append(listener.sockets[0].getsockname()[1])
        listening.set()
        async with listener:
            await listener.serve_forever()

    def main() -> None:
        asyncio.set_event_loop(loop)
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(run())
        rest = asyncio.all_tasks(loop)
        for task in rest:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    listening.wait(10)
    try:
        yield f"http://127.0.0.1:{ready[0]}/fhir"
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(10)
