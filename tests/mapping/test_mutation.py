"""Every rule is guarded: taken away, or put in the place of another, it is noticed.

Here each rule is deleted and swapped; `make mutation` also takes single words away from rules and gates, and makes them
serve one direction.
"""

from __future__ import annotations

import pytest

from tests.mapping.mutants import Mutant, mutants
from tests.mapping.mutation import judge

QUICK = ("delete", "constant", "element", "field", "table", "words", "order")
FILES: dict[str, list[Mutant]] = {}
for _mutant in mutants():
    if _mutant.kind in QUICK:
        FILES.setdefault(_mutant.file.name, []).append(_mutant)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_each_rule_is_missed_when_it_is_gone_or_another(name: str) -> None:
    verdicts = [judge(mutant) for mutant in FILES[name]]

    assert [str(each.mutant) for each in verdicts if not each.noticed and not each.same] == []


def test_each_rule_has_its_mutants() -> None:
    assert {mutant.kind for listed in FILES.values() for mutant in listed} == set(QUICK)
    assert all(any(mutant.kind == "delete" for mutant in FILES[name]) for name in FILES if ".map." in name)
