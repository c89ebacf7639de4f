"""Judge the lines of a partition: patient by patient, by the judgement that a pull ends in, whatever their order.

Takes from: errors, resource, judgement, hospital, mapping, eligibility, case, parts, pseudonym.  Gives to: screen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from adapter.bundle import in_order
from adapter.case import load_consistency
from adapter.eligibility import load_criteria
from adapter.errors import Issue, Json
from adapter.hospital import Source
from adapter.hospital.collecting import version_of
from adapter.hospital.matching import patient_of
from adapter.hospital.patients import with_centre
from adapter.judgement import COLLECTED, Judgement, judge_bundle
from adapter.mapping import load_mappings
from adapter.parts import Knowledge
from adapter.pseudonym import Pseudonyms
from adapter.resource import dump_json, parse_json, parse_lines
from adapter.screen.scatter import linked_id

Key = tuple[str, str]
Rank = tuple[int, str, bytes]
CONSENT = "Consent"


@dataclass(frozen=True)
class Plan:
    """What every process needs to do its part; it travels to each.

    Shapes:  mappings, packages  folders and FHIR packages, to be found by each process
             today               the day by which is decided
    """

    source: Source
    pseudonyms: Pseudonyms
    mappings: Path
    packages: tuple[Path, ...]
    rule_set: str
    today: date
    partitions: int

    @property
    def types(self) -> frozenset[str]:
        """Of the resources that are collected of a candidate; drugs are found by what points at them."""
        consent = {CONSENT} if self.source.opposition and self.source.opposition.asks_consents else set()
        return frozenset({"Patient", *(search.type for search in self.source.collect), *consent})

    def case_id(self, patient: Json, full_url: str) -> str | None:
        return self.pseudonyms.case_id(patient, source=self.source.name, full_url=full_url)


@dataclass(frozen=True)
class Verdict:
    """What became of a candidate.

    Shapes:  status    eligible, undetermined, ineligible, quarantined, opposed
             decision  the line of the decision; "" for the opposed, of whom nothing is written
             case      the line of the case; "" when there is none
    """

    status: str
    decision: bytes = b""
    case: bytes = b""


def judge_partition(plan: Plan, lines: Iterable[bytes], drugs: Mapping[str, bytes]) -> Iterator[Verdict]:
    """The verdicts of a partition's patients, in no order that matters.

    Shapes:  lines  of all candidates whom `partition_of` sends here, in any order
             drugs  id -> line, of those that candidates point at
    """
    knowledge = _load(plan.mappings, plan.packages, plan.rule_set, plan.source.overlay)
    for record in _by_patient(list(lines)).values():
        yield _judge(plan, knowledge, record, drugs)


@cache
def _load(mappings: Path, packages: tuple[Path, ...], rule_set: str, overlay: str) -> Knowledge:
    """Proven and compiled once a process."""
    criteria = load_criteria(mappings, rule_set)
    whole = Knowledge(load_mappings(mappings), load_consistency(mappings), criteria, {}, packages)
    return whole.of(overlay)


@dataclass
class _Record:
    """What the export holds about one patient.

    Shapes:  held    by (type, id): the latest version of each, with what it is ranked by
             broken  issues of lines that cannot be read with their digits
    """

    held: dict[Key, tuple[Rank, Json]] = field(default_factory=dict)
    broken: list[Issue] = field(default_factory=list)

    def add(self, line: bytes, resource: Json) -> None:
        """Of two that claim to be the same version the one with the greater bytes counts: their order must not."""
        key = (str(resource.get("resourceType")), str(resource.get("id", line)))
        rank = (*version_of(resource), line)
        if key not in self.held or self.held[key][0] < rank:
            self.held[key] = rank, resource

    def resources(self, *, of: str = "") -> list[Json]:
        return [resource for (kind, _), (_, resource) in self.held.items() if of in ("", kind)]


def _by_patient(lines: list[bytes]) -> dict[str, _Record]:
    patients: dict[str, _Record] = defaultdict(_Record)
    for line, seen in zip(lines, parse_lines(lines), strict=True):
        record = patients[patient_of(seen)]
        resource, issues = parse_json(line.rstrip(), max_bytes=COLLECTED.max_bytes)
        if resource is None:
            record.broken += issues
        else:
            record.add(line, resource)
    return patients


def _judge(plan: Plan, knowledge: Knowledge, record: _Record, drugs: Mapping[str, bytes]) -> Verdict:
    if record.broken:
        return _verdict(Judgement(record.broken, received=len(record.held)))
    consents, patients = record.resources(of=CONSENT), record.resources(of="Patient")
    opposition = plan.source.opposition
    if opposition and patients and opposition.verdict(patients[0], consents, plan.today):
        return Verdict("opposed")
    for each in record.resources():
        if (drug := drugs.get(linked_id(each.get("medicationReference")))) and (read := parse_json(drug)[0]):
            record.add(drug, read)
    judged = judge_bundle(knowledge, _bundle(plan, record), plan.case_id, plan.today, COLLECTED)
    return _verdict(judged)


def _bundle(plan: Plan, record: _Record) -> bytes:
    """As a pull makes it of what it collected: the same bytes, so the same judgement."""
    resources = [
        with_centre(each, plan.source.centre) if each["resourceType"] == "Patient" else each
        for each in record.resources()
        if each["resourceType"] != CONSENT
    ]
    entries = [{"resource": each} for each in in_order(resources)]
    return dump_json({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _verdict(judged: Judgement) -> Verdict:
    if judged.case and judged.case.get("opposition") == "opposed":
        return Verdict("opposed")
    status = judged.decision["status"] if judged.decision else "quarantined"
    told: Json = {"case_id": judged.case_id, "status": status, "resources": judged.received}
    if judged.decision:
        told["criteria"] = judged.decision["criteria"]
    told["issues"] = [issue.as_json() for issue in judged.issues if issue.severity != "information"]
    return Verdict(status, dump_json(told), dump_json(judged.case) if judged.case else b"")
