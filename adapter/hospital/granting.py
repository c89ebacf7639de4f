"""Ask a token endpoint for an access token: SMART Backend Services, or a client secret.

    discovery (once) ──► assertion or secret ──► token, and what it grants

An assertion or secret goes to the token endpoint alone, which lies at the server's own origin or is declared.

Takes from: errors, resource, tokens, hospital.discovery, hospital.origin, hospital.renewal, hospital.retry,
hospital.scopes, hospital.wire.
Gives to: hospital.access.
Source: https://hl7.org/fhir/smart-app-launch/backend-services.html, RFC 6749 section 4.4
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from adapter.errors import ConfigError, Json, RemoteAuthError, RemoteError, RemoteTransientError
from adapter.hospital.discovery import Discovery, Endpoint
from adapter.hospital.origin import host_of, origin_of
from adapter.hospital.renewal import Token
from adapter.hospital.retry import Patience, persist
from adapter.hospital.scopes import find_missing
from adapter.hospital.source import Authentication, Source
from adapter.hospital.wire import Answer, Wire
from adapter.resource import parse_json
from adapter.tokens import ALGORITHMS, SigningKey, load_key_ring, make_assertion

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_MAX_TOKEN_LENGTH = 16_384
# SMART recommends 300 s; a server that does not say how long its token lives is taken at that.
_LIFE_WHEN_UNTOLD_SECONDS = 300
_LASTING = {"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client"}
_LASTING |= {"unsupported_grant_type", "access_denied"}


class Granting:
    """Asks one server for tokens; `fetch` is called by one thread at a time."""

    def __init__(
        self,
        source: Source,
        lookup: Callable[[str], str | None],
        wire: Wire,
        patience: Patience,
        further: Callable[[], Mapping[str, str]],
    ) -> None:
        self._source, self._told, self._further = source, source.authentication, further
        self._lookup, self._wire, self._patience = lookup, wire, patience
        self._endpoint: Endpoint | None = None
        self._granted: tuple[str, ...] | None = None
        self._key = _check_secret(self._told, lookup)

    def fetch(self) -> Token:
        """A new token.

        Errors:  RemoteAuthError when we are refused, RemoteError and its kinds when it cannot be asked for
        """
        if self._endpoint is None:
            self._endpoint = Discovery(self._source, self._wire, self._patience, self._further()).find()
        endpoint = self._endpoint
        return persist(lambda: self._request(endpoint), self._patience)

    def report(self) -> Json:
        """What was asked and granted.

        Shapes:  types_missing      wanted, served as far as one knows, and not granted
                 types_not_offered  wanted, and not in the server's CapabilityStatement
        """
        told: Json = {"authentication": self._told.kind}
        if self._endpoint is None or self._granted is None:
            return told
        wanted, served = self._source.types, self._endpoint.served
        offered = wanted & served if served else wanted
        return {
            **told,
            "token_host": host_of(self._endpoint.address),
            "scopes_asked": list(self._endpoint.scopes),
            "scopes_granted": list(self._granted),
            "types_missing": find_missing(offered, self._granted),
            "types_not_offered": sorted(wanted - offered),
        }

    def _request(self, endpoint: Endpoint) -> Token:
        form = {"grant_type": "client_credentials"}
        at_home = origin_of(endpoint.address) == origin_of(self._source.base)
        headers = {**_FORM, **(self._further() if at_home else {})}
        if endpoint.scopes:
            form["scope"] = " ".join(endpoint.scopes)
        if self._told.kind == "smart-backend-services":
            form |= {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": self._assertion(endpoint)}
        elif self._told.in_body:
            form |= {"client_id": self._told.user, "client_secret": self._secret()}
        else:
            headers["Authorization"] = _client_basic(self._told.user, self._secret())
        answer = self._wire.send("POST", endpoint.address, headers, urlencode(form).encode(), trusted=True)
        return self._read(answer, endpoint)

    def _assertion(self, endpoint: Endpoint) -> str:
        """A new one for each request: its jti must never be seen twice."""
        takes = [each for each in ALGORITHMS if not endpoint.algorithms or each in endpoint.algorithms]
        key = next((self._key[each] for each in takes if each in self._key), None)
        if key is None:
            raise RemoteAuthError(
                f"takes assertions signed with {', '.join(takes) or 'none of ours'} only", host_of(endpoint.address)
            )
        unique = secrets.token_urlsafe(24)
        now, url = self._patience.now(), self._told.key_set_url
        return make_assertion(key, self._told.user, endpoint.address, now, unique, key_set_url=url)

    def _secret(self) -> str:
        if self._told.secret is None:
            raise ConfigError("The declaration names no client secret.")
        return self._told.secret.read(self._lookup)

    def _read(self, answer: Answer, endpoint: Endpoint) -> Token:
        document, _ = parse_json(answer.body)
        document = document if isinstance(document, dict) else {}
        if answer.status != 200:
            raise _refusal(answer, document)
        value, kind = document.get("access_token"), document.get("token_type")
        if not _is_token(value) or not isinstance(kind, str) or kind.lower() != "bearer":
            raise RemoteTransientError("answered the token request with no bearer token", answer.host)
        scope = document.get("scope")
        self._granted = tuple(scope.split()) if isinstance(scope, str) else endpoint.scopes
        lives = document.get("expires_in")
        known = type(lives) is int and lives > 0
        return Token(str(value), float(lives or 0) if known else _LIFE_WHEN_UNTOLD_SECONDS)


def _check_secret(told: Authentication, lookup: Callable[[str], str | None]) -> dict[str, SigningKey]:
    """The keys that may sign, by algorithm; a missing key or secret is found before anything is sent."""
    if told.kind == "client-secret":
        if told.secret is None:
            raise ConfigError("The declaration names no client secret.")
        told.secret.read(lookup)
        return {}
    ring = load_key_ring(told.keys) if told.keys else None
    wanted = [told.algorithm] if told.algorithm else ALGORITHMS
    found: dict[str, SigningKey] = {each: key for each in wanted if ring and (key := ring.signer(each))}
    if not found:
        raise ConfigError(f"There is no client key for {' or '.join(wanted)}: make one with 'crmo-adapter keys new'.")
    return found


def _client_basic(client: str, secret: str) -> str:
    """RFC 6749 2.3.1 has both form-encoded before they are joined."""
    return encode_basic(quote(client, safe=""), quote(secret, safe=""))


def encode_basic(user: str, password: str) -> str:
    """Value of an Authorization header.  Source:  RFC 7617"""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _refusal(answer: Answer, document: Json) -> RemoteError:
    """Only a refusal that says why is believed: servers under load answer 400 without a word."""
    code = document.get("error")
    if isinstance(code, str) and code in _LASTING:
        return RemoteAuthError(f"refused us a token ({code})", answer.host, answer.status)
    if answer.status in (301, 302, 303, 307, 308):
        return RemoteAuthError("redirects the token request; that is not followed", answer.host, answer.status)
    wait = answer.retry_after_seconds
    return RemoteTransientError(f"answered {answer.status} to the token request", answer.host, answer.status, wait)


def _is_token(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _MAX_TOKEN_LENGTH
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )
