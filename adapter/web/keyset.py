"""The public halves of our client keys, for hospitals that verify our assertions by address.

Takes from: tokens, answers.  Gives to: factory.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html, RFC 7517
"""

from __future__ import annotations

from flask import Blueprint, Response

from adapter.resource import dump_json
from adapter.tokens import load_key_ring
from adapter.web.answers import parts

routes = Blueprint("keyset", __name__)
# Short enough that a key which is published first is known everywhere before it signs.
_CACHE_SECONDS = 300


@routes.get("/.well-known/jwks.json")
def key_set() -> Response:
    """Read from the file each time, so that a new key is published without a restart."""
    text = dump_json(load_key_ring(parts().client_keys).public())
    return Response(
        text,
        content_type="application/jwk-set+json",
        headers={"Cache-Control": f"public, max-age={_CACHE_SECONDS}", "Cross-Origin-Resource-Policy": "cross-origin"},
    )
