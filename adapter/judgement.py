"""What becomes of a document: parse, check, map, check the case, decide. Nothing is stored here.

Takes from: resource, bundle, release, admission, conditions, mapping, case, eligibility.  Gives to: inbound, pull.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from adapter.admission import AT_THE_DOOR, admit
from adapter.bundle import MAX_ENTRIES, SCOPE_RULE, TYPES, Message, check_bundle, check_scopes, message_of
from adapter.case import check_case
from adapter.conditions import CaseId, Condition, check_requests, condition_of
from adapter.eligibility import decide
from adapter.errors import Issue, Json
from adapter.parts import Knowledge
from adapter.pseudonym import find_case_identifier
from adapter.release import check_release
from adapter.resource import MAX_BYTES, Locator, parse_json
from adapter.scopes import Scope
from adapter.tiers import load_tiers
from adapter.validation import make_validator

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
# All or nothing; in every other type of Bundle an entry stands for itself.
_WHOLE = ("transaction", "document", "message")


@dataclass(frozen=True)
class Judgement:
    """How a document was judged; `case` is there exactly when it can be kept.

    Shapes:  received  number of entries (1 for a case, and for what is no Bundle)
             rejected  places of the entries that were left out
             bundle_type  "" for what is no Bundle of a type we read
             message      None for a case, and for a Bundle without an identifier
             condition    on what the Patient is taken; None: on none
    """

    issues: list[Issue]
    case_id: str | None = None
    case: Json | None = None
    decision: Json | None = None
    trace: list[Json] = field(default_factory=list)
    unread: list[Json] = field(default_factory=list)
    received: int = 1
    rejected: frozenset[int] = frozenset()
    bundle_type: str = ""
    message: Message | None = None
    condition: Condition | None = None

    @property
    def status(self) -> int:
        """The HTTP status that fits: 200, or what the issues call for."""
        return 200 if self.case is not None else status_of(self.issues)


def status_of(issues: Iterable[Issue]) -> int:
    """HTTP status for issues that stopped a document: 413 too much, 400 no JSON, 403 not permitted, 422 not usable."""
    blocking = [issue for issue in issues if issue.blocks]
    if any(issue.rule == SCOPE_RULE for issue in blocking):
        return 403
    if any(issue.type == "too-long" for issue in blocking):
        return 413
    return 400 if any(issue.rule.startswith("json-") for issue in blocking) else 422


@dataclass(frozen=True)
class Limits:
    """How large a Bundle may be."""

    max_entries: int
    max_bytes: int


RECEIVED = Limits(MAX_ENTRIES, MAX_BYTES)
# What we collected ourselves, page by page: a child's whole laboratory history is not too much.
COLLECTED = Limits(20_000, 64 * 1024 * 1024)


def judge_bundle(
    knowledge: Knowledge,
    raw: bytes,
    case_id: CaseId,
    today: date,
    limits: Limits = RECEIVED,
    scopes: Sequence[Scope] | None = None,
) -> Judgement:
    """Judge the bytes of a Bundle.

    Shapes:  case_id  (Patient, fullUrl of its entry) -> pseudonym; None when there is nothing stable to make it of
             scopes   what its sender may send; None for everything
    Errors:  none raised; all is in `issues`, with line and column
    """
    document, issues = parse_json(raw, max_bytes=limits.max_bytes)
    if any(issue.blocks for issue in issues):
        return Judgement(issues)
    first = [*issues, *check_bundle(document, limits.max_entries)]
    if not isinstance(document, dict):
        return Judgement(first)
    first += check_release(document)
    first += [*check_scopes(document, scopes), *check_requests(document, case_id)]
    if not any(issue.blocks for issue in first):
        validator, tiers = make_validator(knowledge.packages, AT_THE_DOOR), load_tiers(knowledge.packages[0])
        document, flaws = admit(document, validator, knowledge.mappings, tiers)
        first += flaws
    judged = _judge_entries(knowledge, document, first, case_id, today)
    kind = next((each for each in TYPES if each == document.get("type")), "")
    condition = None if judged.case is None else condition_of(document, case_id)
    issues = _placed(raw, judged.issues, "Bundle")
    return replace(judged, issues=issues, bundle_type=kind, message=message_of(document), condition=condition)


def judge_case(knowledge: Knowledge, raw: bytes, today: date) -> Judgement:
    """Judge the bytes of a registry case.  Errors:  none raised"""
    case, issues = parse_json(raw)
    if any(issue.blocks for issue in issues):
        return Judgement(issues)
    issues = _placed(raw, [*issues, *check_case(case, knowledge.consistency, today=today)], "/")
    if any(issue.blocks for issue in issues):
        return Judgement(issues, _claimed_id(case, issues))
    return Judgement(issues, case["case_id"], case, _decide(knowledge, case, today))


def _claimed_id(case: Any, issues: list[Issue]) -> str | None:
    """Whose case this wants to be: erasing that case must find these bytes too."""
    said = isinstance(case, dict) and not any(issue.expression == "/case_id" for issue in issues)
    return case.get("case_id") if said else None


def _decide(knowledge: Knowledge, case: Json, today: date) -> Json:
    """The evidence names the registry's own resources: a hospital's ids must not outlive its bytes."""
    return decide(case, knowledge.criteria, today=today, locate=knowledge.mappings.locate(case))


def _judge_entries(knowledge: Knowledge, bundle: Json, first: list[Issue], case_id: CaseId, today: date) -> Judgement:
    """Map; leave out the entries that issues blame and map again, until nothing blocks or the whole is to blame."""
    entries = bundle.get("entry")
    received = len(entries) if isinstance(entries, list) else 1
    protected = frozenset(range(received) if bundle.get("type") in _WHOLE else _patients(bundle))
    told, rejected = list(first), _blamed(first)
    remarks: list[Issue] = []
    while rejected is not None and not rejected & protected:
        mapped = _map(knowledge, _without(bundle, rejected), case_id, today)
        blamed = _blamed(mapped.issues)
        if mapped.case is not None and not blamed and blamed is not None:
            decision = _decide(knowledge, mapped.case, today)
            told += mapped.issues
            return replace(mapped, issues=told, decision=decision, received=received, rejected=rejected)
        told += [issue for issue in mapped.issues if issue.blocks]
        remarks = [issue for issue in mapped.issues if not issue.blocks]
        rejected = None if blamed is None or blamed <= rejected else rejected | blamed
    return Judgement(
        [*told, *remarks], _case_id(bundle, case_id), received=received, rejected=frozenset(range(received))
    )


def _map(knowledge: Knowledge, bundle: Json, case_id: CaseId, today: date) -> Judgement:
    pseudonym = _case_id(bundle, case_id)
    if pseudonym is None:
        return Judgement([_no_pseudonym(bundle)])
    result = knowledge.mappings.to_case(bundle, case_id=pseudonym)
    if result.case is None:
        return Judgement([*result.issues, *_no_case(result.issues)], pseudonym, unread=result.unread)
    if find_case_identifier(bundle["entry"][_patients(bundle)[0]]["resource"]) == result.case.get("case_id"):
        result.case["case_id"] = pseudonym  # a case coming home may bear the pseudonym it had under an earlier key
    trace = result.trace
    found = check_case(result.case, knowledge.consistency, today=today)
    issues = [*result.issues, *(_in_the_bundle(issue, trace) for issue in found)]
    return Judgement(issues, result.case.get("case_id"), result.case, trace=trace, unread=result.unread)


def _in_the_bundle(issue: Issue, trace: list[Json]) -> Issue:
    """What a case's issue is about, said for its sender: the element that was read, not the field that it became."""
    here = issue.expression
    exact = (each["source"] for each in trace if each["case"] == here)
    below = (each["source"] for each in trace if each["case"].startswith(f"{here}/"))
    return replace(
        issue,
        expression=next(exact, None) or next(below, "Bundle"),
        field=issue.field or here.strip("/").replace("/", "."),
    )


