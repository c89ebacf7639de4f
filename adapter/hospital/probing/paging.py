"""How a server pages and counts.

Takes from: errors, hospital.origin, hospital.matching, probing.interview.  Gives to: probing.probe.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from adapter.errors import Json, RemoteError
from adapter.hospital.matching import patient_of
from adapter.hospital.origin import resolve_link
from adapter.hospital.probing.interview import Interview
from adapter.hospital.probing.profile import NextForm, TotalKind

_MUCH = 1000


def form_of(link: str, base: str) -> NextForm:
    """How a next link is written."""
    try:
        resolve_link(link, base, f"{base}/Condition")
    except RemoteError:
        return "elsewhere"
    if urlsplit(link).scheme or link.startswith("//"):
        return "absolute"
    return "query" if link.startswith("?") else "host" if link.startswith("/") else "base"


def try_next(interview: Interview, type_: str) -> NextForm:
    """Asked for one match where there are several, does the server say where the next one is?"""
    page = interview.search(type_, {"_count": "1"})
    if page is None:
        return "unseen"
    if page.next:
        return form_of(page.next, interview.hospital.source.base)
    return "none" if len(page.matches) == 1 and _are_several(interview, type_) else "unseen"


def try_cap(interview: Interview, type_: str) -> int | None:
    """The most matches the server puts on a page, when it has more of this type."""
    page = interview.search(type_, {"_count": str(_MUCH)})
    if page is None or not page.matches:
        return None
    more = page.next is not None or (page.total or 0) > len(page.matches)
    return len(page.matches) if more and len(page.matches) < _MUCH else None


def try_total(interview: Interview, type_: str, held: int | None) -> TotalKind:
    """Is the total right? Told by a patient's resources, which fit a page."""
    for patient in _patients(interview.samples.get(type_, [])):
        page = interview.search(type_, {"patient": patient, "_count": "200"})
        if page is None or page.next or not page.matches:
            continue
        if page.total is None:
            return "none"
        return "exact" if page.total == len({each.get("id") for each in page.matches}) else "wrong"
    return "unproven" if held is not None else "none"


def try_offset(interview: Interview, type_: str) -> bool | None:
    """Does _offset lead to another match? None when there are too few to tell."""
    if not _are_several(interview, type_):
        return None
    first = interview.search(type_, {"_count": "1"})
    second = interview.search(type_, {"_count": "1", "_offset": "1"})
    if first is None or not first.matches or second is None:
        return None if first is None or not first.matches else False
    return bool(second.matches) and second.matches[0].get("id") != first.matches[0].get("id")


def try_patient_list(interview: Interview, type_: str) -> bool | None:
    """Do two patients in one search find what both find alone? None when there are not two to try it on."""
    pair = _patients(interview.samples.get(type_, []))[:2]
    if len(pair) < 2:
        return None
    alone = [_ids(interview, type_, each) for each in pair]
    both = _ids(interview, type_, ",".join(pair))
    if None in alone:
        return None
    return both == set().union(*(each or set() for each in alone))


def _are_several(interview: Interview, type_: str) -> bool:
    return len({each.get("id") for each in interview.samples.get(type_, [])}) > 1


def _ids(interview: Interview, type_: str, patients: str) -> set[str] | None:
    """Ids of a search that fits a page; None when it is refused or does not fit."""
    page = interview.search(type_, {"patient": patients, "_count": "200"})
    return None if page is None or page.next else {str(each.get("id")) for each in page.matches}


def _patients(samples: list[Json]) -> list[str]:
    return list(dict.fromkeys(patient for each in samples if (patient := patient_of(each))))
