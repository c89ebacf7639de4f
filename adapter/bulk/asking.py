"""What an export asks the server beside its files: counts, a Group's members, a resource that is pointed at.

Takes from: errors, hospital.  Gives to: bulk.taking.
Source: https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/R4/group.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from adapter.errors import Json, RemoteError
from adapter.hospital import Source
from adapter.hospital.answers import read_page, read_resource
from adapter.hospital.bulk.job import Conversation
from adapter.hospital.client import address, is_id
from adapter.hospital.matching import patient_of
from adapter.hospital.politeness import QuietHour
from adapter.hospital.session import Answer

T = TypeVar("T")

_GONE = (404, 410)


@dataclass(frozen=True)
class Asking:
    """Questions to one source's server."""

    source: Source
    session: Conversation

    def count(self, type_: str, parameters: Mapping[str, Sequence[str]]) -> int | None:
        """How many of a type a search finds; None when the server does not say.  Errors:  QuietHour"""

        def read(answer: Answer) -> int | None:
            return read_page(answer, type_, f"count {type_}", self.source.max_answer_bytes).total

        url = address(self.source.base, type_, {**parameters, "_summary": "count"})
        return self._unless_refused(url, read)

    def members(self) -> list[str] | None:
        """Ids of the patients of the exported Group; None when not all of them are told.  Errors:  QuietHour"""
        group = self.source.bulk.group if self.source.bulk else ""
        told = self._resource("Group", group) if is_id(group) else None
        found = list(_members(told)) if told else []
        counted = told.get("quantity") if told else None
        whole = bool(found) and all(map(is_id, found)) and counted in (None, len(found))
        return sorted(set(found)) if whole else None

    def read(self, type_: str, id_: str) -> Json | None:
        """A resource; None when the server has none.

        Errors:  RemoteError and its kinds when that cannot be said
        """
        url = f"{self.source.base}/{type_}/{quote(id_, safe='')}"
        try:
            return self.session.ask("GET", url, lambda answer: self._read(answer, type_))
        except RemoteError as error:
            if error.status in _GONE:
                return None
            raise

    def _resource(self, type_: str, id_: str) -> Json | None:
        url = f"{self.source.base}/{type_}/{quote(id_, safe='')}"
        found: Json | None = self._unless_refused(url, lambda answer: self._read(answer, type_))
        return found

    def _read(self, answer: Answer, type_: str) -> Json:
        return read_resource(answer, type_, f"read {type_}", self.source.max_answer_bytes)

    def _unless_refused(self, url: str, read: Callable[[Answer], T]) -> T | None:
        try:
            return self.session.ask("GET", url, read)
        except QuietHour:
            raise
        except RemoteError:
            return None


def _members(group: Json) -> Iterator[str]:
    """Who is in it now; an entity that is no patient by reference has an empty id."""
    listed = group.get("member")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("inactive") is not True:
            yield patient_of({"subject": each.get("entity")})
