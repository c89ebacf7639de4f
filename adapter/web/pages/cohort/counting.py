"""What the pages of the cohort show, worked out in the background: who is in, the description, the figures.

Takes from: describing, figures, store, web (answers, prepared).  Gives to: the other files of this room.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import current_app

from adapter.describing import Behind, Counted, count_registry, describe_counted, find_behind, included_cases
from adapter.errors import ConfigError, Json
from adapter.figures import Picture, bone_names, make_pictures
from adapter.parts import Parts
from adapter.store import inbox, streams
from adapter.web.answers import parts
from adapter.web.pages.cohort.asking import Question
from adapter.web.prepared import Answer, Prepared

Language = Literal["en", "fr"]
T = TypeVar("T")
# The plotting library draws one thing at a time.
PEN = threading.Lock()


@dataclass(frozen=True)
class Described:
    """Shapes:  groups  grouping -> [(group, how many included)], whatever the filters
    found   as `describing.describe_counted`
    """

    groups: dict[str, list[tuple[str, int]]]
    found: Json
    included: int


@dataclass(frozen=True)
class Drawn:
    """Shapes:  svg  "" when the libraries that draw are not installed"""

    picture: Picture
    svg: str


def describe(question: Question, language: Language) -> Answer[Described]:
    def make(counted: Counted) -> Described:
        found = describe_counted(found_parts, counted, question.filters, by=question.by, language=language)
        return Described(counted.groups(), found, len(counted.among(question.filters)))

    found_parts = parts()
    return _of_counted(("described", question, language), question.like, make)


def behind(question: Question, identity: str, answer: str, skip: int, limit: int) -> Answer[Behind]:
    """Whose records make a number."""
    found_parts = parts()

    def make(counted: Counted) -> Behind:
        return find_behind(
            found_parts, counted, identity, question.filters, answer=answer, skip=skip, limit=limit
        )  # fmt: skip

    return _of_counted(("behind", question, identity, answer, skip), question.like, make)


def draw(question: Question, language: Language) -> Answer[dict[str, Drawn]]:
    """The figures by name."""
    found_parts = parts()

    def make(counted: Counted) -> dict[str, Drawn]:
        knowledge = found_parts.knowledge
        cases = cases_of(found_parts, counted, question)
        bones = bone_names(knowledge.mappings)
        pictures = make_pictures(cases, knowledge.derivation, bones, language=language)
        with PEN:
            return {each.name: Drawn(each, _svg(each)) for each in pictures}

    return _of_counted(("drawn", question.like, question.where, language), question.like, make)


def prepare(name: Hashable, question: Question, make: Callable[[Counted], T]) -> Answer[T]:
    """Something else that is made of the included cases."""
    return _of_counted(name, question.like, make)


def cases_of(found: Parts, counted: Counted, question: Question) -> Iterator[Json]:
    """The included cases that the filters leave."""
    chosen = set(counted.among(question.filters).ids)
    return (case for case in included_cases(found, question.like) if case["case_id"] in chosen)


def _svg(picture: Picture) -> str:
    try:
        return picture.svg()
    except ConfigError:
        return ""


def _of_counted(name: Hashable, like: str, make: Callable[[Counted], T]) -> Answer[T]:
    """Made of what was counted last; out of date as long as a newer count is under way."""
    prepared: Prepared = current_app.extensions["prepared"]
    found = parts()
    state = _state(found, like)
    counted = prepared.ask(("counted", like), state, lambda: (state, count_registry(found, like)))
    if counted.value is None:
        return Answer(None, current=False)
    of, value = counted.value
    made = prepared.ask(name, of, lambda: make(value))
    return Answer(made.value, current=made.current and counted.current)


def _state(found: Parts, like: str) -> tuple[Any, ...]:
    """What the count depends on beside the paper's own criteria: the cases, the decisions, the day."""
    criteria = found.knowledge.published[like].criteria.version
    with found.store.reading() as connection:
        unread = inbox.count_states(connection).get("quarantined", 0)
        return (*streams.state(connection), unread, criteria, found.today())
