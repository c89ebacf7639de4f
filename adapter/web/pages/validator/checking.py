"""A text held against R4 and profiles for a page: its findings, what each costs, and the lines they stand at.

Nothing of it is kept, and nothing of it is logged.
Takes from: resource, validation, admission, tiers, profiles.  Gives to: validator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from adapter.admission import cost_of
from adapter.canonical import BASE
from adapter.errors import Issue, Json
from adapter.parts import Knowledge
from adapter.resource import dump_json, parse_json
from adapter.tiers import COSTS_NOTHING, Tier, load_tiers
from adapter.validation import make_validator
from adapter.web.pages.validator.profiles import profiles_in

# Which profiles to hold it against, beside one by its canonical: those it claims, or the registry's own.
CLAIMED, REGISTRY = "", "registry"
SEVERITIES = ("fatal", "error", "warning", "information")
# A text with a line longer than this is shown as we would have indented it.
_LONGEST_LINE = 1_000


@dataclass(frozen=True)
class Finding:
    """Shapes:  number  counts from 1, over all findings, whichever are shown"""

    number: int
    issue: Issue
    cost: Tier


@dataclass(frozen=True)
class Check:
    """What was found.

    Shapes:  shown     the text that lines are counted in
             reshaped  it is not the text that came: that had endless lines
             kind      type of the resource; "" for what is none
    """

    shown: bytes
    reshaped: bool
    kind: str
    resources: int
    findings: list[Finding]

    @property
    def blocking(self) -> int:
        return sum(finding.issue.blocks for finding in self.findings)

    @cached_property
    def severities(self) -> Mapping[str, int]:
        counts: Counter[str] = Counter(finding.issue.severity for finding in self.findings)
        return {severity: counts[severity] for severity in SEVERITIES if counts[severity]}

    @cached_property
    def rules(self) -> list[tuple[str, int]]:
        return Counter(finding.issue.rule for finding in self.findings).most_common()

    def chosen(self, severity: str, rule: str) -> list[Finding]:
        """Findings of a severity and a rule; "" is any."""
        found = (each for each in self.findings if not severity or each.issue.severity == severity)
        return [each for each in found if not rule or each.issue.rule == rule]


def check_text(knowledge: Knowledge, text: bytes, profile: str = CLAIMED) -> Check:
    """Shapes:  profile  CLAIMED, REGISTRY, or the canonical of a profile for each resource of its type
    Errors:  none; what is no JSON is a finding
    """
    document, issues = parse_json(text)
    if not isinstance(document, dict):
        return Check(text, False, "", 0, _numbered(issues or [_not_a_resource()]))
    reshaped = max(map(len, text.splitlines()), default=0) > _LONGEST_LINE
    shown = dump_json(document, indent=True) if reshaped else text
    claiming = _claiming(document, profile, knowledge)
    found = [*issues, *make_validator(knowledge.packages).validate(claiming, text=shown)]
    tiers = load_tiers(knowledge.packages[0])
    findings = [
        Finding(number, issue, cost_of(issue, document, knowledge.mappings, tiers) if issue.blocks else COSTS_NOTHING)
        for number, issue in enumerate(found, 1)
    ]
    kind = document.get("resourceType")
    return Check(shown, reshaped, kind if isinstance(kind, str) else "", len(_resources(document)), findings)


def _numbered(issues: Iterable[Issue]) -> list[Finding]:
    return [Finding(number, issue, COSTS_NOTHING) for number, issue in enumerate(issues, 1)]


def _resources(document: Json) -> list[Json]:
    """The resource, or those in the entries of a Bundle."""
    entries = document.get("entry") if document.get("resourceType") == "Bundle" else None
    if not isinstance(entries, list):
        return [document]
    found = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    return [each for each in found if isinstance(each, dict)]


def _claiming(document: Json, profile: str, knowledge: Knowledge) -> Json:
    """The document with what it is held against in meta.profile of its resources; each place stays what it was."""
    if profile == CLAIMED:
        return document
    entries = document.get("entry")
    if document.get("resourceType") != "Bundle" or not isinstance(entries, list):
        return _told(document, profile, knowledge)
    told = [
        {**entry, "resource": _told(entry["resource"], profile, knowledge)}
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
        else entry
        for entry in entries
    ]
    return {**_told(document, profile, knowledge), "entry": told}


def _told(resource: Json, profile: str, knowledge: Knowledge) -> Json:
    meta = resource.get("meta", {})
    claimed = meta.get("profile", []) if isinstance(meta, dict) else None
    wanted = _registry_profile(resource, knowledge) if profile == REGISTRY else profile
    known = profiles_in(knowledge.packages).get(wanted)
    if known is None or known["type"] != resource.get("resourceType") or not isinstance(claimed, list):
        return resource
    return {**resource, "meta": {**meta, "profile": [*claimed, wanted]}} if wanted not in claimed else resource


def _registry_profile(resource: Json, knowledge: Knowledge) -> str:
    name, _ = knowledge.mappings.profile_of(resource)
    return f"{BASE}/StructureDefinition/{name}" if name else ""


def _not_a_resource() -> Issue:
    text, french = "A resource is expected: a JSON object.", "Une ressource est attendue : un objet JSON."
    return Issue("fatal", "structure", "", "not-a-resource", text, text_fr=french, line=1, column=1)


def without_lines(finding: Finding) -> Issue:
    """For a text that was reshaped: its lines are none of the sender's."""
    return replace(finding.issue, line=0, column=0)
