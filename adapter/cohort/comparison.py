"""A row beside what was printed: the difference, and whether the printed figure is possible at all.

Takes from: cohort.possible.  Gives to: cohort.description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Literal

from adapter.cohort.possible import Verdict, check_printed, decimals_of
from adapter.errors import Json

Language = Literal["en", "fr"]

# Printed values are rounded to two decimals at most.
_ROUNDING = 0.005

_WHY = {
    "grim": {
        "en": "no whole-number sum over {N} rounds to the mean {mean} (GRIM)",
        "fr": "aucune somme entière sur {N} ne s'arrondit à la moyenne {mean} (GRIM)",
    },
    "grimmer": {
        "en": "over {N} the mean {mean} needs the sum {sums}; no numbers from {minimum} up then have SD {sd} (GRIMMER)",
        "fr": "sur {N}, {mean} impose la somme {sums} ; aucun nombre dès {minimum} n'a alors cet écart type (GRIMMER)",
    },
    "": {"en": "sum {sums}", "fr": "somme {sums}"},
    "largest": {"en": "; somebody has at least {largest}", "fr": " ; quelqu'un en a au moins {largest}"},
    "rounder": {
        "en": "; read to one decimal less it is possible, if somebody has at least {largest}",
        "fr": " ; lu avec une décimale de moins, c'est possible si quelqu'un en a au moins {largest}",
    },
    "percent": {"en": "{n}/{N} is {exact} %, printed {percent} %", "fr": "{n}/{N} vaut {exact} %, imprimé {percent} %"},
    "part": {"en": "{n} of {N}", "fr": "{n} sur {N}"},
}


def compare(row: Json, declared: Json, language: Language) -> Json:
    """Shapes:  row       as described, with what was printed under "published"
    declared  the same row as declared
    returns   agrees (None when nothing is comparable), difference (computed minus printed), possible (one verdict for
              each way to read the printed figure; left out when arithmetic says nothing)
    """
    printed = {name: value for name, value in row["published"].items() if name in row and not isinstance(value, str)}
    difference = {name: row[name] - value for name, value in printed.items()}
    verdicts = list(_verdicts(declared, language))
    told: Json = {"agrees": _agrees(difference) if printed else None, "difference": difference}
    return told | ({"possible": verdicts} if verdicts else {})


def _agrees(difference: Mapping[str, float]) -> bool:
    """Are all printed numbers met, measures within the rounding of print?"""
    return all(abs(value) <= (0 if name in ("n", "N") else _ROUNDING) for name, value in difference.items())


def _verdicts(declared: Json, language: Language) -> Iterator[Json]:
    printed = declared["published"]
    for reading in declared.get("readings", []):
        yield _reading(printed, reading, language)
    if "n" in printed and "N" in printed:
        yield _share(printed, language)


def _reading(printed: Json, reading: Json, language: Language) -> Json:
    mean, sd = printed["mean"], printed.get("sd")
    decimals = reading.get("decimals", decimals_of(mean))
    verdict = check_printed(mean, sd, reading["N"], reading["minimum"], decimals)
    why = _say(verdict.test, language, verdict, printed, reading)
    if verdict.largest:
        why += _say("largest", language, verdict, printed, reading)
    elif verdict.test == "grimmer" and decimals:
        rounder = check_printed(mean, sd, reading["N"], reading["minimum"], decimals - 1)
        why += _say("rounder", language, rounder, printed, reading) if rounder.possible else ""
    return {**reading, "possible": verdict.possible, "why": why}


def _say(key: str, language: Language, verdict: Verdict, printed: Json, reading: Json) -> str:
    values: dict[str, Any] = {**printed, **reading, "largest": verdict.largest}
    return _WHY[key][language].format_map({**values, "sums": ", ".join(map(str, verdict.sums))})


def _share(printed: Json, language: Language) -> Json:
    n, whole = printed["n"], printed["N"]
    told: Json = {"N": whole}
    if "percent" not in printed or not whole:
        return told | {"possible": n <= whole, "why": _WHY["part"][language].format(n=n, N=whole)}
    exact, percent = Decimal(100 * n) / whole, Decimal(str(printed["percent"]))
    step = Decimal(1).scaleb(-decimals_of(printed["percent"]))
    rounded = {exact.quantize(step, rounding=way) for way in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    why = _WHY["percent"][language].format(n=n, N=whole, exact=f"{exact:.2f}", percent=percent)
    return told | {"possible": n <= whole and percent in rounded, "why": why}
