"""The profiles that are loaded, as pages speak of them: in the reader's language, each rule by its key.

Takes from: conformance.  Gives to: validator, checking.
Source: https://hl7.org/fhir/R4/extension-translation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from adapter.conformance import r4_definitions
from adapter.errors import Issue, Json


@lru_cache(maxsize=4)
def profiles_in(packages: tuple[Path, ...]) -> Mapping[str, Json]:
    """Profiles of resources in the packages, by canonical, in the order of their titles."""
    added = r4_definitions().with_packages(packages).added("StructureDefinition")
    found = [each for each in added if each.get("kind") == "resource" and each.get("derivation") == "constraint"]
    return {each["url"]: each for each in sorted(found, key=lambda each: str(each.get("title") or each["name"]))}


@lru_cache(maxsize=256)
def _rules(packages: tuple[Path, ...], url: str) -> Mapping[str, Json]:
    """The invariants that a profile adds, by key."""
    elements = profiles_in(packages)[url]["snapshot"]["element"]
    rules = (rule for element in elements for rule in element.get("constraint", []))
    return {rule["key"]: rule for rule in rules if rule.get("source") == url}


def rules_of(packages: tuple[Path, ...], profile: Json) -> list[Json]:
    return list(_rules(packages, profile["url"]).values())


def profile_behind(packages: tuple[Path, ...], issue: Issue) -> str:
    """Id of the profile that an issue speaks for; "" for R4's own rules."""
    named, key = issue.profile.partition("|")[0], issue.rule.partition(":")[2]
    for url, profile in profiles_in(packages).items():
        if url == named or (key and key in _rules(packages, url)):
            return str(profile["id"])
    return ""


def said(element: Json, key: str, tongue: str) -> str:
    """A text of a profile in a language, where it was translated."""
    for extension in element.get(f"_{key}", {}).get("extension", []):
        inner = {each["url"]: each for each in extension.get("extension", [])}
        if inner.get("lang", {}).get("valueCode") == tongue:
            return str(next(value for name, value in inner["content"].items() if name.startswith("value")))
    return str(element.get(key, ""))
