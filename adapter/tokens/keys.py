"""The keys that sign assertions: made, read from their JWK, published without their secret.

Takes from: errors, resource.  Gives to: the other files of tokens, the registration of clients.
Source: RFC 7517, RFC 7518, RFC 7638
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from adapter.errors import ConfigError, Json
from adapter.resource import dump_json

Algorithm = Literal["RS384", "ES384"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
MIN_RSA_BITS, NEW_RSA_BITS = 2048, 3072

_KEY_TYPES: dict[str, Json] = {"RS384": {"kty": "RSA"}, "ES384": {"kty": "EC", "crv": "P-384"}}
_PUBLIC = ("kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y")
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


@dataclass(frozen=True)
class SigningKey:
    """A private key that signs with one algorithm.

    Shapes:  made_at  ISO 8601, for people; "" when unknown
    """

    algorithm: Algorithm
    key_id: str
    made_at: str
    _key: RSAKey | ECKey = field(repr=False)

    def sign(self, claims: Json, header: Json | None = None) -> str:
        """A compact JWS over the claims."""
        named = {"alg": self.algorithm, "kid": self.key_id, "typ": "JWT", **(header or {})}
        return jws.serialize_compact(named, dump_json(claims), self._key, algorithms=[self.algorithm])

    def public(self) -> Json:
        """The JWK that others may know."""
        whole = self._key.as_dict(private=False)
        told = {**whole, "kid": self.key_id, "alg": self.algorithm, "use": "sig", "key_ops": ["verify"]}
        return {name: told[name] for name in _PUBLIC if name in told}

    def private(self) -> Json:
        """The JWK with its secret; only for the key file."""
        return {**self._key.as_dict(private=True), "kid": self.key_id, "alg": self.algorithm, "made_at": self.made_at}


def make_key(algorithm: Algorithm, made_at: datetime) -> SigningKey:
    """A new key; its id is its thumbprint, so that no two keys share one."""
    while True:
        key = RSAKey.generate_key(NEW_RSA_BITS) if algorithm == "RS384" else ECKey.generate_key("P-384")
        # One thumbprint in 64 begins as an option does: `keys forget` could not be told it.
        if not (key_id := key.thumbprint()).startswith("-"):
            return SigningKey(algorithm, key_id, made_at.isoformat(timespec="seconds"), key)


def load_key(jwk: Json) -> SigningKey:
    """A private key from its JWK.

    Errors:  ConfigError when it is none that SMART can use (RSA of 2048 bits or more, or EC P-384), or has no kid
    """
    algorithm = next((each for each in ALGORITHMS if fits(jwk, each)), None)
    key_id = jwk.get("kid")
    if algorithm is None or not isinstance(key_id, str) or not key_id:
        raise ConfigError("A client key is an RSA or an EC P-384 key with a kid.")
    key = import_jwk(jwk)
    if key is None or not key.is_private:
        raise ConfigError(f"A client key is private; an RSA key has {MIN_RSA_BITS} bits or more.")
    return SigningKey(algorithm, key_id, str(jwk.get("made_at", "")), key)


def publish(keys: Iterable[SigningKey]) -> Json:
    """The JWK Set of their public halves.  Source:  RFC 7517 section 5"""
    return {"keys": [key.public() for key in keys]}


def key_set_problem(key_set: Any) -> str:
    """Why a client cannot be registered with this JWK Set; "" when it can."""
    listed = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        return "a JWK Set has a list of keys"
    if any(name in each for each in listed for name in _PRIVATE):
        return "the set holds a private or symmetric key: it must be replaced, since it is no secret any more"
    for each in listed:
        key = import_jwk(each) if any(fits(each, algorithm) for algorithm in ALGORITHMS) else None
        if key is None or not isinstance(each.get("kid"), str):
            return f"each key is RSA of {MIN_RSA_BITS} bits or more, or EC P-384, and has a kid"
    return "" if len({each["kid"] for each in listed}) == len(listed) else "two keys have the same kid"


def fits(jwk: Json, algorithm: str) -> bool:
    """A key that says what it is for is used for nothing else."""
    operations = jwk.get("key_ops", ["verify", "sign"])
    return (
        all(jwk.get(name) == value for name, value in _KEY_TYPES[algorithm].items())
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and bool({"verify", "sign"} & {str(each) for each in operations})
    )


def import_public(jwk: Json) -> RSAKey | ECKey | None:
    """The key without what should not have been told."""
    return import_jwk({name: jwk[name] for name in _PUBLIC if name in jwk})


def import_jwk(jwk: Json) -> RSAKey | ECKey | None:
    """The key, when it is one and long enough."""
    known = {name: jwk[name] for name in (*_PUBLIC, *_PRIVATE) if name in jwk and name not in ("key_ops", "use")}
    if jwk.get("kty") == "RSA" and _bits(jwk.get("n")) < MIN_RSA_BITS:
        return None
    try:
        key: RSAKey | ECKey = (RSAKey if jwk.get("kty") == "RSA" else ECKey).import_key(known)
        key.public_key  # noqa: B018  # the numbers are looked at here, not before
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key


def _bits(number: Any) -> int:
    """Length of a base64url number."""
    try:
        raw = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    except (TypeError, ValueError):
        return 0
    return int.from_bytes(raw).bit_length()
