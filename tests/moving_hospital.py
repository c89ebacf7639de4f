"""A hospital whose data move: versions, lastUpdated, deletions, merged patients, a history; each can be switched off.

It remembers what it was asked, so that a test can count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from adapter.errors import Issue, Json, make_operation_outcome
from adapter.synthetic.server import Answer, FhirServer

LONG_AGO = datetime.now(UTC) - timedelta(days=30)
LastUpdated = Literal["heeded", "ignored", "zero", "refused"]
NO_HISTORY = 404, make_operation_outcome([Issue("error", "not-supported", "", "moving", "No history here.", "receive")])
GONE = 410, make_operation_outcome([Issue("error", "deleted", "", "moving", "It was deleted.", "receive")])
UNKNOWN = 400, make_operation_outcome([Issue("error", "not-supported", "", "moving", "No _lastUpdated.", "receive")])


class MovingHospital(FhirServer):
    """Shapes:  last_updated  how the parameter is treated
    history       False: there is none; "empty": one is offered and never filled
    """

    def __init__(
        self,
        resources: Iterable[Json],
        *,
        last_updated: LastUpdated = "heeded",
        history: bool | Literal["empty"] = True,
        page_cap: int = 100,
    ) -> None:
        self.asked: list[str] = []
        self.last_updated, self.history = last_updated, history
        self._log: list[tuple[datetime, str, Json | None]] = []
        self._deleted: set[str] = set()
        self._now = threading.local()
        super().__init__((), page_cap)
        for resource in resources:
            self._write(resource, LONG_AGO)

    def put(self, resource: Json) -> None:
        """Create or change, now."""
        self._write(resource, datetime.now(UTC))

    def delete(self, type_: str, id_: str) -> None:
        """Delete, now."""
        del self._resources[type_][id_]
        self._deleted.add(f"{type_}/{id_}")
        self._log.append((datetime.now(UTC), f"{type_}/{id_}", None))

    def delete_patient(self, id_: str) -> None:
        """A patient with everything about him."""
        for resource in self.about(id_):
            self.delete(resource["resourceType"], resource["id"])
        self.delete("Patient", id_)

    def merge(self, replaced: str, staying: str) -> None:
        """One patient into another, with everything about him."""
        for resource in self.about(replaced):
            self.put({**resource, "subject": {"reference": f"Patient/{staying}"}})
        for id_, type_, other in ((replaced, "replaced-by", staying), (staying, "replaces", replaced)):
            link = {"other": {"reference": f"Patient/{other}"}, "type": type_}
            self.put({**self._resources["Patient"][id_], "link": [link], "active": type_ == "replaces"})

    def about(self, patient: str) -> list[Json]:
        return [
            resource
            for held in self._resources.values()
            for resource in list(held.values())
            if resource.get("subject", {}).get("reference") == f"Patient/{patient}"
        ]

    def everything(self) -> list[Json]:
        return [resource for held in self._resources.values() for resource in held.values()]

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        self.asked.append(target)
        path, _, query = target.partition("?")
        steps = path.split("/")
        if steps[-1] == "_history":
            return self._tell_history(steps[0], base, dict(parse_qsl(query)))
        if len(steps) == 2 and path in self._deleted:
            return GONE
        pairs = parse_qsl(query, keep_blank_values=True)
        told = next((value for name, value in pairs if name == "_lastUpdated"), "")
        if told and self.last_updated == "refused":
            return UNKNOWN
        self._now.since = told if self.last_updated in ("heeded", "zero") else ""
        plain = urlencode([(name, value) for name, value in pairs if name not in ("_lastUpdated", "_elements")])
        status, answer = super().answer(method, base, f"{path}?{plain}" if plain else path, body)
        self._now.since = ""
        for link in answer.get("link", []) if told else []:
            link["url"] += f"&_lastUpdated={quote(told)}"
        return status, answer

    def resources_of(self, type_: str) -> list[Json]:
        held, since = super().resources_of(type_), getattr(self._now, "since", "")
        if not since:
            return held
        if self.last_updated == "zero":
            return []
        start = datetime.fromisoformat(since.removeprefix("ge")).replace(tzinfo=UTC)
        return [each for each in held if datetime.fromisoformat(each["meta"]["lastUpdated"]) >= start]

    def _write(self, resource: Json, at: datetime) -> None:
        key = f"{resource['resourceType']}/{resource['id']}"
        known = self._resources.get(resource["resourceType"], {}).get(resource["id"], {})
        version = int(known.get("meta", {}).get("versionId", "0")) + 1
        meta = {"versionId": str(version), "lastUpdated": at.isoformat()}
        self.add({**resource, "meta": {**resource.get("meta", {}), **meta}})
        self._deleted.discard(key)
        self._log.append((at, key, self._resources[resource["resourceType"]][resource["id"]]))

    def _tell_history(self, type_: str, base: str, query: dict[str, str]) -> Answer:
        if not self.history:
            return NO_HISTORY
        start = datetime.fromisoformat(query["_since"])
        told = [] if self.history == "empty" else self._log
        entries = [_entry(base, key, resource) for at, key, resource in told if _is(key, type_) and at >= start]
        return 200, {"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries}


def _is(key: str, type_: str) -> bool:
    return key.startswith(f"{type_}/")


def _entry(base: str, key: str, resource: Json | None) -> dict[str, Any]:
    if resource is None:
        return {"fullUrl": f"{base}/{key}", "request": {"method": "DELETE", "url": key}}
    return {"fullUrl": f"{base}/{key}", "resource": resource, "request": {"method": "PUT", "url": key}}
