"""A bulk export while the registry changes: as of one moment, gone on with after a crash, nothing of an erased case."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from adapter.errors import IntegrityError
from adapter.parts import Parts
from adapter.registry import exporting
from adapter.registry.exporting import giving, preparing
from adapter.store import keeping, registry_exports
from adapter.web import create_app
from tests.journeys.bulk_client import (
    BASE,
    LATER,
    NUMBERS,
    begin,
    end,
    everything,
    export,
    keep,
    local,
    names,
    read,
    serve,
)
from tests.sample_cases import make_case


@pytest.fixture
def service(parts: Parts) -> Iterator[FlaskClient]:
    """The registry with some cases, on either database, for whoever changes it."""
    yield from serve(parts)


def test_what_changes_after_the_export_began_is_not_in_it(service: FlaskClient, parts: Parts) -> None:
    before = everything(service)
    where = begin(service)
    case = make_case(1)
    keep(parts, {**case, "patient": {**case["patient"], "sex": "male"}, "sequelae": []})
    keep(parts, make_case(9))

    told = read(service, end(service, where))

    assert names(told) == names(before)
    patient = next(each for each in told if each["id"] == case["case_id"])
    assert (patient["meta"]["versionId"], patient["gender"]) == ("1", "female")


def test_an_export_waits_for_those_who_began_to_write_before_it(service: FlaskClient, parts: Parts) -> None:
    """On PostgreSQL a case may be on its way with an earlier time: it has to be in, or it would never be."""
    if parts.store.is_sqlite:
        return  # whoever begins an export there waits until nobody writes
    begun, goes_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with parts.store.writing() as connection:
            at = parts.clock()
            begun.set()
            assert goes_on.wait(90)
            keeping.erase(connection, make_case(1)["case_id"], at)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert begun.wait(90)
    where = begin(service, "/fhir/$export?_type=Patient")
    looked = [service.get(where).status_code for _ in range(5)]
    goes_on.set()
    writer.join()

    assert looked == [202] * 5
    told = read(service, end(service, where))
    assert make_case(1)["case_id"] not in [each["id"] for each in told]


def test_the_next_export_brings_what_changed_since_and_what_is_no_more(service: FlaskClient, parts: Parts) -> None:
    first = end(service, begin(service))
    case = make_case(1)
    keep(parts, {**case, "patient": {**case["patient"], "sex": "male"}, "sequelae": []})
    with parts.store.writing() as connection:
        keeping.erase(connection, make_case(2)["case_id"], parts.clock())

    since = quote(first["transactionTime"])
    second = end(service, begin(service, f"/fhir/$export?_since={since}"))
    third = end(service, begin(service, f"/fhir/$export?_since={quote(second['transactionTime'])}"))

    changed = {each["resourceType"]: each for each in read(service, second)}
    assert set(changed) == {"Patient", "Provenance"}
    assert changed["Patient"]["gender"] == "male"
    gone = [line["entry"][0]["request"] for line in read(service, second, "deleted")]
    assert {each["method"] for each in gone} == {"DELETE"}
    assert f"Condition/{case['case_id']}-sequela-1" in {each["url"] for each in gone}
    assert f"Patient/{make_case(2)['case_id']}" in {each["url"] for each in gone}
    assert (third["output"], third["deleted"]) == ([], [])


def test_another_process_goes_on_with_what_one_left_unprepared(service: FlaskClient, parts: Parts) -> None:
    """Whoever was to prepare it is dead; the client comes back to a service that was started anew."""
    wish = exporting.parse_wish([("_type", "Patient")], strict=True)
    begun = exporting.begin(parts, "open", None, wish, f"{BASE}/fhir/$export?_type=Patient")
    assert begun

    told = read(service, end(service, f"/fhir/$export/{begun.id}"))

    assert names(told) == names(everything(service, "Patient"))


def test_too_many_at_once_are_asked_to_wait(service: FlaskClient, parts: Parts) -> None:
    wish = exporting.parse_wish([("_type", "Patient")], strict=True)
    begun = [exporting.begin(parts, "open", None, wish, "") for _ in range(preparing.MOST_RUNNING)]
    refused = service.get("/fhir/$export", headers=LATER)

    assert (refused.status_code, refused.json["issue"][0]["code"]) == (429, "throttled")
    assert int(refused.headers["Retry-After"]) > 0
    assert begun[0]
    assert service.delete(f"/fhir/$export/{begun[0].id}").status_code == 202
    assert service.get("/fhir/$export", headers=LATER).status_code == 202


def test_what_is_deleted_or_out_of_time_is_not_there(service: FlaskClient, parts: Parts) -> None:
    deleted, expired = begin(service), begin(service)
    url = local(end(service, deleted)["output"][0]["url"])
    end(service, expired)
    assert service.delete(deleted).status_code == 202

    later = replace(parts, clock=lambda: parts.clock() + timedelta(days=2))
    tomorrow = create_app(later, public_url=BASE).test_client()

    assert {service.get(each).status_code for each in (deleted, url)} == {404}
    assert service.delete(deleted).status_code == 404
    assert tomorrow.get(expired).status_code == 404
    assert exporting.begin(later, "open", None, exporting.parse_wish([], strict=True), "")
    with parts.store.reading() as connection:
        assert registry_exports.count_of(connection, "open") == (1, 1)


def test_an_erased_case_does_not_leave_by_an_export_begun_before(service: FlaskClient, parts: Parts) -> None:
    where = begin(service)
    url = local(end(service, where)["output"][0]["url"])
    with parts.store.writing() as connection:
        keeping.erase(connection, make_case(1)["case_id"], parts.clock())

    assert {service.get(each).status_code for each in (where, url)} == {410}
    assert service.delete(where).status_code == 202
    assert not [each for each in export(service) if each["id"].startswith(make_case(1)["case_id"])]


def test_a_file_breaks_off_when_a_case_is_erased_while_it_is_read(
    service: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short file must not pass for a whole one."""
    monkeypatch.setattr(giving, "_PAGE", 2)
    manifest = end(service, where := begin(service, "/fhir/$export?_type=Patient"))
    with parts.store.reading() as connection:
        found = registry_exports.find(connection, where.rpartition("/")[2], parts.clock())
        file = registry_exports.files_of(connection, found.id)[0]
    told = exporting.lines(parts, found, file)
    next(told)
    with parts.store.writing() as connection:
        keeping.erase(connection, sorted(make_case(n)["case_id"] for n in NUMBERS)[-1], parts.clock())

    with pytest.raises(IntegrityError):
        list(told)
    assert manifest["output"][0]["count"] == len(NUMBERS)
