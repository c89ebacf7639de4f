"""Sources as people declare them: files of a folder, checked with file and line, or a bare address with our defaults.

Takes from: errors, declaration, hospital.source and what it is made of.  Gives to: pull, bootstrap, cli.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapter.declaration import Declaration, Pointer, find_violations, load_declaration
from adapter.errors import ConfigError, DeclarationError, Json, UsageError
from adapter.hospital.bulk.request import make_bulk
from adapter.hospital.opposition import ConsentRule, Opposition
from adapter.hospital.origin import host_of, is_loopback, origin_of
from adapter.hospital.politeness import DAYS, Politeness, QuietHours
from adapter.hospital.search import Search
from adapter.hospital.source import Addresses, Authentication, Secret, Source, Timeouts, Tls

_DEFAULTS = "default-source.yaml"


def load_sources(folder: Path | None, client_keys: Path | None = None) -> dict[str, Source]:
    """The declared sources of a folder by name; none when there is no folder.

    Shapes:  client_keys  file of our client keys, for sources that name none of their own
    Errors:  DeclarationError with file:line (schema; a name twice; R102 no address; R104 plain http; R105 quiet hours)
    """
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder and folder.is_dir() else []
    sources: dict[str, Source] = {}
    for file in files:
        source = load_source(file, client_keys)
        if source.name in sources:
            raise DeclarationError(f"{_read(file).at(('source',))} R101 source '{source.name}' is declared twice")
        sources[source.name] = source
    return sources


def load_source(file: Path, client_keys: Path | None = None) -> Source:
    """One declaration.  Errors:  DeclarationError, as `load_sources`"""
    declaration = _read(file)
    problems = [f"{declaration.at(place)} {problem}" for place, problem in _problems(declaration)]
    if problems:
        raise DeclarationError(problems)
    source = _make_source({**_defaults(), **declaration.data}, file.parent, client_keys)
    return replace(source, overlay_at=declaration.at(("overlay",)))


def _read(file: Path) -> Declaration:
    """Held against the schema without repeating what stands there: somebody may have written a secret down."""
    declaration = load_declaration(file)
    wrong = sorted(find_violations("source", declaration.data), key=lambda each: declaration.line(each.pointer))
    if wrong:
        raise DeclarationError(f"{declaration.at(each.pointer)} S001 {each.expected}" for each in wrong)
    return declaration


def resolve_source(name_or_base: str, sources: Mapping[str, Source]) -> Source:
    """A declared source by its name, or the defaults aimed at a FHIR base address.

    Errors:  UsageError when it is neither
    """
    if name_or_base in sources:
        return sources[name_or_base]
    problem = _base_problem(name_or_base)
    if problem:
        known = ", ".join(sorted(sources)) or "none"
        raise UsageError(f"the source is neither declared (declared: {known}) nor a FHIR base address: {problem}")
    base = name_or_base.rstrip("/")
    return _make_source({**_defaults(), "source": host_of(base), "base": base}, Path(), None)


def _problems(declaration: Declaration) -> list[tuple[Pointer, str]]:
    """What the schema cannot say."""
    data: Json = declaration.data
    told = data.get("authentication", {})
    addresses = data.get("addresses", {})
    places: list[Pointer] = [("base",)]
    places += [("authentication", "token_endpoint")] if "token_endpoint" in told else []
    for kind in ("with_credentials", "without_credentials"):
        places += [("addresses", kind, number) for number in range(len(addresses.get(kind, [])))]
    found: list[tuple[Pointer, str]] = []
    for place in places:
        address = _at(data, place)
        if problem := _base_problem(address):
            found.append((place, f"R102 {problem}"))
        elif urlsplit(address).scheme != "https" and not is_loopback(address) and not data.get("allow_plain_http"):
            found.append((place, "R104 beyond this machine only https is spoken (or say allow_plain_http: true)"))
    if "quiet_hours" in data.get("politeness", {}) and (problem := _quiet_problem(data["politeness"]["quiet_hours"])):
        found.append((("politeness", "quiet_hours"), f"R105 {problem}"))
    if told.get("type") == "mutual-tls" and "certificate" not in data.get("tls", {}):
        found.append((("authentication", "type"), "R106 mutual-tls needs tls: {certificate, key}"))
    return found


def _at(data: Any, place: Pointer) -> str:
    for step in place:
        data = data[step]
    return str(data)


def _quiet_problem(told: Json) -> str:
    try:
        ZoneInfo(told["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "the zone is not one of the IANA time zones"
    return "from and to are the same" if told["from"] == told["to"] else ""


def _make_source(data: Json, folder: Path, client_keys: Path | None) -> Source:
    collect = [*data["collect"], *(data["medication_requests"] if data.get("use_medication_requests") else [])]
    return Source(
        name=data["source"],
        base=data["base"].rstrip("/"),
        centre=data.get("centre", ""),
        candidates=tuple(_search(each) for each in data["candidates"]),
        collect=tuple(_search(each) for each in collect),
        page_size=data["page_size"],
        timeouts=Timeouts(**{**_defaults()["timeouts"], **data["timeouts"]}),
        max_answer_bytes=data["max_answer_bytes"],
        authentication=_authentication(data.get("authentication", {}), folder, client_keys),
        headers={name: _secret(each, folder) for name, each in data.get("headers", {}).items()},
        tls=Tls(**{name: _file(path, folder) for name, path in data.get("tls", {}).items()}),
        addresses=_addresses(data.get("addresses", {})),
        politeness=_politeness({**_defaults()["politeness"], **data["politeness"]}),
        opposition=_opposition(data.get("opposition"), folder),
        bulk=make_bulk(data["bulk"]) if "bulk" in data else None,
        overlay=data.get("overlay", ""),
    )


def _authentication(told: Json, folder: Path, client_keys: Path | None) -> Authentication:
    kept = next((told[name] for name in ("token", "password", "client_secret") if name in told), None)
    return Authentication(
        kind=told.get("type", "none"),
        secret=_secret(kept, folder) if kept else None,
        user=told.get("user") or told.get("client_id") or "",
        in_body=told.get("send_secret") == "in-body",
        token_endpoint=told.get("token_endpoint", ""),
        scopes=tuple(told.get("scopes", ())),
        algorithm=told.get("algorithm"),
        keys=_file(told["keys"], folder) if "keys" in told else client_keys,
        key_set_url=told.get("key_set_url", ""),
    )


def _secret(told: Json, folder: Path) -> Secret:
    return Secret(told.get("variable", ""), _file(told["file"], folder) if "file" in told else None)


def _file(path: str, folder: Path) -> Path:
    """Relative paths start where the declaration lies."""
    return folder / path


def _addresses(told: Json) -> Addresses:
    return Addresses(tuple(told.get("with_credentials", ())), tuple(told.get("without_credentials", ())))


def _politeness(told: Json) -> Politeness:
    quiet = told.get("quiet_hours")
    return Politeness(told["connections"], told.get("requests_per_second"), _quiet_hours(quiet) if quiet else None)


def _quiet_hours(told: Json) -> QuietHours:
    start, end = time.fromisoformat(told["from"]), time.fromisoformat(told["to"])
    return QuietHours(start, end, ZoneInfo(told["zone"]), tuple(told.get("days", DAYS)))


def _opposition(told: Json | None, folder: Path) -> Opposition | None:
    if told is None:
        return None
    consents = told.get("consents")
    return Opposition(
        labels=tuple(told.get("labels", ())),
        consents=_consent_rule(consents) if consents is not None else None,
        listed=_file(told["list"], folder) if "list" in told else None,
    )


def _consent_rule(told: Json) -> ConsentRule:
    parameters = {name: _values(value) for name, value in told.get("parameters", {}).items()}
    return ConsentRule(parameters, frozenset(told.get("codes", ())), told.get("required", False))


def _search(data: Json) -> Search:
    parameters = data.get("parameters", {})
    return Search(data["type"], {name: _values(value) for name, value in parameters.items()})


def _values(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _base_problem(base: str) -> str:
    try:
        origin_of(base)
    except ValueError as error:
        return str(error)
    parts = urlsplit(base)
    return "a base address has no query and no fragment" if parts.query or parts.fragment else ""


@cache
def _defaults() -> Json:
    with resources.as_file(resources.files("adapter.hospital").joinpath(_DEFAULTS)) as path:
        data: Json = load_declaration(path, "source-defaults").data
    if not data["candidates"]:
        raise ConfigError("the default source finds no candidates")
    return data