def _blamed(issues: Iterable[Issue]) -> frozenset[int] | None:
    """Places of the entries that blocking issues name; None when one of them condemns the whole.

    A contradiction in the case is nobody's alone, and among resources of another release no name can be trusted.
    """
    found = [_ENTRY.match("" if _condemns(issue) else issue.expression) for issue in issues if issue.blocks]
    return frozenset(int(each[1]) for each in found if each) if all(found) else None


def _condemns(issue: Issue) -> bool:
    return issue.stage == "case" or issue.rule == "fhir-version"


def _without(bundle: Json, rejected: frozenset[int]) -> Json:
    """The Bundle with those entries empty: the places of the others stay what they were."""
    entries = [{} if index in rejected else entry for index, entry in enumerate(bundle.get("entry") or [])]
    return {**bundle, "entry": entries} if rejected else bundle


def _patients(bundle: Json) -> list[int]:
    entries = bundle.get("entry")
    return [index for index, entry in enumerate(entries if isinstance(entries, list) else []) if _patient(entry)]


def _patient(entry: Any) -> Json | None:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return resource if isinstance(resource, dict) and resource.get("resourceType") == "Patient" else None


def _case_id(bundle: Json, case_id: CaseId) -> str | None:
    places = _patients(bundle)
    if len(places) != 1:
        return None
    entry = bundle["entry"][places[0]]
    full_url = entry.get("fullUrl")
    return case_id(entry["resource"], full_url if isinstance(full_url, str) else "")


def _placed(raw: bytes, issues: list[Issue], root: str) -> list[Issue]:
    """Issues with the line and column of what they name in these bytes (a mapped case has none there)."""
    if not any(issue.expression.startswith(root) for issue in issues):
        return issues
    locator = Locator(raw)
    return [
        issue.at(*locator.place(issue.expression)) if issue.expression.startswith(root) and not issue.line else issue
        for issue in issues
    ]


def _no_case(issues: Iterable[Issue]) -> Iterator[Issue]:
    """A Bundle without a case is never taken, whether or not an issue says why."""
    if not any(issue.blocks for issue in issues):
        english = "Nothing in this Bundle speaks of a disease that the registry records."
        french = "Rien dans ce Bundle ne relève d'une maladie suivie par le registre."
        yield Issue("error", "not-found", "Bundle", "no-case", english, "mapping", text_fr=french)


def _no_pseudonym(bundle: Json) -> Issue:
    place = f"Bundle.entry[{_patients(bundle)[0]}].resource" if _patients(bundle) else "Bundle"
    english = "The Patient needs an identifier (with its system) or an id: without one it cannot be known again."
    french = "Le Patient doit porter un identifiant (avec son système) ou un id, faute de quoi il ne peut être reconnu."
    return Issue("error", "required", place, "pseudonym", english, "receive", text_fr=french)
