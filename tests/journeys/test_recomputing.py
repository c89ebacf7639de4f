"""Every case can be made again from the bytes it came from; one that says something else was changed by somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from adapter import inbound
from adapter.fsck import check_integrity
from adapter.parts import Parts
from adapter.recomputing import recompute
from adapter.resource import dump_json
from adapter.store import jobs, keeping, known
from adapter.store.cases import CASE_VERSIONS
from adapter.store.inbox import INBOX
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case


@pytest.fixture
def filled(parts: Parts) -> Parts:
    """A case of two versions out of Bundles, one that was pulled, one that came as such."""
    inbound.receive(parts, as_bytes(make_bundle()), "north")
    inbound.receive(parts, as_bytes(make_bundle(make_patient(), make_condition(onsetDateTime="2016-02"))), "north")
    other = make_patient(2), make_condition(2, subject={"reference": "Patient/p2"}), make_finding(2)
    inbound.receive_resources(parts, other[:2], "south")
    inbound.receive_case(parts, dump_json(make_case(3)), "direct")
    return parts


def test_what_was_kept_is_made_again_by_the_same_mappings(filled: Parts) -> None:
    told = recompute(filled)

    assert (told.versions, told.left_out, told.problems) == (4, 0, [])


def test_it_is_made_as_of_its_day_whenever_that_is_asked(filled: Parts) -> None:
    before_they_were_born = replace(filled, clock=lambda: filled.clock() - timedelta(days=365 * 30))

    assert recompute(before_they_were_born).problems == []


def test_a_case_that_somebody_changed_with_its_hash_is_found(filled: Parts) -> None:
    with filled.store.writing() as connection:
        case_id = connection.scalars(sa.select(CASE_VERSIONS.c.case_id).where(CASE_VERSIONS.c.version == 2)).one()
        one = (CASE_VERSIONS.c.case_id == case_id) & (CASE_VERSIONS.c.version == 1)
        body = connection.execute(sa.select(CASE_VERSIONS.c.body).where(one)).scalar_one()
        changed = {**body, "patient": {**body["patient"], "sex": "male"}}
        values = {"body": changed, "content_hash": keeping.hash_case(changed)}
        connection.execute(sa.update(CASE_VERSIONS).where(one).values(values))

    assert not [each for each in check_integrity(filled) if each.startswith("I5")], "its own hash hides it"
    assert recompute(filled).problems == [f"I5 case {case_id} version 1: its bytes make another case"]


def test_what_cannot_be_made_again_is_counted(filled: Parts) -> None:
    with filled.store.writing() as connection:
        connection.execute(sa.update(INBOX).where(INBOX.c.source == "south").values(raw=None, seal=None))
        connection.execute(
            sa.update(CASE_VERSIONS).where(CASE_VERSIONS.c.version == 2).values(mapping_version="earlier")
        )

    told = recompute(filled)

    assert (told.versions, told.left_out, told.problems) == (2, 2, [])


def test_a_time_reached_after_its_pull_or_by_none_is_found(parts: Parts) -> None:
    with parts.store.writing() as connection:
        job = jobs.request(connection, parts.make_id(), "north", parts.clock(), None)
        connection.execute(sa.update(jobs.JOBS).values(seen_at=parts.clock()))
        known.reach(connection, "north", parts.clock() + timedelta(hours=1), job.id)
    assert list(check_integrity(parts)) == [], "clocks may be an hour apart"

    with parts.store.writing() as connection:
        known.reach(connection, "north", parts.clock() + timedelta(days=30), job.id)
        known.reach(connection, "south", parts.clock(), "nobody")

    assert sorted(check_integrity(parts)) == [
        "I6 source north: the time reached lies after the pull that reached it",
        "I6 source south: the pull that reached its time is not known",
    ]
