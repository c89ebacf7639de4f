"""Describe a cohort: every published statistic, computed from the cases given, beside what was printed.

Takes from: cohort.statistics, cohort.table, cohort.summary, cohort.comparison.  Gives to: describing, web, cli.
Source: the two founding abstracts, as read in mappings/statistics.yaml and derived.yaml
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from adapter.cohort.comparison import compare
from adapter.cohort.members import Lens, words_in
from adapter.cohort.statistics import Statistics
from adapter.cohort.summary import find_marks, summarize
from adapter.cohort.table import Table, tabulate
from adapter.errors import Json

Language = Literal["en", "fr"]

# How the note of a row begins that cannot be right as printed.
INCONSISTENT = {"en": "Known inconsistency: ", "fr": "Incohérence connue : "}

_WORDS = {
    "midpoint": {
        "en": "{n} of the values use the middle of a partial date.",
        "fr": "{n} des valeurs utilisent le milieu d'une date partielle.",
    },
    "unusable": {
        "en": "{n} not usable: the end comes before the start, or the age is impossible.",
        "fr": "{n} inutilisable(s) : la fin précède le début, ou l'âge est impossible.",
    },
    "derived": {"en": "{n} derived {how}.", "fr": "{n} déduit(s) {how}."},
    "count": {"en": "{name}: {n}/{N} ({assessed} assessed).", "fr": "{name} : {n}/{N} ({assessed} évalués)."},
    "measure": {
        "en": "{name}: {summary}, {assessed} of {N} assessed.",
        "fr": "{name} : {summary}, {assessed} évalués sur {N}.",
    },
    "region": {"en": "Most often affected: {regions}.", "fr": "Le plus souvent atteint : {regions}."},
    "none": {"en": "nothing to compute", "fr": "rien à calculer"},
}
_CONTRACT = (
    *("id", "name", "kind", "n", "N", "assessed", "mean", "sd", "median", "min", "max", "unit", "published", "notes"),
)


def describe(cases: Iterable[Json], statistics: Statistics, *, language: Language = "en") -> list[Json]:
    """The table of one published source over these cases, and no others; the caller chooses who is eligible.

    Shapes:  cases    read once, so a generator of any length does
             returns  as `describe_table`
    Errors:  none; what cannot be used is counted in a note
    """
    return describe_table(tabulate(cases, statistics.derivation), statistics, language=language)


def describe_table(table: Table, statistics: Statistics, *, language: Language = "en") -> list[Json]:
    """The same over cases whose variables are worked out already.

    Shapes:  returns  one dict a row: id, name, kind, n, N, assessed, mean, sd, median, q1, q3, min, max, unit, ci,
                      ci_assessed, marks, published, comparison, notes; keys that do not apply are left out
    Units:   `unit` of the row (UCUM); SD is the sample SD
    """
    lens = Lens(table)
    rows = [_row(declared, lens, language) for declared in statistics.rows]
    _add_failed_sums(rows, statistics, language)
    return rows


def describe_groups(table: Table, statistics: Statistics, by: str, *, language: Language = "en") -> list[Json]:
    """The same rows for every group of one category, without notes.

    Shapes:  by       a variable of type category
             returns  [{"value", "N", "rows": [{"id", n, N, assessed, …}]}]; the value "" is what is not known
    """
    lens = Lens(table)
    groups = []
    for word in words_in(table, by):
        among = lens.group(by, word)
        rows = [{"id": declared["id"], **_shown(summarize(declared, lens, among))} for declared in statistics.rows]
        groups.append({"value": word, "N": among.bit_count(), "rows": rows})
    return groups


def count_not_usable(table: Table, statistics: Statistics, *, language: Language = "en") -> list[Json]:
    """What is recorded and cannot be used: one row for each kind, whether or not anybody has it."""
    lens = Lens(table)
    labels = {column.name: column.label for column in statistics.derivation.columns}
    return [
        {"id": name, "name": labels[name][language], "n": lens.yes(name).bit_count(), "N": len(table)}
        for name in statistics.derivation.not_usable
    ]


def contract_row(row: Json) -> Json:
    """A row with the keys of the outer contract and no others."""
    return {key: row[key] for key in _CONTRACT if key in row}


def _row(declared: Json, lens: Lens, language: Language) -> Json:
    found = summarize(declared, lens, lens.everyone)
    row: Json = {"id": declared["id"], "name": declared["name"][language], "kind": declared["kind"], **_shown(found)}
    row |= {key: declared[key] for key in ("unit", "published") if key in declared}
    row["comparison"] = compare(row, declared, language)
    marks = find_marks(declared, lens, lens.everyone)
    row |= {"marks": marks} if marks else {}
    return {**row, "notes": list(_notes(declared, lens, found, marks, language))}


def _shown(found: Json) -> Json:
    return {key: value for key, value in found.items() if key != "regions"}


def _notes(declared: Json, lens: Lens, found: Json, marks: dict[str, int], language: Language) -> Iterator[str]:
    if "inconsistent" in declared:
        yield INCONSISTENT[language] + declared["inconsistent"][language]
    yield from (note[language] for note in declared.get("notes", []))
    asked: Json = {key: declared[key] for key in ("count", "measure", "of") if key in declared}
    for also in declared.get("also", []):
        told = summarize({**asked, **also}, lens, lens.everyone)
        yield _also_note(also["name"][language], told, language)
    if regions := found.get("regions"):
        yield _WORDS["region"][language].format(regions=", ".join(regions).replace("_", " "))
    how = declared.get("derived", {}).get(language, "")
    for mark, count in sorted(marks.items()):
        yield _WORDS[mark][language].format(n=count, how=how)


def _also_note(name: str, row: Json, language: Language) -> str:
    if "n" in row:
        return _WORDS["count"][language].format(name=name, **row)
    summary = f"{row['mean']:.2f} ± {row.get('sd', 0):.2f}" if "mean" in row else _WORDS["none"][language]
    return _WORDS["measure"][language].format(name=name, summary=summary, **row)


def _add_failed_sums(table: Sequence[Json], statistics: Statistics, language: Language) -> None:
    """Tell sums of rows that do not hold, as computed in a note and as printed in the comparison."""
    rows = {row["id"]: row for row in table}
    for check in statistics.checks:
        parts, whole, note = check["sum"], check["equals"], check["note"][language]
        if (
            told := _failed_sum(parts, whole, {name: row["n"] for name, row in rows.items() if "n" in row})
        ) is not None:
            rows[whole]["notes"].append(f"{told}: {note}.")
        printed = {name: row["published"].get("n") for name, row in rows.items()}
        failed = _failed_sum(parts, whole, printed)
        verdict: Json = {
            "N": printed[whole],
            "possible": failed is None,
            "why": failed or " + ".join(parts) + f" = {whole}",
        }
        rows[whole]["comparison"].setdefault("possible", []).append(verdict | ({"unless": note} if failed else {}))


def _failed_sum(parts: Sequence[str], whole: str, counts: dict[str, Any]) -> str | None:
    total = sum(counts[part] for part in parts)
    return f"{' + '.join(parts)} = {total}, {whole} = {counts[whole]}" if total != counts[whole] else None
