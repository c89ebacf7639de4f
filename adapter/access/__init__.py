"""Who is asking, and what he may do: clients with scopes, people with roles, nobody by default.

Takes from: declaration, scopes, credentials, tokens, parts, store.  Gives to: inbound, web, cli.
Source: https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from adapter.access.granting import Grant, Refusal, grant_token
from adapter.access.logins import SESSION_SECONDS, close_session, log_in
from adapter.access.permissions import Permissions, load_permissions
from adapter.access.principals import NOBODY, OPEN, Principal, who_is

__all__ = [
    "NOBODY",
    "OPEN",
    "SESSION_SECONDS",
    "Grant",
    "Permissions",
    "Principal",
    "Refusal",
    "close_session",
    "grant_token",
    "load_permissions",
    "log_in",
    "who_is",
]
