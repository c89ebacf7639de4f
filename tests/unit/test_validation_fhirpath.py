"""FHIRPath as constraints use it: what holds, what does not, and what is said to be unchecked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.conformance import r4_definitions
from adapter.validation import Validator
from adapter.validation.fhirpath import FhirPathError, evaluate, evaluate_as_boolean
from adapter.validation.fhirpath.evaluation import compiled
from adapter.validation.fhirpath.grammar import parse
from adapter.validation.fhirpath.items import Item
from adapter.validation.fhirpath.presence import make_quick
from adapter.validation.fhirpath.registry import Around, truth
from adapter.validation.scope import Scope

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "contained": [{"resourceType": "Organization", "id": "o", "name": "org"}],
    "active": True,
    "name": [{"family": "A", "given": ["B", "C"]}, {"family": "D", "use": "old"}],
    "birthDate": "2009-03",
    "_birthDate": {"extension": [{"url": "http://example.org/x", "valueInteger": 3}]},
    "deceasedDateTime": "2020-01-01T10:00:00+01:00",
    "multipleBirthInteger": 2,
    "gender": "female",
    "managingOrganization": {"reference": "#o"},
}
SCOPE = Scope(Validator().compiler, PATIENT)


@pytest.mark.parametrize(
    "expression",
    [
        "name.count() = 2",
        "name.given.count() = 2 and name.given.first() = 'B'",
        "Patient.name.where(use = 'old').family = 'D'",
        "name.all(family.exists())",
        "name.exists(use = 'old') implies active",
        "name[1].family = 'D'",
        "name.given.join('-') = 'B-C'",
        "deceased.exists() and deceased is dateTime",
        "deceased.ofType(dateTime) > @2019-12-31",
        "(deceased as boolean).empty()",
        "multipleBirth * 2 + 1 = 5 and multipleBirth mod 2 = 0 and 7 div 2 = 3",
        "birthDate.extension('http://example.org/x').value = 3",
        "birthDate.hasValue() and name.hasValue().not()",
        "gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')",
        "managingOrganization.resolve().name = 'org'",
        "managingOrganization.resolve() is Organization",
        "'abc'.matches('^[a-c]+$') and 'abc'.substring(1, 1) = 'b' and 'abc'.indexOf('c') = 2",
        "'a,b'.split(',').count() = 2",
        "(1 | 2 | 2).count() = 2 and 2 in (1 | 2) and (1 | 2) contains 1",
        "name.family.isDistinct() and name.select(family & '!') contains 'A!'",
        "iif(active, 'x', 'y') = 'x'",
        "descendants().where($this = 'org').exists()",
        "%resource.id = 'p' and %context.id = 'p' and $this.id = 'p'",
        "name.family.where($index = 1) = 'D'",
        "{}.empty() and ({} = 1).empty() and ({} or true)",
        "(1 + 1.5) = 2.5 and -1 < 0 and 5 / 2 = 2.5",
        "'A' ~ 'a' and 'A' != 'a'",
        "@2020-01-01 < today() and now() > @2020-01-01T00:00:00Z",
        "name.given.aggregate($total & $this, '') = 'BC'",
        "'12'.toInteger() = 12 and 'x'.toInteger().empty() and '1.5'.convertsToDecimal()",
        "name.tail().family = 'D' and name.last().use = 'old' and name.take(1).skip(1).empty()",
        "name.repeat(given).count() = 2",
        "conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')",
        "// a comment\n active /* another */ = true",
        "name.`given`.exists() xor false",
        "name.family.subsetOf('A' | 'D' | 'E') and ('A' | 'B').intersect('B' | 'C') = 'B'",
        "name.given.exclude('B') = 'C'",
    ],
)
def test_holds(expression: str) -> None:
    assert evaluate_as_boolean(expression, PATIENT, SCOPE) is True


@pytest.mark.parametrize(
    "expression", ["name.empty()", "nothing", "active.not()", "name.count() > 2", "birthDate > @2010"]
)
def test_does_not_hold(expression: str) -> None:
    assert evaluate_as_boolean(expression, PATIENT, SCOPE) is False


@pytest.mark.parametrize(
    "expression",
    [
        "name.(",
        "name.nobodyKnows()",
        "%unknown = 1",
        "name.single()",
        "1 > 'a'",
        "'unclosed",
        "gender.memberOf('http://x.invalid')",
        "a b",
    ],
)
def test_what_cannot_be_evaluated_is_neither(expression: str) -> None:
    assert evaluate_as_boolean(expression, PATIENT, SCOPE) is None
    assert evaluate(expression, PATIENT, SCOPE) is None


def test_every_constraint_of_the_core_types_can_be_read() -> None:
    unread = []
    for kind, url in r4_definitions()._pack.index:
        structure = r4_definitions().find(kind, url) if kind == "StructureDefinition" else None
        for element in (structure or {}).get("snapshot", {}).get("element", []):
            for rule in element.get("constraint", []):
                try:
                    parse(rule.get("expression", "true"))
                except FhirPathError:
                    unread.append((url, rule["key"]))

    assert unread == []


NAMES = st.sampled_from(["a", "b", "c"])
PRESENCE = st.recursive(
    st.tuples(NAMES, st.sampled_from(["exists()", "empty()", "count() > 0", "hasValue()"])).map(".".join),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or", "implies"]), inner).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    ),
    max_leaves=5,
)


@given(
    expression=PRESENCE,
    value=st.dictionaries(st.sampled_from(["a", "bString", "c", "_a", "x"]), st.just("v"), min_size=1),
)
def test_the_quick_answer_is_the_full_answer(expression: str, value: dict[str, str]) -> None:
    quick = make_quick(parse(expression))
    decided = quick(value) if quick else None
    focus = [Item(value)]

    assert decided is None or decided == truth(compiled(expression)(focus, Around(focus, SCOPE)))
