"""A child whose every identifying element sings, through everything the registry does; then everything is searched.

`python -m tests.battery.canary [--short]`: answers, pages, logs, metrics, errors, exports in every form (Office files
unzipped, Parquet read), figures, reports, a backup unzipped, the database's own file after VACUUM, and pg_dump's text.
"""

from __future__ import annotations

import argparse
import base64
import io
import itertools
import logging
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from click.testing import CliRunner

from adapter import bootstrap
from adapter.cli import main as command
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import inbox
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.web import create_app
from tests.battery.figures import remark, tell
from tests.battery.grounds import KINDS, Ground, load_warm, open_grounds
from tests.battery.hostile import DEAR
from tests.battery.journeys import FHIR, ask, fsck
from tests.contract.test_privacy import MARK, canary, failures, make_canary, make_record, record_bundle
from tests.sample_bundles import as_bytes
from tests.sample_cases import make_case

_SHORTER = ("csv", "erdri")
_FORMS = ("csv", "parquet", "phenopackets", "erdri")
# In text the mark itself; in what is random, as sealed bytes and pictures are, only words too long to come by chance,
# as they stand, in one case, as UTF-16, and in base 64 wherever they begin.
_TEXT = re.compile(MARK.encode(), re.IGNORECASE)
_LONG = 9


def _spellings(word: bytes) -> Iterator[bytes]:
    yield from (word, word.lower(), word.upper(), word.decode().encode("utf-16-le"))
    for lead in range(3):
        yield base64.b64encode(b"\0" * lead + word)[lead + 1 : -4]


def _make_random_look() -> re.Pattern[bytes]:
    came = b"".join([record_bundle(), *failures()])
    words = {word for word in re.findall(rf"{MARK}[A-Za-z-]+".encode(), came) if len(word) >= _LONG}
    return re.compile(b"|".join(re.escape(each) for word in sorted(words) for each in _spellings(word)))


_RANDOM = _make_random_look()
# Told to whoever asks to validate, and to nobody else: what his definitions are called.
_NAMES = re.compile(rf"{MARK}(?:extension|resourcetype)(?![A-Za-z])".encode())


