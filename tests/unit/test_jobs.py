"""Pull jobs and their leases, on each kind of database: one open job of a source, one holder, no way out left open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.errors import NotFoundError, RemoteError, RemoteTransientError, VersionConflictError
from adapter.lease import hold
from adapter.parts import Parts
from adapter.store import jobs, leases
from adapter.store.jobs import Job


def ask(parts: Parts, source: str = "north", **options: str) -> Job:
    with parts.store.writing() as connection:
        return jobs.request(connection, parts.make_id(), source, parts.clock(), options)


def look(parts: Parts, job_id: str) -> Job:
    with parts.store.reading() as connection:
        return jobs.find(connection, job_id)


def wish(parts: Parts, what: Callable[..., Job], job_id: str, *more: object) -> Job:
    with parts.store.writing() as connection:
        return what(connection, job_id, *more)


def ready(parts: Parts) -> list[str]:
    with parts.store.reading() as connection:
        return leases.ready(connection, parts.clock())


def test_asking_again_leads_to_the_open_job(parts: Parts) -> None:
    first, second, other = ask(parts), ask(parts), ask(parts, "south")
    assert (second.id, second.asked, other.id != first.id) == (first.id, 2, True)


def test_asking_again_with_other_options_is_refused(parts: Parts) -> None:
    ask(parts, since="2026-01-01")
    with pytest.raises(VersionConflictError):
        ask(parts, since="2026-02-01")


def test_ended_job_makes_room_for_a_new_one(parts: Parts) -> None:
    first = ask(parts)
    with hold(parts, first.id) as lease:
        lease.end("complete", {"screened": 0})
    assert ask(parts).id != first.id


def test_many_who_ask_at_once_get_one_job(parts: Parts) -> None:
    """The index decides, on SQLite and on PostgreSQL; and nobody's question is lost."""
    found: list[str] = []
    lock = threading.Lock()

    def ask_often() -> None:
        for _ in range(5):
            with lock:
                new_id = parts.make_id()
            with parts.store.writing() as connection:
                job = jobs.request(connection, new_id, "north", parts.clock())
            found.append(job.id)

    threads = [threading.Thread(target=ask_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), look(parts, found[0]).asked) == (20, 1, 20)


def test_one_of_many_takes_the_job(parts: Parts) -> None:
    job, taken = ask(parts), []

    def take(holder: str) -> None:
        try:
            with parts.store.writing() as connection:
                taken.append(leases.take(connection, job.id, holder, parts.clock()).holder)
        except VersionConflictError:
            pass

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_held_job_cannot_be_taken_and_an_expired_one_can(parts: Parts) -> None:
    job = ask(parts)
    with parts.store.writing() as connection:
        leases.take(connection, job.id, "first", parts.clock())
        with pytest.raises(VersionConflictError, match="already"):
            leases.take(connection, job.id, "second", parts.clock())
        later = parts.clock() + 2 * leases.LEASE
        assert leases.ready(connection, later) == [job.id]
        assert leases.take(connection, job.id, "second", later).attempts == 2


def test_holder_whose_lease_was_taken_writes_nothing_more(parts: Parts) -> None:
    job = ask(parts)
    with hold(parts, job.id) as lease:
        with parts.store.writing() as connection:
            leases.take(connection, job.id, "second", parts.clock() + 2 * leases.LEASE)
        assert lease.goes_on({"done": 1}) is False
        lease.end("complete", {})
    found = look(parts, job.id)
    assert (found.state, found.holder, found.progress) == ("running", "second", None)


