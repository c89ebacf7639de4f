"""The one room that turns a hospital's identifiers into the registry's pseudonym, with a key that stays in its file.

Takes from: errors, canonical, resource, keyfile.  Gives to: inbound, bootstrap.
Source: https://hl7.org/fhir/R4/datatypes.html#Identifier; FR Core: the billing number (NSS) and the national health
identifier (INS) share one OID and are told apart by type and use only
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path

from adapter.canonical import BASE
from adapter.errors import ConfigError, Json
from adapter.keyfile import load_keys
from adapter.resource import dump_json

CASE_IDENTIFIER = f"{BASE}/identifier/case"
_CASE_ID = re.compile(r"[!-~]{1,128}\Z")

_INS_SYSTEMS = tuple(f"urn:oid:1.2.250.1.213.1.4.{last}" for last in ("2", "8", "9", "10", "11"))
_INS_TYPES = ("INS-NIR", "INS-NIA", "INS-NIR-TEST", "INS-NIR-DEMO")
# A child's billing number is the parent's: two children of one family would become one case.
_NEVER_TYPES = ("NH", "SS")
_NEVER_USES = ("old", "temp")
_LOCAL_TYPES = ("PI", "MR")


@dataclass(frozen=True)
class Pseudonyms:
    """Makes pseudonyms under one key.

    Shapes:  key_id  says which key made a pseudonym, without telling the key
    """

    key_id: str
    _key: bytes = field(repr=False)

    def case_id(self, patient: Json, *, source: str, full_url: str = "") -> str | None:
        """The registry's id for a Patient of a source; None when nothing about it would be the same next time.

        Our own identifier, when the Patient carries it, is taken as it is: that is a case coming home.

        Shapes:  full_url  of the Bundle entry; a RESTful one tells the id of a Patient that has none
        """
        if known := find_case_identifier(patient):
            return known
        mark = _best_identifier(patient) or _logical_id(patient, full_url)
        return self._opaque([source, *mark]) if mark else None

    def message_mark(self, identifier: list[str]) -> str:
        """What a Bundle.identifier [system, value] is known by: it may well be made of a patient's number."""
        return hmac.new(self._key, dump_json(["message", *identifier]), hashlib.sha256).hexdigest()

    def _opaque(self, mark: list[str]) -> str:
        digest = hmac.digest(self._key, dump_json(["case", *mark]), hashlib.sha256)
        return f"C-{base64.b32encode(digest)[:20].decode()}"


def find_case_identifier(patient: Json) -> str | None:
    """The pseudonym of a Patient that the registry itself once sent out."""
    values = [each.get("value") for each in _identifiers(patient) if each.get("system") == CASE_IDENTIFIER]
    return next((value for value in values if isinstance(value, str) and _CASE_ID.match(value)), None)


def _identifiers(patient: Json) -> list[Json]:
    found = patient.get("identifier")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _best_identifier(patient: Json) -> list[str] | None:
    """[type, system, value] of the identifier that is likeliest to stay: the hospital's own patient number first.

    A national identifier often comes weeks after the first message; preferring it would split the case then.
    """
    ranked = sorted(each for identifier in _identifiers(patient) if (each := _ranked(identifier)))
    return list(ranked[0][1:]) if ranked else None


def _ranked(identifier: Json) -> tuple[int, str, str, str] | None:
    value, system = identifier.get("value"), identifier.get("system")
    if not isinstance(value, str) or not value.strip() or not isinstance(system, str):
        return None
    types = _type_codes(identifier)
    if identifier.get("use") in _NEVER_USES or any(code in _NEVER_TYPES for code in types):
        return None
    value = value.strip()
    if system in _INS_SYSTEMS:
        known = next((code for code in types if code in _INS_TYPES), None)
        return (3, known, system, value[:13]) if known else None
    local = next((code for code in types if code in _LOCAL_TYPES), None)
    if local:
        return (1 if identifier.get("use") != "secondary" else 2, local, system, value)
    return (2, next(iter(types), ""), system, value)


def _type_codes(identifier: Json) -> list[str]:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    codes = [each.get("code") for each in codings if isinstance(each, dict)] if isinstance(codings, list) else []
    return [code for code in codes if isinstance(code, str)]


def _logical_id(patient: Json, full_url: str) -> list[str] | None:
    if isinstance(own := patient.get("id"), str) and own:
        return ["id", "", own]
    told = re.search(r"/Patient/([A-Za-z0-9\-.]{1,64})\Z", full_url)
    return ["id", "", told[1]] if told else None


def load_pseudonyms(file: Path) -> Pseudonyms:
    """Read the key; make one, readable by its owner only, when there is none yet.

    Errors:  ConfigError when the file can be read by others, or does not hold a key
    """
    keys = load_keys(file)
    if len(keys.secrets) > 1:
        raise ConfigError(f"The key file {file.name} holds several keys: a pseudonym is made with one.")
    return Pseudonyms(keys.current, keys.secrets[keys.current])
