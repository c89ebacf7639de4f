"""A family that objects after the case was stored: the next pull notices, however it is said, and nothing stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.errors import Json
from adapter.hospital import Patience, resolve_source
from adapter.hospital.opposition import ConsentRule, Opposition
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import cases, inbox
from adapter.synthetic.server import serve_resources
from tests.moving_hospital import MovingHospital
from tests.sample_bundles import ICD10, coded, make_condition, make_patient

HASTY = Patience(attempts=2, pause=lambda seconds: None)
NO = {"system": "urn:chu", "code": "no-research"}
SOMEONE = "p1"


def make_resources() -> list[Json]:
    made: list[Json] = []
    for number in range(3):
        subject = {"reference": f"Patient/p{number}"}
        made.append(make_patient(id=f"p{number}", identifier=[{"system": "urn:ipp", "value": f"00{number}"}]))
        made.append(make_condition(id=f"c{number}", subject=subject, code=coded(ICD10, "M86.3")))
        made.append(consent(f"p{number}", "permit"))
    return made


def consent(patient: str, type_: str) -> Json:
    told = {"resourceType": "Consent", "id": f"{type_}-{patient}", "status": "active"}
    return {**told, "patient": {"reference": f"Patient/{patient}"}, "provision": {"type": type_}}


@pytest.fixture
def plain_parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "data")}), knowledge) as opened:
        yield opened


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    file = tmp_path / "objections"
    file.write_text("# nobody yet\n", encoding="utf-8")
    return file


@pytest.fixture
def hospital() -> MovingHospital:
    return MovingHospital(make_resources())


@pytest.fixture
def parts(plain_parts: Parts, hospital: MovingHospital, listed: Path) -> Iterator[Parts]:
    opposition = Opposition((f"{NO['system']}|{NO['code']}",), ConsentRule(required=True), listed)
    with serve_resources(hospital) as base:
        source = replace(resolve_source(base, {}), name="chu", opposition=opposition)
        yield replace(plain_parts, sources={"chu": source})


def pull(parts: Parts, since: str) -> Json:
    return run_pull(parts, start_pull(parts, "chu", {} if since == "all" else {"since": since}), patience=HASTY)


def stored(parts: Parts) -> int:
    with parts.store.reading() as connection:
        return len(list(cases.current(connection)))


def bytes_kept(parts: Parts) -> list[bytes]:
    with parts.store.reading() as connection:
        return [inbox.read_raw(connection, each.id, parts.seals) or b"" for each in inbox.entries(connection)]


def label(hospital: MovingHospital, _: Path) -> None:
    [patient] = [each for each in hospital.resources_of("Patient") if each["id"] == SOMEONE]
    hospital.put({**patient, "meta": {"security": [NO]}})


def label_and_tell_no_change(hospital: MovingHospital, _: Path) -> None:
    """As `$meta-add` does on some servers: neither version nor lastUpdated move."""
    patient = next(each for each in hospital.resources_of("Patient") if each["id"] == SOMEONE)
    patient["meta"] = {**patient["meta"], "security": [NO]}


def put_on_the_list(_: MovingHospital, listed: Path) -> None:
    listed.write_text("urn:ipp|001\n", encoding="utf-8")


def deny(hospital: MovingHospital, _: Path) -> None:
    hospital.put(consent(SOMEONE, "deny"))


def take_the_permit_back(hospital: MovingHospital, _: Path) -> None:
    hospital.delete("Consent", f"permit-{SOMEONE}")


@pytest.mark.parametrize("since", ["all", "last"])
@pytest.mark.parametrize(
    "object_", [label, label_and_tell_no_change, put_on_the_list, deny, take_the_permit_back], ids=lambda f: f.__name__
)
def test_case_of_a_family_that_objects_later_is_erased(
    object_: Callable[[MovingHospital, Path], None], since: str, parts: Parts, hospital: MovingHospital, listed: Path
) -> None:
    pull(parts, "all")
    before = stored(parts)
    object_(hospital, listed)
    report = pull(parts, since)
    assert (before, stored(parts)) == (3, 2)
    assert (report["state"], report["opposed"]) == ("complete", 1)
    assert not any(b'"p1"' in each for each in bytes_kept(parts))


def test_when_nobody_objects_only_wishes_are_asked_for(parts: Parts, hospital: MovingHospital) -> None:
    pull(parts, "all")
    hospital.asked.clear()
    report = pull(parts, "last")
    assert (report["state"], report["screened"], stored(parts)) == ("complete", 0, 3)
    assert not [each for each in hospital.asked if "patient=" in each]


def test_family_that_objected_before_stays_out(parts: Parts, hospital: MovingHospital, listed: Path) -> None:
    pull(parts, "all")
    deny(hospital, listed)
    pull(parts, "last")
    again = [pull(parts, "last"), pull(parts, "all")]
    assert [each["state"] for each in again] == ["complete", "complete"]
    assert stored(parts) == 2
