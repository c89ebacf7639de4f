"""Judge again what waits: first as a trial that changes nothing, then in earnest, a handful at a time.

Takes from: inbound, store, groups, frame.  Gives to: pages.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from flask import Response, url_for

from adapter.errors import UsageError
from adapter.inbound import Trial, retry, try_again
from adapter.store import inbox
from adapter.store.causes import count_waiting, waiting
from adapter.web.answers import parts
from adapter.web.pages.frame import show
from adapter.web.pages.inbox.groups import Group, Place, go, read_group, read_number, write_place
from adapter.web.pages.inbox.listing import routes

# As many as are judged in one request; the rest waits for the next.
AT_ONCE = 40


@routes.get("/ui/inbox/retry")
def preview() -> Response:
    """How they would end. Nothing of it is kept."""
    group = read_group()
    places, left = _chosen(group)
    trials = [trial for _, entry_id in places for trial in _tried(entry_id)]
    refused = Counter(rule for trial in trials if not trial.accepted for rule in _rules(trial))
    return show(
        "inbox/retry",
        group=group,
        trials=trials,
        rules=_rules,
        accepted=sum(trial.accepted for trial in trials),
        refused=refused.most_common(),
        left=left,
        after=write_place(group.after) if group.after else "",
        was_stored=read_number("stored"),
        has_stayed=read_number("stayed"),
        mended=read_number("mended"),
    )


@routes.post("/ui/inbox/retry")
def again() -> Response:
    group = read_group()
    places, _ = _chosen(group)
    stored = sum(_retried(entry_id) for _, entry_id in places)
    if group.entry_id:
        address = url_for("inbox_pages.one", entry_id=group.entry_id, done="stored" if stored else "stayed")
    else:
        told = group.query(stored=stored, stayed=len(places) - stored)
        told |= {"after": write_place(places[-1])} if places else {}
        address = url_for("inbox_pages.preview", **told)
    return go(address)


def _chosen(group: Group) -> tuple[list[Place], int]:
    """The next few of a group, and how many come after them.  Errors:  NotFoundError; UsageError for one that ended"""
    with parts().store.reading() as connection:
        if group.entry_id:
            entry = inbox.find(connection, group.entry_id)
            if entry.state not in inbox.OPEN_STATES:
                raise UsageError("Only what waits can be judged again.")
            return [(entry.received_at, entry.id)], 0
        places = waiting(connection, group.key, after=group.after, limit=AT_ONCE)
        count = count_waiting(connection, group.key, after=group.after)
    return places, count - len(places)


def _tried(entry_id: str) -> list[Trial]:
    with suppress(UsageError):  # somebody was faster
        return [try_again(parts(), entry_id)]
    return []


def _retried(entry_id: str) -> bool:
    with suppress(UsageError):
        return retry(parts(), entry_id).entry.state != "quarantined"
    return False


def _rules(trial: Trial) -> list[str]:
    return sorted({issue.rule for issue in trial.issues if issue.blocks})
