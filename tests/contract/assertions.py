"""Assertions that clients sign with keys made here: right ones, ones with anything changed, and an attacker's."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from adapter.tokens import make_key

AUDIENCE = "https://registry.invalid/auth/token"
RSA, EC = make_key("RS384", datetime(2026, 1, 1, tzinfo=UTC)), make_key("ES384", datetime(2026, 1, 1, tzinfo=UTC))
OTHER = make_key("ES384", datetime(2026, 1, 1, tzinfo=UTC))
_number = iter(range(10**9))


def claims(**changed: Any) -> dict[str, Any]:
    """Right ones, but for what is changed; None leaves a claim out."""
    now = datetime.now(UTC)
    told = {
        "iss": "north",
        "sub": "north",
        "aud": AUDIENCE,
        "exp": int((now + timedelta(seconds=240)).timestamp()),
        "jti": f"jti-{next(_number)}",
    }
    return {name: value for name, value in {**told, **changed}.items() if value is not None}


def signed(body: Any, key: Any = EC, **header: Any) -> str:
    """By the room's own key; the header's members can be changed, None leaves one out."""
    head = {"alg": key.algorithm, "kid": key.key_id, "typ": "JWT", **header}
    return forged({name: value for name, value in head.items() if value is not None}, body, key)


def forged(head: dict[str, Any], body: Any, key: Any) -> str:
    """Whatever the header says, signed as the key signs: what an attacker with another library would send."""
    first, second = part(head), part(body)
    return f"{first}.{second}.{signature(f'{first}.{second}', key)}"


def signature(text: str, key: Any) -> str:
    imported = RSAKey.import_key(key.private()) if key.algorithm.startswith("RS") else ECKey.import_key(key.private())
    first, second = text.split(".")
    header = {"alg": key.algorithm}
    algorithm = jws.JWSRegistry(algorithms=[key.algorithm]).get_alg(header["alg"])
    return encode(algorithm.sign(f"{first}.{second}".encode(), imported))


def part(value: Any) -> str:
    return encode(json.dumps(value).encode())


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hmac_with_public_key(algorithm: str) -> str:
    """The old trick: the public key, which everybody has, taken for a shared secret."""
    head, body = part({"alg": algorithm, "kid": RSA.key_id}), part(claims())
    secret = RSAKey.import_key(RSA.public()).as_pem(private=False)
    return f"{head}.{body}.{encode(hmac.digest(secret, f'{head}.{body}'.encode(), f'sha{algorithm[2:]}'))}"


def unsigned(algorithm: str) -> str:
    return f"{part({'alg': algorithm, 'kid': EC.key_id})}.{part(claims())}."
