"""What was done by a command, written down like what was done over HTTP.

Takes from: parts, store.  Gives to: cli.
"""

from __future__ import annotations

from adapter.parts import Parts
from adapter.store import Connection, audit


def write_down(parts: Parts, connection: Connection, what: str, case_id: str = "") -> None:
    """In the transaction that does it.

    Shapes:  what  the command's words, without its arguments: "case erase"
    """
    audit.append(connection, audit.Event(parts.clock(), "command", "do", what, 200, case_id, parts.make_id()))
