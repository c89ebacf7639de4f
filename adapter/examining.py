"""Examine a hospital's server, keep what was learnt for later pulls, and say what it means for them.

Takes from: errors, hospital, parts, store.  Gives to: pull, cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from adapter.errors import Issue, Json, RemoteError
from adapter.hospital import Patience, Source, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from adapter.hospital.probing import ServerProfile, digest_of, probe_server
from adapter.parts import Parts
from adapter.store import server_profiles

State = Literal["fine", "note", "wrong"]
Finding = tuple[str, State, str]

_EFFECTS: dict[str, tuple[State, str]] = {
    "filters": ("fine", "filters"),
    "ignored": ("note", "is ignored: more comes than was asked for, and is left out here"),
    "zero": (
        "wrong",
        "finds nothing although the server holds a resource that fits: nothing that rests on it is complete",
    ),
    "refused": ("wrong", "is refused"),
    "unproven": ("note", "could not be tried: the server showed no resource to try it on"),
}
_NEXT: dict[str, tuple[State, str]] = {
    "absolute": ("fine", "absolute addresses"),
    "host": ("fine", "relative to the host"),
    "base": ("fine", "relative to the base"),
    "query": ("fine", "a query alone"),
    "elsewhere": ("wrong", "lead to another address, which is refused; see 'addresses'"),
    "none": ("note", "there are none although there is more: pages are asked for by _offset"),
    "unseen": ("note", "nothing was long enough to have one"),
}
_TOTALS: dict[str, tuple[State, str]] = {
    "exact": ("fine", "exact"),
    "wrong": ("wrong", "differs from what comes; completeness is proven by other means, or not at all"),
    "none": ("note", "not told; counts are asked for instead"),
    "unproven": ("note", "told; nothing short enough to check it"),
}


def examine_source(parts: Parts, name: str, patience: Patience | None = None) -> tuple[Source, ServerProfile]:
    """Ask a source's server control questions and store the profile.

    Errors:  UsageError (no such source), ConfigError, RemoteError when the server does not answer or know us
    """
    source = resolve_source(name, parts.sources)
    with open_hospital(source, parts.secret, patience) as hospital:
        profile = probe_server(hospital)
    with parts.store.writing() as connection:
        server_profiles.keep(connection, source.base, profile.as_json(), parts.clock())
    return source, profile


def known_profile(parts: Parts, source: Source) -> tuple[ServerProfile, datetime] | None:
    """What was learnt about a source's server, and when; nothing is asked. None when nobody looked yet."""
    with parts.store.reading() as connection:
        found = server_profiles.find_dated(connection, source.base)
    return (ServerProfile.from_json(found[0]), found[1]) if found else None


def report_profile(source: Source, profile: ServerProfile) -> list[Json]:
    """`explain_profile` as JSON.  Shapes:  [{"what", "state", "detail"}]"""
    return [dict(zip(("what", "state", "detail"), each, strict=True)) for each in explain_profile(source, profile)]


def find_changes(parts: Parts, hospital: Hospital) -> Iterator[Issue]:
    """Does the server still say of itself what it said when it was examined? One question; none when nobody looked."""
    with parts.store.reading() as connection:
        learnt = server_profiles.find(connection, hospital.source.base) or {}
    if not learnt.get("digest"):
        return
    try:
        changed = digest_of(hospital.capabilities()) != learnt["digest"]
    except RemoteError:
        changed = True
    if changed:
        english = "The server says otherwise of itself than when it was examined: run 'crmo-adapter doctor' again."
        french = "Le serveur se décrit autrement que lors de son examen : relancer « crmo-adapter doctor »."
        yield Issue("warning", "informational", "", "pull:server-changed", english, "pull", text_fr=french)


def explain_profile(source: Source, profile: ServerProfile) -> Iterator[Finding]:
    """What each thing learnt means for a pull of this source."""
    yield "software", "fine" if profile.software else "note", profile.software or "not told"
    version = profile.fhir_version
    yield "FHIR version", "fine" if version.startswith("4.") else "note", version or "not told"
    yield from _explain_access(profile)
    yield from _explain_types(source, profile)
    for name, effect in sorted(profile.filters.items()):
        state, text = _EFFECTS[effect]
        # A server that cannot tell by time is crawled whole each time; nothing is lost by that.
        yield f"filter {name}", "note" if state == "wrong" and name.endswith("._lastUpdated") else state, text
    yield "unknown parameter", "fine" if profile.unknown == "refused" else "note", profile.unknown
    yield "page size", *_page_size(source, profile)
    yield "next links", *_NEXT[profile.next_form]
    yield "total", *_TOTALS[profile.total]
    yield "_summary=count", "fine" if profile.count_summary else "note", _yes(profile.count_summary)
    yield "_offset", "fine" if profile.offset else "note", _yes(profile.offset)
    yield "patient=a,b", "fine" if profile.patient_list else "note", _yes(profile.patient_list)
    yield "throttling", "fine", profile.throttling
    yield "bulk export", "fine", "offered" if profile.bulk else "not offered"
    yield "asked", "fine", f"{profile.requests} requests"


def _explain_access(profile: ServerProfile) -> Iterator[Finding]:
    access = profile.access
    yield "authentication", "fine", str(access.get("authentication", "none"))
    if "scopes_granted" in access:
        yield "scopes granted", "fine", " ".join(access["scopes_granted"]) or "not told"
    if missing := access.get("types_missing"):
        yield "scopes", "wrong", f"not granted for {', '.join(missing)}: these cannot be pulled"


def _explain_types(source: Source, profile: ServerProfile) -> Iterator[Finding]:
    for type_ in sorted(source.types):
        held = f", {profile.held[type_]} held" if type_ in profile.held else ""
        if profile.types and type_ not in profile.types:
            yield f"type {type_}", "note", f"not in the CapabilityStatement{held}"
        else:
            yield f"type {type_}", "fine", f"{'listed' if profile.types else 'nothing is listed'}{held}"


def _page_size(source: Source, profile: ServerProfile) -> tuple[State, str]:
    if profile.page_cap is None:
        return "note", "no limit seen"
    if profile.page_cap < source.page_size:
        return "note", f"at most {profile.page_cap}; {source.page_size} are asked for"
    return "fine", f"at most {profile.page_cap}"


def _yes(told: bool | None) -> str:
    return "could not be tried" if told is None else "understood" if told else "not understood"
