"""Which hospital, and what to ask it: sources as declarations, or a bare address with our defaults.

Takes from: errors, declaration.  Gives to: hospital.client, pull, cli.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from adapter.declaration import Declaration, load_declaration
from adapter.errors import ConfigError, DeclarationError, Json, NotSupportedError, UsageError
from adapter.hospital.origin import host_of, origin_of

_DEFAULTS = "default-source.yaml"


@dataclass(frozen=True)
class Search:
    """One question to a server: a type with its parameters.

    Shapes:  parameters  name -> values that are ORed
    """

    type: str
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Timeouts:
    """Units:  seconds; `answer` bounds one whole answer, so that a dripping server cannot hold us."""

    connect_seconds: float
    read_seconds: float
    answer_seconds: float


@dataclass(frozen=True)
class Source:
    """A hospital server, ready to be opened.

    Shapes:  base            without a slash at the end
             candidates      searches that find the patients worth collecting
             collect         searches made per patient; `patient` is added to each
             token_variable  name of the secret that holds a bearer token; "" without
    """

    name: str
    base: str
    centre: str
    candidates: tuple[Search, ...]
    collect: tuple[Search, ...]
    page_size: int
    timeouts: Timeouts
    max_answer_bytes: int
    token_variable: str = ""


def load_sources(folder: Path | None) -> dict[str, Source]:
    """The declared sources of a folder by name; none when there is no folder.

    Errors:  DeclarationError with file:line (schema, a name twice, a base that is no address), NotSupportedError
    """
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder and folder.is_dir() else []
    sources: dict[str, Source] = {}
    for file in files:
        declaration = load_declaration(file, "source")
        source = _make_source(declaration)
        if source.name in sources:
            raise DeclarationError(f"{declaration.at(('source',))} R101 source '{source.name}' is declared twice")
        sources[source.name] = source
    return sources


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
    return _source_of({**_defaults(), "source": host_of(base), "base": base})


def _make_source(declaration: Declaration) -> Source:
    data = declaration.data
    if problem := _base_problem(data["base"]):
        raise DeclarationError(f"{declaration.at(('base',))} R102 {problem}")
    kind = data.get("authentication", {}).get("type", "none")
    if kind not in ("none", "bearer"):
        place = declaration.at(("authentication", "type"))
        raise NotSupportedError(f"{place} R103 authentication '{kind}' is not supported yet; use 'bearer' or 'none'")
    if kind == "bearer" and urlsplit(data["base"]).scheme != "https" and not data.get("allow_plain_http"):
        raise DeclarationError(
            f"{declaration.at(('base',))} R104 a token is only sent over https (or say allow_plain_http: true)"
        )
    return _source_of({**_defaults(), **data})


def _source_of(data: Json) -> Source:
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
        token_variable=data.get("authentication", {}).get("token_variable", ""),
    )


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
