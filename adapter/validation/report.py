"""Verdicts as people and machines want them: text, JSON, OperationOutcome, SARIF.

Takes from: validation.files, resource.  Gives to: the command and the web.
Source: https://hl7.org/fhir/R4/operationoutcome.html, https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from adapter import __version__
from adapter.errors import Issue, Json, make_operation_outcome
from adapter.resource import dump_json
from adapter.validation.files import Verdict

_LEVELS = {"fatal": "error", "error": "error", "warning": "warning", "information": "note"}
_WORDS = {
    "en": {"valid": "valid", "invalid": "invalid", "fatal": "fatal", "error": "error", "warning": "warning"},
    "fr": {
        "valid": "valide",
        "invalid": "non valide",
        "fatal": "fatale",
        "error": "erreur",
        "warning": "avertissement",
    },
}


def make_text(verdicts: Iterable[Verdict], language: str = "en") -> Iterator[str]:
    """Lines for a terminal: `file:line:column: severity: expression: sentence [rule]`, then one word a resource."""
    words = _WORDS[language]
    for verdict in verdicts:
        for issue in verdict.issues:
            place = f"{verdict.file}:{issue.line}:{issue.column}"
            severity = words.get(issue.severity, issue.severity)
            yield f"{place}: {severity}: {issue.expression}: {_sentence(issue, language)} [{issue.rule}]"
        row = f":{verdict.row}" if verdict.row else ""
        yield f"{verdict.file}{row}: {words['valid' if verdict.valid else 'invalid']}"


def make_json(verdicts: Iterable[Verdict], language: str = "en") -> Iterator[str]:
    """One JSON object a resource: {"file", "row", "valid", "issues"}."""
    for verdict in verdicts:
        issues = [issue.as_json() for issue in verdict.issues]
        document = {"file": verdict.file, "row": verdict.row, "valid": verdict.valid, "issues": issues}
        yield dump_json(document).decode()


def make_outcomes(verdicts: Iterable[Verdict], language: str = "en") -> Iterator[str]:
    """One OperationOutcome a resource and line."""
    for verdict in verdicts:
        yield dump_json(make_operation_outcome(verdict.issues, language)).decode()


def make_sarif(verdicts: Iterable[Verdict], language: str = "en") -> Iterator[str]:
    """One SARIF 2.1.0 log of the whole run, for editors and CI."""
    results = [_sarif_result(verdict, issue, language) for verdict in verdicts for issue in verdict.issues]
    rules = [{"id": name} for name in sorted({result["ruleId"] for result in results})]
    driver = {"name": "crmo-adapter", "version": __version__, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    yield dump_json(log, indent=True).decode()


RENDERERS: dict[str, Callable[[Iterable[Verdict], str], Iterator[str]]] = {
    "text": make_text,
    "json": make_json,
    "outcome": make_outcomes,
    "sarif": make_sarif,
}


def _sentence(issue: Issue, language: str) -> str:
    french = language == "fr"
    text = (issue.text_fr if french else "") or issue.text
    mend = (issue.mend_fr if french else "") or issue.mend
    return f"{text} {mend}".strip()


def _sarif_result(verdict: Verdict, issue: Issue, language: str) -> Json:
    place: Json = {"physicalLocation": {"artifactLocation": {"uri": verdict.file}}}
    if issue.line:
        region: dict[str, Any] = {"startLine": issue.line, "startColumn": max(issue.column, 1)}
        place["physicalLocation"]["region"] = region
    if issue.expression:
        place["logicalLocations"] = [{"fullyQualifiedName": issue.expression}]
    return {
        "ruleId": issue.rule,
        "level": _LEVELS[issue.severity],
        "message": {"text": _sentence(issue, language)},
        "locations": [place],
    }
