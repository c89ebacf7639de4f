"""What is killed under way, and what must be true when the service has come up again and the sender asks again.

Each journey prepares a registry, acts until it is killed (or to its end), and then looks: what was lost, what is twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from adapter import inbound
from adapter.fsck import check_integrity
from adapter.parts import Knowledge, Parts
from adapter.store import cases, inbox
from adapter.store.cases import CASE_VERSIONS, CASES
from adapter.store.inbox import INBOX
from adapter.store.resources import RESOURCES
from adapter.web import create_app
from tests.battery.forks import Tell
from tests.battery.grounds import Ground
from tests.battery.points import Point
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

FHIR = "application/fhir+json"
SOURCE = "north"
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)


class Journey:
    """One thing the adapter does.

    Shapes:  before   prepares; returns what `act` and `after` have to know (JSON)
             act      does it; told what it was answered, before it may be killed
             after    yields "lost: …" and "twice: …"; the registry is then whole again
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def template(self, ground: Ground) -> None:
        with ground.parts(self.knowledge):
            pass

    def before(self, ground: Ground) -> Any:
        return None

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        raise NotImplementedError

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        raise NotImplementedError


def acknowledged(tell: Tell, answer: Any) -> None:
    """The sender has the whole answer."""
    tell(answer)


def half_sent(blocks: list[bytes]) -> bytes:
    return blocks[0][: len(blocks[0]) // 2]


def ask(parts: Parts, method: str, path: str, raw: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """One request through the whole of the service, its answer read block by block."""
    app = create_app(parts)
    try:
        headers = {"X-CRMO-Source": SOURCE}
        answer = app.test_client().open(
            path, method=method, data=raw or None, content_type=FHIR, headers=headers, buffered=False
        )
        blocks = list(answer.iter_encoded()) or [b""]
        half_sent(blocks)
        answer.close()
        return answer.status_code, dict(answer.headers), b"".join(blocks)
    finally:
        app.extensions["background"].shutdown()


def post(parts: Parts, raw: bytes, path: str = "/fhir") -> tuple[int, str]:
    """(status, pseudonym) of what was sent."""
    status, headers, _ = ask(parts, "POST", path, raw)
    return status, headers.get("Location", "").rpartition("/")[2]


def bundle_of(number: int, findings: int = 2, minute: int = 0) -> bytes:
    subject = {"subject": {"reference": f"Patient/p{number}"}}
    found = [make_finding(each, **subject) for each in range(1, findings + 1)]
    bundle = make_bundle(make_patient(number), make_condition(number, **subject), *found)
    bundle["identifier"] = {"system": "urn:battery", "value": f"message-{number}"}
    bundle["timestamp"] = f"2026-03-01T10:{minute:02}:00Z"
    return as_bytes(bundle)


def entries_of(parts: Parts, raw: bytes) -> list[inbox.Entry]:
    digest = hashlib.sha256(raw).hexdigest()
    with parts.store.reading() as connection:
        return [each for each in inbox.entries(connection, limit=1000) if each.content_hash == digest]


def versions_of(parts: Parts, case_id: str) -> int:
    with parts.store.reading() as connection:
        mine = sa.select(sa.func.count()).select_from(CASE_VERSIONS).where(CASE_VERSIONS.c.case_id == case_id)
        return int(connection.scalar(mine) or 0)


def count(parts: Parts, table: sa.Table, *where: Any) -> int:
    with parts.store.reading() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0)


class Push(Journey):
    """A hospital sends a Bundle; not having had an answer, it sends it again."""

    number, versions = 7, 1

    def raw(self) -> bytes:
        return bundle_of(self.number)

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        with ground.parts(self.knowledge) as parts:
            acknowledged(tell, post(parts, self.raw()))

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        with ground.parts(self.knowledge) as parts:
            yield from self._kept(parts, told, point)
            inbound.finish(parts)
            yield from self._ended(parts)
            status, case_id = post(parts, self.raw())
            if status != 200:
                yield f"lost: sent again it is answered {status}"
            yield from self._once(parts, case_id)

    def _kept(self, parts: Parts, told: list[Any], point: Point | None) -> Iterator[str]:
        found = entries_of(parts, self.raw())
        if point and point.kept and not found:
            yield "lost: the entry was committed and is not there"
        for status, case_id in told:
            if status != 200 or not any(each.state == "stored" for each in found):
                yield f"lost: it was answered {status} and is not stored"
            elif versions_of(parts, case_id) != self.versions:
                yield "lost: it was answered and its version is not there"

    def _ended(self, parts: Parts) -> Iterator[str]:
        for entry in entries_of(parts, self.raw()):
            if entry.state not in ("stored", "duplicate"):
                yield f"lost: after the start an entry is {entry.state}"

    def _once(self, parts: Parts, case_id: str) -> Iterator[str]:
        stored = [each for each in entries_of(parts, self.raw()) if each.state == "stored"]
        if len(stored) != 1:
            yield f"twice: {len(stored)} entries are called stored"
        if (found := versions_of(parts, case_id)) != self.versions:
            yield f"twice: {found} versions, {self.versions} were told"
        if (found := count(parts, CASES)) != 1:
            yield f"twice: {found} cases of one child"
        patients = (RESOURCES.c.case_id == case_id) & (RESOURCES.c.type == "Patient") & RESOURCES.c.current
        if (found := count(parts, RESOURCES, patients)) != 1:
            yield f"twice: {found} current Patients of one case"


class Amend(Push):
    """A hospital sends a newer content of a message that stands."""

    versions = 2

    def raw(self) -> bytes:
        changed = json.loads(bundle_of(self.number, findings=1, minute=5))
        changed["entry"][1]["resource"]["onsetDateTime"] = "2016-04"
        return as_bytes(changed)

    def before(self, ground: Ground) -> Any:
        with ground.parts(self.knowledge) as parts:
            return post(parts, bundle_of(self.number))

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        yield from super().after(ground, known, told, point)
        with ground.parts(self.knowledge) as parts:
            states = [each.state for each in entries_of(parts, bundle_of(self.number))]
        if states != ["superseded"]:
            yield f"twice: the earlier entry is {states}"


class Case(Push):
    """A program sends a registry case."""

    def raw(self) -> bytes:
        return as_bytes(make_case(self.number))

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        with ground.parts(self.knowledge) as parts:
            status, case_id = post(parts, self.raw(), "/cases")
            acknowledged(tell, (200 if status == 201 else status, case_id))

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        with ground.parts(self.knowledge) as parts:
            yield from self._kept(parts, told, point)
            inbound.finish(parts)
            yield from self._ended(parts)
            status, case_id = post(parts, self.raw(), "/cases")
            if status not in (200, 201):
                yield f"lost: sent again it is answered {status}"
            yield from self._once(parts, case_id)


class Retry(Push):
    """An entry in quarantine is judged again: the onset lay in the future when it came."""

    def before(self, ground: Ground) -> Any:
        with ground.parts(self.knowledge, clock=lambda: LONG_AGO) as parts:
            post(parts, self.raw())
            (entry,) = entries_of(parts, self.raw())
        if entry.state != "quarantined":
            raise RuntimeError(f"nothing to judge again: the entry is {entry.state}")
        return entry.id

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        with ground.parts(self.knowledge) as parts:
            receipt = inbound.retry(parts, known)
            tell((receipt.status, receipt.entry.case_id))

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        with ground.parts(self.knowledge) as parts:
            inbound.finish(parts)
            (entry,) = entries_of(parts, self.raw())
            if entry.state == "quarantined":
                inbound.retry(parts, known)
            status, case_id = post(parts, self.raw())
            if status != 200:
                yield f"lost: sent again it is answered {status}"
            yield from self._once(parts, case_id)


class Erase(Push):
    """A case is erased: it is there with everything, or gone with everything, and does not come back."""

    def before(self, ground: Ground) -> Any:
        with ground.parts(self.knowledge) as parts:
            return post(parts, self.raw())[1]

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        with ground.parts(self.knowledge) as parts:
            status, _, _ = ask(parts, "DELETE", f"/cases/{known}")
            acknowledged(tell, status)

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        with ground.parts(self.knowledge) as parts:
            left = self._left(parts, known)
            if told and (told != [204] or any(left.values())):
                yield f"lost: the erasure was answered {told} and left {left}"
            if len(set(map(bool, left.values()))) != 1:
                yield f"lost: half of an erasure: {left}"
            if any(left.values()):
                ask(parts, "DELETE", f"/cases/{known}")
            if any((left := self._left(parts, known)).values()):
                yield f"lost: asked again it left {left}"
            post(parts, self.raw())
            if any((left := self._left(parts, known)).values()):
                yield f"twice: what was erased came back: {left}"

    def _left(self, parts: Parts, case_id: str) -> dict[str, int]:
        with parts.store.reading() as connection:
            living = cases.exists(connection, case_id)
        return {
            "case": int(living and bool(count(parts, CASES, CASES.c.erased_at.is_(None)))),
            "versions": count(parts, CASE_VERSIONS),
            "bytes": count(parts, INBOX, INBOX.c.raw.is_not(None)),
            "resources": count(parts, RESOURCES, RESOURCES.c.body.is_not(None)),
        }


def fsck(ground: Ground, knowledge: Knowledge) -> list[str]:
    with ground.parts(knowledge) as parts:
        return list(check_integrity(parts))


JOURNEYS: dict[str, Callable[[Knowledge], Journey]] = {
    "push": Push,
    "amend": Amend,
    "case": Case,
    "retry": Retry,
    "erase": Erase,
}
