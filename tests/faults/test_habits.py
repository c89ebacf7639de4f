"""The law of the pull: whatever habits a server has, what is called complete is exactly what the server has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from adapter.parts import Parts
from tests.faults.hospital import CODE, Habits, Hospital, make_conditions, make_patients
from tests.faults.ours import open_parts, pull, source_of
from tests.faults.wire import Server, serve

PATIENTS = 7
PLENTY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

answers = st.sampled_from(["filter", "filter", "ignore", "nothing", "refuse"])
habits = st.builds(
    Habits,
    cap=st.sampled_from([1, 2, 5, 50]),
    refuses_count=st.booleans(),
    link=st.sampled_from(["absolute", "absolute", "query", "none"]),
    offset=st.booleans(),
    total=st.sampled_from(["exact", "exact", "none", "estimate", "page", "high"]),
    counts=st.booleans(),
    codes=answers,
    patients=answers,
    ids=answers,
    lists=st.sampled_from(["any", "any", "ignore", "first", "refuse"]),
    stops_at=st.sampled_from([2, 6, 10**9]),
    modes=st.booleans(),
    post_only=st.booleans(),
    includes=st.booleans(),
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with open_parts(tmp_path_factory.mktemp("habits")) as opened:
        yield opened


@PLENTY
@given(habits=habits, each_has=st.lists(st.integers(0, 4), min_size=PATIENTS, max_size=PATIENTS), others=st.booleans())
def test_what_is_called_complete_is_what_the_server_has(
    parts: Parts, habits: Habits, each_has: list[int], others: bool
) -> None:
    # A total that is the page's, and no next link: nobody can tell a full page from all there is (but see below).
    assume(habits.total != "page" or (habits.link != "none" and habits.stops_at > 10))
    conditions = [
        each
        for number, each in enumerate(make_conditions(PATIENTS, 4, others=3 * others))
        if number >= 4 * PATIENTS or number % 4 < each_has[number // 4]
    ]
    hospital = Hospital(habits, make_patients(PATIENTS), conditions)
    server = Server(hospital.answer)
    with serve(server) as base:
        brought = pull(parts, source_of(base), parts.make_id())
    has = sorted(f"Condition/{each['id']}" for each in conditions if each["code"]["coding"][0]["code"] == CODE)
    assert len(brought.rows) == len(set(brought.rows))
    assert set(brought.rows) <= set(has)
    assert not brought.complete or sorted(brought.rows) == has


def test_page_that_calls_itself_the_total_is_counted(parts: Parts) -> None:
    """No next link, and a total that is the number of entries on the page: only a count shows that there is more."""
    hospital = Hospital(Habits(cap=5, link="none", total="page"), make_patients(PATIENTS), make_conditions(PATIENTS, 8))
    with serve(Server(hospital.answer)) as base:
        brought = pull(parts, source_of(base), parts.make_id())
    assert "the server counts 56, 5 came" in brought.problems


def test_totals_that_can_be_believed_cost_no_counts(parts: Parts) -> None:
    hospital = Hospital(Habits(cap=10), make_patients(30), make_conditions(30, 3))
    server = Server(hospital.answer)
    with serve(server) as base:
        brought = pull(parts, source_of(base), parts.make_id())
    assert (brought.complete, [each for each in server.asked if "_summary=count" in each]) == (True, [])