@dataclass
class Search:
    """Where the mark was looked for, and where it was found."""

    short: bool = False
    places: int = 0
    searched: int = 0
    hits: list[str] = field(default_factory=list)

    def look(self, where: str, content: bytes | str) -> None:
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        self.places += 1
        self.searched += len(raw)
        random = b"\0" in raw or b"\xff" in raw or where.endswith(".ndjson")
        if found := (_RANDOM if random else _TEXT).search(raw):
            self.hits.append(f"{where}: {raw[max(0, found.start() - 60) : found.end() + 40]!r}")

    def look_into(self, where: str, content: bytes) -> None:
        """A file, and what is inside it when it is an archive or a table."""
        self.look(where, content)
        if content[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    self.look(f"{where}/{name}", archive.read(name))
        elif content[:4] == b"PAR1":
            import pyarrow.parquet

            self.look(f"{where} read", repr(pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()))


class Ears(logging.Handler):
    def __init__(self, search: Search) -> None:
        super().__init__(logging.DEBUG)
        self._search = search

    def emit(self, record: logging.LogRecord) -> None:
        """Our own client writes its addresses into the hospital's log, not into ours: urllib3 at DEBUG is its own."""
        if not record.name.startswith("urllib3") or record.levelno > logging.DEBUG:
            self._search.look(f"log of {record.name}", logging.Formatter().format(record))


def push_everything(parts: Parts, search: Search) -> None:
    """Taken, sent again, refused in every way; in the address and the headers; a crash."""
    app = create_app(parts)
    client = app.test_client()
    for number, raw in enumerate([record_bundle(), record_bundle(), *failures()]):
        for language in ("en", "fr"):
            answer = client.post("/fhir", data=raw, content_type=FHIR, headers={"Accept-Language": language})
            search.look(f"answer {number}", f"{answer.status_code} {answer.headers} {answer.get_data(as_text=True)}")
            verdict = client.post("/fhir/$validate", data=raw, content_type=FHIR, headers={"Accept-Language": language})
            search.look(f"verdict {number}", _NAMES.sub(b"", verdict.data))
    client.post("/cases", data=as_bytes(make_case(1)), content_type="application/json")
    bad = {"case_id": "C-1", "patient": {"sex": canary("sex")}, canary("casekey"): 1, "diagnosis": canary("dx")}
    search.look("a bad case", client.post("/cases", json=bad).data)
    secret = {"Authorization": f"Bearer {canary('token')}", "Cookie": f"crmo_session={canary('cookie')}"}
    for path in (f"/cases/{canary('path')}", f"/fhir/Patient?name={canary('query')}", f"/{canary('nowhere')}"):
        client.get(path, headers=secret)  # what they answer is the asker's own; what is kept of it is looked at below
    client.post("/login", data={"login": canary("login"), "password": canary("password"), "code": canary("code")})
    app.extensions["background"].shutdown()

    def crash() -> str:
        raise ValueError(canary("crash"))

    search.look("a crash", repr(ask(replace(parts, make_id=crash), "POST", "/fhir", record_bundle())))


def pull_everything(parts: Parts, search: Search) -> None:
    with serve_resources(FhirServer(make_record(patient=make_canary(), condition=None))) as base:
        report = run_pull(parts, start_pull(parts, base))
    search.look("the pull's report", repr(report))


def read_everything(parts: Parts, search: Search) -> None:
    """Every route, as a page and as a document."""
    app = create_app(parts)
    client = app.test_client()
    known_cases = [each["case_id"] for each in client.get("/cases").json["cases"]]
    entries = client.get("/fhir/Patient").json.get("entry", [])
    patients = [each["resource"]["id"] for each in entries]
    pulls = [each["id"] for each in client.get("/pulls").json["pulls"]]
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or (search.short and rule.rule.startswith(DEAR)):
            continue
        for case, patient, pull in itertools.zip_longest(known_cases, patients, pulls, fillvalue="x"):
            known = {"case_id": case, "id_": patient, "pull_id": pull, "type_": "Patient", "version": "1"}
            known |= {"language": "fr", "name": "x"}
            path = re.sub(r"<[^>]*?(\w+)>", lambda found: quote(str(known.get(found[1], "x")), safe=""), rule.rule)  # noqa: B023
            for accept in ("text/html", "application/json"):
                answer = client.get(path, headers={"Accept": accept})
                search.look(f"GET {rule.rule}", f"{answer.headers} {answer.get_data(as_text=True)}")
            if not set(rule.arguments) & {"case_id", "id_", "pull_id"}:
                break
    app.extensions["background"].shutdown()


def take_everything_out(ground: Ground, knowledge: Knowledge, search: Search, *, short: bool) -> None:
    """Every command that writes files or prints, and the copy."""
    bootstrap.load_knowledge = lambda settings, rule_set="SA": knowledge
    out = ground.folder / "out"
    asked = [["export", "--to", str(out / form), "--format", form] for form in (_SHORTER if short else _FORMS)]
    asked += [["cohort", "--format", form] for form in ("text", "json", "csv", *(() if short else ("html", "docx")))]
    asked += [["inbox", "list", "--json"], ["inbox", "causes"], ["inbox", "retry", "--all"], ["case", "list", "--json"]]
    asked += [["queries"], ["unread"], ["audit", "--json"], ["pulls", "list"], ["fsck", "--recompute"], ["doctor"]]
    asked += [["backup", str(ground.folder / "copy.zip")]]
    asked += (
        [] if short else [["export", "--to", str(out / "outside"), "--outside"], ["figures", "--out", str(out / "f")]]
    )
    for arguments in asked:
        result = CliRunner().invoke(command, [*ground.command(), *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        search.look_into(" ".join(arguments[:2]), result.stdout_bytes)
        search.look(f"{' '.join(arguments[:2])}: what it tells", result.stderr)
    for file in [*out.rglob("*.*"), ground.folder / "copy.zip"]:
        if file.is_file():
            search.look_into(file.name, file.read_bytes())


def dump(ground: Ground, knowledge: Knowledge, programs: Path | None) -> Iterator[tuple[str, bytes]]:
    """The database as whoever steals it has it, after it was made compact."""
    with ground.parts(knowledge) as parts:
        if not parts.store.is_sqlite:
            host = ground.url.rpartition("host=")[2]
            name = ground.url.partition("?")[0].rpartition("/")[2]
            dumped = [str((programs or Path()) / "pg_dump"), "-h", host, "-U", "crmo", name]
            yield "pg_dump", subprocess.run(dumped, capture_output=True, check=True, timeout=300).stdout
            return
        plain = parts.store.engine.raw_connection()
        plain.execute("VACUUM")  # type: ignore[attr-defined]  # the driver's own connection: no transaction may be open
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
        plain.close()
    for file in sorted(ground.folder.glob("*.db*")):
        yield file.name, file.read_bytes()


def control(parts: Parts) -> int:
    """How often the mark is in what came: there is something to be found."""
    with parts.store.reading() as connection:
        kept = (inbox.read_raw(connection, each.id, parts.seals) for each in inbox.entries(connection, limit=1000))
        return sum(raw.count(MARK.encode()) for raw in kept if raw)


def play(knowledge: Knowledge, database: str, *, short: bool) -> bool:
    search = Search(short)
    ears = Ears(search)
    root = logging.getLogger()
    root.addHandler(ears)
    root.setLevel(logging.DEBUG)
    steps: list[Callable[[Parts, Search], None]] = [push_everything, pull_everything, read_everything]
    with open_grounds(database) as (grounds,):
        ground = grounds.empty()
        with ground.parts(knowledge) as parts:
            for step in steps:
                step(parts, search)
            marks = control(parts)
        take_everything_out(ground, knowledge, search, short=short)
        for where, content in dump(ground, knowledge, grounds.programs):
            search.look(where, content)
        broken = fsck(ground, knowledge)
    root.removeHandler(ears)
    for hit in [*search.hits, *broken][:40]:
        remark(hit)
    return tell(
        "canary",
        holds=not search.hits and not broken and marks > 100,
        database=database,
        marks_that_came=marks,
        places_searched=search.places,
        bytes_searched=search.searched,
        hits=len(search.hits),
        fsck=len(broken),
    )


def battery(knowledge: Knowledge, *, short: bool) -> bool:
    """The short form on SQLite alone."""
    return all([play(knowledge, database, short=short) for database in KINDS[: 1 if short else None]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    sys.exit(not battery(load_warm(), short=asked.short))


if __name__ == "__main__":
    main()
