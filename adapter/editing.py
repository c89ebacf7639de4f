"""A person changes a case by hand: the same journey as every other case takes, with who did it and why beside it.

Takes from: errors, parts, adjudicating, inbound, resource, store.  Gives to: web.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.adjudicating import check_reason
from adapter.case import check_case
from adapter.errors import Issue, Json
from adapter.inbound import receive_case
from adapter.parts import Parts
from adapter.receipt import Receipt
from adapter.resource import dump_json
from adapter.store.edits import Edit


def check_edit(parts: Parts, case: Json, reason: str) -> Iterator[Issue]:
    """What is wrong with an edit before anything is kept of it; a reason's issue names the place "/reason"."""
    yield from check_reason(reason)
    yield from check_case(case, parts.knowledge.consistency, today=parts.today())


def edit_case(parts: Parts, case: Json, source: str, edit: Edit, *, expected: int) -> Receipt:
    """Make the case a new version.

    Shapes:  source    under which name it is kept
             expected  the version that was edited; another one standing ends as superseded (412)
    Errors:  as `receive_case`
    """
    return receive_case(parts, dump_json(case), source, expected=expected, edit=edit)
