"""What a report says, in order, before it becomes a page or a document: sections of words, lists, tables, pictures.

Takes from: figures, cohort.cells, report.flow, report.table.  Gives to: report.html, report.docx.
Source: STROBE statement, items 12 to 16
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapter.cohort.cells import is_inconsistent
from adapter.errors import Json
from adapter.figures import Language, Picture
from adapter.report.flow import draw_flow
from adapter.report.table import describe_rows, describe_stratum, marks_legend
from adapter.report.words import WORDS


@dataclass(frozen=True)
class Grid:
    """A table. Shapes:  numeric  columns whose cells are numbers; the first cell of a row is its head"""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int]


@dataclass(frozen=True)
class Bullets:
    items: Sequence[str]


Block = str | Bullets | Grid | Picture


@dataclass(frozen=True)
class Section:
    identity: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """Shapes:  made_at  RFC 3339, handed in"""

    language: Language
    title: str
    lead: str
    made_at: str
    sections: Sequence[Section]


def make_report(
    description: Json, pictures: Sequence[Picture], provenance: Mapping[str, str], *, language: Language = "en"
) -> Report:
    """Shapes:  description  as `describing.describe_registry` gives it
    provenance   further versions to tell, in words: {"mappings": "…"}
    """
    say = {key: words[language] for key, words in WORDS.items()}
    flow = draw_flow(description["flow"], language)
    included = description["flow"]["included"]
    sections = [
        Section("flow", say["flow"], [flow]),
        Section("table", say["table"], [_table(description, language), marks_legend(language)]),
        *_strata(description, language),
        Section("figures", say["figures"], list(pictures)),
        Section("inconsistencies", say["inconsistencies"], list(_inconsistencies(description, language))),
        Section("notes", say["notes"], [Bullets(list(_notes(description))), _not_usable(description, language)]),
        Section("provenance", say["provenance"], [Bullets(list(_provenance(description, provenance, language)))]),
    ]
    lead = say["lead"].format(n=included, title=description["title"], citation=description["citation"])
    return Report(language, say["title"], lead, description["described_at"], sections)


def _table(description: Json, language: Language) -> Grid:
    head = tuple(
        WORDS[key][language] for key in ("row", "computed", "assessed", "spread", "interval", "published", "mark")
    )
    caption = WORDS["caption"][language].format(n=description["flow"]["included"], citation=description["citation"])
    return Grid(caption, head, describe_rows(description["rows"], language), frozenset(range(1, 7)))


def _strata(description: Json, language: Language) -> Iterator[Section]:
    for stratum in description["strata"]:
        head, rows = describe_stratum(description["rows"], stratum, language)
        title = WORDS["by"][language].format(name=stratum["name"].lower())
        grid = Grid(WORDS["computed"][language], head, rows, frozenset(range(1, len(head))))
        yield Section(f"by-{stratum['by']}", title, [grid])


def _inconsistencies(description: Json, language: Language) -> Iterator[Block]:
    """What the source prints and cannot be right, row by row, with the reason."""
    yield WORDS["inconsistent"][language]
    found = [row for row in description["rows"] if is_inconsistent(row) or _impossible(row)]
    yield Bullets([item for row in found for item in _reasons(row)] or [WORDS["none"][language]])


def _reasons(row: Json) -> Iterator[str]:
    notes = [row["notes"][0]] if is_inconsistent(row) else []
    for reason in (*notes, *(verdict["why"] for verdict in _impossible(row))):
        yield f"{row['id']} {row['name']}. {reason[:1].upper()}{reason[1:]}"


def _impossible(row: Json) -> list[Json]:
    verdicts: list[Json] = row["comparison"].get("possible", [])
    return [verdict for verdict in verdicts if not verdict["possible"]]


def _notes(description: Json) -> Iterator[str]:
    for row in description["rows"]:
        notes = row["notes"][1:] if is_inconsistent(row) else row["notes"]
        if notes:
            yield f"{row['id']} {row['name']}. {' '.join(notes)}"


def _not_usable(description: Json, language: Language) -> Grid:
    rows = [(each["name"], str(each["n"]), str(each["N"])) for each in description["not_usable"]]
    head = tuple(WORDS[key][language] for key in ("what", "n", "N"))
    return Grid(WORDS["not_usable"][language], head, rows, frozenset((1, 2)))


def _provenance(description: Json, provenance: Mapping[str, str], language: Language) -> Iterator[str]:
    say = {key: words[language] for key, words in WORDS.items()}
    yield say["made_at"].format(day=description["described_at"][:10], hour=description["described_at"][11:16])
    yield say["source"].format(title=description["title"], citation=description["citation"])
    for name, version in {**description["versions"], **provenance}.items():
        yield f"{say.get(f'version_{name}', name)} {version}"
    yield say["methods"]
