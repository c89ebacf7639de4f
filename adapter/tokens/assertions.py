"""Signed assertions: our own, with which we ask hospitals for tokens, and those of clients who ask us for one.

The library signs and checks signatures; what an assertion must say (alg, kid, aud, exp, jti) is ruled here, because
no library rules it as SMART does. Whether a jti was used before is known to the store alone, not here.

Takes from: errors, resource, tokens.keys.  Gives to: hospital, the token server.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html, RFC 7515, RFC 7523
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from adapter.errors import Json, NotAuthenticatedError
from adapter.resource import parse_json
from adapter.tokens.keys import ALGORITHMS, SigningKey, fits, import_public

MAX_LIFETIME_SECONDS = 300

_HEADER = {"alg", "kid", "typ", "jku"}
_MAX_BYTES, _MAX_KID, _MAX_JTI, _MAX_NAME = 8192, 200, 256, 500
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
_CLOCKS_DIFFER_SECONDS = 5


def make_assertion(
    key: SigningKey, client_id: str, audience: str, now: datetime, token_id: str, *, key_set_url: str = ""
) -> str:
    """A client assertion for one token request.

    Shapes:  audience     the token endpoint's address, to the letter
             token_id     never used before (jti)
             key_set_url  told as jku when the client is registered by address
    Units:   lives 240 s, a minute below the limit, for clocks that differ
    """
    due = int(now.timestamp()) + MAX_LIFETIME_SECONDS - 60
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "exp": due, "jti": token_id}
    return key.sign(claims, {"jku": key_set_url} if key_set_url else None)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified assertion proves. The caller still has to refuse a (client_id, token_id) seen before.

    Units:   expires_at  seconds since 1970
    """

    client_id: str
    token_id: str
    expires_at: int
    key_id: str
    algorithm: str


def read_client(text: str) -> str:
    """Whom an assertion claims to come from, unproven: only to look up the keys it must be verified with.

    Errors:  NotAuthenticatedError
    """
    claimed = _parse_part(_split(text)[1], "the payload").get("iss")
    if not isinstance(claimed, str) or not 0 < len(claimed) <= _MAX_NAME:
        raise _refused("iss is missing")
    return claimed


def verify_assertion(
    text: str, key_set: Json, audiences: Iterable[str], now: datetime, *, key_set_url: str = ""
) -> Assertion:
    """Hold an assertion against SMART's rules and the keys its client is registered with.

    Shapes:  key_set      the client's registered public keys; nothing in the assertion can add to them
             audiences    addresses of our token endpoint, each to the letter
             key_set_url  the only jku that may be named; "" when the client is registered with keys
    Errors:  NotAuthenticatedError saying which rule was broken
    """
    head, body = _read_unsigned(text, set(audiences), now, key_set_url)
    key = _find_key(key_set, head)
    try:
        jws.deserialize_compact(text, key, algorithms=[head["alg"]])
    except (JoseError, ValueError):
        raise _refused("the signature does not fit") from None
    return Assertion(body["iss"], body["jti"], body["exp"], head["kid"], head["alg"])


def read_key_id(text: str, audiences: Iterable[str], now: datetime, *, key_set_url: str = "") -> str:
    """Which key an assertion says it is signed with, when all else about it is right: only then is a key asked for.

    Errors:  NotAuthenticatedError saying which rule was broken
    """
    key_id: str = _read_unsigned(text, set(audiences), now, key_set_url)[0]["kid"]
    return key_id


def _read_unsigned(text: str, audiences: set[str], now: datetime, key_set_url: str) -> tuple[Json, Json]:
    first, second = _split(text)
    head, body = _parse_part(first, "the header"), _parse_part(second, "the payload")
    _check_header(head, key_set_url)
    _check_claims(body, audiences, int(now.timestamp()))
    return head, body


def _split(text: str) -> list[str]:
    if len(text) > _MAX_BYTES or not _COMPACT.match(text):
        raise _refused("it is no compact JWS")
    return text.split(".")[:2]


def _parse_part(part: str, what: str) -> Json:
    """Strict: a key that is there twice, NaN or deep nesting would be read differently by different libraries."""
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise _refused(f"{what} is not base64url") from None
    value, issues = parse_json(raw, max_bytes=_MAX_BYTES)
    if not isinstance(value, dict) or issues:
        raise _refused(f"{what} is no strict JSON object")
    return value


def _check_header(head: Json, key_set_url: str) -> None:
    if set(head) - _HEADER:
        raise _refused(f"the header may hold {', '.join(sorted(_HEADER))} only")
    if head.get("alg") not in ALGORITHMS:
        raise _refused(f"alg is one of {', '.join(ALGORITHMS)}")
    if head.get("typ", "JWT") != "JWT":
        raise _refused("typ is JWT")
    if "jku" in head and (not key_set_url or head["jku"] != key_set_url):
        raise _refused("jku is not the registered address")
    key_id = head.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _MAX_KID:
        raise _refused("kid is missing")


def _find_key(key_set: Json, head: Json) -> RSAKey | ECKey:
    listed = key_set.get("keys")
    fitting = [
        each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("kid") == head["kid"] and fits(each, head["alg"])
    ]
    key = import_public(fitting[0]) if len(fitting) == 1 else None
    if key is None:
        raise _refused("kid names no key that is registered for this alg")
    return key


def _check_claims(body: Json, audiences: set[str], now: int) -> None:
    if not isinstance(body.get("iss"), str) or not 0 < len(body["iss"]) <= _MAX_NAME or body.get("sub") != body["iss"]:
        raise _refused("iss and sub are the client's id")
    if not isinstance(body.get("aud"), str) or body["aud"] not in audiences:
        raise _refused("aud is the address of the token endpoint")
    if type(body.get("exp")) is not int or not now < body["exp"] <= now + MAX_LIFETIME_SECONDS:
        raise _refused(f"exp is a whole number of seconds, at most {MAX_LIFETIME_SECONDS} ahead")
    for name in ("nbf", "iat"):
        if name in body and (type(body[name]) is not int or body[name] > now + _CLOCKS_DIFFER_SECONDS):
            raise _refused(f"{name} is a whole number of seconds, not in the future")
    if not isinstance(body.get("jti"), str) or not 0 < len(body["jti"]) <= _MAX_JTI:
        raise _refused(f"jti is a text of 1 to {_MAX_JTI} characters")


def _refused(rule: str) -> NotAuthenticatedError:
    return NotAuthenticatedError(f"The assertion is refused: {rule}.")
