"""The mappings at work: a Bundle to a case, a case to a Bundle.

Takes from: the rest of this package, bundle.  Gives to: inbound, outbound, web, cli.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.canonical import BASE
from adapter.errors import DeclarationError, InvalidContentError, Issue, Json, UsageError
from adapter.mapping.assembly import Assembly
from adapter.mapping.cache import keep, make_stamp, recall
from adapter.mapping.check import check_language
from adapter.mapping.explain import explain_field, make_locate
from adapter.mapping.files import Folder
from adapter.mapping.findings import NO_DIAGNOSIS, unwritable
from adapter.mapping.intake import Intake
from adapter.mapping.language import load_language
from adapter.mapping.layers import Layers
from adapter.mapping.putting import put_onto
from adapter.mapping.rules import CASE_ID_LENGTH, Language, Map
from adapter.mapping.sorting import SHAPE
from adapter.mapping.traces import trace
from adapter.mapping.unwritten import Unwritten
from adapter.mapping.writer import make_writer_code
from adapter.mapping.written import trace_written

CaseId = str | Callable[[Json], str | None] | None
Writer = Callable[[Json, str, Callable[[Json], None]], None]
_FHIR_ID = re.compile(rf"[A-Za-z0-9.-]{{1,{CASE_ID_LENGTH}}}\Z")


@dataclass
class MappingResult:
    """What a Bundle became.

    Shapes:  case    a registry case, or None when nothing makes one; not yet held against the schema
             unread  [{"expression", "count"}]: what was sent and no rule read, by place, without values
    """

    case: Json | None
    issues: list[Issue]
    unread: list[Json]
    _again: Callable[[], Assembly] = field(repr=False)

    @property
    def trace(self) -> list[Json]:
        """For each value of the case the rule, file:line, source place and table row.

        Nothing was recorded: the Bundle, which must still be what it was, is read again when somebody asks.
        """
        return trace(self._again()) if self.case is not None else []


class Mappings:
    """Every map of a folder, compiled. Safe to share between threads: nothing in it changes but its overlays' files."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._intake = Intake(language)
        written = [mapping for mapping in language.maps if mapping.get("one-way") != "from-fhir"]
        self._writer_codes = {mapping.name: make_writer_code(mapping, language) for mapping in written}
        self._writers: dict[str, Writer] = {name: code.function("write") for name, code in self._writer_codes.items()}
        self._unwritten = Unwritten(language)
        self.version = _version(language.folder)
        self.layers: Layers[Mappings] = Layers(language, Mappings)

    def of(self, overlay: str) -> Mappings:
        """The mappings with an overlay over them, as its file says by now; "" is none.

        Errors:  UsageError when there is no such overlay
        """
        if overlay and not self.layers.has(overlay):
            known = ", ".join(self.layers.names) or "none"
            raise UsageError(f"there is no overlay '{overlay}' in the mappings (there are: {known})")
        return self.layers.get(overlay) if overlay else self

    @property
    def overlays(self) -> list[str]:
        """Names of the overlays that lie beside these mappings."""
        return self.layers.names

    def to_resources(self, case: Json) -> list[Json]:
        """The resources of a case, in the order of the maps.

        Shapes:  case     valid against case.schema.json
                 returns  R4 resources; parts that never change are shared between them: do not alter, copy
        Errors:  InvalidContentError when a word of the case has no code (a case the schema would refuse)
        """
        return _write(self._writers.values(), case)

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

    def trace_written(self, case: Json) -> list[Json]:
        """For each value of a case's resources the rule, file:line, place in the case and table row.

        Shapes:  as mapping.written.trace_written
        Errors:  as `to_resources`
        """
        return [
            entry
            for mapping in self.language.maps
            if mapping.name in self._writers
            for entry in trace_written(mapping, case, _write([self._writers[mapping.name]], case))
        ]

    def unwritten(self, case: Json) -> list[Issue]:
        """What of a case no map writes, by place, without values; [] when FHIR gets all of it."""
        return self._unwritten.of(case)

    def put(self, case: Json, resources: Iterable[Json]) -> list[Json]:
        """A changed case written onto resources that exist: what no rule knows stays, and nothing else is changed.

        Shapes:  resources  R4, of one patient; references between them as Type/id
        Errors:  as `put_bundle`
        """
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
        return [entry["resource"] for entry in self.put_bundle(case, bundle)["entry"]]

    def put_bundle(self, case: Json, bundle: Json) -> Json:
        """The same for a Bundle; of a transaction, what the case has no more becomes a DELETE.

        Shapes:  case     valid against case.schema.json
                 bundle   of one patient, checked by bundle.check_bundle; left as it is
                 returns  a Bundle that `to_case` reads as this case
        Errors:  InvalidContentError: items that cannot be told apart, what no rule can read, another child's pseudonym
        """

        def write(mapping: Map) -> list[Json]:
            return _write([self._writers[mapping.name]], case)

        return put_onto(self.language, self._intake, write, case, fhir_id(case["case_id"]), bundle)

    def to_case(self, bundle: Json, case_id: CaseId = None, *, leftovers: bool = True) -> MappingResult:
        """The case a Bundle tells.

        Shapes:  bundle   of one patient, checked by bundle.check_bundle
                 case_id  the pseudonym, or how to make one of the Patient, when the Bundle carries none of ours
        Errors:  none; what cannot be read is an issue, and what nobody reads is counted
        """
        run, unread = self._intake.read(bundle, leftovers=leftovers)
        case: Json | None = self._intake.assemble(run).case
        if case is not None and "case_id" not in case:
            _give_id(case, run.root, case_id)
        if not case or "diagnosis" not in case:
            run.issues.append(NO_DIAGNOSIS)
            case = None
        counts = [{"expression": place, "count": count} for place, count in unread.items()]
        return MappingResult(case, run.issues, counts, lambda: self._intake.record(bundle))

    def locate(self, case: Json) -> Callable[[str], tuple[str, str]]:
        """Where the values of a case stand in the registry's FHIR: JSON pointer -> (Type/id, FHIRPath)."""
        return make_locate(self.language, case, fhir_id(case["case_id"]))

    def profile_of(self, resource: Json) -> tuple[str, str]:
        """(id of our profile, place in the case) for a resource as its map says; ("", "") when no map takes it."""
        mapping = self._intake.map_of(resource)
        return (mapping.get("profile") or "", mapping.case) if mapping else ("", "")

    def explain(self, field_name: str) -> list[Json]:
        """Which elements can feed a case field; [] when no rule knows it."""
        return explain_field(self.language, field_name)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_writers"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._writers = {name: code.function("write") for name, code in self._writer_codes.items()}

    @property
    def names(self) -> list[str]:
        """Names of the maps, in the order in which they write."""
        return [mapping.name for mapping in self.language.maps]

    def generated(self, name: str) -> str:
        """The Python made of one map, with the YAML line beside each line (`--trace-python`)."""
        codes = (self._writer_codes.get(name), self._intake.sorter.shorts.get(name), self._intake.long[name].code)
        return "\n".join(code.annotated() for code in codes if code)


