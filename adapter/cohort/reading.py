"""Which fields of the case a derived variable looks at, through every variable it asks.

Takes from: case, cohort.derivation.  Gives to: describing.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.case.fields import list_fields, read_field
from adapter.errors import Json

# Words whose value is a field of the case, or the list that holds what is counted.
_FIELDS = ("field", "word", "from", "to", "years", "list", "first", "sites", "silent", "not_in", "lines", "not_before")
_ASKED = ("number", "no", "else", "all", "any", "groups", "unusable")
_SAID_BY = {"measured": "laboratory", "line": "treatments", "started": "treatments"}
# An onset given as an age is a date only beside the birth.
_BESIDE = {"diagnosis.onset": "patient.birth_date"}


def fields_of(name: str, variables: Json) -> list[str]:
    """The fields in the order in which they are looked at; a list stands for its members.

    Shapes:  variables  as declared in derived.yaml
    """
    rule = variables[name]["rule"]
    found = [str(rule[word]) for word in _FIELDS if word in rule] + [
        _SAID_BY[word] for word in _SAID_BY if word in rule
    ]
    found += [_BESIDE[field] for field in found if field in _BESIDE]
    for asked in (rule[word] for word in _ASKED if word in rule):
        names = [asked] if isinstance(asked, str) else asked.values() if isinstance(asked, dict) else asked
        found += [field for each in names for field in fields_of(each, variables)]
    return list(dict.fromkeys(found))


def places_of(name: str, variables: Json, case: Json) -> Iterator[str]:
    """JSON pointers of what a case says in these fields; nothing where it is silent."""
    for field in fields_of(name, variables):
        members = f"{field}[]" if field in list_fields() else field
        for pointer, held in read_field(case, members):
            yield f"{pointer}/{next(iter(held))}" if field == "diagnosis.onset" and held else pointer
