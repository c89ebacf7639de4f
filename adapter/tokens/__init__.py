"""Keys and the assertions they sign, in both directions: the only room that knows JOSE.

Takes from: errors, resource.  Gives to: hospital (our assertions), the token server (clients'), web (our key set), cli.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from adapter.tokens.assertions import (
    MAX_LIFETIME_SECONDS,
    Assertion,
    make_assertion,
    read_client,
    read_key_id,
    verify_assertion,
)
from adapter.tokens.keys import ALGORITHMS, Algorithm, SigningKey, key_set_problem, load_key, make_key, publish
from adapter.tokens.ring import KeyRing, load_key_ring, save_key_ring

__all__ = [
    "ALGORITHMS",
    "MAX_LIFETIME_SECONDS",
    "Algorithm",
    "Assertion",
    "KeyRing",
    "SigningKey",
    "key_set_problem",
    "load_key",
    "load_key_ring",
    "make_assertion",
    "make_key",
    "publish",
    "read_client",
    "read_key_id",
    "save_key_ring",
    "verify_assertion",
]
