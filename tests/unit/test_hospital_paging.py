"""Pages, links and the proof that nothing is missing, over real sockets on loopback."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from adapter.errors import RemoteError
from adapter.hospital.client import Hospital
from adapter.hospital.origin import resolve_link
from tests.scripted_hospital import (
    Scripted,
    ScriptedHospital,
    answer,
    collect,
    condition,
    ids,
    outcome,
    run_scripted_hospital,
    searchset,
)


def test_follows_next_links_to_the_last_page(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), total=3, next_link="?page=2")),
        answer(searchset(condition("b"), total=3, next_link=f"{server.base}/Condition?page=3")),
        answer(searchset(condition("c"), total=3)),
    )
    unit = collect(hospital)
    assert (ids(unit), unit.complete, unit.proof, unit.pages) == (["a", "b", "c"], True, "total", 3)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("Condition?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("/Condition?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("/fhir/Condition?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("/fhir?_getpages=x", "https://h.invalid/fhir?_getpages=x"),
        ("https://h.invalid/fhir?_getpages=x", "https://h.invalid/fhir?_getpages=x"),
        ("https://H.invalid:443/fhir?_getpages=x", "https://H.invalid:443/fhir?_getpages=x"),
        ("//h.invalid/fhir?_getpages=x#top", "https://h.invalid/fhir?_getpages=x"),
    ],
)
def test_reads_every_form_of_link_that_servers_write(link: str, expected: str) -> None:
    assert resolve_link(link, "https://h.invalid/fhir", "https://h.invalid/fhir/Condition?patient=p1") == expected


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.invalid/fhir?page=2",
        "http://h.invalid/fhir?page=2",
        "https://h.invalid:8443/fhir?page=2",
        "//elsewhere.invalid/fhir?page=2",
        "https://h.invalid@elsewhere.invalid/fhir",
        "https://user:secret@h.invalid/fhir",
        "https://h.invalid.elsewhere.invalid/fhir",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://h.invalid:port/fhir",
    ],
)
def test_refuses_links_to_another_origin(link: str) -> None:
    with pytest.raises(RemoteError):
        resolve_link(link, "https://h.invalid/fhir", "https://h.invalid/fhir/Condition")


def test_page_elsewhere_makes_the_unit_incomplete_and_is_never_asked(
    server: ScriptedHospital, hospital: Hospital
) -> None:
    with run_scripted_hospital() as other:
        server.says(answer(searchset(condition("a"), total=2, next_link=f"{other.base}/Condition?page=2")))
        unit = collect(hospital)
        assert (unit.complete, other.requests) == (False, [])
    assert "another origin" in unit.problem


def test_redirect_to_another_origin_is_refused(server: ScriptedHospital, hospital: Hospital) -> None:
    with run_scripted_hospital() as other:
        server.says(Scripted(307, headers={"Location": f"{other.base}/Condition"}))
        unit = collect(hospital)
        assert (unit.complete, other.requests) == (False, [])


def test_redirect_within_the_origin_is_followed(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(Scripted(302, headers={"Location": "/fhir/v2/Condition"}), answer(searchset(condition("a"), total=1)))
    assert collect(hospital).complete


def test_next_links_in_a_circle_end_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), total=9, next_link="?page=2")),
        answer(searchset(condition("b"), total=9, next_link="?page=3")),
        answer(searchset(condition("c"), total=9, next_link="?page=2")),
    )
    unit = collect(hospital)
    assert (unit.complete, ids(unit)) == (False, ["a", "b", "c"])
    assert "circle" in unit.problem


def test_ever_new_links_without_anything_new_end_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    for number in range(30):
        server.says(answer(searchset(condition("a"), total=9, next_link=f"?page={number}")))
    unit = collect(hospital)
    assert "nothing new" in unit.problem


def test_empty_page_with_next_is_passed_over(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), total=2, next_link="?page=2")),
        answer(searchset(total=2, next_link="?page=3")),
        answer(searchset(condition("b"), total=2)),
    )
    assert (ids(unit := collect(hospital)), unit.complete) == (["a", "b"], True)


def test_entry_sent_twice_counts_once(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), condition("b"), total=3, next_link="?page=2")),
        answer(searchset(condition("b"), condition("c"), total=3)),
    )
    unit = collect(hospital)
    assert (ids(unit), unit.received, unit.complete) == (["a", "b", "c"], 3, True)


def test_newest_version_of_a_resource_wins(server: ScriptedHospital, hospital: Hospital) -> None:
    newer, older = condition("a", meta={"versionId": "10"}), condition("a", meta={"versionId": "9"})
    server.says(answer(searchset(newer, total=1, next_link="?page=2")), answer(searchset(older, total=1)))
    assert next(iter(collect(hospital).resources.values()))["meta"]["versionId"] == "10"


def test_expired_page_starts_the_search_again(server: ScriptedHospital, hospital: Hospital) -> None:
    first = answer(searchset(condition("a"), total=2, next_link="?page=2"))
    server.says(first, answer(outcome("expired"), 410), first, answer(searchset(condition("b"), total=2)))
    assert collect(hospital).complete


def test_page_that_stays_expired_makes_the_unit_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    first = answer(searchset(condition("a"), total=2, next_link="?page=2"))
    gone = answer(outcome("expired"), 410)
    server.says(first, gone, first, gone, first, gone)
    unit = collect(hospital)
    assert (unit.complete, len(server.requests)) == (False, 6)


def test_server_that_stops_early_is_found_out(server: ScriptedHospital, hospital: Hospital) -> None:
    """HAPI is known to stop sending next links before the total is reached; every peer loses the rest in silence."""
    server.says(answer(searchset(condition("a"), total=24)))
    unit = collect(hospital)
    assert (unit.complete, unit.expected, unit.received) == (False, 24, 1)
    assert unit.problem == "the server counts 24, 1 came"


def test_counts_when_the_server_gives_no_total(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(searchset(condition("a"))), answer(searchset(total=1)))
    unit = collect(hospital)
    assert (unit.complete, unit.proof) == (True, "count")
    assert "_summary=count" in server.requests[1]


def test_same_answer_twice_proves_a_single_page(server: ScriptedHospital, hospital: Hospital) -> None:
    page = answer(searchset(condition("a")))
    server.says(page, page)
    assert collect(hospital).proof == "repeat"


def test_empty_answer_that_fills_on_asking_again_is_not_complete(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(searchset()), answer(searchset(condition("a"))))
    assert not collect(hospital).complete


def test_several_pages_without_any_count_are_not_called_complete(server: ScriptedHospital, hospital: Hospital) -> None:
    pages = [answer(searchset(condition("a"), next_link="?page=2")), answer(searchset(condition("b")))]
    server.says(*pages, answer(searchset(condition("a"), next_link="?page=2")))
    unit = collect(hospital)
    assert (unit.complete, unit.proof, ids(unit)) == (False, "", ["a", "b"])


def test_included_resources_do_not_count_as_matches(server: ScriptedHospital, hospital: Hospital) -> None:
    page = searchset(condition("a"), total=1)
    page["entry"].append({"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}})
    server.says(answer(page))
    unit = collect(hospital)
    assert (unit.received, len(unit.resources), unit.complete) == (1, 2, True)


def test_informative_outcome_entry_is_ignored(server: ScriptedHospital, hospital: Hospital) -> None:
    page = searchset(condition("a"), total=1)
    page["entry"].append({"resource": outcome("informational", "warning"), "search": {"mode": "outcome"}})
    server.says(answer(page))
    unit = collect(hospital)
    assert (len(unit.resources), unit.complete) == (1, True)


def test_error_outcome_entry_makes_the_unit_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    page = searchset(condition("a"), total=1)
    page["entry"].append({"resource": outcome("processing", "fatal"), "search": {"mode": "outcome"}})
    server.says(answer(page))
    assert collect(hospital).problem == "the server reports an error: processing"


def test_values_are_ored_and_their_own_commas_escaped(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(searchset(total=0)))
    hospital.collect("Condition", {"code": ("M86.3", "a,b")})
    assert unquote(server.requests[0]).startswith("GET /fhir/Condition?code=M86.3,a\\,b&_count=100")
