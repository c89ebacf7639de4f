"""What to ask each hospital: for every undetermined case, the one datum that would settle each open criterion.

Takes from: parts, store, spreadsheet, canonical.  Gives to: cli.
Source: https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapter.canonical import BASE
from adapter.errors import Json
from adapter.parts import Parts
from adapter.spreadsheet import write_csv
from adapter.store import streams

_COLUMNS = ("source", "case_id", "criteria", "datum", "question", "reason", "evidence")
SOURCES = f"{BASE}/NamingSystem/source"


@dataclass(frozen=True)
class Query:
    """One question about one case.

    Shapes:  source    the hospital that sent the case
             criteria  the criteria that wait for this datum
             datum     the field of the case that would hold it
             evidence  resources that were looked at, as the registry names them
    """

    source: str
    case_id: str
    criteria: tuple[str, ...]
    datum: str
    question: str
    reason: str
    evidence: tuple[str, ...]


def find_queries(parts: Parts, *, source: str | None = None, language: Literal["en", "fr"] = "en") -> list[Query]:
    """The questions of every undetermined case, hospital by hospital; one datum is asked for once a case."""
    words = sentences(parts, language)
    with parts.store.reading() as connection:
        found = list(streams.waiting(connection, source))
    return [query for each in found for query in _of_case(*each, words)]


def questions_of(
    parts: Parts, case_id: str, decision: Json | None, language: Literal["en", "fr"] = "en"
) -> list[Query]:
    """What is missing of one case: nothing unless it is undetermined. No hospital is named."""
    if not decision or decision["status"] != "undetermined":
        return []
    return list(_of_case("", case_id, decision, sentences(parts, language)))


def sentences(parts: Parts, language: Literal["en", "fr"]) -> dict[str, str]:
    """Every sentence of the criteria in the language that is wanted: decisions are on record in English."""
    rows = [row for criterion in parts.knowledge.criteria.criteria for row in criterion.rows]
    texts = [text for row in rows for text in (row.reason, row.settle) if text]
    return {text["en"]: text[language] for text in texts}


def _of_case(source: str, case_id: str, decision: Json, words: dict[str, str]) -> Iterator[Query]:
    asked: dict[str, list[Json]] = {}
    for criterion in decision["criteria"]:
        if criterion["value"] == "unknown":
            asked.setdefault(criterion.get("datum", criterion["settle"]), []).append(criterion)
    for datum, waiting in asked.items():
        first = waiting[0]
        evidence = dict.fromkeys(each["resource"] for one in waiting for each in one["evidence"])
        yield Query(
            source=source,
            case_id=case_id,
            criteria=tuple(each["id"] for each in waiting),
            datum=datum,
            question=words.get(first["settle"]) or first["settle"],
            reason=words.get(first["reason"]) or first["reason"],
            evidence=tuple(evidence),
        )


def group_queries(queries: Iterable[Query]) -> list[Json]:
    """How many cases of a hospital wait for the same answer: {"source", "question", "datum", "n", "cases"}."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for each in queries:
        groups.setdefault((each.source, each.question, each.datum), []).append(each.case_id)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], -len(group[1]), group[0][1]))
    return [
        {"source": source, "question": question, "datum": datum, "n": len(cases), "cases": cases}
        for (source, question, datum), cases in ordered
    ]


def render_csv(queries: Iterable[Query]) -> str:
    """One line a question, for the hospital's own list; no cell starts a formula."""
    return write_csv(_COLUMNS, ([_cell(getattr(each, column)) for column in _COLUMNS] for each in queries))


def _cell(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def make_tasks(queries: Sequence[Query], at: datetime) -> Json:
    """The same as a collection of FHIR Tasks, one a question; ids are stable, so a list sent again is no new work."""
    tasks = [_task(each, at) for each in queries]
    entries = [{"fullUrl": f"{BASE}/Task/{task['id']}", "resource": task} for task in tasks]
    bundle: Json = {"resourceType": "Bundle", "type": "collection", "timestamp": at.isoformat(timespec="seconds")}
    return {**bundle, "entry": entries} if entries else bundle


def _task(query: Query, at: datetime) -> Json:
    task: Json = {
        "resourceType": "Task",
        "id": f"{query.case_id}-{query.criteria[0]}".lower()[:64],
        "status": "requested",
        "intent": "order",
        "code": {"text": "Data query of the registry"},
        "description": query.question,
        "for": {"reference": f"Patient/{query.case_id}"},
        "authoredOn": at.isoformat(timespec="seconds"),
        "owner": {"identifier": {"system": SOURCES, "value": query.source}},
        "reasonCode": {"text": query.reason},
        "input": [{"type": {"text": "criterion"}, "valueString": criterion} for criterion in query.criteria]
        + [{"type": {"text": "datum"}, "valueString": query.datum}],
    }
    if query.evidence:
        task["focus"] = {"reference": query.evidence[0]}
    return task
