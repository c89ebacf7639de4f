"""Who is in a Bundle, and which entry a reference means.

Takes from: nothing.  Gives to: validation.resources, validation.references, validation.documents.
Source: https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

import re

from adapter.errors import Json

REST = re.compile(r"(https?://.*?)/?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")


class BundleIndex:
    """The resources of a Bundle by full URL, by type and id, and the full URL of each."""

    def __init__(self, bundle: Json) -> None:
        self.bundle = bundle
        self.by_url: dict[str, list[Json]] = {}
        self.by_id: dict[str, list[Json]] = {}
        self.base_of: dict[int, str] = {}
        self._found: dict[tuple[str, str], list[Json]] = {}
        listed = bundle.get("entry")
        for entry in listed if type(listed) is list else ():
            resource = entry.get("resource") if type(entry) is dict else None
            if type(resource) is dict:
                self._add(entry, resource)

    def _add(self, entry: Json, resource: Json) -> None:
        url = entry.get("fullUrl")
        if type(url) is str:
            self.by_url.setdefault(url, []).append(resource)
            base = REST.fullmatch(url)
            if base is not None:
                self.base_of[id(resource)] = base[1]
        self.by_id.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", []).append(resource)

    def candidates(self, text: str, source: Json) -> list[Json]:
        """Every entry a reference may mean, by the rules for full URLs; by type and id when they leave it open."""
        base = self.base_of.get(id(source), "")
        key = (text, base)
        if key not in self._found:
            self._found[key] = self._candidates(text.partition("#")[0], base)
        return self._found[key]

    def _candidates(self, text: str, base: str) -> list[Json]:
        if found := self.by_url.get(text):
            return found
        local = _LOCAL.fullmatch(text)
        if local is None:
            plain = text.partition("/_history/")[0]
            return _of_version(self.by_url.get(plain, []), text.partition("/_history/")[2])
        if base:
            absolute = f"{base}/{local[1]}/{local[2]}"
            return _of_version(self.by_url.get(f"{base}/{text}") or self.by_url.get(absolute, []), local[3])
        return _of_version(self.by_id.get(f"{local[1]}/{local[2]}", []), local[3])

    def resolve(self, text: str, source: Json) -> Json | None:
        found = self.candidates(text, source)
        if not found and (local := _LOCAL.fullmatch(text)):
            found = self.by_id.get(f"{local[1]}/{local[2]}", [])
        return found[0] if found else None


def _of_version(resources: list[Json], version: str | None) -> list[Json]:
    if not version:
        return resources
    return [r for r in resources if type(r.get("meta")) is dict and r["meta"].get("versionId") == version]
