"""What an export is asked for: declared by the source, said as a GET with parameters or as a POST of Parameters.

Takes from: errors.  Gives to: hospital.source, bulk.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from adapter.errors import Json

Level = Literal["system", "group", "patient"]

NDJSON = "application/fhir+ndjson"


@dataclass(frozen=True)
class Bulk:
    """How a source declares its export.

    Shapes:  group         id of the Group, at level group
             version       of the Bulk Data guide the server speaks: 2 (types joined by commas) or 3 (repeated)
             post          kick off by POST; needed to name patients
             type_filters  searches that narrow the export; a server may ignore them, so they are only a wish
    """

    level: Level = "system"
    group: str = ""
    version: Literal[2, 3] = 2
    post: bool = False
    type_filters: tuple[str, ...] = ()


def make_bulk(data: Mapping[str, Any]) -> Bulk:
    """From a declaration that its schema accepts."""
    return Bulk(**{**data, "type_filters": tuple(data.get("type_filters", ()))})


@dataclass(frozen=True)
class Request:
    """One kick-off.

    Shapes:  since     an instant of the server's clock; "" for everything
             patients  ids; an empty tuple for all whom the level covers
    """

    bulk: Bulk
    types: tuple[str, ...]
    since: str = ""
    patients: tuple[str, ...] = ()

    @property
    def method(self) -> Literal["GET", "POST"]:
        return "POST" if self.bulk.post or self.patients else "GET"

    def url(self, base: str) -> str:
        """The address to ask, with its parameters when it is a GET."""
        address = f"{base}/{self._path()}"
        if self.method == "POST":
            return address
        return f"{address}?{urlencode([(name, value) for name, value in self._said()], safe=',:/')}"

    def body(self) -> Json | None:
        """A Parameters resource; None for a GET."""
        if self.method == "GET":
            return None
        said = [{"name": name, _VALUES.get(name, "valueString"): value} for name, value in self._said()]
        named = [{"name": "patient", "valueReference": {"reference": f"Patient/{id_}"}} for id_ in self.patients]
        return {"resourceType": "Parameters", "parameter": [*said, *named]}

    def _path(self) -> str:
        if self.bulk.level == "group":
            return f"Group/{quote(self.bulk.group, safe='')}/$export"
        return "Patient/$export" if self.bulk.level == "patient" or self.patients else "$export"

    def _said(self) -> list[tuple[str, str]]:
        """Oracle does not take a repeated _type, and 3.0 deprecates commas in a POST: the version decides."""
        separate = self.bulk.version == 3 and self.method == "POST"
        types = list(self.types) if separate else [",".join(self.types)]
        since = [("_since", self.since)] if self.since else []
        filters = [("_typeFilter", each) for each in self.bulk.type_filters]
        return [("_outputFormat", NDJSON), *since, *(("_type", each) for each in types), *filters]


_VALUES = {"_since": "valueInstant"}
