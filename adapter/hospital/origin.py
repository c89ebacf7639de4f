"""Which address belongs to the server we meant: origins and paths compared, `next` links resolved, every request gated.

Takes from: errors.  Gives to: hospital.source, hospital.session, hospital.collecting.
Source: https://www.rfc-editor.org/rfc/rfc6454#section-4, https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from adapter.errors import RemoteError

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What one program reads as part of a host or path and the next one does not.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")

Origin = tuple[str, str, int]


def origin_of(url: str) -> Origin:
    """Scheme, host and port of an absolute address.

    Errors:  ValueError when it is not a plain http(s) address (no host, a user name in it, a bad port)
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or _AMBIGUOUS.search(url):
        raise ValueError("not a plain http or https address")
    return scheme, parts.hostname.rstrip("."), parts.port or _DEFAULT_PORTS[scheme]


def host_of(url: str) -> str:
    """The host for a message; never the path or the query, which may hold a patient's id."""
    return urlsplit(url).hostname or "unknown host"


def is_loopback(url: str) -> bool:
    """Does the address lead to this machine? By its letters, without asking a name server."""
    host = host_of(url)
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def lies_under(url: str, base: str) -> bool:
    """Same origin, and the path is the base's or below it, step by step: /r4evil and /r4/../x are not under /r4.

    Errors:  ValueError as for `origin_of`
    """
    if origin_of(url) != origin_of(base):
        return False
    path, root = urlsplit(url).path, urlsplit(base).path.rstrip("/")
    climbs = any(unquote(step) in (".", "..") for step in re.split(r"/|%2[fF]", path))
    return not climbs and (path == root or path.startswith(root + "/"))


@dataclass(frozen=True)
class Gate:
    """Which addresses may be asked, and which of them may see our credentials.

    Shapes:  base     the server's FHIR base address
             trusted  further addresses of the same hospital that get the credentials as well
             open     addresses that are asked without any
    """

    base: str
    trusted: Sequence[str] = ()
    open: Sequence[str] = ()

    def admit(self, url: str) -> bool:
        """True when the credentials may go along, False when the address is asked without them.

        Errors:  RemoteError for every other address
        """
        try:
            if any(lies_under(url, each) for each in (self.base, *self.trusted)):
                return True
            if any(lies_under(url, each) for each in self.open):
                return False
            elsewhere = origin_of(url) != origin_of(self.base)
        except ValueError:
            raise RemoteError("names an address that is none", host_of(self.base)) from None
        raise _leads_away(self.base, elsewhere)


def resolve_link(link: str, base: str, page: str) -> str:
    """The absolute address a server meant by a link, proven to lie under the base.

    Servers write next links absolute, relative to the host, to the base ("Condition?…", also "/Condition?…") or to
    the page ("?…"); all four are read.

    Errors:  RemoteError when it leads to another scheme, host, port or path, or is no address
    """
    try:
        target = _without_fragment(_absolute(link.strip(), base, page))
        if lies_under(target, base):
            return target
        elsewhere = origin_of(target) != origin_of(base)
    except ValueError:
        raise RemoteError("sent a link that is not an address", host_of(base)) from None
    raise _leads_away(base, elsewhere)


def _leads_away(base: str, elsewhere: bool) -> RemoteError:
    if elsewhere:
        return RemoteError(
            "sent a link to another origin (scheme, host or port), which is refused; if the server stands behind a "
            "proxy, it must publish the address under which it is reached (else declare it under 'addresses')",
            host_of(base),
        )
    return RemoteError(
        "sent a link outside its base address, which is refused ('addresses' may allow it)", host_of(base)
    )


def _absolute(link: str, base: str, page: str) -> str:
    if urlsplit(link).scheme or link.startswith("//"):
        return urljoin(base, link)
    if link.startswith("?"):
        return urljoin(page, link)
    base_path = urlsplit(base).path.rstrip("/")
    if link.startswith("/"):
        path = urlsplit(link).path
        under_base = path == base_path or path.startswith(base_path + "/")
        return urljoin(base, link if under_base else base_path + link)
    return urljoin(base.rstrip("/") + "/", link)


def _without_fragment(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(fragment=""))
