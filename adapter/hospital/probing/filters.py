"""Does a search parameter filter? Tried on a resource the server has shown, and on a value nobody has.

Takes from: errors, hospital.matching, probing.interview.  Gives to: probing.probe.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.errors import Json
from adapter.hospital.answers import Page
from adapter.hospital.matching import patient_of, token_of
from adapter.hospital.probing.interview import Interview
from adapter.hospital.probing.profile import Effect
from adapter.hospital.source import Source

# Values that no hospital has: an id, a token and a time.
_NOBODY, _NOTHING, _NEVER = "crmo-control-nobody", "urn:crmo:control|nothing", "gt2999-01-01"
_CONTROLS = ("_include", "_revinclude", "_count", "_sort", "_summary", "_elements", "_total", "_format")
_REFERENCES = ("patient", "subject")
# A filter that works answers a value with few; more than this we do not look through.
_LOOKED_AT = "200"


def parameters_used(source: Source) -> list[tuple[str, str]]:
    """(type, parameter) of every filter that a pull of this source rests on, and those that make later pulls short."""
    used = [(search.type, name) for search in (*source.candidates, *source.collect) for name in search.parameters]
    used += [(search.type, "patient") for search in source.collect]
    used += [("Patient", "_id"), *((each, "_lastUpdated") for each in sorted(source.types & {"Condition", "Patient"}))]
    return [pair for pair in dict.fromkeys(used) if pair[1].partition(":")[0] not in _CONTROLS]


def try_filter(interview: Interview, type_: str, name: str) -> Effect:
    """What one parameter does on this server."""
    sample, value, other = next(_trials(interview.samples.get(type_, []), name), (None, "", ""))
    if sample is None:
        return "unproven"
    found = interview.search(type_, {name: value, "_count": _LOOKED_AT})
    if found is None:
        return "refused"
    if not any(each.get("id") == sample.get("id") for each in found.matches):
        return "unproven" if found.next or found.matches else "zero"
    nothing = interview.search(type_, {name: other, "_count": "1"})
    if nothing is None:
        return "unproven"
    return "ignored" if _is_something(nothing) else "filters"


def try_unknown(interview: Interview, type_: str) -> Effect:
    """What a server does with a parameter that does not exist; strict ones refuse it."""
    page = interview.search(type_, {"crmo-control": "x", "_count": "1"})
    return "refused" if page is None else "ignored" if _is_something(page) else "zero"


def _is_something(page: Page) -> bool:
    return bool(page.matches) or bool(page.total)


def _trials(samples: list[Json], name: str) -> Iterator[tuple[Json, str, str]]:
    """A resource, a value that must find it, and one that must find nothing."""
    for sample in samples:
        if name in _REFERENCES and (patient := patient_of(sample)):
            yield sample, patient, _NOBODY
        elif name == "_id" and isinstance(sample.get("id"), str):
            yield sample, sample["id"], _NOBODY
        elif name == "_lastUpdated":
            moment = (sample.get("meta") or {}).get("lastUpdated")
            if isinstance(moment, str) and moment:
                yield sample, f"ge{moment[:4]}-01-01", _NEVER
        elif name not in _REFERENCES and (token := token_of(sample, name)):
            yield sample, token.replace(",", "\\,"), _NOTHING
