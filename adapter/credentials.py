"""Secrets that are recognised without being kept: passwords, one-time codes, random tokens.

Takes from: nothing.  Gives to: access, cli.
Source: RFC 9106 (Argon2id, the second recommended option), RFC 6238 (TOTP)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD_CHARACTERS = 12
_HASHER = PasswordHasher()
# Whoever is nobody is held against this: an unknown name takes as long as a wrong password.
NOBODY = _HASHER.hash(secrets.token_hex(16))
_STEP_SECONDS = 30


def hash_password(password: str) -> str:
    """An Argon2id hash in its own text form, salt and costs included."""
    return _HASHER.hash(password)


def verify_password(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def make_secret() -> str:
    """256 random bits that fit into a header and an address."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a random secret: guessing it is as hopeless as guessing the secret, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(first: str, second: str) -> bool:
    """In a time that does not tell how much of it was right."""
    return hmac.compare_digest(first.encode(), second.encode())


def make_one_time_secret() -> str:
    """What an authenticator app is given, in base 32."""
    return pyotp.random_base32()


def one_time_address(secret: str, login: str) -> str:
    """The otpauth:// address of a secret, for an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="CRMO registry")


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is, one step early or late allowed; None for a wrong code.

    The caller keeps the step and refuses it, and those before it, the next time: a code is good once.
    """
    now = int(at.timestamp()) // _STEP_SECONDS
    codes = pyotp.TOTP(secret)
    return next((step for step in (now, now - 1, now + 1) if same(codes.at(step * _STEP_SECONDS), code)), None)
