"""Hostile texts in every field, parameter and name: nothing runs, nothing fails, a log line stays a line.

`python -m tests.battery.hostile [--short]`
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import logging
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from adapter import bootstrap
from adapter.cli import main as command
from adapter.parts import Knowledge
from adapter.web import create_app
from tests.battery.figures import remark, tell
from tests.battery.grounds import KINDS, Ground, load_warm, open_grounds
from tests.battery.hostile_bundles import case_of, in_names, in_structure, in_texts
from tests.battery.journeys import FHIR, fsck
from tests.battery.outbound import Outbound
from tests.battery.payloads import EVALUATED, MARK, cross_site, injections
from tests.battery.wounds import wounds

# Addresses that each text is tried in; every address has its turn.
ROUTES, SHORT_ROUTES = 12, 2
# Told by intent: what is not offered, and a figure that is still being drawn.
NOT_OFFERED, NOT_READY, DRAWN = 501, 503, "/ui/cohort/figures"
# Pages that draw and count for seconds: of the long form only.
DEAR = "/ui/cohort"
PARAMETERS = (
    *(
        "lang",
        "status",
        "after",
        "limit",
        "version",
        "like",
        "format",
        "by",
        "who",
        "source",
        "actor",
        "case_id",
        "_id",
    ),
    *(
        "_count",
        "_sort",
        "_include",
        "_lastUpdated",
        "_format",
        "code",
        "identifier",
        "birthdate",
        "patient",
        "profile",
    ),
    *("theme", "state", "q", "page", "_since", "_type", "next", "before", "rule", "access_token"),
)
_FORMULA = re.compile(r"[\s\u200b-\u200d\u2060\ufeff\x00]*[=+@＝＋＠]|[\s\u200b\ufeff]*[-－](?![\d.])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Ears(logging.Handler):
    """What the service writes to its log, each line as it would stand in a file."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.lines = 0
        self.broken: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        self.lines += 1
        if _CONTROL.search(text) or MARK in text:
            self.broken.append(text[:300])


