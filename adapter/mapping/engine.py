"""The mappings at work: a Bundle to a case, a case to a Bundle.

Takes from: the rest of this package, bundle.  Gives to: inbound, outbound, web, cli.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.bundle import resources_of
from adapter.canonical import BASE
from adapter.errors import DeclarationError, InvalidContentError, Issue, Json
from adapter.mapping import explain
from adapter.mapping.assembly import assemble
from adapter.mapping.code import Code
from adapter.mapping.dispatch import Dispatch, make_dispatch
from adapter.mapping.language import Language, Map, Rule, load_language
from adapter.mapping.leftovers import Leftovers, make_leftovers
from adapter.mapping.reader import make_reader_code
from adapter.mapping.run import Read, Run, broken
from adapter.mapping.select import Drop, make_drops
from adapter.mapping.writer import make_writer_code

CaseId = str | Callable[[Json], str | None] | None
# Elements that change the meaning of what they stand in: not knowing them is not understanding the rest.
_MODIFIERS = ("modifierExtension", "implicitRules")
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,40}\Z")
# What a resource that passed no gate may do to generated code; anything else is a bug of ours.
_SHAPE = (AttributeError, TypeError, KeyError, IndexError, ValueError)


@dataclass
class MappingResult:
    """What a Bundle became.

    Shapes:  case    a registry case, or None when nothing makes one; not yet held against the schema
             unread  [{"expression", "count"}]: what was sent and no rule read, by place, without values
             reads   which resource gave what; the source of traces
    """

    case: Json | None
    issues: list[Issue]
    unread: list[Json]
    reads: list[Read] = field(repr=False, default_factory=list)

    @property
    def trace(self) -> list[Json]:
        """For each value of the case the rule, file:line, source place and table row; made when asked for."""
        return explain.trace(self.case, self.reads) if self.case is not None else []


@dataclass(frozen=True)
class Compiled:
    """One map, ready to run both ways."""

    mapping: Map
    write: Callable[[Json, str, Callable[[Json], None]], None]
    read: Callable[[Json, Run], Any]
    named: list[Rule]
    drops: list[Drop]
    writer_code: Code
    reader_code: Code


class Mappings:
    """Every map of a folder, compiled. Safe to share between threads: nothing in it changes."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.compiled = {mapping.name: _compile(mapping, language) for mapping in language.maps}
        self._dispatch: Dispatch = make_dispatch(language.maps)
        self._leftovers: Leftovers = make_leftovers(language.maps)
        self._writers = [each.write for each in self.compiled.values() if each.mapping.get("one-way") != "from-fhir"]
        self.version = _version(language)

    def to_resources(self, case: Json) -> list[Json]:
        """The resources of a case, in the order of the maps.

        Shapes:  case     valid against case.schema.json
                 returns  R4 resources; parts that never change are shared between them: do not alter, copy
        Errors:  InvalidContentError when a word of the case has no code (a case the schema would refuse)
        """
        out: list[Json] = []
        name = fhir_id(case["case_id"])
        try:
            for write in self._writers:
                write(case, name, out.append)
        except _SHAPE as error:
            raise InvalidContentError([_unwritable(error)]) from error
        return out

    def to_fhir(self, case: Json) -> Json:
        """The case as an R4 transaction: every resource PUT under its own stable id."""
        entries = [
            {
                "fullUrl": f"{BASE}/{each['resourceType']}/{each['id']}",
                "resource": each,
                "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"},
            }
            for each in self.to_resources(case)
        ]
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    def to_case(self, bundle: Json, case_id: CaseId = None, *, leftovers: bool = True) -> MappingResult:
        """The case a Bundle tells.

        Shapes:  bundle   of one patient, checked by bundle.check_bundle
                 case_id  the pseudonym, or how to make one of the Patient, when the Bundle carries none of ours
        Errors:  none; what cannot be read is an issue, and what nobody reads is counted
        """
        run = Run(bundle)
        unread: dict[str, int] = {}
        for number, resource in resources_of(bundle):
            self._read(run, number, resource, unread if leftovers else None)
        case: Json | None = assemble(run)
        if case is not None and "case_id" not in case:
            _give_id(case, run, case_id)
        if not case or "diagnosis" not in case:
            run.issues.append(_NO_DIAGNOSIS)
            case = None
        return MappingResult(case, run.issues, [{"expression": k, "count": n} for k, n in unread.items()], run.reads)

    def locate(self, case: Json) -> Callable[[str], tuple[str, str]]:
        """Where the values of a case stand in the registry's FHIR: JSON pointer -> (Type/id, FHIRPath)."""
        return explain.make_locate(self.language, case, fhir_id(case["case_id"]))

    def explain(self, field_name: str) -> list[Json]:
        """Which elements can feed a case field; [] when no rule knows it."""
        return explain.explain_field(self.language, field_name)

    def _read(self, run: Run, number: int, resource: Json, unread: dict[str, int] | None) -> None:
        way = self._dispatch.way(resource)
        if way is None:
            run.issues.extend(self._dispatch.unselected(resource, number))
            if unread is not None:
                name = str(resource.get("resourceType"))
                unread[name] = unread.get(name, 0) + 1
            return
        compiled = self.compiled[way.mapping.name]
        read = Read(way.mapping, number, resource, None, way)
        for drop in compiled.drops:
            if drop.test(resource) and not (way.own and drop.hospital_only):
                run.issues.append(_dropped(read, drop))
                return
        run.begin(read, compiled.named)
        if way.mapping.place != "root" and not run.speaks_of_the_patient(resource):
            run.issues.append(_stranger(read))
            return
        try:
            read.item = compiled.read(resource, run)
            left = self._leftovers.of(way.mapping.name, resource) if unread is not None else ()
        except _SHAPE as error:
            run.issues.append(broken(read, error, _line(error, way.mapping.file.name)))
            return
        if unread is not None:
            for place in left:
                unread[place] = unread.get(place, 0) + 1
        if modifier := next((place for place in left if place.endswith(_MODIFIERS)), None):
            run.issues.append(_not_understood(read, modifier))
            return
        if read.item is not None:
            run.keep(read)
            if way.warn is not None:
                run.issues.append(_reserved(read, way.warn))


