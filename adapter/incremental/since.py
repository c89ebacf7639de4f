"""From when on? The server's time of the last complete pull, less an overlap; or the time somebody names.

Takes from: errors, store.  Gives to: incremental.taking, cli, web.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from adapter.errors import Json, UsageError

ALL, LAST = "all", "last"
# Servers commit late: a resource may become visible minutes after the time it carries.
OVERLAP = timedelta(minutes=10)


def parse_since(text: str) -> str:
    """ "all", "last", or an instant in UTC; a day without a time begins at its first moment in UTC.

    Errors:  UsageError when it is none of these
    """
    if text in (ALL, LAST):
        return text
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("since is 'last', 'all', or a date (2026-11-23, or 2026-11-23T08:00:00+01:00)") from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def since_options(text: str) -> Json:
    """What is kept with a pull that was asked for like this; nothing for a pull of everything.

    Errors:  UsageError, see `parse_since`
    """
    since = parse_since(text)
    return {} if since == ALL else {"since": since}


def begin_at(since: str, reached: datetime | None) -> str | None:
    """The instant to ask the server for; None when everything has to be asked for."""
    if since == ALL or (since == LAST and reached is None):
        return None
    start = reached - OVERLAP if since == LAST and reached else datetime.fromisoformat(since)
    return start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_served_at(text: str) -> datetime | None:
    """The time in a Date header; None when it cannot be read: ours is not taken for it."""
    try:
        told = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
