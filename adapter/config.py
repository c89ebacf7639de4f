"""The environment, read once, as one frozen `Settings`. No other file looks at it.

Takes from: errors.  Gives to: bootstrap, the doors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapter.errors import ConfigError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Settings:
    """What the operator decided.

    Shapes:  processes     that serve; several only with PostgreSQL
             threads       requests that a process works on at once; writing ones are half of them
             database_url  SQLAlchemy URL; without one, an SQLite file in the data folder
             packages      FHIR packages, folders or .tgz, whose profiles are enforced when a resource claims them
             sources       folder of declared hospitals; may be missing
             keep_raw_days  how long the bytes of what ended well are kept
             queue_url     where workers are woken: an SQLite file, or the PostgreSQL of several machines
             worker        pulls run "inside" the service, or "outside" it, in `crmo-adapter worker`
             pulls_at_once how many pulls a worker runs at a time
             client_keys   file of the keys with which we ask hospitals for tokens; may be missing
             cache         folder where what is compiled is kept for the next start; None: nothing is kept
             private_key_sets  hosts whose key sets may be read at an address that is not public
             unprotected   serve beyond this machine although nobody has to say who he is
             access        "required": callers say who they are; "open": nobody has to
             public_url    how callers address the service, without a slash at the end
             secret        looks up a secret that a declaration names (a source's token)
    """

    data: Path
    database_url: str = field(repr=False)  # may hold a password
    host: str
    port: int
    processes: int
    threads: int
    mappings: Path
    cache: Path | None
    packages: tuple[Path, ...]
    sources: Path
    pseudonym_key: Path
    sealing_key: Path
    client_keys: Path
    keep_raw_days: int
    queue_url: str = field(repr=False)  # may hold a password
    worker: str
    pulls_at_once: int
    private_key_sets: frozenset[str]
    unprotected: bool
    access: str
    public_url: str
    secret: Callable[[str], str | None] = field(repr=False)


def load_settings(environment: Mapping[str, str] | None = None, **overrides: str | None) -> Settings:
    """Settings from CRMO_* variables; an override (a command's option) goes before its variable.

    Shapes:  overrides  the variable's name without CRMO_, in lower case: data="/srv/crmo", port="8080"
    Errors:  ConfigError naming the variable and what it expects
    """
    known = dict(os.environ if environment is None else environment)
    known |= {f"CRMO_{name.upper()}": value for name, value in overrides.items() if value is not None}
    data = Path(known.get("CRMO_DATA") or "data").absolute()
    host, port = known.get("CRMO_HOST") or "127.0.0.1", _number(known, "CRMO_PORT", 8000, low=0, high=65535)
    database_url = known.get("CRMO_DATABASE_URL") or f"sqlite:///{data / 'registry.db'}"
    return Settings(
        data=data,
        database_url=database_url,
        host=host,
        port=port,
        processes=_number(known, "CRMO_PROCESSES", 1, low=1, high=64),
        threads=_number(known, "CRMO_THREADS", 8, low=1, high=64),
        mappings=_folder(known, "CRMO_MAPPINGS", shipped("mappings")),
        cache=_cache(known),
        packages=_packages(known),
        sources=_folder(known, "CRMO_SOURCES", data / "sources"),
        pseudonym_key=Path(known.get("CRMO_PSEUDONYM_KEY") or data / "keys" / "pseudonym.json").absolute(),
        sealing_key=Path(known.get("CRMO_SEALING_KEY") or data / "keys" / "sealing.json").absolute(),
        client_keys=Path(known.get("CRMO_CLIENT_KEYS") or data / "keys" / "client.json").absolute(),
        keep_raw_days=_number(known, "CRMO_KEEP_RAW_DAYS", 365, low=1, high=36500),
        queue_url=known.get("CRMO_QUEUE_URL") or f"sqlite:///{data / 'queue.db'}",
        worker=_word(known, "CRMO_WORKER", ("inside", "outside"), first_when=database_url.startswith("sqlite")),
        pulls_at_once=_number(known, "CRMO_PULLS_AT_ONCE", 4, low=1, high=64),
        private_key_sets=frozenset((known.get("CRMO_PRIVATE_KEY_SETS") or "").lower().replace(",", " ").split()),
        unprotected=_yes(known, "CRMO_UNPROTECTED"),
        access=_word(known, "CRMO_ACCESS", ("open", "required"), first_when=host in LOOPBACK),
        public_url=(known.get("CRMO_PUBLIC_URL") or f"http://{host}:{port}").rstrip("/"),
        secret=known.get,
    )


def wants_no_colour() -> bool:
    """Source:  https://no-color.org"""
    return bool(os.environ.get("NO_COLOR"))


def ensure_loopback(settings: Settings) -> None:
    """Errors:  ConfigError when the service would be open to a network without anybody having said so"""
    if settings.host not in LOOPBACK and settings.access == "open" and not settings.unprotected:
        raise ConfigError(
            "With CRMO_ACCESS=open nobody has to say who he is, so the service listens on this machine only "
            "(CRMO_HOST=127.0.0.1). Behind a gateway that checks callers, set CRMO_UNPROTECTED=yes."
        )


def ensure_processes(settings: Settings) -> None:
    """Errors:  ConfigError for several processes on SQLite, whose writers starve each other"""
    if settings.processes > 1 and settings.database_url.startswith("sqlite"):
        raise ConfigError(
            f"SQLite has one writer: serve it with one process and CRMO_THREADS threads, not with {settings.processes} "
            "processes. Several processes need PostgreSQL (CRMO_DATABASE_URL)."
        )


def shipped(name: str) -> Path:
    """A folder of declarations that comes with the adapter: inside an installed wheel, beside `adapter/` in a clone."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def _packages(known: Mapping[str, str]) -> tuple[Path, ...]:
    """Our own profiles, and what the operator loads beside them (FR Core, say)."""
    named = [Path(each) for each in (known.get("CRMO_PACKAGES") or "").split(os.pathsep) if each]
    if not all(path.exists() for path in named):
        raise ConfigError(f"CRMO_PACKAGES must name existing FHIR packages, separated by '{os.pathsep}'.")
    return (_folder(known, "CRMO_PROFILES", shipped("profiles")), *(path.absolute() for path in named))


def _cache(known: Mapping[str, str]) -> Path | None:
    """Source:  https://specifications.freedesktop.org/basedir-spec/latest"""
    told, home = known.get("CRMO_CACHE"), known.get("HOME")
    if told == "no" or not (told or home):
        return None
    return Path(told or Path(known.get("XDG_CACHE_HOME") or f"{home}/.cache") / "crmo-adapter").absolute()


def _number(known: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    text = known.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _word(known: Mapping[str, str], name: str, words: tuple[str, str], *, first_when: bool) -> str:
    told = known.get(name) or words[0 if first_when else 1]
    if told not in words:
        raise ConfigError(f"{name} must be {' or '.join(words)}.")
    return told


def _yes(known: Mapping[str, str], name: str) -> bool:
    told = known.get(name) or "no"
    if told not in ("yes", "no"):
        raise ConfigError(f"{name} must be yes or no.")
    return told == "yes"


def _folder(known: Mapping[str, str], name: str, default: Path) -> Path:
    told = known.get(name)
    if told and not Path(told).is_dir():
        raise ConfigError(f"{name} must name an existing folder.")
    return Path(told).absolute() if told else default
