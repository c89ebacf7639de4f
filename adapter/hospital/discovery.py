"""Find out where a server gives tokens, for which scopes, and signed how: once for each conversation.

Takes from: errors, resource, hospital.origin, hospital.retry, hospital.scopes, hospital.source, hospital.wire.
Gives to: hospital.granting.
Source: https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.errors import Json, RemoteError, RemoteTransientError
from adapter.hospital.origin import host_of, origin_of
from adapter.hospital.retry import Patience, persist
from adapter.hospital.scopes import choose_scopes, served_types
from adapter.hospital.source import Source
from adapter.hospital.wire import Wire, ensure_success
from adapter.resource import parse_json


@dataclass(frozen=True)
class Endpoint:
    """Where to ask and for what.

    Shapes:  algorithms  the server says it takes; empty when it does not say
             served      types its CapabilityStatement lists; empty when it lists none, or was not looked at
    """

    address: str
    scopes: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    served: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Discovery:
    """Reads what a server publishes about itself. Neither token nor secret of ours goes along.

    Shapes:  headers  of a gateway in front of the server
    """

    source: Source
    wire: Wire
    patience: Patience
    headers: Mapping[str, str]

    def find(self) -> Endpoint:
        """A declared endpoint with declared scopes needs no discovery.

        Errors:  RemoteError and its kinds when there is no telling where to ask
        """
        told = self.source.authentication
        if told.token_endpoint and (told.scopes or told.kind == "client-secret"):
            return Endpoint(told.token_endpoint, told.scopes)
        found = self._configuration(needed=not told.token_endpoint)
        address = told.token_endpoint or self._endpoint_of(found)
        algorithms = _texts(found, "token_endpoint_auth_signing_alg_values_supported")
        if told.scopes or told.kind == "client-secret":
            return Endpoint(address, told.scopes, algorithms)
        served = served_types(self._if_public("metadata", "its CapabilityStatement"))
        supported, words = _texts(found, "scopes_supported"), _texts(found, "capabilities")
        return Endpoint(address, choose_scopes(self.source.types, served, supported, words), algorithms, served)

    def _configuration(self, *, needed: bool) -> Json:
        path, what = ".well-known/smart-configuration", "its smart-configuration"
        return self._get(path, what) if needed else self._if_public(path, what)

    def _if_public(self, path: str, what: str) -> Json:
        """Empty where the server does not tell it to strangers."""
        try:
            return self._get(path, what)
        except RemoteTransientError:
            raise
        except RemoteError:
            return {}

    def _get(self, path: str, what: str) -> Json:
        def ask() -> Json:
            headers = {"Accept": "application/json", **self.headers}
            answer = self.wire.send("GET", f"{self.source.base}/{path}", headers, None, trusted=True)
            ensure_success(answer, what)
            document, _ = parse_json(answer.body)
            if not isinstance(document, dict):
                raise RemoteTransientError(f"answered {what} with something that is no JSON object", answer.host)
            return document

        return persist(ask, self.patience)

    def _endpoint_of(self, found: Json) -> str:
        """The token endpoint a server names for itself: at its own origin. Another one has to be declared."""
        host, address = host_of(self.source.base), found.get("token_endpoint")
        try:
            if isinstance(address, str) and origin_of(address) == origin_of(self.source.base):
                return address
        except ValueError:
            address = None
        if not isinstance(address, str):
            raise RemoteError("names no token endpoint; declare token_endpoint in the source", host)
        raise RemoteError(
            f"names a token endpoint at another origin ({host_of(address)}); if that is right, declare token_endpoint "
            "in the source",
            host,
        )


def _texts(document: Json, name: str) -> tuple[str, ...]:
    listed = document.get(name)
    return tuple(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()
