"""Every route, asked wrongly in every way there is: every refusal is an OperationOutcome with a type and a place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

# https://hl7.org/fhir/R4/codesystem-issue-type.html
ISSUE_TYPES = re.findall(
    r"[a-z-]+",
    "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
    "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
    "business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODIES = (b"", b"{", b"[]", b"null", b"<a/>", b'{"resourceType":"Bundle"}', b"\xff\xfe", b'{"a":NaN}')
# Pages for people, and the token endpoint, which speaks OAuth.
PAGES = ("/", "/login", "/logout", "/static/<path:filename>", "/auth/token")


def addresses(client: FlaskClient, *, pages: bool = False) -> list[str]:
    """An address for each route of programs or pages, its places filled with something that is not there."""
    known = {rule.rule for rule in client.application.url_map.iter_rules()} - set(PAGES)
    rules = {rule for rule in known if rule.startswith("/ui/") == pages}
    filled = [re.sub(r"<any\((\w+)[^>]*>", r"\1", rule) for rule in sorted(rules)]
    return [re.sub(r"<[^>]*>", "no-such-thing", rule) for rule in filled]


def assert_outcome(answer: Any) -> None:
    assert answer.mimetype == "application/fhir+json"
    assert answer.json["resourceType"] == "OperationOutcome"
    for issue in answer.json["issue"]:
        assert issue["code"] in ISSUE_TYPES
        assert issue["severity"] in ("fatal", "error", "warning", "information")
        assert issue["expression"][0]
        assert issue["details"]["text"]


@pytest.mark.parametrize("method", METHODS)
def test_every_route_refuses_in_fhirs_words(client: FlaskClient, method: str) -> None:
    refused = 0
    for address in [*addresses(client), "/fhir/Nothing", "/fhir/Patient/1/2/3", "/fhir/$nothing", "/nothing"]:
        for body in BODIES:
            answer = client.open(address, method=method, data=body, content_type="application/fhir+json")
            if answer.status_code >= 400:
                refused += 1
                assert_outcome(answer)
            assert answer.status_code != 500, (method, address, body)
    assert refused > 50


@pytest.mark.parametrize("method", METHODS)
def test_every_page_refuses_on_a_page(client: FlaskClient, method: str) -> None:
    refused = 0
    for address in [*addresses(client, pages=True), "/ui/nothing", "/ui/a/b/c"]:
        answer = client.open(address, method=method)
        if answer.status_code >= 400:
            refused += 1
            assert (answer.mimetype, "<h1>" in answer.text) == ("text/html", True), (method, address)
        assert answer.status_code != 500, (method, address)
    assert refused > 5


@pytest.mark.parametrize("content_type", ["", "text/html", "application/fhir+xml", "application/json; charset=x"])
def test_every_wrong_media_type_is_refused_in_fhirs_words(client: FlaskClient, content_type: str) -> None:
    answer = client.post("/fhir", data=b"{}", content_type=content_type)

    assert answer.status_code == 415
    assert_outcome(answer)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_group_that_there_is_not_is_told_so(client: FlaskClient, method: str) -> None:
    answer = client.open("/fhir/Group/1/$export", method=method)

    assert answer.status_code == 404
    assert_outcome(answer)


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    assert "POST" in client.get("/fhir").headers["Allow"]
