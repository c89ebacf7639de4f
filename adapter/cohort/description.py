"""Describe a cohort: every published statistic, computed from the cases given, beside what was printed.

Takes from: cohort.statistics, cohort.tally.  Gives to: web, cli.
Source: the two founding abstracts, as read in mappings/statistics.yaml
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from adapter.cohort.statistics import Questions, Statistics
from adapter.cohort.tally import RegionTally, Tally
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
        "en": "{n} not usable: the end comes before the start.",
        "fr": "{n} inutilisable(s) : la fin précède le début.",
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


def describe(cases: Iterable[Json], statistics: Statistics, *, language: Language = "en") -> list[Json]:
    """The table of one published source over these cases, and no others; the caller chooses who is eligible.

    Shapes:  cases    read once, so a generator of any length does
             returns  one dict a row: id, name, kind, n, N, assessed, mean, sd, median, min, max, unit, published,
                      notes; keys that do not apply are left out
    Units:   `unit` of the row (UCUM); SD is the sample SD
    Errors:  none; what cannot be used is counted in a note
    """
    rows = [_Row(declared, statistics) for declared in statistics.rows]
    for case in cases:
        questions = Questions(case, statistics.variables)
        for row in rows:
            row.add(questions, case)
    table = [row.result(language) for row in rows]
    _add_failed_sums(table, statistics, language)
    return table


class _Row:
    """A declared row and what it has gathered."""

    def __init__(self, declared: Json, statistics: Statistics) -> None:
        self._declared = declared
        regions = "most_frequent" in declared
        self._regions = RegionTally(declared, statistics.sites) if regions else None
        self._tally = Tally(declared)
        asked: Json = {key: declared[key] for key in ("count", "measure", "of") if key in declared}
        self._also = [(also["name"], Tally({**asked, **also})) for also in declared.get("also", [])]

    def add(self, questions: Questions, case: Json) -> None:
        if self._regions:
            self._regions.add(questions, case)
        else:
            self._tally.add(questions)
        for _, tally in self._also:
            tally.add(questions)

    def result(self, language: Language) -> Json:
        declared = self._declared
        row: Json = {"id": declared["id"], "name": declared["name"][language], "kind": declared["kind"]}
        row |= (self._regions or self._tally).row()
        row |= {"unit": declared["unit"]} if "unit" in declared else {}
        return {**row, "published": declared["published"], "notes": list(self._notes(language))}

    def _notes(self, language: Language) -> Iterator[str]:
        if "inconsistent" in self._declared:
            yield INCONSISTENT[language] + self._declared["inconsistent"][language]
        yield from (note[language] for note in self._declared.get("notes", []))
        for name, tally in self._also:
            yield _also_note(name[language], tally.row(), language)
        if self._regions and (winners := self._regions.winners):
            yield _WORDS["region"][language].format(regions=", ".join(winners).replace("_", " "))
        how = self._declared.get("derived", {}).get(language, "")
        for mark, count in sorted(self._tally.marks.items()):
            yield _WORDS[mark][language].format(n=count, how=how)


def _also_note(name: str, row: Json, language: Language) -> str:
    if "n" in row:
        return _WORDS["count"][language].format(name=name, **row)
    summary = f"{row['mean']:.2f} ± {row.get('sd', 0):.2f}" if "mean" in row else _WORDS["none"][language]
    return _WORDS["measure"][language].format(name=name, summary=summary, **row)


def _add_failed_sums(table: list[Json], statistics: Statistics, language: Language) -> None:
    rows = {row["id"]: row for row in table}
    for check in statistics.checks:
        parts, whole = check["sum"], check["equals"]
        total = sum(rows[part]["n"] for part in parts)
        if total != rows[whole]["n"]:
            sums = f"{' + '.join(parts)} = {total}, {whole} = {rows[whole]['n']}"
            rows[whole]["notes"].append(f"{sums}: {check['note'][language]}.")
