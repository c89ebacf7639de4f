"""The report: the same content as a page and as a document, and a page that fetches nothing."""

from __future__ import annotations

import io
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import pytest

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.describing import describe_registry, included_cases
from adapter.errors import Json
from adapter.figures import bone_names, make_pictures
from adapter.inbound import receive_case
from adapter.parts import Knowledge
from adapter.report import Report, make_report, render_docx, render_html
from adapter.report.flow import draw_flow
from adapter.synthetic import look_alikes, published_cohort
from tests.sample_bundles import as_bytes

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """What a browser would have to put right, or go and fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        known = dict(attrs)
        self.ids.update([known["id"]] if known.get("id") else [])
        self.targets += [known[name] or "" for name in ("src", "href", "xlink:href", "data") if name in known]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def _described(folder: Path, language: Any, knowledge: Knowledge) -> tuple[Json, list[Any]]:
    with open_parts(load_settings({}, data=str(folder)), knowledge) as parts:
        for case in (*published_cohort("SA", 2011)[:40], *(case for case, _ in look_alikes(1))):
            receive_case(parts, as_bytes(case), "registry")
        found = describe_registry(parts, "SA", by=("sex",), language=language)
        bones = bone_names(knowledge.mappings)
        pictures = make_pictures(included_cases(parts), knowledge.derivation, bones, language=language)
    return found, pictures


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Report:
    description, pictures = _described(tmp_path_factory.mktemp("data"), "en", knowledge)
    shown = [each for each in pictures if each.name in ("delay", "age-at-onset")]
    return make_report(description, shown, {"mappings": "abc"}, language="en")


@pytest.fixture(scope="module")
def page(made: Report) -> tuple[str, Page]:
    text = render_html(made)
    parsed = Page()
    parsed.feed(text)
    return text, parsed


@pytest.fixture(scope="module")
def document(made: Report) -> bytes:
    return render_docx(made)


def test_the_page_is_whole_and_fetches_nothing(page: tuple[str, Page]) -> None:
    _, parsed = page
    assert (parsed.wrong, parsed.open) == ([], [])
    assert parsed.tags["script"] + parsed.tags["img"] + parsed.tags["link"] + parsed.tags["image"] == 0
    assert [target for target in parsed.targets if not target.startswith("#")] == []


def test_every_id_of_the_page_is_there_once_and_every_target_exists(page: tuple[str, Page]) -> None:
    _, parsed = page
    assert [name for name, count in parsed.ids.items() if count > 1] == []
    assert {target[1:] for target in parsed.targets} <= set(parsed.ids)


def test_the_page_shows_every_row_the_flow_and_its_reasons(page: tuple[str, Page], made: Report) -> None:
    text, parsed = page
    assert [name for name in (f"A{number:02}" for number in range(1, 31)) if name not in text] == []
    assert "Included (n = 40)" in text
    assert "E2 met: A tumour explains the lesions" in text
    assert "I3 not met: First symptoms before 18 years" in text
    assert parsed.tags["figure"] == 3


def test_the_page_tells_what_cannot_be_right_and_where_its_numbers_come_from(
    page: tuple[str, Page], made: Report
) -> None:
    text, _ = page
    assert "no SD lies between 1.291 and 1.306" in text
    assert made.made_at[:10] in text
    assert "Criteria, version" in text
    assert "Mappings, fingerprint abc" in text


def test_the_document_holds_the_same_table_as_the_page(made: Report, page: tuple[str, Page], document: bytes) -> None:
    text, _ = page
    opened = docx.Document(io.BytesIO(document))
    cells = [cell.text for row in opened.tables[0].rows for cell in row.cells]
    assert len(opened.tables[0].rows) == 31
    assert [cell for cell in cells if cell not in text.replace("&#x27;", "'")] == []
    assert len(opened.inline_shapes) == 3
    assert opened.core_properties.title == made.title


def test_the_pictures_of_the_document_are_told_to_who_cannot_see_them(document: bytes) -> None:
    told = [shape._inline.docPr.get("descr") for shape in docx.Document(io.BytesIO(document)).inline_shapes]
    assert all(told)


def test_a_report_is_the_same_bytes_each_time(made: Report, page: tuple[str, Page], document: bytes) -> None:
    assert render_html(made) == page[0]
    assert render_docx(made) == document


def test_a_french_report_writes_commas_and_spaces_before_per_cent(
    tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge
) -> None:
    description, _ = _described(tmp_path_factory.mktemp("data"), "fr", knowledge)
    text = render_html(make_report(description, [], {}, language="fr"))
    assert '<html lang="fr">' in text
    assert "(100,0\u202f%)" in text
    assert "Qui est inclus" in text


def test_the_flow_tells_where_a_person_judged_otherwise() -> None:
    nobody: Json = {"n": 0, "by": []}
    flow = {"screened": 2, "unreadable": 0, "ineligible": nobody, "undetermined": nobody, "included": 2}
    judged = {**flow, "adjudicated": [{"rule": "undetermined", "person": "eligible", "n": 2}]}
    assert "undetermined → eligible (n = 2)" in draw_flow(judged, "en").notes[0]
    assert draw_flow({**flow, "adjudicated": []}, "en").notes == ()