def load_mappings(folder: Path, cache: Path | None = None) -> Mappings:
    """Read, prove and compile a folder of mapping files.

    Shapes:  cache   folder where what was compiled is kept for the next start; None: compiled anew
    Errors:  DeclarationError with every problem as "file:line:col code message"
    """
    stamp = make_stamp(folder) if cache else ""
    if cache and isinstance(kept := recall(cache, stamp), Mappings):
        return kept
    language = load_language(folder)
    if problems := list(check_language(language)):
        raise DeclarationError(problems)
    mappings = Mappings(language)
    if cache:
        keep(cache, stamp, mappings)
    return mappings


def _write(writers: Iterable[Writer], case: Json) -> list[Json]:
    out: list[Json] = []
    name = fhir_id(case["case_id"])
    try:
        for write in writers:
            write(case, name, out.append)
    except SHAPE as error:
        raise InvalidContentError([unwritable(error)]) from error
    return out


def fhir_id(case_id: str) -> str:
    """The case's pseudonym as a FHIR id: itself when it is one (and leaves room), else a digest of it."""
    if _FHIR_ID.match(case_id):
        return case_id
    return "c" + hashlib.sha256(case_id.encode()).hexdigest()[:31]


def _version(folder: Folder) -> str:
    """A digest of every map, fragment and table: what a stored case records of the mapping that made it."""
    digest = hashlib.sha256()
    patterns = ("*.map.yaml", "fragments/*.yaml", "tables/*.yaml")
    laid = [folder.overlay.file.path] if folder.overlay else []
    for file in (*sorted(file for pattern in patterns for file in folder.path.glob(pattern)), *laid):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _give_id(case: Json, patient: Json, case_id: CaseId) -> None:
    name = case_id(patient) if callable(case_id) else case_id
    if name is not None:
        rest = dict(case)
        case.clear()
        case.update({"case_id": name, **rest})
