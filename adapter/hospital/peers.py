"""Connections that reach the world outside and nothing else: whom a name leads to is looked at once it is connected.

A look at the name before would prove little: the next look-up may say something else. So the connection itself is
asked whom it has reached, before a byte is sent through it.

Takes from: nothing.  Gives to: hospital.wire.
Source: https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError


class _Outward(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        address = made.getpeername()[0].partition("%")[0]
        if not is_public(address):
            made.close()
            raise NewConnectionError(self, "the name leads to an address that is not public")
        return made


class _OutwardPool(HTTPSConnectionPool):
    ConnectionCls = _Outward


class PublicOnly(HTTPAdapter):
    """Speaks TLS with public addresses; to all others it fails to connect."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"https": _OutwardPool}


def is_public(address: str) -> bool:
    """An IPv6 address that wraps an IPv4 one is what it wraps."""
    found = ip_address(address)
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return (inner or found).is_global and not (inner or found).is_multicast
