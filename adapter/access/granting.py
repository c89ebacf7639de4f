"""The token endpoint, without its HTTP: an assertion in, a token or a refusal out.

Takes from: errors, credentials, scopes, tokens, parts, store.  Gives to: web.
Source: https://hl7.org/fhir/smart-app-launch/backend-services.html, RFC 6749 5.2, RFC 7523
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapter.credentials import digest, make_secret
from adapter.errors import Json, NotAuthenticatedError, RemoteError
from adapter.parts import Parts
from adapter.scopes import Scope, narrow, parse_scopes
from adapter.store import clients
from adapter.tokens import Assertion, read_client, read_key_id, verify_assertion

TOKEN_SECONDS = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PARAMETERS = {"grant_type", "scope", "client_assertion_type", "client_assertion"}
# How long after its end a used assertion is remembered: the clocks of two machines differ.
_REMEMBER = timedelta(minutes=10)

# The registered address and a key id -> the JWK Set.
FetchKeySet = Callable[[str, str], Json]


@dataclass(frozen=True)
class Grant:
    """A token, told once; only its digest is kept."""

    client: str
    token: str
    scopes: list[Scope]
    expires_in_seconds: int = TOKEN_SECONDS


@dataclass(frozen=True)
class Refusal:
    """Shapes:  error  a word of RFC 6749 5.2; `client` "" when nobody was recognised"""

    error: str
    why: str
    client: str = ""


def grant_token(
    parts: Parts, form: Mapping[str, str], audiences: list[str], fetch_key_set: FetchKeySet
) -> Grant | Refusal:
    """Shapes:  form       the request's parameters, each there once
             audiences  addresses of this endpoint that an assertion may be meant for
    Errors:  store errors only; what is wrong with the request is the Refusal
    """
    if form.get("grant_type") != "client_credentials":
        return Refusal("unsupported_grant_type", "grant_type is client_credentials")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not set(form) <= _PARAMETERS:
        return Refusal("invalid_request", f"expected {', '.join(sorted(_PARAMETERS))} and nothing else")
    try:
        client, assertion = _prove(parts, form.get("client_assertion", ""), audiences, fetch_key_set)
    except NotAuthenticatedError as error:
        return Refusal("invalid_client", str(error))
    asked, wrong = parse_scopes(form.get("scope", ""))
    granted = narrow(asked, parse_scopes(client.scopes)[0])
    if wrong or not granted:
        return Refusal("invalid_scope", "expected system scopes that this client is registered for", client.id)
    return _grant(parts, client, assertion, granted)


def _prove(
    parts: Parts, text: str, audiences: list[str], fetch_key_set: FetchKeySet
) -> tuple[clients.Client, Assertion]:
    claimed = read_client(text)
    with parts.store.reading() as connection:
        client = clients.find(connection, claimed)
    if client is None or client.revoked_at or not (client.key_set or client.key_set_url):
        raise NotAuthenticatedError("The assertion is refused: iss is no client that is registered with keys.")
    url, now = client.key_set_url or "", parts.clock()
    key_id = read_key_id(text, audiences, now, key_set_url=url)
    try:
        key_set = client.key_set or fetch_key_set(url, key_id)
    except RemoteError as error:
        raise NotAuthenticatedError("The client's key set cannot be read at its registered address.") from error
    return client, verify_assertion(text, key_set, audiences, now, key_set_url=url)


def _grant(parts: Parts, client: clients.Client, assertion: Assertion, scopes: list[Scope]) -> Grant | Refusal:
    token, now = make_secret(), parts.clock()
    ends = datetime.fromtimestamp(assertion.expires_at, UTC)
    with parts.store.writing() as connection:
        clients.forget_expired(connection, now - _REMEMBER)
        if not clients.use_assertion(connection, client.id, digest(assertion.token_id), ends):
            return Refusal("invalid_client", "The assertion is refused: its jti was used before.", client.id)
        told = " ".join(map(str, scopes))
        clients.add_token(connection, digest(token), client.id, told, now + timedelta(seconds=TOKEN_SECONDS))
    return Grant(client.id, token, scopes)
