"""Assertions: what is signed here holds elsewhere, and what breaks one of SMART's rules is refused, whatever it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from hypothesis import given
from hypothesis import strategies as st

from adapter.errors import ConfigError, NotAuthenticatedError, UsageError
from adapter.tokens import (
    ALGORITHMS,
    Algorithm,
    KeyRing,
    key_set_problem,
    load_key,
    load_key_ring,
    make_assertion,
    make_key,
    read_client,
    save_key_ring,
    verify_assertion,
)
from tests.authority import NOW, verify

Json = dict[str, Any]
MADE = datetime.fromtimestamp(NOW, UTC)
TOKEN = "https://registry.invalid/auth/token"  # noqa: S105
RING = KeyRing().with_new("RS384", MADE).with_new("ES384", MADE)
KEYS = {key.algorithm: key for key in RING.keys}
JWKS = {"keys": [*RING.public()["keys"], {"kty": "OKP", "crv": "Ed25519", "kid": "new", "x": "AA"}]}
GOOD = {"iss": "chu", "sub": "chu", "aud": TOKEN, "exp": NOW + 240, "jti": "j-1"}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP384R1())
OTHER = rsa.generate_private_key(65537, 2048)


def number(value: int) -> str:
    return part(value.to_bytes((value.bit_length() + 7) // 8))


def own_keys() -> Json:
    """Keys whose private halves are at hand, to sign what no library would."""
    n = RSA.public_key().public_numbers()
    p = EC.public_key().public_numbers()
    return {
        "keys": [
            {"kty": "RSA", "kid": "r", "n": number(n.n), "e": number(n.e)},
            {"kty": "EC", "crv": "P-384", "kid": "e", "x": part(p.x.to_bytes(48)), "y": part(p.y.to_bytes(48))},
        ]
    }


def rs384(message: bytes) -> bytes:
    return RSA.sign(message, padding.PKCS1v15(), SHA384())


def es384(message: bytes) -> bytes:
    r, s = utils.decode_dss_signature(EC.sign(message, ec.ECDSA(SHA384())))
    return r.to_bytes(48) + s.to_bytes(48)


def sign(head: Any, claims: Any, signer: Callable[[bytes], bytes] = rs384) -> str:
    message = f"{part(head)}.{part(claims)}"
    return f"{message}.{part(signer(message.encode()))}"


def check(text: str, **more: Any) -> str:
    return verify_assertion(text, own_keys(), [TOKEN], MADE, **more).client_id


R = {"alg": "RS384", "kid": "r", "typ": "JWT"}
E = {"alg": "ES384", "kid": "e", "typ": "JWT"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_signed_here_holds_by_other_means(algorithm: Algorithm) -> None:
    text = make_assertion(KEYS[algorithm], "crmo", TOKEN, MADE, "j-1", key_set_url="https://r.invalid/jwks.json")
    head, claims = verify(text, JWKS)
    assert head["jku"] == "https://r.invalid/jwks.json"
    assert claims == {"iss": "crmo", "sub": "crmo", "aud": TOKEN, "exp": NOW + 240, "jti": "j-1"}


@pytest.mark.parametrize(("head", "signer"), [(R, rs384), (E, es384), ({"alg": "RS384", "kid": "r"}, rs384)])
def test_what_is_signed_elsewhere_holds_here(head: Json, signer: Callable[[bytes], bytes]) -> None:
    text = sign(head, GOOD, signer)
    assert (check(text), read_client(text)) == ("chu", "chu")
    proven = verify_assertion(text, own_keys(), ["https://other.invalid", TOKEN], MADE)
    assert (proven.token_id, proven.expires_at, proven.key_id) == ("j-1", NOW + 240, head["kid"])


def hs(secret: bytes, digest: Any) -> Callable[[bytes], bytes]:
    return lambda message: hmac.new(secret, message, digest).digest()


PUBLIC = json.dumps(own_keys()["keys"][0]).encode()
JWK = own_keys()["keys"][0]
HEADERS: dict[str, tuple[Any, Callable[[bytes], bytes]]] = {
    "alg none": ({**R, "alg": "none"}, lambda message: b""),
    "alg None": ({**R, "alg": "None"}, lambda message: b""),
    "alg nOnE": ({**R, "alg": "nOnE"}, lambda message: b""),
    "no alg": ({"kid": "r", "typ": "JWT"}, rs384),
    "alg a list": ({**R, "alg": ["RS384"]}, rs384),
    "HS256 with the public key": ({**R, "alg": "HS256"}, hs(PUBLIC, hashlib.sha256)),
    "HS384 with the public key": ({**R, "alg": "HS384"}, hs(PUBLIC, hashlib.sha384)),
    "HS512 with the public key": ({**R, "alg": "HS512"}, hs(PUBLIC, hashlib.sha512)),
    "RS256": ({**R, "alg": "RS256"}, lambda message: RSA.sign(message, padding.PKCS1v15(), SHA256())),
    "PS384": ({**R, "alg": "PS384"}, lambda m: RSA.sign(m, padding.PSS(padding.MGF1(SHA384()), 48), SHA384())),
    "ES256": ({**E, "alg": "ES256"}, es384),
    "EdDSA": ({**R, "alg": "EdDSA", "kid": "new"}, rs384),
    "RS384 with the EC key": ({**R, "kid": "e"}, rs384),
    "ES384 with the RSA key": ({**E, "kid": "r"}, es384),
    "no kid": ({"alg": "RS384", "typ": "JWT"}, rs384),
    "kid of nobody": ({**R, "kid": "../../etc/passwd"}, rs384),
    "kid with SQL": ({**R, "kid": "r' OR 1=1"}, rs384),
    "kid a number": ({**R, "kid": 1}, rs384),
    "kid too long": ({**R, "kid": "r" * 300}, rs384),
    "typ at+jwt": ({**R, "typ": "at+jwt"}, rs384),
    "jwk": ({**R, "jwk": JWK}, rs384),
    "jku of nobody": ({**R, "jku": "https://evil.invalid/jwks.json"}, rs384),
    "x5u": ({**R, "x5u": "https://evil.invalid/x.pem"}, rs384),
    "x5c": ({**R, "x5c": ["AA"]}, rs384),
    "crit": ({**R, "crit": ["exp"]}, rs384),
    "b64": ({**R, "b64": False, "crit": ["b64"]}, rs384),
    "zip": ({**R, "zip": "DEF"}, rs384),
    "an empty signature": (R, lambda message: b"\0"),
    "a signature in DER": (E, lambda message: EC.sign(message, ec.ECDSA(SHA384()))),
    "a signature of zeros": (E, lambda message: bytes(96)),
    "another's signature": (R, lambda message: OTHER.sign(message, padding.PKCS1v15(), SHA384())),
    "a list as header": (["RS384"], rs384),
    "two algs": (b'{"alg":"none","alg":"RS384","kid":"r"}', rs384),
    "nested": (b'{"alg":"RS384","kid":"r","typ":' + b"[" * 2000 + b"]" * 2000 + b"}", rs384),
    "large": (b'{"alg":"RS384","kid":"r","typ":"' + b"J" * 1_000_000 + b'"}', rs384),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_breaks_a_rule_is_refused(name: str) -> None:
    head, signer = HEADERS[name]
    with pytest.raises(NotAuthenticatedError):
        check(sign(head, GOOD, signer))


CLAIMS: dict[str, Any] = {
    "no exp": {"exp": None},
    "exp now": {"exp": NOW},
    "exp past": {"exp": NOW - 1},
    "exp too far": {"exp": NOW + 301},
    "exp in an hour": {"exp": NOW + 3600},
    "exp a text": {"exp": str(NOW + 100)},
    "exp a fraction": {"exp": NOW + 100.5},
    "exp true": {"exp": True},
    "exp beyond all": {"exp": 1e308},
    "exp negative": {"exp": -1},
    "nbf in the future": {"nbf": NOW + 60},
    "nbf a text": {"nbf": "0"},
    "iat in the future": {"iat": NOW + 60},
    "sub of another": {"sub": "other"},
    "no sub": {"sub": None},
    "no iss": {"iss": None},
    "iss empty": {"iss": "", "sub": ""},
    "iss a list": {"iss": ["chu"], "sub": ["chu"]},
    "iss too long": {"iss": "c" * 501, "sub": "c" * 501},
    "aud a list": {"aud": [TOKEN]},
    "aud a beginning": {"aud": TOKEN[:-1]},
    "aud with a slash": {"aud": f"{TOKEN}/"},
    "aud of another": {"aud": "https://other.invalid/auth/token"},
    "no aud": {"aud": None},
    "no jti": {"jti": None},
    "jti empty": {"jti": ""},
    "jti an object": {"jti": {}},
    "jti too long": {"jti": "j" * 300},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_that_break_a_rule_are_refused(name: str) -> None:
    claims = {key: value for key, value in {**GOOD, **CLAIMS[name]}.items() if value is not None}
    with pytest.raises(NotAuthenticatedError):
        check(sign(R, claims))


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"{", b'"x"', json.dumps(GOOD).encode()[:-1] + b',"exp":9999999999}', b'{"exp":NaN}', b"\xff"],
)
def test_a_payload_that_is_no_strict_object_is_refused(payload: bytes) -> None:
    with pytest.raises(NotAuthenticatedError):
        check(sign(R, payload))


def test_times_a_moment_ahead_are_a_matter_of_clocks() -> None:
    assert check(sign(R, {**GOOD, "iat": NOW + 5, "nbf": NOW, "exp": NOW + 300})) == "chu"


def test_the_registered_key_set_address_may_be_named() -> None:
    url = "https://chu.invalid/jwks.json"
    assert check(sign({**R, "jku": url}, GOOD), key_set_url=url) == "chu"
    with pytest.raises(NotAuthenticatedError, match="jku"):
        check(sign({**R, "jku": f"{url}?x"}, GOOD), key_set_url=url)


@pytest.mark.parametrize("more", [{"alg": "ES384"}, {"use": "enc"}, {"key_ops": ["encrypt"]}, {"alg": "RS256"}])
def test_a_key_that_is_for_something_else_verifies_nothing(more: Json) -> None:
    keys = {"keys": [{**JWK, **more}]}
    with pytest.raises(NotAuthenticatedError):
        verify_assertion(sign(R, GOOD), keys, [TOKEN], MADE)


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(NotAuthenticatedError, match="kid"):
        verify_assertion(sign(R, GOOD), {"keys": [JWK, JWK]}, [TOKEN], MADE)


def test_a_short_key_is_refused() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    n = short.public_key().public_numbers().n
    keys = {"keys": [{"kty": "RSA", "kid": "r", "n": number(n), "e": "AQAB"}]}
    text = sign(R, GOOD, lambda message: short.sign(message, padding.PKCS1v15(), SHA384()))
    assert "2048" in key_set_problem(keys)
    with pytest.raises(NotAuthenticatedError):
        verify_assertion(text, keys, [TOKEN], MADE)


@given(place=st.integers(0), flip=st.integers(1, 127))
def test_no_changed_letter_goes_unnoticed(place: int, flip: int) -> None:
    text = sign(E, GOOD, es384)
    place %= len(text)
    changed = text[:place] + chr(ord(text[place]) ^ flip) + text[place + 1 :]
    with pytest.raises(NotAuthenticatedError):
        check(changed)


@given(st.text(max_size=200))
def test_no_text_gets_in_or_falls_through(text: str) -> None:
    with pytest.raises(NotAuthenticatedError):
        check(text)
    with pytest.raises(NotAuthenticatedError):
        read_client(text)


def test_a_key_set_with_a_secret_in_it_is_not_registered() -> None:
    assert key_set_problem(RING.public()) == ""
    assert "private" in key_set_problem({"keys": [KEYS["ES384"].private()]})
    assert key_set_problem({"keys": []})
    assert key_set_problem("x")
    assert "same kid" in key_set_problem({"keys": [JWK, JWK]})


def test_the_file_keeps_the_ring_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "client.json"
    save_key_ring(RING, file)
    again = load_key_ring(file)
    assert file.stat().st_mode & 0o077 == 0
    assert again.public() == RING.public()
    assert [state["state"] for state in again.states()] == ["signing", "signing"]
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod"):
        load_key_ring(file)


def test_a_key_is_published_before_it_signs_and_after() -> None:
    two = RING.with_new("ES384", MADE)
    assert [state["state"] for state in two.states()] == ["signing", "signing", "next"]
    turned = two.rotated("ES384")
    assert [state["state"] for state in turned.states()] == ["signing", "earlier", "signing"]
    assert len(turned.public()["keys"]) == 3
    with pytest.raises(UsageError, match="newer"):
        turned.rotated("ES384")
    with pytest.raises(UsageError, match="signs"):
        turned.without(turned.keys[2].key_id)
    assert len(turned.without(turned.keys[1].key_id).keys) == 2


def test_no_key_is_named_as_an_option_of_a_command_is() -> None:
    made = [make_key("ES384", datetime.now(UTC)).key_id for _ in range(300)]

    assert len(set(made)) == len(made)
    assert [each for each in made if each.startswith("-")] == []


@pytest.mark.parametrize("jwk", [{}, {"kty": "oct", "k": "AA", "kid": "x"}, JWK, {**JWK, "kid": ""}, {"kty": "EC"}])
def test_what_is_no_private_key_of_ours_is_refused(jwk: Json) -> None:
    with pytest.raises(ConfigError):
        load_key(jwk)