def load_mappings(folder: Path) -> Mappings:
    """Read, prove and compile a folder of mapping files.

    Errors:  DeclarationError with every problem as "file:line:col code message"
    """
    from adapter.mapping.check import check_language

    language = load_language(folder)
    if problems := list(check_language(language)):
        raise DeclarationError(problems)
    return Mappings(language)


def fhir_id(case_id: str) -> str:
    """The case's pseudonym as a FHIR id: itself when it is one (and leaves room), else a digest of it."""
    if _FHIR_ID.match(case_id):
        return case_id
    return "c" + hashlib.sha256(case_id.encode()).hexdigest()[:31]


def _compile(mapping: Map, language: Language) -> Compiled:
    writer = make_writer_code(mapping, language)
    reader, named = make_reader_code(mapping)
    return Compiled(
        mapping, writer.function("write"), reader.function("read"), named, make_drops(mapping), writer, reader
    )


def _version(language: Language) -> str:
    digest = hashlib.sha256()
    files = {each.file.path for each in language.maps} | {table.file.path for table in language.tables.values()}
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _give_id(case: Json, run: Run, case_id: CaseId) -> None:
    patient = next((read.resource for read in run.reads if read.mapping.place == "root"), {})
    name = case_id(patient) if callable(case_id) else case_id
    if name is not None:
        case["case_id"] = name


_NO_DIAGNOSIS = Issue(
    "error",
    "required",
    "Bundle",
    "mapping:required:diagnosis.code",
    "expected a Condition whose code is in table 'diagnosis'; without it there is no case",
    "mapping",
    field="diagnosis.code",
)


def _dropped(read: Read, reason: Drop) -> Issue:
    rule = f"mapping:dropped:{read.mapping.name}"
    text = f"left out before any rule: {reason.why['en']}"
    french = f"écarté avant toute règle : {reason.why['fr']}"
    origin = f"{read.mapping.file.name}:{read.mapping.file.line(('drop',))}"
    return Issue("information", "informational", read.place, rule, text, "mapping", origin=origin, text_fr=french)


def _reserved(read: Read, warn: Json) -> Issue:
    rule = f"mapping:reserved:{read.mapping.name}"
    origin = f"{read.mapping.file.name}:{read.mapping.file.line(('select',))}"
    place = f"{read.place}.{read.way.path.reach.fhirpath}"
    return Issue("warning", "business-rule", place, rule, warn["en"], "mapping", origin=origin, text_fr=warn["fr"])


def _stranger(read: Read) -> Issue:
    text = "expected a subject that is the Patient of this Bundle; the resource is left out"
    french = "le sujet attendu est le Patient de ce Bundle ; la ressource est écartée"
    place = f"{read.place}.subject"
    return Issue("error", "not-found", place, "mapping:subject", text, "mapping", text_fr=french)


def _not_understood(read: Read, place: str) -> Issue:
    text = "carries a modifier that changes its meaning and is not understood; the resource is left out"
    return Issue("error", "not-supported", f"{read.place}.{place.split('.', 1)[1]}", "modifier", text, "mapping")


def _unwritable(error: Exception) -> Issue:
    line, file = _last_frame(error)
    return Issue(
        "error",
        "code-invalid",
        "",
        "mapping:unwritable",
        "the case holds a word that no table knows",
        "mapping",
        origin=f"{file}:{line}",
    )


def _line(error: Exception, file: str) -> int:
    line, name = _last_frame(error)
    return line if name == file else 1


def _last_frame(error: Exception) -> tuple[int, str]:
    """Line and file of the innermost YAML frame: generated code carries the YAML file's name and lines."""
    found = (1, "")
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".yaml"):
            found = (trace.tb_lineno, trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return found
