"""Which address belongs to the server we meant: origins compared, `next` links resolved.

Takes from: errors.  Gives to: hospital.session, hospital.collecting.
Source: https://www.rfc-editor.org/rfc/rfc6454#section-4, https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from adapter.errors import RemoteError

_DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


def origin_of(url: str) -> Origin:
    """Scheme, host and port of an absolute address.

    Errors:  ValueError when it is not a plain http(s) address (no host, a user name in it, a bad port)
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not a plain http or https address")
    return scheme, parts.hostname.rstrip("."), parts.port or _DEFAULT_PORTS[scheme]


def host_of(url: str) -> str:
    """The host for a message; never the path or the query, which may hold a patient's id."""
    return urlsplit(url).hostname or "unknown host"


def resolve_link(link: str, base: str, page: str) -> str:
    """The absolute address a server meant by a link, proven to lead to the same origin as the base.

    Servers write next links absolute, relative to the host, to the base ("Condition?…", also "/Condition?…") or to
    the page ("?…"); all four are read.

    Errors:  RemoteError when it leads to another scheme, host or port, or is no address
    """
    try:
        target = _without_fragment(_absolute(link.strip(), base, page))
        if origin_of(target) == origin_of(base):
            return target
    except ValueError:
        raise RemoteError("sent a link that is not an address", host_of(base)) from None
    raise RemoteError(
        "sent a link to another origin (scheme, host or port), which is refused; "
        "if the server stands behind a proxy, it must publish the address under which it is reached",
        host_of(base),
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
