"""One defect, one message: what only follows from a malformed value nearby is not told as well.

Takes from: validation.problem.  Gives to: validation.resources.
"""

from __future__ import annotations

from adapter.validation.problem import Problem, Step

Place = tuple[Step, ...]

# A value that is malformed says nothing about the rules that would read it.
_MALFORMED = frozenset(
    {
        "null",
        "empty-string",
        "blank-string",
        "empty-object",
        "empty-array",
        "not-an-object",
        "not-a-list",
        "list-not-allowed",
        "json-type",
        "type-not-allowed",
        "resource-type-missing",
        "resource-type-unknown",
        "choice-twice",
    }
)
# How far above the malformed value a rule may stand and still be only its consequence.
_REACH = {
    "binding": 4,
    "code-unknown": 0,
    "coding-system-relative": 0,
    "reference-format": 0,
    "urn-uuid": 0,
    "invariant": 2,
    "min": 1,
    "pattern": 4,
    "fixed": 4,
    "reference-target": 1,
}


def without_consequences(problems: list[Problem]) -> list[Problem]:
    """The problems that stand for themselves."""
    malformed = [place_of(problem) for problem in problems if _is_malformed(problem)]
    bound = {place_of(problem) for problem in problems if problem.rule == "binding"}
    if not malformed and not bound:
        return problems
    above = _above(malformed)
    return [p for p in problems if not _follows(p, above, set(malformed)) and not _is_bound(p, bound)]


def place_of(problem: Problem) -> Place:
    return tuple(reversed(problem.steps))


def _is_malformed(problem: Problem) -> bool:
    return problem.rule in _MALFORMED or problem.rule.startswith("primitive")


def _above(places: list[Place]) -> dict[Place, int]:
    """Each place at or above a malformed value, with the steps between."""
    found: dict[Place, int] = {}
    for place in places:
        for up in range(min(len(place), 5) + 1):
            owner = place[: len(place) - up]
            found[owner] = min(up, found.get(owner, up))
    return found


def _follows(problem: Problem, above: dict[Place, int], malformed: set[Place]) -> bool:
    if _is_malformed(problem):
        return False
    place = place_of(problem)
    if problem.rule.startswith("full-url"):
        entry = place if problem.rule == "full-url-missing" else place[:-1]
        return bool({(*entry, "fullUrl"), (*entry, "resource"), (*entry, "resource", "id")} & malformed)
    reach = _REACH.get(problem.rule)
    if reach is None or place not in above or above[place] > reach:
        return False
    return problem.rule != "min" or _same_choice(place, str(problem.values.get("element")), malformed)


def _same_choice(place: Place, element: str, malformed: set[Place]) -> bool:
    """A missing value[x] is no second defect where a value of a forbidden type stands."""
    stem = element.removesuffix("[x]")
    size = len(place)
    return any(len(m) > size and m[:size] == place and str(m[size]).startswith(stem) for m in malformed)


def _is_bound(problem: Problem, bound: set[Place]) -> bool:
    """A code that does not exist is outside its value set as well: the value set says more."""
    place = place_of(problem)
    return problem.rule == "code-unknown" and bool({place[:-1], place[:-3]} & bound)