@pytest.mark.parametrize(("what", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_wish_stops_a_running_job_at_its_next_page(parts: Parts, what: str, state: str) -> None:
    job = ask(parts)
    with hold(parts, job.id) as lease:
        wish(parts, getattr(jobs, what), job.id, *([parts.clock()] if what == "cancel" else []))
        goes_on = lease.goes_on({"done": 3})
    found = look(parts, job.id)
    assert (goes_on, found.state, found.wish, found.progress, found.holder) == (False, state, "", {"done": 3}, "")


def test_paused_job_waits_for_nobody_until_it_is_resumed(parts: Parts) -> None:
    job = ask(parts)
    wish(parts, jobs.pause, job.id)
    assert ready(parts) == []
    with pytest.raises(VersionConflictError, match="resume"), hold(parts, job.id):
        pass
    wish(parts, jobs.resume, job.id, parts.clock())
    assert ready(parts) == [job.id]


def test_asking_for_a_paused_pull_resumes_it(parts: Parts) -> None:
    job = ask(parts)
    wish(parts, jobs.pause, job.id)
    assert (ask(parts).state, ready(parts)) == ("waiting", [job.id])


def test_resuming_in_time_takes_the_pause_back(parts: Parts) -> None:
    job = ask(parts)
    with hold(parts, job.id) as lease:
        wish(parts, jobs.pause, job.id)
        wish(parts, jobs.resume, job.id, parts.clock())
        assert lease.goes_on({"done": 1}) is True
        lease.end("complete", {})
    assert look(parts, job.id).state == "complete"


@pytest.mark.parametrize("what", ["pause", "resume", "cancel"])
def test_ended_job_has_no_wishes(parts: Parts, what: str) -> None:
    job = ask(parts)
    with hold(parts, job.id) as lease:
        lease.end("complete", {})
    with pytest.raises(VersionConflictError):
        wish(parts, getattr(jobs, what), job.id, *([] if what == "pause" else [parts.clock()]))


def test_cancelling_twice_is_cancelling(parts: Parts) -> None:
    job = ask(parts)
    wish(parts, jobs.cancel, job.id, parts.clock())
    assert wish(parts, jobs.cancel, job.id, parts.clock()).state == "cancelled"


def test_process_that_ends_leaves_the_job_to_the_next(parts: Parts) -> None:
    job, stopping = ask(parts), threading.Event()
    with hold(parts, job.id, stopping=stopping) as lease:
        stopping.set()
        assert lease.goes_on({"done": 7}) is False
    found = look(parts, job.id)
    assert (found.state, found.progress, ready(parts)) == ("waiting", {"done": 7}, [job.id])


def test_failure_that_may_pass_is_tried_again_later(parts: Parts) -> None:
    job = ask(parts)
    with pytest.raises(RemoteTransientError), hold(parts, job.id, retries=1):
        raise RemoteTransientError("does not answer", "north.invalid", retry_after_seconds=600)
    found = look(parts, job.id)
    assert (found.state, found.issue and found.issue["rule"], ready(parts)) == ("waiting", "remote-transient", [])
    assert found.due_at - (found.seen_at or found.due_at) >= timedelta(seconds=599)


def test_failure_that_does_not_pass_ends_the_job_after_the_last_try(parts: Parts) -> None:
    job = ask(parts)
    later = replace(parts, clock=lambda: parts.clock() + timedelta(hours=2))
    for each in (parts, later):
        with pytest.raises(RemoteTransientError), hold(each, job.id, retries=1):
            raise RemoteTransientError("does not answer", "north.invalid")
    assert (look(parts, job.id).state, look(parts, job.id).attempts) == ("failed", 2)


def test_refusal_ends_the_job_and_says_why(parts: Parts) -> None:
    job = ask(parts)
    with pytest.raises(RemoteError), hold(parts, job.id, retries=5):
        raise RemoteError("answered 403", "north.invalid", 403)
    found = look(parts, job.id)
    assert (found.state, found.issue and found.issue["text"]) == ("failed", "north.invalid: answered 403")


def test_interrupted_pull_pauses(parts: Parts) -> None:
    job = ask(parts)
    with pytest.raises(KeyboardInterrupt), hold(parts, job.id):
        raise KeyboardInterrupt
    assert (look(parts, job.id).state, ready(parts)) == ("paused", [])


def test_what_nobody_foresaw_ends_the_job_by_its_class(parts: Parts) -> None:
    job = ask(parts)
    with pytest.raises(ZeroDivisionError), hold(parts, job.id):
        raise ZeroDivisionError("patient 17")
    found = look(parts, job.id)
    assert found.state == "failed"
    assert "ZeroDivisionError" in str(found.issue)
    assert "17" not in str(found.issue)


def test_unknown_job_is_not_found(parts: Parts) -> None:
    with pytest.raises(NotFoundError), hold(parts, "nobody"):
        pass
