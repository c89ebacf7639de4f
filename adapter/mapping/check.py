"""Static proof of the mapping files: held against R4 and the case schema before anything runs, every problem at once.

Each problem code is documented in codes.yaml with an example and how to mend it.

Takes from: mapping.language, mapping.checks.  Gives to: mapping.engine, cli.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from adapter.errors import DeclarationError
from adapter.mapping.checks.branches import check_branches
from adapter.mapping.checks.choices import check_choices
from adapter.mapping.checks.conditions import check_conditions
from adapter.mapping.checks.constants import check_constants
from adapter.mapping.checks.coverage import check_coverage
from adapter.mapping.checks.links import check_links
from adapter.mapping.checks.matching import check_matching
from adapter.mapping.checks.places import check_places
from adapter.mapping.checks.required import check_required
from adapter.mapping.checks.selection import check_selection
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.tables import check_tables
from adapter.mapping.checks.types import check_types
from adapter.mapping.checks.words import check_words
from adapter.mapping.checks.writers import check_writers
from adapter.mapping.language import read_language
from adapter.mapping.overlays import PATTERN
from adapter.mapping.rules import Language

_QUESTIONS: tuple[Callable[[Survey], Iterator[str]], ...] = (
    check_places,
    check_types,
    check_constants,
    check_words,
    check_tables,
    check_writers,
    check_branches,
    check_required,
    check_coverage,
    check_links,
    check_conditions,
    check_choices,
    check_matching,
)


def check_language(language: Language) -> Iterator[str]:
    """Every problem, in the order of files and lines; nothing when the files are sound.

    Shapes:  returns  "file:line:col code rule: message"; the case schema's own lines where a field is not mapped
    """
    survey = Survey(language)
    found = [*language.problems, *(problem for ask in _QUESTIONS for problem in ask(survey))]
    yield from sorted(dict.fromkeys(found or check_selection(survey)), key=_place)


def lay_overlays(language: Language) -> dict[str, Language]:
    """Each overlay of the folder laid over its maps and proven with them, by its name.

    Errors:  DeclarationError with every problem of every overlay
    """
    if language.folder.overlay:
        return {}
    laid: dict[str, Language] = {}
    problems: list[str] = []
    for place in sorted(language.folder.path.glob(PATTERN)):
        made, found = lay_overlay(language, place)
        problems += found
        if made is not None:
            laid[place.name.split(".")[0]] = made
    if problems:
        raise DeclarationError(dict.fromkeys(problems))
    return laid


def lay_overlay(language: Language, place: Path) -> tuple[Language | None, list[str]]:
    """One overlay laid over the maps, and what is wrong with them then; None when it has no sense by itself."""
    try:
        made = read_language(language.folder.laid_over(place))
    except DeclarationError as error:
        return None, error.problems
    return made, list(check_language(made))


def _place(problem: str) -> tuple[str, int, int, str]:
    place, _, rest = problem.partition(" ")
    file, line, column = place.rsplit(":", 2)
    return file, int(line), int(column), rest
