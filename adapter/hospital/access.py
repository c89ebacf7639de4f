"""How we make ourselves known to one server: what is put on a request that may carry credentials, and its renewal.

Takes from: errors, hospital.source, hospital.granting, hospital.retry, hospital.wire.  Gives to: hospital.session.
Source: RFC 6750 (bearer), RFC 7617 (basic), https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from adapter.errors import ConfigError, Json
from adapter.hospital.granting import Granting, encode_basic
from adapter.hospital.renewal import Renewal
from adapter.hospital.retry import Patience
from adapter.hospital.source import Authentication, Secret, Source
from adapter.hospital.wire import Wire

Lookup = Callable[[str], str | None]


class Credentials(Protocol):
    """What a session asks of whoever keeps its credentials; many threads ask at once."""

    def headers(self) -> Mapping[str, str]:
        """Headers to send along.  Errors:  RemoteError when a token cannot be had, ConfigError"""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """These headers were answered with 401: are there other ones now?"""

    def report(self) -> Json:
        """Kind, and what was granted; no secret."""


class Fixed:
    """Headers that stay as they are, as long as the files and variables they come from do."""

    def __init__(self, kind: str, make: Callable[[], Mapping[str, str]]) -> None:
        self._kind, self._make = kind, make
        self._made = make()

    def headers(self) -> Mapping[str, str]:
        return self._made

    def renew(self, refused: Mapping[str, str]) -> bool:
        """A file may hold another token by now: agents that renew tokens write them to files."""
        self._made = self._make()
        return self._made != refused

    def report(self) -> Json:
        return {"authentication": self._kind}


class Granted:
    """A token from the server's own token endpoint, renewed once for all threads, and the fixed headers."""

    def __init__(self, granting: Granting, patience: Patience, further: Fixed) -> None:
        self._granting, self._further = granting, further
        self._renewal = Renewal(granting.fetch, patience.ticks)

    def headers(self) -> Mapping[str, str]:
        return {**self._further.headers(), "Authorization": f"Bearer {self._renewal.token()}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        return self._renewal.renew(refused.get("Authorization", "").removeprefix("Bearer "))

    def report(self) -> Json:
        return {**self._granting.report(), "tokens": self._renewal.count}


def open_credentials(source: Source, lookup: Lookup, wire: Wire, patience: Patience) -> Credentials:
    """Credentials as the source declares them; nothing is sent yet.

    Errors:  ConfigError when a secret, key or certificate is not there
    """
    told = source.authentication
    for file in (source.tls.certificate, source.tls.key, source.tls.authorities):
        if file and not file.is_file():
            raise ConfigError(f"source '{source.name}': the file {file.name} is not there")
    if told.kind in ("client-secret", "smart-backend-services"):
        further = Fixed(told.kind, lambda: _further(source, lookup))
        granting = Granting(source, lookup, wire, patience, further.headers)
        return Granted(granting, patience, further)
    return Fixed(told.kind, lambda: {**_further(source, lookup), **_authorization(told, lookup)})


def _further(source: Source, lookup: Lookup) -> dict[str, str]:
    return {name: secret.read(lookup) for name, secret in source.headers.items()}


def _authorization(told: Authentication, lookup: Lookup) -> dict[str, str]:
    if told.kind == "bearer":
        return {"Authorization": f"Bearer {_read(told.secret, lookup)}"}
    if told.kind == "basic":
        return {"Authorization": encode_basic(told.user, _read(told.secret, lookup))}
    return {}


def _read(secret: Secret | None, lookup: Lookup) -> str:
    if secret is None:
        raise ConfigError("The declaration names no secret.")
    return secret.read(lookup)
