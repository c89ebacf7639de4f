"""What can go wrong, in one page: the Issue (bad data, a value) and the exceptions (we cannot go on).

    AdapterError                        issue type      HTTP  exit
     ├─ UsageError                      invalid         400   2     the command or request was put wrongly
     ├─ ConfigError                     exception       500   2     our settings
     ├─ DeclarationError (file, line)   exception       500   3     our YAML, schema or profile
     ├─ InvalidContentError (issues)    invalid         422   1
     ├─ NotFoundError                   not-found       404   1
     │   └─ GoneError                   deleted         410   1
     ├─ VersionConflictError            conflict        412   1
     ├─ NotSupportedError               not-supported   501   2
     ├─ NotAuthenticatedError           login           401   4
     ├─ NotPermittedError               forbidden       403   4
     ├─ IntegrityError                  exception       500   6
     └─ RemoteError (host, status)      processing      502   4
         ├─ RemoteTransientError        transient       503   4     may be tried again
         └─ RemoteAuthError             security        502   4

Takes from: nothing.  Gives to: every room.
Source: https://hl7.org/fhir/R4/operationoutcome.html, https://hl7.org/fhir/R4/codesystem-issue-type.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

Json = dict[str, Any]
Severity = Literal["fatal", "error", "warning", "information"]
Stage = Literal[
    "receive", "structure", "profile", "terminology", "mapping", "case", "eligibility", "store", "pull", "push"
]

ISSUE_RULES = "https://crmo-registry.example/fhir/CodeSystem/issue-rule"
ISSUE_STAGES = "https://crmo-registry.example/fhir/CodeSystem/issue-stage"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about data that was received or made. Never raised, never holds a patient's value.

    Shapes:  expression  FHIRPath with indexes, or a JSON pointer when the document is a case
             rule        stable name of what was broken, e.g. "binding", "mapping:diagnosis.onset"
             text        one English sentence saying what was expected; text_fr the same in French
             origin      file:line of the declaration that decided
             field       registry field this finding costs, when it costs one
             line, column  place in the submitted text, 1-based; 0 when the text is not at hand
    """

    severity: Severity
    type: str
    expression: str
    rule: str
    text: str
    stage: Stage = "structure"
    spec: str = ""
    origin: str = ""
    profile: str = ""
    field: str = ""
    mend: str = ""
    line: int = 0
    column: int = 0
    text_fr: str = ""
    mend_fr: str = ""

    @property
    def blocks(self) -> bool:
        return self.severity in ("fatal", "error")

    def at(self, line: int, column: int) -> Issue:
        return replace(self, line=line, column=column)

    def as_json(self) -> Json:
        """Every field that says something, as plain JSON (used by `--format json` and the store)."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) not in ("", 0)}


def make_operation_outcome(issues: Iterable[Issue], language: str = "en") -> Json:
    """Issues as an R4 OperationOutcome; an empty list becomes the customary "all ok" entry.

    Shapes:  language  "en" or "fr"; a text that has no French falls back to English
    Errors:  none
    Source:  https://hl7.org/fhir/R4/operationoutcome.html
    """
    entries = [_outcome_issue(issue, language) for issue in issues]
    all_ok = {"severity": "information", "code": "informational", "details": {"text": "All OK"}}
    return {"resourceType": "OperationOutcome", "issue": entries or [all_ok]}


def _outcome_issue(issue: Issue, language: str) -> Json:
    french = language == "fr"
    codings = [{"system": ISSUE_RULES, "code": issue.rule}, {"system": ISSUE_STAGES, "code": issue.stage}]
    text = (issue.text_fr if french else "") or issue.text
    mend = (issue.mend_fr if french else "") or issue.mend
    entry: Json = {
        "severity": issue.severity,
        "code": issue.type,
        "details": {"coding": codings, "text": f"{text} {mend}".strip()},
    }
    if diagnostics := _diagnostics(issue):
        entry["diagnostics"] = diagnostics
    if issue.expression:
        entry["expression"] = [issue.expression]
    return entry


def _diagnostics(issue: Issue) -> str:
    place = f"line {issue.line}, column {issue.column}" if issue.line else ""
    field = f"registry field {issue.field}" if issue.field else ""
    return "; ".join(part for part in (place, field, issue.profile, issue.origin, issue.spec) if part)


class AdapterError(Exception):
    """The root: something stops the journey. Carries what each door must answer."""

    issue_type: ClassVar[str] = "exception"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 2
    rule: ClassVar[str] = "failure"

    def issues(self) -> list[Issue]:
        return [Issue("error", self.issue_type, "", self.rule, str(self), stage="receive")]


class UsageError(AdapterError):
    issue_type, http_status, exit_code, rule = "invalid", 400, 2, "usage"


class ConfigError(AdapterError):
    rule = "configuration"


class DeclarationError(AdapterError):
    """One of our own files is wrong. `problems` holds every finding, each "file:line:col code message"."""

    exit_code, rule = 3, "declaration"

    def __init__(self, problems: Iterable[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class InvalidContentError(AdapterError):
    """What was received cannot be used; the issues say where and why."""

    issue_type, http_status, exit_code, rule = "invalid", 422, 1, "invalid"

    def __init__(self, findings: Iterable[Issue], status: int | None = None) -> None:
        self.findings = list(findings)
        self.status = status
        super().__init__("; ".join(f"{issue.expression}: {issue.text}" for issue in self.findings[:3]))

    def issues(self) -> list[Issue]:
        return self.findings


class NotFoundError(AdapterError):
    issue_type, http_status, exit_code, rule = "not-found", 404, 1, "not-found"


class GoneError(NotFoundError):
    issue_type, http_status, rule = "deleted", 410, "deleted"


class VersionConflictError(AdapterError):
    issue_type, http_status, exit_code, rule = "conflict", 412, 1, "version-conflict"


class NotSupportedError(AdapterError):
    issue_type, http_status, rule = "not-supported", 501, "not-supported"


class NotAuthenticatedError(AdapterError):
    issue_type, http_status, exit_code, rule = "login", 401, 4, "not-authenticated"


class NotPermittedError(AdapterError):
    issue_type, http_status, exit_code, rule = "forbidden", 403, 4, "not-permitted"


class IntegrityError(AdapterError):
    exit_code, rule = 6, "integrity"


class RemoteError(AdapterError):
    """The other side answered badly or not at all. Names the host, never the URL's query."""

    issue_type, http_status, exit_code, rule = "processing", 502, 4, "remote"

    def __init__(self, message: str, host: str = "", status: int = 0) -> None:
        self.host, self.status = host, status
        super().__init__(f"{host}: {message}" if host else message)


class RemoteTransientError(RemoteError):
    """May succeed later. `retry_after_seconds` is what the server asked for, when it did."""

    issue_type, http_status, rule = "transient", 503, "remote-transient"

    def __init__(self, message: str, host: str = "", status: int = 0, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, host, status)
        self.retry_after_seconds = retry_after_seconds


class RemoteAuthError(RemoteError):
    issue_type, rule = "security", "remote-auth"
