"""So many at once, so many waiting, and for the rest "later" at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from werkzeug.test import Client

from adapter.store.turns import FairLock
from adapter.web.gate import Gate, Room, Rooms, Turns, make_rooms

LONG, NOT_AT_ALL = 90.0, 0.0


class Slow:
    """An application whose answers wait until the gate is opened."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.open = threading.Event()
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.inside.release()
        self.open.wait(LONG)
        if environ["PATH_INFO"] == "/broken":
            raise BrokenPipeError
        start_response("200 OK", [])
        return [b"fine"]


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.open.set()


def gate(slow: Slow, *, at_once: int = 1, waiting: int = 0, patience: float = LONG) -> Client:
    room = Room(at_once, waiting)
    return Client(Gate(slow, Rooms(room, room), patience))


def ask_aside(client: Client, told: list[int], method: str = "POST") -> threading.Thread:
    thread = threading.Thread(
        target=lambda: told.append(client.open("/fhir", method=method, buffered=True).status_code)
    )
    thread.start()
    return thread


def test_one_more_than_there_is_room_for_is_told_to_come_later(slow: Slow) -> None:
    client, told = gate(slow), []
    first = ask_aside(client, told)
    assert slow.inside.acquire(timeout=LONG)

    refused = client.post("/fhir", buffered=True)
    slow.open.set()
    first.join(LONG)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
    assert json.loads(refused.data)["issue"][0]["code"] == "throttled"
    assert refused.headers["Cache-Control"] == "no-store"
    assert told == [200]
    assert client.application.refused() == {"read": 0, "write": 1}


def test_who_waits_is_let_in_when_another_is_done(slow: Slow) -> None:
    client, told = gate(slow, waiting=1), []
    threads = [ask_aside(client, told), ask_aside(client, told)]
    assert slow.inside.acquire(timeout=LONG)

    slow.open.set()
    for thread in threads:
        thread.join(LONG)

    assert told == [200, 200]


def test_nobody_waits_longer_than_patience_lasts(slow: Slow) -> None:
    client, told = gate(slow, waiting=1, patience=NOT_AT_ALL), []
    first = ask_aside(client, told)
    assert slow.inside.acquire(timeout=LONG)

    assert client.post("/fhir", buffered=True).status_code == 503
    slow.open.set()
    first.join(LONG)


def test_reading_has_a_room_of_its_own(slow: Slow) -> None:
    client, told = gate(slow), []
    first = ask_aside(client, told)
    assert slow.inside.acquire(timeout=LONG)

    second = ask_aside(client, told, "GET")
    assert slow.inside.acquire(timeout=LONG), "let in beside the one who writes"
    slow.open.set()
    for thread in (first, second):
        thread.join(LONG)

    assert told == [200, 200]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_how_we_are_is_always_answered(slow: Slow, path: str) -> None:
    client, told = gate(slow), []
    first = ask_aside(client, told, "GET")
    assert slow.inside.acquire(timeout=LONG)

    health = threading.Thread(target=client.get, args=(path,))
    health.start()

    assert slow.inside.acquire(timeout=LONG), "nobody kept it at the gate"
    slow.open.set()
    for thread in (first, health):
        thread.join(LONG)


def test_a_failure_gives_the_turn_back(slow: Slow) -> None:
    client = gate(slow)
    slow.open.set()

    for _ in range(3):
        with pytest.raises(BrokenPipeError):
            client.post("/broken")

    assert client.post("/fhir", buffered=True).status_code == 200


def test_an_answer_that_nobody_reads_to_its_end_gives_the_turn_back_once() -> None:
    turns = Gate(lambda environ, start: iter([b"a", b"b"]), Rooms(Room(1, 0), Room(1, 0)))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/fhir"}

    for _ in range(3):
        answer: Any = turns(environ, lambda *told: None)
        assert next(iter(answer)) == b"a"
        answer.close()
        answer.close()

    assert turns._reads.enter(NOT_AT_ALL)
    assert not turns._reads.enter(NOT_AT_ALL)


def test_every_request_that_waits_or_works_has_a_thread_and_health_too() -> None:
    rooms = make_rooms(8)

    assert (rooms.reads.at_once, rooms.writes.at_once) == (8, 4)
    assert rooms.threads == 8 + 32 + 4 + 16 + 4
    assert make_rooms(1).writes.at_once == 1


def test_turns_are_never_lost_nor_given_twice() -> None:
    turns, inside, most, guard = Turns(Room(3, 100)), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            if turns.enter(LONG):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1
                turns.leave()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)

    assert 1 <= most <= 3
    assert [turns.enter(NOT_AT_ALL) for _ in range(3)] == [True, True, True]


def test_writers_get_their_turn_in_the_order_they_came() -> None:
    lock, order, threads = FairLock(), [], []

    def write(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        for number in range(8):
            thread = threading.Thread(target=write, args=(number,))
            thread.start()
            threads.append(thread)
            while len(lock._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(LONG)

    assert order == list(range(8))


def test_a_writer_who_fails_passes_the_turn_on() -> None:
    lock = FairLock()
    with pytest.raises(BrokenPipeError), lock:
        raise BrokenPipeError
    with lock:
        assert lock._held
    assert not lock._held
