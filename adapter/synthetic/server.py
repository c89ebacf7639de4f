"""A small FHIR R4 server over resources in memory, on loopback: the hospital of the demonstration and of the tests.

It searches, pages with next links, reads, takes transactions and says what it can do. It refuses parameters it does
not know, as a strict server does. It is no product server: no history, no authentication, nothing kept.

Takes from: canonical, errors, resource.  Gives to: demo, tests.
Source: https://hl7.org/fhir/R4/http.html, https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

from adapter.errors import Issue, Json, make_operation_outcome
from adapter.resource import dump_json, parse_json

PAGE_CAP = 100

Answer = tuple[int, Json]


class FhirServer:
    """Resources by type and id, and the interactions over them.

    Shapes:  resources  R4 resources, each with an id
             page_cap   most matches on one page, whatever _count asks
    """

    def __init__(self, resources: Iterable[Json] = (), page_cap: int = PAGE_CAP) -> None:
        self._page_cap = page_cap
        self._resources: dict[str, dict[str, Json]] = {}
        for resource in resources:
            self.add(resource)

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        """Status and resource for one request.

        Shapes:  base    absolute address of the server, for links
                 target  path below the base with its query, e.g. "Condition?code=M86.3"
        """
        path, _, query = target.partition("?")
        steps = [step for step in path.split("/") if step]
        if method == "POST" and not steps:
            return self._transaction(body)
        if method != "GET":
            return _refusal(405, "not-supported", "Only GET, and POST of a transaction to the base.")
        if steps == ["metadata"]:
            return 200, self._capabilities()
        if len(steps) == 1:
            return self._search(steps[0], parse_qsl(query, keep_blank_values=True), base)
        if len(steps) == 2:
            return self._read(steps[0], steps[1])
        return _refusal(404, "not-found", "There is nothing at this address.")

    def resources_of(self, type_: str) -> list[Json]:
        return list(self._resources.get(type_, {}).values())

    def add(self, resource: Json) -> None:
        """Hold a resource, in place of an earlier one with its type and id."""
        self._resources.setdefault(resource["resourceType"], {})[resource["id"]] = resource

    def _read(self, type_: str, id_: str) -> Answer:
        resource = self._resources.get(type_, {}).get(id_)
        return (200, resource) if resource else _refusal(404, "not-found", "No resource with this type and id.")

    def _search(self, type_: str, query: list[tuple[str, str]], base: str) -> Answer:
        filters = [(name, value) for name, value in query if not name.startswith("_") or name == "_id"]
        if unknown := [name for name, _ in query if name not in _FILTERS and name not in _CONTROLS]:
            return _refusal(400, "not-supported", f"Search parameter not known here: {unknown[0]}")
        found = [
            resource
            for resource in self.resources_of(type_)
            if all(_FILTERS[name](resource, value.split(",")) for name, value in filters)
        ]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": []}
        if dict(query).get("_summary") == "count":
            return 200, bundle
        return 200, self._page(bundle, f"{base}/{type_}", query, found, base)

    def _page(self, bundle: Json, address: str, query: list[tuple[str, str]], found: list[Json], base: str) -> Json:
        control = dict(query)
        start = _number(control.get("_offset"), 0)
        size = min(_number(control.get("_count"), self._page_cap) or 1, self._page_cap)
        shown = found[start : start + size]
        bundle["link"].append({"relation": "self", "url": f"{address}?{urlencode(query)}"})
        if start + size < len(found):
            rest = [(name, value) for name, value in query if name != "_offset"]
            following = urlencode([*rest, ("_offset", str(start + size))])
            bundle["link"].append({"relation": "next", "url": f"{address}?{following}"})
        included = self._included(shown) if "_include" in control else []
        entries = [(each, "match") for each in shown] + [(each, "include") for each in included]
        bundle["entry"] = [
            {"fullUrl": f"{base}/{each['resourceType']}/{each['id']}", "resource": each, "search": {"mode": mode}}
            for each, mode in entries
        ]
        if not bundle["entry"]:
            # A remark about the search, as some servers add it: it is no match and must not be taken for one.
            remark = Issue("information", "informational", "", "synthetic-server", "Nothing found.", "receive")
            bundle["entry"] = [{"resource": make_operation_outcome([remark]), "search": {"mode": "outcome"}}]
        return bundle

    def _included(self, shown: list[Json]) -> list[Json]:
        """Of the includes only `…:medication` is asked for by anybody here."""
        wanted = {(each.get("medicationReference") or {}).get("reference", "") for each in shown}
        return [each for each in self.resources_of("Medication") if f"Medication/{each['id']}" in wanted]

    def _transaction(self, body: bytes) -> Answer:
        bundle, issues = parse_json(body)
        if bundle is None or bundle.get("resourceType") != "Bundle":
            return 400, make_operation_outcome(issues)
        answers = []
        for entry in bundle.get("entry", []):
            resource = entry["resource"]
            known = resource["id"] in self._resources.get(resource["resourceType"], {})
            self.add(resource)
            place = f"{resource['resourceType']}/{resource['id']}/_history/1"
            answers.append({"response": {"status": "200 OK" if known else "201 Created", "location": place}})
        return 200, {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _capabilities(self) -> Json:
        parameters = [{"name": name, "type": kind} for name, kind in (("patient", "reference"), ("code", "token"))]
        resources = [
            {
                "type": type_,
                "interaction": [{"code": "read"}, {"code": "search-type"}],
                "searchParam": parameters,
                "searchInclude": [f"{type_}:medication"] if type_.startswith("Medication") else [],
            }
            for type_ in sorted(self._resources)
        ]
        rest = {"mode": "server", "resource": resources, "interaction": [{"code": "transaction"}]}
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-01-01",
            "kind": "instance",
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "implementation": {"description": "Synthetic hospital: nobody in it exists"},
            "rest": [rest],
        }


@contextmanager
def serve_resources(server: FhirServer) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 in a thread; gives the base address, and stops at the end of the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(server)) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/fhir"
        finally:
            http.shutdown()
            thread.join()


def _make_handler(server: FhirServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond("GET")

        def do_POST(self) -> None:
            self._respond("POST")

        def _respond(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            host, (_, _, target) = self.headers.get("Host"), self.path.partition("/fhir")
            base = f"http://{host}/fhir"
            status, resource = server.answer(method, base, target.removeprefix("/"), body)
            text = dump_json(resource)
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """An access log would hold patients' ids."""

    return Handler


