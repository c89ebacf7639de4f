"""Routes under /sources: which hospitals are declared, what was learnt about their servers, how they were pulled last.

Nothing is asked of a hospital here: that is a job (`POST /pulls` with "only").

Takes from: errors, examining, hospital, store, answers.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, Response

from adapter.errors import Json, NotFoundError
from adapter.examining import known_profile, report_profile
from adapter.hospital import Source
from adapter.store import jobs
from adapter.web.answers import parts, plain

routes = Blueprint("sources", __name__)

_LOOKED_AT = 20


@routes.get("/sources")
def listed() -> Response:
    """Every declared source, without its findings."""
    return plain({"sources": [_told(source) for _, source in sorted(parts().sources.items())]})


@routes.get("/sources/<name>")
def one(name: str) -> Response:
    """A source with what its server was found to do."""
    source = parts().sources.get(name)
    if source is None:
        raise NotFoundError("There is no source of this name.")
    known = known_profile(parts(), source)
    return plain({**_told(source), "findings": report_profile(source, known[0]) if known else []})


def _told(source: Source) -> Json:
    """No secret, and not where one is kept."""
    known, politeness = known_profile(parts(), source), source.politeness
    told: Json = {
        "name": source.name,
        "base": source.base,
        "centre": source.centre,
        "authentication": source.authentication.kind,
        "export": source.bulk.level if source.bulk else None,
        "opposition": source.opposition is not None,
        "overlay": source.overlay or None,
        "connections": politeness.connections,
        "quiet_hours": politeness.quiet is not None,
        "examined_at": known[1].isoformat() if known else None,
    }
    return told | _pulled(source.name)


def _pulled(name: str) -> Json:
    """The last pull, and the job that is open."""
    with parts().store.reading() as connection:
        found = jobs.recent(connection, _LOOKED_AT, name)
    last = next((job for job in found if "only" not in job.options), None)
    running = next((job for job in found if job.state in jobs.OPEN), None)
    shown = {"id": last.id, "state": last.state, "requested_at": last.requested_at.isoformat()} if last else None
    return {"last_pull": shown, "open": running.id if running else None}
