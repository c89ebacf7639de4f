"""The table of a cohort as plain text for a terminal or a mail.

Takes from: cohort.cells.  Gives to: cli.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from adapter.cohort.cells import agrees, computed, interval, is_inconsistent, published, spread
from adapter.errors import Json

_HEADER = ("", "", "computed", "assessed", "median [range] or 95 % CI", "published", "")
_MARKS = {True: "=", False: "≠", None: ""}
_MIN_NAME = 20
_GROUP_NAME = 40

Language = Literal["en", "fr"]
Texts = dict[str, Any]

_SAY = {
    "not_usable": {"en": "Recorded, and not usable", "fr": "Enregistré, et inutilisable"},
    "screened": {"en": "Screened", "fr": "Examinés"},
    "unreadable": {"en": "and in quarantine, unread:", "fr": "et en quarantaine, non lus :"},
    "ineligible": {
        "en": "excluded, by the first criterion (by any)",
        "fr": "exclus, par le premier critère (par l'un d'eux)",
    },
    "undetermined": {"en": "undetermined, by any open criterion", "fr": "indéterminés, par critère ouvert"},
    "included": {"en": "included", "fr": "inclus"},
    "judged": {"en": "judged otherwise by a person:", "fr": "jugés autrement par une personne :"},
    "by": {"en": "By:", "fr": "Par :"},
    "unknown": {"en": "not known", "fr": "non connu"},
}
_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render_text(rows: Sequence[Json], width: int = 120, *, color: bool = False) -> str:
    """The table: one line a row, its notes below it.

    Shapes:  rows  as `describe` gives them
             width  columns of the terminal; names and notes are cut and folded to fit
             interval     of the share of N, after Wilson
             last column  = as published, ≠ not, ! cannot be right as printed
    """
    table = [_cells(row) for row in rows]
    widths = [max(len(line[i]) for line in [_HEADER, *table]) for i in range(len(_HEADER))]
    widths[1] = max(_MIN_NAME, min(widths[1], width - sum(widths) + widths[1] - 2 * (len(widths) - 1)))
    lines = [_paint(_line(_HEADER, widths), _BOLD, color)]
    for row, cells in zip(rows, table, strict=True):
        lines.append(_paint(_line(cells, widths), _BOLD if agrees(row) is False else "", color))
        lines += [_paint(note, _FAINT, color) for note in _notes(row, width)]
    return "\n".join(lines)


def render_description(found: Json, language: Language = "en", width: int = 120, *, color: bool = False) -> str:
    """The table, then what is not usable, where everybody went, and the same table for each group.

    Shapes:  found  as `describing.describe_registry` gives it
    """
    say = {name: texts[language] for name, texts in _SAY.items()}
    parts = [render_text(found["rows"], width, color=color), _not_usable(found["not_usable"], say)]
    parts += [_flow(found, say)] if "flow" in found else []
    parts += [_stratum(found["rows"], stratum, say, width) for stratum in found["strata"]]
    return "\n\n".join(parts)


def _not_usable(rows: Sequence[Json], say: Texts) -> str:
    return "\n".join([say["not_usable"], *(f"     {row['name']}: {row['n']}/{row['N']}" for row in rows)])


def _flow(found: Json, say: Texts) -> str:
    flow = found["flow"]
    lines = [
        f"{say['screened']} {flow['screened']}"
        + (f" ({say['unreadable']} {flow['unreadable']})" if flow["unreadable"] else "")
    ]
    lines.append(f"     {say['ineligible']} {flow['ineligible']['n']}")
    lines += [_reason(each, f"{each['first']} ({each['any']})") for each in flow["ineligible"]["by"]]
    lines.append(f"     {say['undetermined']} {flow['undetermined']['n']}")
    lines += [_reason(each, str(each["any"])) for each in flow["undetermined"]["by"]]
    lines.append(f"     {say['included']} {flow['included']}")
    judged = (f"     {say['judged']} {each['rule']} -> {each['person']}: {each['n']}" for each in flow["adjudicated"])
    return "\n".join([*lines, *judged])


def _reason(each: Json, count: str) -> str:
    return f"       {each['id']}  {each['label']}: {count}"


def _stratum(rows: Sequence[Json], stratum: Json, say: Texts, width: int) -> str:
    """One line a row, one column a group; groups that find no room stand in a table of their own below."""
    groups = stratum["groups"]
    heads = [f"{group['value'] or say['unknown']} (N = {group['N']})" for group in groups]
    columns = [
        [head, *(computed({**row, **own}) for row, own in zip(rows, group["rows"], strict=True))]
        for head, group in zip(heads, groups, strict=True)
    ]
    names = [("", ""), *((row["id"], textwrap.shorten(row["name"], _GROUP_NAME, placeholder="…")) for row in rows)]
    left = max(len(identity) + 2 + len(name) for identity, name in names)
    return "\n\n".join([f"{say['by']} {stratum['name']}", *_blocks(names, columns, width - left)])


def _blocks(names: Sequence[tuple[str, str]], columns: Sequence[list[str]], room: int) -> Iterator[str]:
    widths = [2 + max(map(len, column)) for column in columns]
    start = 0
    while start < len(columns):
        end = start + 1
        while end < len(columns) and sum(widths[start : end + 1]) <= room:
            end += 1
        table = [(*name, *cells) for name, *cells in zip(names, *columns[start:end], strict=True)]
        own = [max(len(line[i]) for line in table) for i in range(end - start + 2)]
        yield "\n".join(_line(line, own) for line in table)
        start = end


def _cells(row: Json) -> tuple[str, ...]:
    mark = _MARKS[agrees(row)] + ("!" if is_inconsistent(row) else "")
    return (
        row["id"],
        row["name"],
        computed(row),
        str(row["assessed"]),
        spread(row) or interval(row),
        published(row),
        mark,
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [textwrap.shorten(cells[1], widths[1], placeholder="…") if i == 1 else cell for i, cell in enumerate(cells)]
    return "  ".join(cell.ljust(width) for cell, width in zip(shown, widths, strict=True)).rstrip()


def _notes(row: Json, width: int) -> Iterator[str]:
    for note in row["notes"]:
        yield from textwrap.wrap(note, max(width, 2 * _MIN_NAME), initial_indent="     · ", subsequent_indent="       ")


def _paint(text: str, code: str, color: bool) -> str:
    return f"{code}{text}{_PLAIN}" if color and code else text
