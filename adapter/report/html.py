"""The report as one HTML file: no scripts, nothing fetched, light, dark and on paper.

Takes from: report.content.  Gives to: cli.
Source: https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Any

from adapter.figures import Picture, number
from adapter.report.content import Block, Bullets, Grid, Report, Section
from adapter.report.words import WORDS


def render_html(report: Report) -> str:
    """A whole page.  Errors:  ConfigError (the figures' libraries are missing)"""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    style = files("adapter.report").joinpath("report.css").read_text(encoding="utf-8")
    yield f'<!doctype html>\n<html lang="{report.language}">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{escape(report.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>"
    yield f'<header>\n<h1>{escape(report.title)}</h1>\n<p class="lead">{escape(report.lead)}</p>'
    yield f'<p><time datetime="{report.made_at}">{report.made_at[:10]}</time></p>'
    yield f'<nav aria-label="{WORDS["contents"][report.language]}"><ul>'
    yield from (f'<li><a href="#{each.identity}">{escape(each.title)}</a></li>' for each in report.sections)
    yield "</ul></nav>\n</header>\n<main>"
    figures = iter(range(1, 1000))
    for section in report.sections:
        yield from _section(section, report, figures)
    yield "</main>\n</body>\n</html>"


def _section(section: Section, report: Report, figures: Iterator[int]) -> Iterator[str]:
    name = f"{section.identity}-heading"
    yield f'<section id="{section.identity}" aria-labelledby="{name}">\n<h2 id="{name}">{escape(section.title)}</h2>'
    for block in section.blocks:
        yield from _block(block, report, figures)
    yield "</section>"


def _block(block: Block, report: Report, figures: Iterator[int]) -> Iterator[str]:
    if isinstance(block, str):
        yield f"<p>{escape(block)}</p>"
    elif isinstance(block, Bullets):
        yield "<ul>"
        yield from (f"<li>{escape(item)}</li>" for item in block.items)
        yield "</ul>"
    elif isinstance(block, Grid):
        yield from _table(block.caption, block.head, block.rows, block.numeric, "table")
    else:
        yield from _figure(block, next(figures), report)


def _figure(picture: Picture, place: int, report: Report) -> Iterator[str]:
    caption = WORDS["figure"][report.language].format(n=place, title=picture.title)
    yield f'<figure id="figure-{picture.name}">\n{picture.svg()}'
    notes = " ".join(picture.notes)
    yield f"<figcaption><strong>{escape(caption)}</strong> {escape(notes)}</figcaption>"
    yield f"<details>\n<summary>{escape(WORDS['data'][report.language])}</summary>"
    rows = [[_written(cell, report) for cell in row] for row in picture.rows]
    numeric = frozenset(
        i for i in range(len(picture.columns)) if any(isinstance(row[i], float | int) for row in picture.rows)
    )
    yield from _table(picture.title, picture.columns, rows, numeric, "data")
    yield "</details>\n</figure>"


def _written(cell: Any, report: Report) -> str:
    if cell is None:
        return ""
    return number(cell, 3, report.language).rstrip("0").rstrip(",.") if isinstance(cell, float) else str(cell)


def _table(caption: str, head: Any, rows: Any, numeric: frozenset[int], kind: str) -> Iterator[str]:
    """Wide tables scroll inside a frame that can be reached by keyboard."""
    yield f'<div class="frame" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="{kind}">'
    yield f"<caption>{escape(caption)}</caption>\n<thead><tr>"
    yield "".join(f'<th scope="col"{_kind(i, numeric)}>{escape(each)}</th>' for i, each in enumerate(head))
    yield "</tr></thead>\n<tbody>"
    for first, *rest in rows:
        cells = "".join(f"<td{_kind(i, numeric)}>{escape(cell)}</td>" for i, cell in enumerate(rest, 1))
        yield f'<tr><th scope="row"{_kind(0, numeric)}>{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _kind(place: int, numeric: frozenset[int]) -> str:
    return ' class="number"' if place in numeric else ""
