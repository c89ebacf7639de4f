"""Which hospital, and what to ask it: a source, declared in a file or made of a bare address and our defaults.

Takes from: errors, declaration, hospital.origin.  Gives to: the rest of this room, pull, cli.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from adapter.errors import ConfigError
from adapter.hospital.bulk.request import Bulk
from adapter.hospital.opposition import Opposition
from adapter.hospital.politeness import Politeness
from adapter.hospital.search import Search

if TYPE_CHECKING:
    from adapter.tokens import Algorithm

AuthenticationKind = Literal["none", "bearer", "basic", "client-secret", "smart-backend-services", "mutual-tls"]
_MAX_SECRET_BYTES = 65_536


@dataclass(frozen=True)
class Timeouts:
    """Units:  seconds; `answer` bounds one whole answer, so that a dripping server cannot hold us."""

    connect_seconds: float
    read_seconds: float
    answer_seconds: float


@dataclass(frozen=True)
class Secret:
    """Where a secret is kept: in a variable of the environment, or in a file. Never in a declaration."""

    variable: str = ""
    file: Path | None = None

    def read(self, lookup: Callable[[str], str | None]) -> str:
        """The secret as it is now.

        Errors:  ConfigError when it is not there, or is in a file that everybody can read
        """
        text = self._read_file(self.file) if self.file else lookup(self.variable) or ""
        secret = text.strip()
        if not secret or any(ord(sign) < 32 or ord(sign) == 127 for sign in secret):
            place = f"file {self.file.name}" if self.file else f"variable {self.variable}"
            raise ConfigError(f"The {place} holds no secret (one line of text).")
        return secret

    def _read_file(self, file: Path) -> str:
        try:
            if file.stat().st_mode & 0o007:
                raise ConfigError(f"The file {file.name} holds a secret and can be read by everybody: chmod 600 it.")
            with file.open(encoding="utf-8") as opened:
                return opened.read(_MAX_SECRET_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The file {file.name} with a secret cannot be read ({type(error).__name__}).") from None


@dataclass(frozen=True)
class Authentication:
    """How we make ourselves known.

    Shapes:  secret          bearer token, password or client secret, by kind
             user            user name (basic) or client id (client-secret, smart-backend-services)
             in_body         client-secret: send it in the form, not in an Authorization header
             token_endpoint  "" when the server's smart-configuration is to name it
             scopes          asked for to the letter; empty: made from the types wanted
             algorithm       None: what the server takes and we have a key for
             keys            file of our client keys
             key_set_url     told as jku
    """

    kind: AuthenticationKind = "none"
    secret: Secret | None = None
    user: str = ""
    in_body: bool = False
    token_endpoint: str = ""
    scopes: tuple[str, ...] = ()
    algorithm: Algorithm | None = None
    keys: Path | None = None
    key_set_url: str = ""


@dataclass(frozen=True)
class Tls:
    """Our client certificate with its key, and whom else we trust to vouch for servers; PEM files."""

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None


@dataclass(frozen=True)
class Addresses:
    """Further addresses a server may send us to.

    Shapes:  trusted  get our credentials as well (of the same hospital)
             open     are asked without any (where bulk files lie)
    """

    trusted: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A hospital server, ready to be opened.

    Shapes:  base        without a slash at the end
             candidates  searches that find the patients worth collecting
             collect     searches made per patient; `patient` is added to each
             headers     further headers that are secrets, such as a gateway's key
             bulk        how everything is exported at once; None: the source is searched
             overlay     what of the mappings is different for this source; "" nothing; overlay_at  file:line:col of it
    """

    name: str
    base: str
    centre: str
    candidates: tuple[Search, ...]
    collect: tuple[Search, ...]
    page_size: int
    timeouts: Timeouts
    max_answer_bytes: int
    authentication: Authentication = Authentication()
    headers: Mapping[str, Secret] = field(default_factory=dict)
    tls: Tls = Tls()
    addresses: Addresses = Addresses()
    politeness: Politeness = field(default_factory=Politeness)
    opposition: Opposition | None = None
    bulk: Bulk | None = None
    overlay: str = ""
    overlay_at: str = ""

    @property
    def types(self) -> frozenset[str]:
        """Resource types a pull reads."""
        asked = {search.type for search in (*self.candidates, *self.collect)}
        consent = {"Consent"} if self.opposition and self.opposition.asks_consents else set()
        medication = {"Medication"} if asked & {"MedicationStatement", "MedicationRequest"} else set()
        return frozenset({"Patient"} | asked | medication | consent)
