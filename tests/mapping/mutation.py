"""`make mutation`: every mutant of the mapping files, and who notices it.

python -m tests.mapping.mutation [--each]      `--each` asks all guards of every mutant, not only until the first speaks
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from adapter.mapping.check import check_language
from adapter.mapping.engine import Mappings
from tests.mapping.mutants import Mutant, mutants, read_mutant
from tests.mapping.trials import differs_from_hand, golden_broken, laws_broken, put_broken, reading_broken

GUARDS: dict[str, Callable[[Mappings], str]] = {
    "laws": laws_broken,
    "by hand": differs_from_hand,
    "readings": reading_broken,
    "goldens": golden_broken,
    "put": put_broken,
}


# Mutants that change nothing anybody could see, and why. One that no longer survives has to leave this list.
SAME = {
    "*: option without `accept`": "what else a constant may be is told to people and to the checker; no reader asks",
    "*assessment.measure: option without `required`": "`select` takes only what has a code of the same table",
    "*finding.kind: option without `required`": "`select` takes only what has a code of the same table",
    "*laboratory.test: option without `required`": "`select` takes only what has a code of the same table",
    "*patient.pseudonym: option without `required`": "every case has a case_id",
    "*finding.value.coded: direction -> both": "each word it could write is written by the branch before it",
    "*finding.value.absent: order one place earlier": "R4 forbids both (obs-6)",
    "*.coded: option without `quiet`": "a branch that fans out over a list never tells",
}


@dataclass(frozen=True)
class Verdict:
    """Shapes:  noticed  guard -> what it said first"""

    mutant: Mutant
    noticed: dict[str, str]

    @property
    def same(self) -> str:
        """Why nobody can notice it; "" when somebody should."""
        return next((why for pattern, why in SAME.items() if fnmatchcase(str(self.mutant), pattern)), "")


def judge(mutant: Mutant, *, each: bool = False) -> Verdict:
    """Who notices a mutant: the checker, else the guards in turn; with `each`, every one of them."""
    language, problems = read_mutant(mutant)
    if language is not None and not problems:
        problems = list(check_language(language))
    noticed = {"checker": problems[0]} if problems else {}
    if language is None or (noticed and not each):
        return Verdict(mutant, noticed)
    try:
        mappings = Mappings(language)
    except Exception as error:  # noqa: BLE001 - what the checker let pass and the compiler cannot make
        return Verdict(mutant, {**noticed, "compiler": type(error).__name__})
    for name, guard in GUARDS.items():
        if said := guard(mappings):
            noticed[name] = said
            if not each:
                break
    return Verdict(mutant, noticed)


def report(verdicts: Iterable[Verdict], *, each: bool) -> tuple[str, int]:
    """The table, and how many lines ask for work: mutants nobody noticed, reasons that hold no more."""
    listed = list(verdicts)
    kinds = list(dict.fromkeys(verdict.mutant.kind for verdict in listed))
    guards = ["checker", "compiler", *GUARDS]
    lines = [f"{'mutants':12}{'made':>6}" + "".join(f"{name:>10}" for name in guards) + f"{'nobody':>10}"]
    for kind in [*kinds, "all"]:
        of_kind = [each for each in listed if kind in (each.mutant.kind, "all")]
        count = Counter(name for verdict in of_kind for name in verdict.noticed)
        nobody = sum(not verdict.noticed for verdict in of_kind)
        lines.append(f"{kind:12}{len(of_kind):6}" + "".join(f"{count[name]:10}" for name in guards) + f"{nobody:10}")
    survived = [verdict for verdict in listed if not verdict.noticed]
    missed = [verdict for verdict in survived if not verdict.same]
    real = len(listed) - len(survived) + len(missed)
    score = f"{100 * (1 - len(missed) / real):.1f} %"
    lines += ["", f"noticed: {real - len(missed)} of {real} ({score}); {len(survived) - len(missed)} change nothing"]
    if each:
        tests = sum(bool(verdict.noticed.keys() - {"checker"}) for verdict in listed)
        lines.append(f"noticed without the checker: {tests} of {len(listed)}")
    lines += [f"  changes nothing: {verdict.mutant} ({verdict.same})" for verdict in survived if verdict.same]
    lines += [f"  nobody noticed {verdict.mutant}" for verdict in missed]
    stale = [each for each in SAME if not any(fnmatchcase(str(verdict.mutant), each) for verdict in survived)]
    lines += [f"  nothing survives that is like {pattern}" for pattern in stale]
    return "\n".join(lines), len(missed) + len(stale)


def main(arguments: list[str]) -> int:
    each = "--each" in arguments
    text, missed = report((judge(mutant, each=each) for mutant in mutants()), each=each)
    sys.stdout.write(text + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
