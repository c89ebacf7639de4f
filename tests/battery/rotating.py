"""A new key on every pseudonym, killed under way: the same command goes on, and no child is lost or there twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from adapter import inbound, rotating
from adapter.errors import ConfigError
from adapter.keyfile import Keys, load_keys
from adapter.parts import Parts
from adapter.store import ledger, pseudonym_keys, rotation
from adapter.store.cases import CASES
from adapter.store.ledger import Request
from tests.battery.forks import Tell
from tests.battery.grounds import Ground
from tests.battery.journeys import ask, bundle_of, count, post
from tests.battery.maintenance import SENT, Command
from tests.battery.points import Point

ERASED = SENT + 1
SOME = 2  # pseudonyms in a transaction, so that there are several


class Rotate(Command):
    """Children who were pushed, one of them erased, and requests of a pull."""

    def template(self, ground: Ground) -> None:
        with ground.parts(self.knowledge) as parts:
            for number in range(1, ERASED + 1):
                _, case_id = post(parts, bundle_of(number))
            ask(parts, "DELETE", f"/cases/{case_id}")
            request = Request(parts.clock(), "GET", "Patient/~" + "0" * 15, "~" + "1" * 31, "ok")
            with parts.store.writing() as connection:
                ledger.add(connection, "pull-1", None, [request] * (SOME + 1))

    def arguments(self, ground: Ground) -> list[str]:
        return ["keys", "rotate-pseudonyms", "--yes"]

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        rotating.rotate_pseudonyms = partial(rotating.rotate_pseudonyms, at_once=SOME)
        super().act(ground, known, tell)

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        before, unfinished = load_keys(ground.settings().pseudonym_key), self._unfinished(ground)
        if unfinished:
            yield from self._sent_meanwhile(ground)
        if (code := self.run(ground)) != 0:
            yield f"lost: asked again the command ends with {code}"
        yield from _keys_made(before, load_keys(ground.settings().pseudonym_key), unfinished)
        with ground.parts(self.knowledge) as parts:
            inbound.finish(parts)
            yield from _met_again(parts)

    def _unfinished(self, ground: Ground) -> bool:
        """The file is ahead of the database."""
        head = load_keys(ground.settings().pseudonym_key).current
        with ground.parts(self.knowledge) as parts, parts.store.reading() as connection:
            stands = pseudonym_keys.standing(connection)
        return stands.next_key_id is not None or stands.key_id != head

    def _sent_meanwhile(self, ground: Ground) -> Iterator[str]:
        try:
            with ground.parts(self.knowledge) as parts:
                status, _ = post(parts, bundle_of(1, minute=1))
        except ConfigError:
            return
        if status != 503:
            yield f"twice: sent before the command went on it is answered {status}"


def _keys_made(before: Keys, after: Keys, unfinished: bool) -> Iterator[str]:
    made = len(after.secrets) - len(before.secrets)
    if not set(before.secrets) <= set(after.secrets):
        yield "lost: an earlier key"
    if made != (0 if unfinished else 1):
        yield f"twice: going on made {made} keys"


def _met_again(parts: Parts) -> Iterator[str]:
    """Whoever is sent again, changed, is the child that is there; who was erased is refused."""
    for number in range(1, SENT + 1):
        status, _ = post(parts, bundle_of(number, findings=3, minute=2))
        if status != 200:
            yield f"lost: a child sent again is answered {status}"
    status, _ = post(parts, bundle_of(ERASED, findings=3, minute=2))
    if status != 410:
        yield f"twice: who was erased is answered {status}"
    if (living := count(parts, CASES, CASES.c.erased_at.is_(None))) != SENT:
        yield f"{'twice' if living > SENT else 'lost'}: {living} children of {SENT}"
    if left := count(parts, rotation.DONE):
        yield f"lost: {left} pseudonyms stay in the list that leads from the earlier to the next"
