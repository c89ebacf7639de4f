"""The rows of the description as cells of a printed table.

Takes from: cohort.cells.  Gives to: report.content.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapter.cohort.cells import agrees, computed, is_inconsistent, published
from adapter.errors import Json
from adapter.figures import Language
from adapter.report.words import WORDS

_MARKS = {True: "=", False: "≠", None: ""}


def describe_rows(rows: Sequence[Json], language: Language) -> list[tuple[str, ...]]:
    """One line a row: name, computed, assessed, spread, interval, published, mark."""
    return [
        (
            f"{row['id']}\u2002{row['name']}",
            _cell(row, language),
            str(row["assessed"]),
            _spread(row, language),
            _interval(row, language),
            _localised(_printed(row, language), language),
            _MARKS[agrees(row)] + ("!" if is_inconsistent(row) else ""),
        )
        for row in rows
    ]


def describe_stratum(
    rows: Sequence[Json], stratum: Json, language: Language
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Head and lines of the table of one grouping: one column a group."""
    groups = stratum["groups"]
    names = (group_name(group["value"], language) for group in groups)
    head = [WORDS["row"][language], *(f"{name} (N = {group['N']})" for name, group in zip(names, groups, strict=True))]
    lines = []
    for i, row in enumerate(rows):
        own = [{**_frame(row), **group["rows"][i]} for group in groups]
        lines.append((f"{row['id']}\u2002{row['name']}", *(_cell(each, language) for each in own)))
    return head, lines


def marks_legend(language: Language) -> str:
    return WORDS["legend"][language]


def group_name(value: str, language: Language) -> str:
    """The name of a group; centres and periods are called as they are."""
    return WORDS[f"group_{value}"][language] if f"group_{value}" in WORDS else value


def _frame(row: Json) -> Json:
    return {key: row[key] for key in ("kind", "unit") if key in row}


def _cell(row: Json, language: Language) -> str:
    """Computed value with its unit as a word."""
    text, unit = computed(row), row.get("unit", "1")
    word = WORDS.get(f"unit_{unit}", {}).get(language)
    return _localised(text.removesuffix(f" {unit}"), language) + (f" {word}" if word and text != "-" else "")


def _spread(row: Json, language: Language) -> str:
    if "median" not in row:
        return ""
    quartiles = f" [{row['q1']:.2f}–{row['q3']:.2f}]" if "q1" in row else ""
    return _localised(f"{row['median']:.2f}{quartiles} ({row['min']:.2f}–{row['max']:.2f})", language)


def _interval(row: Json, language: Language) -> str:
    """Of a share in per cent, of a mean in its unit."""
    if "ci" not in row:
        return ""
    scale, sign = (100, " %") if "n" in row else (1, "")
    low, high = (f"{row['ci'][end] * scale:.1f}" for end in ("low", "high"))
    return _localised(f"{low} {WORDS['to'][language]} {high}{sign}", language)


def _printed(row: Json, language: Language) -> str:
    """The source's own words stay as they are; the names of figures are told in the reader's language."""
    text = published(row)
    if "value" in row["published"]:
        return text
    return text.replace("median", WORDS["median"][language]).replace("mean", WORDS["mean"][language])


def _localised(text: str, language: Language) -> str:
    """English writes 27.1%, French 27,1 % with a space that does not break."""
    if language == "en":
        return text.replace(" %", "%")
    return text.replace(".", ",").replace(" %", "\u202f%")
