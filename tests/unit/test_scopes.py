"""SMART scopes, both versions: read, narrowed, and never widened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.scopes import LETTERS, Scope, may, narrow, parse_scopes

TYPES = ("Patient", "Condition", "*")
scopes = st.lists(
    st.builds(
        lambda type_, letters: Scope(type_, "".join(letter for letter in LETTERS if letter in letters)),
        st.sampled_from(TYPES),
        st.sets(st.sampled_from(LETTERS), min_size=1),
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("system/Patient.read", "system/Patient.rs"),
        ("system/*.write", "system/*.cud"),
        ("system/*.*", "system/*.cruds"),
        ("system/Observation.cu", "system/Observation.cu"),
        ("crmo/watch", "crmo/watch"),
    ],
)
def test_both_versions_say_the_same(text: str, told: str) -> None:
    assert ([str(each) for each in parse_scopes(text)[0]], parse_scopes(text)[1]) == ([told], [])


@pytest.mark.parametrize(
    "text",
    [
        "patient/*.read",
        "user/*.cruds",
        "system/Patient.",
        "system/Patient.uc",
        "system/Patient.sr",
        "system/Patient.readwrite",
        "system/patient.read",
        "system/Patient.rs?x=y",
        "system/*.cruds?_security=secret",
        "launch",
        "openid",
        "system/*",
        "SYSTEM/*.read",
        "system/Patient/1.read",
        "crmo/",
        "crmo/../audit",
    ],
)
def test_other_words_are_no_scopes(text: str) -> None:
    assert parse_scopes(text) == ([], [text])


@given(scopes, scopes, st.sampled_from(("Patient", "Condition", "Procedure")), st.sampled_from(LETTERS))
def test_what_is_granted_was_asked_for_and_registered(
    asked: list[Scope], registered: list[Scope], type_: str, letter: str
) -> None:
    granted = narrow(asked, registered)

    assert may(granted, type_, letter) == (may(asked, type_, letter) and may(registered, type_, letter))
    assert parse_scopes(" ".join(map(str, granted))) == (granted, [])


def test_a_permission_of_ours_is_given_by_its_name_only() -> None:
    registered = parse_scopes("system/*.cruds crmo/watch")[0]

    assert Scope("", "watch") in narrow(parse_scopes("crmo/watch")[0], registered)
    assert narrow(parse_scopes("crmo/audit")[0], registered) == []
