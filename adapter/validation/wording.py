"""Problems to Issues: the sentences of wording.json, filled with names of the standard, never with patient data.

Takes from: validation.problem, errors.  Gives to: validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from adapter.errors import Issue
from adapter.resource import Locator, parse_json
from adapter.validation.problem import Problem, Step

_FILE = Path(__file__).with_name("wording.json")
_OPTIONAL = re.compile(r"\{(\w+)\?((?:[^{}]|\{\w+\})*)\}")


@cache
def _wordings() -> dict[str, dict[str, str]]:
    value, _ = parse_json(_FILE.read_bytes())
    return dict(value)


def make_issues(kind: str, problems: Iterable[Problem], locator: Locator | None = None) -> list[Issue]:
    """Shapes:  kind  the resource type, the first word of every expression"""
    return [_make_issue(kind, problem, locator) for problem in problems]


def _make_issue(kind: str, problem: Problem, locator: Locator | None) -> Issue:
    wording = _wordings()[problem.rule]
    expression = place(kind, problem.steps)
    line, column = locator.place(expression) if locator else (0, 0)
    return Issue(
        problem.severity or "error",
        wording["type"],
        expression,
        f"{problem.rule}:{problem.values['key']}" if "key" in problem.values else problem.rule,
        _filled(wording["text"], problem.values),
        "profile" if problem.profile else "structure",
        profile=problem.profile,
        mend=_filled(wording.get("mend", ""), problem.values),
        line=line,
        column=column,
        text_fr=_filled(wording["text_fr"], problem.values),
        mend_fr=_filled(wording.get("mend_fr", ""), problem.values),
    )


def place(kind: str, steps: list[Step]) -> str:
    """The FHIRPath of a place; the members with an underscore are the elements they belong to."""
    path = kind
    for step in reversed(steps):
        path += f"[{step}]" if type(step) is int else f".{str(step).removeprefix('_')}"
    return path


def _filled(text: str, values: dict[str, Any]) -> str:
    """`{name}` is replaced; `{name?…}` stays only when the name has something to say."""
    if "among" in values:
        near = get_close_matches(str(values["element"]), values["among"], 1)
        values = {**values, "nearest": near[0] if near else ""}
    kept = _OPTIONAL.sub(lambda match: match[2] if values.get(match[1]) else "", text)
    return kept.format_map(values) if "{" in kept else kept
