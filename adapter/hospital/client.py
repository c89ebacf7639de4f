"""The hospital as the journeys see it: search, read, transaction.

Takes from: errors, resource, the rest of this room.  Gives to: pull, outbound, cli.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import quote, urlencode

from adapter.errors import Json, RemoteError, RemoteTransientError, UsageError
from adapter.hospital.answers import Page, read_page, read_resource
from adapter.hospital.asking import Asker
from adapter.hospital.collecting import Unit, gather, judge, pages_of
from adapter.hospital.origin import host_of
from adapter.hospital.pace import Pace
from adapter.hospital.retry import Patience
from adapter.hospital.session import Answer, Session, open_session
from adapter.hospital.source import Source
from adapter.resource import dump_json

Parameters = Mapping[str, str | Sequence[str]]

# Servers use ids that R4 does not allow (underscores, 80 letters); what would change the address is refused.
_ID = re.compile(r"(?!\.+\Z)[^\s/?#]{1,128}\Z")
_RESTARTS = 2
_PAGE_GONE = (404, 410)


class Hospital:
    """One server, open for questions. Make it with `open_hospital`, which closes it again."""

    def __init__(self, source: Source, session: Session, patience: Patience) -> None:
        self.source = source
        self.session, self.patience = session, patience
        self.connections = source.politeness.connections
        self.asker = Asker(session, patience, Pace(self.connections, patience))

    @property
    def host(self) -> str:
        return host_of(self.source.base)

    def read(self, type_: str, id_: str) -> Json:
        """One resource by its id.

        Errors:  RemoteError (status 404 or 410 when it is not there), UsageError when the id is none
        Source:  https://hl7.org/fhir/R4/http.html#read
        """
        if not is_id(id_):
            raise UsageError("this is no id of a FHIR resource")
        return self._resource(f"{self.source.base}/{type_}/{quote(id_, safe='')}", type_, f"read {type_}")

    def access(self) -> Json:
        """How we are known to the server and what it granted; no secret."""
        return self.session.access()

    def capabilities(self) -> Json:
        """The server's CapabilityStatement."""
        return self._resource(f"{self.source.base}/metadata", "CapabilityStatement", "read its capabilities")

    def count(self, type_: str, parameters: Parameters) -> int | None:
        """How many a search finds by the server's word; None when it does not say.  Errors:  as search"""
        return self._page(self._url(type_, {**parameters, "_summary": "count"}), type_).total

    def search(self, type_: str, parameters: Parameters) -> Iterator[Page]:
        """The pages of a search, in the server's order.

        Shapes:  parameters  name -> value, or several values that are ORed (joined with commas)
        Errors:  RemoteError and its kinds, as soon as a page cannot be had
        Source:  https://hl7.org/fhir/R4/search.html
        """
        asked = {**parameters, "_count": str(self.source.page_size)}
        return pages_of(self._url(type_, asked), self.source.base, lambda url: self._page(url, type_))

    def collect(self, type_: str, parameters: Parameters) -> Unit:
        """A search to its end, with its proof. What cannot be had makes the unit incomplete, it does not raise.

        A page that has expired (410) starts the unit again: its later pages belong to another answer.
        """
        unit = self._attempt(type_, parameters)
        for _ in range(_RESTARTS):
            if not unit.expired:
                break
            unit = self._attempt(type_, parameters)
        return unit

    def _attempt(self, type_: str, parameters: Parameters) -> Unit:
        unit = Unit(type_)
        try:
            gather(unit, self.search(type_, parameters), self.host)
            judge(unit, lambda: self._page(self._url(type_, {**parameters, "_summary": "count"}), type_))
        except RemoteError as error:
            unit.problem = str(error)
            unit.expired = bool(unit.pages) and error.status in _PAGE_GONE
            unit.unreachable = isinstance(error, RemoteTransientError) and not error.status
        return unit

    def transaction(self, bundle: Json) -> Json:
        """Send a transaction Bundle and return the server's transaction-response.

        Sent again after a failure only when every entry is a PUT or DELETE, so that nothing is created twice.

        Errors:  RemoteError and its kinds; also when the response does not answer every entry
        Source:  https://hl7.org/fhir/R4/http.html#transaction
        """
        ask = self.session.ask if _can_be_repeated(bundle) else self.session.ask_once

        def read(answer: Answer) -> Json:
            response = read_resource(answer, "Bundle", "a transaction", self.source.max_answer_bytes)
            if len(response.get("entry", [])) != len(bundle.get("entry", [])):
                raise RemoteError("did not answer every entry of the transaction", answer.host, answer.status)
            return response

        return ask("POST", self.source.base, read, dump_json(bundle))

    def _resource(self, url: str, type_: str, what: str) -> Json:
        limit = self.source.max_answer_bytes
        return self.session.ask("GET", url, lambda answer: read_resource(answer, type_, what, limit))

    def _page(self, url: str, type_: str) -> Page:
        limit = self.source.max_answer_bytes
        return self.session.ask("GET", url, lambda answer: read_page(answer, type_, f"search {type_}", limit))

    def _url(self, type_: str, parameters: Parameters) -> str:
        return address(self.source.base, type_, parameters)


@contextmanager
def open_hospital(
    source: Source, secret: Callable[[str], str | None], patience: Patience | None = None
) -> Iterator[Hospital]:
    """Open a conversation with a source's server.

    Shapes:  secret  looks a named secret up (the environment, in production); None when it is not set
    Errors:  ConfigError when the source names a secret, key or certificate that is not there
    """
    patience = patience or Patience()
    with open_session(source, secret, patience) as session:
        yield Hospital(source, session, patience)


def is_id(text: str) -> bool:
    """Can this stand as an id in an address?"""
    return bool(_ID.match(text))


def address(base: str, type_: str, parameters: Parameters) -> str:
    """The address of a search."""
    joined = [(key, value if isinstance(value, str) else any_of(value)) for key, value in parameters.items()]
    return f"{base}/{type_}?{urlencode(joined, safe='|,:/')}"


def any_of(values: Sequence[str]) -> str:
    """Values that are ORed; a comma inside one of them is escaped (R4 search, 3.1.1.5)."""
    return ",".join(value.replace(",", "\\,") for value in values)


def _can_be_repeated(bundle: Json) -> bool:
    methods = {entry.get("request", {}).get("method") for entry in bundle.get("entry", [])}
    return methods <= {"PUT", "DELETE"}
