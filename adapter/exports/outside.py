"""What may leave the registry: tables of counts, no row about a single child. Small cells are hidden.

Every variable is first cut into groups that reach the threshold; the groups are the same in every table, so the sums
of one table cannot be set against those of another. Each table is protected by itself against its own sums.

Takes from: cohort (derived variables), exports.suppression.  Gives to: exports, cli.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapter.cohort import Derivation
from adapter.errors import Json
from adapter.exports.folder import open_table
from adapter.exports.suppression import PLAY, THRESHOLD_OUTSIDE, merge_small, protect

# By what is counted, and what.
_BY = ("sex", "age_at_onset_group", "period")
_COUNTED = (
    *("clinical_focality", "imaging_focality", "skin_inflammation", "fever", "inflammatory_syndrome", "biopsy"),
    *("antibiotics_after_biopsy", "nsaid", "remission", "sequela"),
)
_AGES = ((0, 5, "00-04"), (5, 10, "05-09"), (10, 15, "10-14"), (15, 200, "15 and over"))
_UNKNOWN = "unknown"

_COLUMNS = (
    *(("row_variable", "text"), ("row", "text"), ("column_variable", "text"), ("column", "text")),
    *(("n", "number"), ("hidden", "boolean")),
)
_SUMS = (("variable", "text"), ("group", "text"), ("n", "number"))

Groups = Mapping[str, str]


def write_counts(
    cases: Iterable[Json], derivation: Derivation, folder: Path, form: str, threshold: int = THRESHOLD_OUTSIDE
) -> Json:
    """sums and counts as tables, and what to tell about them in the manifest.

    Shapes:  returns  {"threshold", "play", "cases", "hidden", "withheld": names of tables that could not be protected}
    """
    counted = _count(cases, derivation)
    total = next((sum(each.values()) for name, each in counted.items() if len(name) == 1), 0)
    groups = {name[0]: _by_word(merge_small(each, threshold)) for name, each in counted.items() if len(name) == 1}
    with open_table(folder, "sums", form, _SUMS) as sums:
        sums.write([row for name, words in groups.items() for row in _sums(name, words, counted[name,])])
    withheld, hidden = [], 0
    with open_table(folder, "counts", form, _COLUMNS) as table:
        for by in _BY:
            for name in _COUNTED:
                rows = _crossed(by, name, groups, counted[by, name], threshold)
                if rows is None:
                    withheld.append(f"{by} by {name}")
                else:
                    hidden += sum(row[-1] for row in rows)
                    table.write(rows)
    # How many there are is itself a number about few when it is below the threshold.
    shown = total if total >= threshold else None
    return {"threshold": threshold, "play": PLAY, "cases": shown, "hidden": hidden, "withheld": withheld}


def _count(cases: Iterable[Json], derivation: Derivation) -> dict[tuple[str, ...], Counter[Any]]:
    """Children by the words of one variable, and by those of two."""
    counted: dict[tuple[str, ...], Counter[Any]] = {(name,): Counter() for name in (*_BY, *_COUNTED)}
    counted |= {(by, name): Counter() for by in _BY for name in _COUNTED}
    for case in cases:
        words = dict(_words(derivation.row(case)))
        for names, counter in counted.items():
            counter[tuple(words[name] for name in names) if len(names) > 1 else words[names[0]]] += 1
    return counted


def _words(row: Json) -> Iterator[tuple[str, str]]:
    """Every variable as a word; what is not known is a word too."""
    age = row["age_at_onset"]
    known = (name for low, high, name in _AGES if age is not None and low <= age < high)
    yield "age_at_onset_group", next(known, _UNKNOWN)
    for name in ("sex", "period", *_COUNTED):
        value = row[name]
        yield name, _UNKNOWN if value is None else str({True: "yes", False: "no"}.get(value, value))


def _by_word(groups: Mapping[str, tuple[str, ...]]) -> Groups:
    return {word: group for group, words in groups.items() for word in words}


def _sums(name: str, groups: Groups, counts: Mapping[str, int]) -> list[list[Any]]:
    totals: Counter[str] = Counter()
    for word, n in counts.items():
        if word in groups:
            totals[groups[word]] += n
    return [[name, group, n] for group, n in sorted(totals.items())]


def _crossed(
    by: str, name: str, groups: Mapping[str, Groups], counts: Mapping[tuple[str, str], int], threshold: int
) -> list[list[Any]] | None:
    if not groups[by] or not groups[name]:
        return None
    rows, columns = (sorted(set(groups[each].values())) for each in (by, name))
    numbers = [[0] * len(columns) for _ in rows]
    for (one, other), n in counts.items():
        numbers[rows.index(groups[by][one])][columns.index(groups[name][other])] += n
    hidden = protect(numbers, threshold)
    if hidden is None:
        return None
    return [
        [by, row, name, column, None if (i, j) in hidden else numbers[i][j], (i, j) in hidden]
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
    ]
