"""Statistics that may not be declared, each refused with its file, line and column; and a table nobody declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.cohort import load_statistics
from adapter.errors import DeclarationError, UsageError
from tests.unit.cohort_rows import MAPPINGS

DERIVED, STATED = "derived.yaml", "statistics.yaml"


@pytest.mark.parametrize(
    ("file", "written", "wrong", "message"),
    [
        (
            DERIVED,
            "field: patient.sex, is: [female]",
            "field: patient.sexe, is: [female]",
            "C001 the case has no field",
        ),
        (DERIVED, "is: [female]", "is: [femal]", "C001 unknown word 'femal'; did you mean 'female'"),
        (DERIVED, "number: clinical_sites, equals: 1", "number: clinical_site, equals: 1", "C002 no variable"),
        (DERIVED, "number: clinical_sites, equals: 1", "number: female, equals: 1", "C002 'female' is no number"),
        (DERIVED, "region: leg}", "region: legs}", "C003 no region 'legs'"),
        (DERIVED, "class: anti_tnf}", "class: anti_tfn}", "C001 unknown word 'anti_tfn'; did you mean 'anti_tnf'"),
        (DERIVED, "{no: culture_grew}", "{no: culture_grew_nothing}", "C004 'culture_grew_nothing' is asked to answer"),
        (DERIVED, "to: inclusion_date", "to: inclusion_day", "C001 'inclusion_day' is not a date"),
        (DERIVED, "to: inclusion_date", 'to: "biopsies[].date"', "C001 'biopsies.{3}date' has many dates"),
        (DERIVED, "bones: [ankle, talus]", "bones: [ankel, talus]", "C001 unknown word 'ankel'; did you mean 'ankle'"),
        (DERIVED, "    unit: a\n", "", "C006 a number, and only a number, has a unit"),
        (DERIVED, "    unit: a\n", '    unit: "1"\n', "C006 a time is counted in a, mo, wk or d"),
        (DERIVED, "    of: culture_done", "    of: clinical_sites", "C002 no yes-or-no variable 'clinical_sites'"),
        (DERIVED, "missing: dates", "missing: guessed", "C007 'guessed' is not declared under missing_data"),
        (DERIVED, "source: later", "source: hearsay", "C007 'hearsay' is not declared under sources"),
        (DERIVED, "unusable: [delay,", "unusable: [clinical_sites,", "C002 'clinical_sites' is no time"),
        (DERIVED, "{sex: sex,", "{sex: female,", "C002 no variable 'female' that makes groups"),
        (DERIVED, "unknown_drug]", "period]", "C002 no yes-or-no variable 'period'"),
        (STATED, "sum: [A02, A03]", "sum: [A02, A99]", "C005 no row 'A99'"),
        (STATED, "count: fever", "count: feever", "C002 no variable 'feever'"),
        (STATED, "count: fever", "count: delay", "C002 no variable 'delay' that is a flag"),
        (STATED, "measure: delay\n", "count: fever\n", "C002 a row of kind mean_sd needs a measure"),
        (STATED, "all: clinical_sites", "all: fever", "C002 no variable 'fever' that is a number"),
        (STATED, "source: SB", "source: SD", "C007 no source 'SD'"),
        (STATED, "kind: mean_sd", "kind: mean", "S001"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(
    tmp_path: Path, file: str, written: str, wrong: str, message: str
) -> None:
    for name in (DERIVED, STATED):
        (tmp_path / name).write_text((MAPPINGS / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert written in text
    (tmp_path / file).write_text(text.replace(written, wrong, 1), encoding="utf-8")
    with pytest.raises(DeclarationError, match=rf"{file}:\d+:\d+ {message}"):
        load_statistics(tmp_path)


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(UsageError, match="SA, SB"):
        load_statistics(MAPPINGS, "SC")