def _by_code(resource: Json, wanted: list[str]) -> bool:
    return any(_token_matches(coding, token) for coding in _codings(resource) for token in wanted)


def _codings(resource: Json) -> list[Json]:
    concept = resource.get("code") or resource.get("medicationCodeableConcept") or {}
    found = concept.get("coding", [])
    return found if isinstance(found, list) else []


def _token_matches(coding: Json, token: str) -> bool:
    system, bar, code = token.rpartition("|")
    if bar and (system or None) != coding.get("system"):
        return False
    return coding.get("code") == code if code else bool(bar)


def _by_patient(resource: Json, wanted: list[str]) -> bool:
    subject = (resource.get("subject") or resource.get("patient") or {}).get("reference", "")
    return subject.rpartition("Patient/")[2] in {value.removeprefix("Patient/") for value in wanted} - {""}


def _by_id(resource: Json, wanted: list[str]) -> bool:
    return resource["id"] in wanted


_FILTERS: dict[str, Callable[[Json, list[str]], bool]] = {
    "code": _by_code,
    "patient": _by_patient,
    "subject": _by_patient,
    "_id": _by_id,
}
_CONTROLS = {"_count", "_offset", "_include", "_summary"}


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default


def _refusal(status: int, type_: str, text: str) -> Answer:
    return status, make_operation_outcome([Issue("error", type_, "", "synthetic-server", text, "receive")])
