"""SMART Backend Services as a server: where tokens come from, and where that is told.

Takes from: access, answers, limits, tokens.  Gives to: factory.
Source: https://hl7.org/fhir/smart-app-launch/backend-services.html, RFC 6749 5
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from adapter.access import Grant, Refusal, grant_token
from adapter.access.key_sets import KeySets
from adapter.tokens import ALGORITHMS
from adapter.web.answers import parts, plain
from adapter.web.limits import Failures

routes = Blueprint("tokens", __name__)
_FORM = "application/x-www-form-urlencoded"
_MAX_FORM_BYTES = 64 * 1024
_failures = Failures(10, window_seconds=60)


@routes.get("/.well-known/smart-configuration")
@routes.get("/fhir/.well-known/smart-configuration")
def configuration() -> Response:
    return plain(
        {
            "issuer": _base(),
            "jwks_uri": f"{_base()}/.well-known/jwks.json",
            "token_endpoint": _endpoint(),
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": ["system/*.rs", "system/*.cruds", "system/*.read", "system/*.write"],
            "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
        }
    )


@routes.post("/auth/token")
def token() -> Response:
    """200 with a token of five minutes, or the refusal in OAuth's words."""
    caller = request.remote_addr or ""
    if wait := _failures.wait_seconds(caller):
        return _refused(Refusal("invalid_client", "too many refused requests: wait"), 429, wait)
    form = _form()
    key_sets: KeySets = current_app.extensions["key_sets"]
    told = grant_token(parts(), form, [_endpoint()], key_sets.find) if isinstance(form, dict) else form
    if isinstance(told, Grant):
        scope = " ".join(map(str, told.scopes))
        answer = {"access_token": told.token, "token_type": "bearer", "expires_in": told.expires_in_seconds}
        return plain({**answer, "scope": scope}, Pragma="no-cache")
    _failures.count(caller)
    return _refused(told, 401 if told.error == "invalid_client" else 400)


def _form() -> dict[str, str] | Refusal:
    """The parameters, each once: two readers of a repeated one could read two things."""
    if request.mimetype != _FORM or (request.content_length or 0) > _MAX_FORM_BYTES or request.args:
        return Refusal("invalid_request", f"expected a body of type {_FORM}, and nothing in the address")
    listed = {name: request.form.getlist(name) for name in request.form}
    if any(len(values) > 1 for values in listed.values()):
        return Refusal("invalid_request", "a parameter is there twice")
    return {name: values[0] for name, values in listed.items()}


def _refused(refusal: Refusal, status: int, wait_seconds: int = 0) -> Response:
    told = {"error": refusal.error, "error_description": refusal.why}
    response = plain(told, status, Pragma="no-cache")
    if wait_seconds:
        response.headers["Retry-After"] = str(wait_seconds)
    return response


def _base() -> str:
    base: str = current_app.config["PUBLIC_URL"]
    return base


def _endpoint() -> str:
    return f"{_base()}/auth/token"
