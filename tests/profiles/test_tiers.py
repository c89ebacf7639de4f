"""Every rule and every place the mapping reads says what an error there costs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from adapter.declaration import load_schema
from tests.profiles.build import PROFILES
from tests.profiles.examples import profile_of
from tests.profiles.pages import ORDER, tier_of
from tests.profiles.terminology import Sources

Json = dict[str, Any]

TIERS = yaml.safe_load((PROFILES / "tiers.yaml").read_text(encoding="utf-8"))["profiles"]
SOURCES = Sources()


def structure(profile: str) -> Json:
    return dict(json.loads((PROFILES / f"StructureDefinition-{profile}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("profile", ORDER)
def test_tiers_name_elements_of_the_profile(profile: str) -> None:
    known = {element["id"] for element in structure(profile)["snapshot"]["element"]}
    assert set(TIERS[profile]["elements"]) <= known


@pytest.mark.parametrize("profile", ORDER)
def test_every_rule_has_a_tier(profile: str) -> None:
    constraints = structure(profile)["snapshot"]["element"][0]["constraint"]
    assert set(TIERS[profile]["rules"]) == {each["key"] for each in constraints if each["key"].startswith("crmo-")}


@pytest.mark.parametrize("profile", ORDER)
def test_every_element_a_case_cannot_do_without_blocks(profile: str) -> None:
    """What the profile demands beyond R4 is demanded because the case needs it."""
    own = {e["id"]: e for e in structure(profile)["differential"]["element"]}
    demanded = {i for i, e in own.items() if e.get("min", 0) > 0 and "." in i and ":" not in i}
    assert {i for i in demanded if tier_of(i, TIERS[profile]["elements"]).get("tier") != "blocks"} == set()


def test_tiers_name_fields_of_the_case() -> None:
    tiers = [tier for each in TIERS.values() for kind in ("elements", "rules") for tier in each[kind].values()]
    assert {tier["tier"] for tier in tiers} == {"blocks", "costs"}
    assert {field for tier in tiers for field in tier["fields"] if not _is_field(field)} == set()


def _is_field(name: str) -> bool:
    schema: Any = load_schema("case")
    for part in name.split("."):
        bare = part.removesuffix("[]")
        if bare not in schema.get("properties", {}):
            return False
        schema = schema["properties"][bare]
        schema = schema["items"] if part.endswith("[]") else schema
    return True


def test_every_place_a_mapping_reads_has_a_tier() -> None:
    read = {
        (profile_of(_resource(each)).rpartition("/")[2], _element(each["resource"], rule["fhir"]))
        for each in SOURCES.maps
        for rule in _rules(each["rules"])
    }
    assert len(read) > 40
    assert {(profile, place) for profile, place in read if not tier_of(place, TIERS[profile]["elements"])} == set()


def _resource(mapping: Json) -> Json:
    code = "clinical-lesion" if mapping["map"].endswith("lesions") else mapping["map"]
    return {"resourceType": mapping["resource"], "code": {"coding": [{"code": code}]}}


def _rules(rules: list[Json]) -> list[Json]:
    """The rules that read a field; alternatives each for itself."""
    found: list[Json] = []
    for rule in rules:
        inner = rule.get("choice") or rule.get("first")
        found += (
            _rules(inner)
            if inner
            else [rule]
            if rule.get("fhir", ".") != "." and ("case" in rule or "use" in rule)
            else []
        )
    return [rule for rule in found if rule.get("direction") != "to-fhir"]


_SLICES = {
    "extension[http://hl7.org/fhir/StructureDefinition/condition-assertedDate]": "extension:assertedDate",
    "extension[comorbidity-timing]": "extension:comorbidityTiming",
    "extension[whole-body]": "extension:wholeBody",
    "extension[imaging-region]": "extension:imagingRegion",
    "extension[treatment-line]": "extension:treatmentLine",
    "extension[inclusion-date]": "extension:inclusionDate",
    "extension[opposition]": "extension:opposition",
    "identifier[case]": "identifier:case",
    "identifier[study]": "identifier:study",
    "coding[crmo-role]": "coding:role",
    "coding[crmo-other-diagnosis]": "coding:explanation",
    "component[code=crmo-observation|lesion-active]": "component:active",
}
_CHOICE = r"\1[x]"
_CHOICES = re.compile(r"\b(onset|deceased|performed|effective|value|medication)(?=[A-Z])\w+")


def _element(resource: str, path: str) -> str:
    """The element id of a place as a mapping names it."""
    for written, sliced in _SLICES.items():
        path = path.replace(written, sliced)
    plain = re.sub(r"\[[^\]]*\]", "", path.removeprefix("_")).partition(".resolve()")[0]
    head, dot, rest = plain.partition(".")
    return f"{resource}.{_CHOICES.sub(_CHOICE, head)}{dot}{rest}"
