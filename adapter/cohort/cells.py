"""A row of the table in words: the computed and the published value, as a reader writes them.

Takes from: cohort.description.  Gives to: cohort.text, cohort.csv.
"""

from __future__ import annotations

from adapter.cohort.description import INCONSISTENT
from adapter.errors import Json


def computed(row: Json) -> str:
    """19/70 (27.1 %), 10.90 ± 3.90 a, or - when nothing could be assessed."""
    if "n" in row:
        share = f" ({100 * row['n'] / row['N']:.1f} %)" if row["N"] else ""
        return f"{row['n']}/{row['N']}{share}"
    if "mean" not in row:
        return "-"
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    if row["kind"] == "range":
        return f"{row['min']:.2f} to {row['max']:.2f}{unit}"
    return f"{row['mean']:.2f} ± {row.get('sd', 0):.2f}{unit}"


def spread(row: Json) -> str:
    """Median and range of a measure."""
    return f"{row['median']:.2f} [{row['min']:.2f}; {row['max']:.2f}]" if "median" in row else ""


def published(row: Json) -> str:
    """What the source prints, in the same order."""
    printed = row["published"]
    if "value" in printed:
        return str(printed["value"])
    if "n" in printed:
        return f"{printed['n']}/{printed['N']}" if "N" in printed else str(printed["n"])
    if "sd" in printed:
        return f"{printed['mean']} ± {printed['sd']}"
    parts = [f"{name} {printed[name]}" for name in ("mean", "median", "min", "max") if name in printed]
    return ", ".join(parts)


def agrees(row: Json) -> bool | None:
    """Are all printed numbers met? None when none is comparable."""
    return row["comparison"]["agrees"]  # type: ignore[no-any-return]


def interval(row: Json) -> str:
    """The 95 % confidence interval: of the share of N in percent, or of the mean in the row's unit."""
    if "ci" not in row:
        return ""
    scale, unit = (100, " %") if "n" in row else (1, "")
    return f"[{row['ci']['low'] * scale:.1f}; {row['ci']['high'] * scale:.1f}]{unit}"


def is_inconsistent(row: Json) -> bool:
    """Can the printed value not be right as it stands?"""
    return any(note.startswith(tuple(INCONSISTENT.values())) for note in row["notes"])