class Attack:
    """Everything that is asked of one service, and what was wrong with its answers."""

    def __init__(self, app: Flask) -> None:
        self.app, self.client = app, app.test_client()
        self.asked = 0
        self.statuses: Counter[int] = Counter()
        self.problems: list[str] = []
        rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
        self.routes = itertools.cycle(rules)

    def ask(self, payload: str, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self.client.open(path, method=method, **more)
        except ValueError:  # a header that the client itself does not send
            return None
        self.asked += 1
        self.statuses[answer.status_code] += 1
        where = f"{method} {path[:60]} {answer.status_code}"
        self.problems += [f"{where} {payload[:80]!r}: {each}" for each in _wrong(answer, payload)]
        return answer

    def send(self, payload: str) -> None:
        """As data: in texts, in structure, in names, in a case; and to be validated."""
        for raw in (in_texts(payload), in_structure(payload), in_names(payload)):
            self.ask(payload, "POST", "/fhir", data=raw, content_type=FHIR)
        self.ask(payload, "POST", "/cases", data=case_of(payload), content_type="application/json")
        self.ask(payload, "POST", "/fhir/$validate", data=in_structure(payload), content_type=FHIR)
        raw = payload.encode("utf-8", "surrogatepass")
        self.ask(payload, "POST", "/fhir", data=raw, content_type=FHIR)
        self.ask(payload, "POST", "/pulls", json={"source": payload, "since": payload})

    def name(self, payload: str) -> None:
        """As what surrounds data: headers, forms."""
        told = quote(payload, safe="")
        for header in ("X-CRMO-Source", "Accept-Language", "If-Match", "Authorization", "Cookie", "Prefer", "Origin"):
            for value in (payload, told):
                self.ask(payload, "GET", "/cases", headers={header: value[:3000]})
        self.ask(payload, "POST", "/login", data={"login": payload, "password": payload, "code": payload})
        self.ask(payload, "POST", "/fhir", data=b"{}", content_type=f"application/fhir+json; charset={told[:200]}")

    def look(self, payload: str, routes: int) -> None:
        """In the address: each of the next routes with it in its path, and in its query."""
        query = "&".join(f"{name}={quote(payload[:300], safe='')}" for name in PARAMETERS)
        for rule in itertools.islice(self.routes, routes):
            path = re.sub(r"<[^>]*type_>", "Patient", rule.rule)
            filled = re.sub(r"<[^>]+>", lambda _: quote(payload[:300], safe=""), path)
            for accept in ("text/html", "application/json"):
                self.ask(payload, "GET", filled, headers={"Accept": accept})
                self.ask(payload, "GET", f"{re.sub('<[^>]+>', 'x', path)}?{query}", headers={"Accept": accept})

    def read_all(self, cases_read: int) -> int:
        """Every page and document as it stands after all that; how many pages there were."""
        cases = self.client.get("/cases?limit=20").json["cases"]
        patients = self.client.get("/fhir/Patient?_count=20").json.get("entry", [])
        pages = 0
        for rule in self.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or (cases_read == 1 and rule.rule.startswith(DEAR)):
                continue
            for case, patient in itertools.zip_longest(cases[:cases_read] or [{}], patients[:cases_read]):
                known = {"case_id": (case or {}).get("case_id", "x"), "language": "en", "name": "x"}
                known["id_"] = patient["resource"]["id"] if patient else "x"
                path = re.sub(r"<[^>]*type_>", "Patient", rule.rule)
                path = re.sub(r"<(?:[^>:]*:)?(\w+)>", lambda found: quote(str(known.get(found[1], "1")), safe=""), path)  # noqa: B023
                for accept in ("text/html", "application/json", "text/csv"):
                    answer = self.ask("", "GET", path, headers={"Accept": accept})
                    pages += answer is not None and answer.mimetype == "text/html"
        return pages


def _wrong(answer: Any, payload: str) -> Iterator[str]:
    """What no answer may be, whatever was asked."""
    waits = (
        answer.status_code == NOT_READY and "Retry-After" in answer.headers and answer.request.path.startswith(DRAWN)
    )
    if answer.status_code >= 500 and answer.status_code != NOT_OFFERED and not waits:
        yield "failed"
    if "X-Injected" in answer.headers or any(MARK in each for each in answer.headers.getlist("Set-Cookie")):
        yield "a header was let in"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        yield "a browser may guess what it is"
    text = answer.get_data(as_text=True)
    if EVALUATED in text:
        yield "a template was evaluated"
    if "root:x:0" in text:
        yield "a file was read"
    if answer.mimetype in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml"):
        yield from wounds(text, payload)
    elif answer.mimetype.endswith("json") and text:
        told = json.loads(text)
        narrative = told.get("text", {}) if isinstance(told, dict) else {}
        yield from wounds(narrative.get("div", "") if isinstance(narrative, dict) else "", payload)


def exports(ground: Ground, knowledge: Knowledge, folder: Path) -> tuple[int, list[str]]:
    """Every file that leaves the registry: how many cells there were, and which would be run."""
    bootstrap.load_knowledge = lambda settings, rule_set="SA": knowledge
    asked = [["export", "--to", str(folder / form), "--format", form] for form in ("csv", "erdri", "phenopackets")]
    asked += [["cohort", "--format", form] for form in ("csv", "html", "json")]
    asked += [["figures", "--out", str(folder / "figures"), "--format", "svg"], ["queries", "--format", "csv"]]
    cells, problems, said = 0, [], {}
    for arguments in asked:
        result = CliRunner().invoke(command, [*ground.command(), *arguments])
        if result.exit_code not in (0, 1, 2) or (result.exception and not isinstance(result.exception, SystemExit)):
            problems.append(f"{arguments[:3]} ends with {result.exit_code} {result.exception!r}")
        said[" ".join(arguments[:3])] = result.output
    files = {str(file): file.read_text(encoding="utf-8", errors="replace") for file in folder.rglob("*.*")}
    for name, text in {**files, **said}.items():
        if name.endswith("csv"):
            for row in csv.reader(io.StringIO(text, newline="")):
                cells += len(row)
                problems += [f"{name}: {cell[:60]!r} is a formula" for cell in row if _FORMULA.match(cell)]
        elif name.endswith(("html", "svg")):
            problems += [f"{name}: {each}" for each in wounds(text)]
    return cells, problems


def play(knowledge: Knowledge, database: str, *, short: bool) -> bool:
    with open_grounds(database) as (grounds,):
        ground = grounds.empty()
        folder = ground.folder / "here"
        folder.mkdir()
        os.chdir(folder)  # where a file that a text names would come into being
        held = _play(knowledge, ground, folder, short=short)
        os.chdir("/")
    return held


def _play(knowledge: Knowledge, ground: Ground, folder: Path, *, short: bool) -> bool:
    ears, outbound = Ears(), Outbound()
    root = logging.getLogger()
    root.addHandler(ears)
    root.setLevel(logging.INFO)
    families = {"XSS": cross_site(), "injection": injections()}
    counts = {}
    with ground.parts(knowledge) as parts, outbound.watching():
        tables = set(sa.inspect(parts.store.engine).get_table_names())
        app = create_app(parts)
        attack = Attack(app)
        for kind, members in families.items():
            chosen = [each[len(each) // 2 :][:1] if short else each for each in members.values()]
            texts = list(dict.fromkeys(itertools.chain.from_iterable(chosen)))
            counts[kind] = len(texts)
            for text in texts:
                attack.send(text)
                attack.name(text)
                attack.look(text, SHORT_ROUTES if short else ROUTES)
        pages = attack.read_all(1 if short else 3)
        awake = outbound.is_awake()
        app.extensions["background"].shutdown()
        if set(sa.inspect(parts.store.engine).get_table_names()) != tables:
            attack.problems.append("the tables are others than before")
    root.removeHandler(ears)
    before = {each.name for each in folder.iterdir()}
    (folder / "out").mkdir()
    cells, wrong = exports(ground, knowledge, folder / "out")
    strangers = before | {file.name for file in Path(tempfile.gettempdir()).glob("pwned*")}
    attack.problems += wrong + [f"a file came into being: {each}" for each in strangers]
    broken = fsck(ground, knowledge)
    for problem in [*attack.problems, *ears.broken, *broken][:60]:
        remark(problem)
    return tell(
        "hostile texts",
        holds=awake and not (attack.problems or ears.broken or outbound.calls or broken),
        database=ground.url.partition(":")[0].partition("+")[0],
        **counts,
        families={kind: len(members) for kind, members in families.items()},
        requests=attack.asked,
        answers={str(status): number for status, number in sorted(attack.statuses.items())},
        pages_read=pages,
        cells_exported=cells,
        log_lines=ears.lines,
        broken_log_lines=len(ears.broken),
        harm=len(attack.problems),
        outbound_calls=len(outbound.calls),
        sentinel_awake=awake,
        fsck=len(broken),
    )


def battery(knowledge: Knowledge, *, short: bool, databases: tuple[str, ...] = KINDS) -> bool:
    """The short form on PostgreSQL alone, which holds less."""
    return all([play(knowledge, database, short=short) for database in databases[1 if short else 0 :] or databases])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--database", choices=KINDS)
    asked = parser.parse_args()
    databases = (asked.database,) if asked.database else KINDS
    sys.exit(not battery(load_warm(), short=asked.short, databases=databases))


if __name__ == "__main__":
    main()
