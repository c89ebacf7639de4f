"""The report as a DOCX document. The one file that knows the library.

Takes from: report.content.  Gives to: cli.
Source: ECMA-376 (Office Open XML)
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from adapter.errors import ConfigError
from adapter.figures import Picture
from adapter.report.content import Block, Bullets, Grid, Report
from adapter.report.words import WORDS

_MARGIN_CM, _WIDTH_CM, _HEIGHT_CM = 1.8, 17.4, 21.5
_FONT = "Liberation Sans"
_LINE = "B4BEC5"
# Share of the width that the first column takes, in a table of many columns.
_FIRST, _FEW = 0.25, 3
_EPOCH = (1980, 1, 1, 0, 0, 0)


def render_docx(report: Report) -> bytes:
    """The whole document.  Errors:  ConfigError (a library is missing)"""
    document = _open_document(report)
    document.add_paragraph(report.title, style="Title")
    document.add_paragraph(report.lead)
    figures = iter(range(1, 1000))
    for section in report.sections:
        document.add_heading(section.title, level=1)
        for block in section.blocks:
            _add(document, block, report, figures)
    out = io.BytesIO()
    document.save(out)
    return _without_clock(out.getvalue())


def _open_document(report: Report) -> Any:
    try:
        import docx
        from docx.shared import Cm, Pt, RGBColor
    except ImportError:
        raise ConfigError("DOCX needs python-docx: pip install 'crmo-fhir-adapter[analysis]'.") from None
    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(_MARGIN_CM)
    page.top_margin = page.bottom_margin = Cm(2)
    for name, size in (("Normal", 10), ("Title", 22), ("Heading 1", 14), ("List Bullet", 10), ("Caption", 9)):
        style = document.styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        style.font.color.rgb = RGBColor(0x1D, 0x2A, 0x33)
        _set_font(style.element, report.language)
    document.styles["Caption"].font.bold = False
    properties = document.core_properties
    properties.title, properties.author, properties.language = report.title, "crmo-fhir-adapter", report.language
    properties.created = properties.modified = datetime.fromisoformat(report.made_at)
    _add_footer(page, report)
    return document


def _set_font(style: Any, language: str) -> None:
    """Titles take their font from the theme unless every script is told; the language is for the speller."""
    from docx.oxml.ns import qn

    fonts = style.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), _FONT)
    spoken = style.get_or_add_rPr().makeelement(qn("w:lang"), {qn("w:val"): {"fr": "fr-FR"}.get(language, "en-GB")})
    style.get_or_add_rPr().append(spoken)


def _add_footer(page: Any, report: Report) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = page.footer.paragraphs[0]
    paragraph.style = "Caption"
    paragraph.add_run(f"{report.title} – {report.made_at[:10]} – ")
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        element.text = text or None
        run._r.append(element)


def _add(document: Any, block: Block, report: Report, figures: Iterator[int]) -> None:
    if isinstance(block, str):
        document.add_paragraph(block)
    elif isinstance(block, Bullets):
        for item in block.items:
            document.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Grid):
        _add_table(document, block)
    else:
        _add_picture(document, block, next(figures), report)


def _add_picture(document: Any, picture: Picture, place: int, report: Report) -> None:
    """In its own size, unless too wide or too high for the page; what it shows is told to who cannot see it."""
    from docx.shared import Cm

    shape = document.add_picture(io.BytesIO(picture.png()))
    if shape.width > Cm(_WIDTH_CM):
        shape.width, shape.height = Cm(_WIDTH_CM), int(shape.height * Cm(_WIDTH_CM) / shape.width)
    if shape.height > Cm(_HEIGHT_CM):
        shape.width, shape.height = int(shape.width * Cm(_HEIGHT_CM) / shape.height), Cm(_HEIGHT_CM)
    told = shape._inline.docPr
    told.set("descr", picture.summary)
    told.set("title", picture.title)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    caption = document.add_paragraph(style="Caption")
    caption.add_run(WORDS["figure"][report.language].format(n=place, title=picture.title)).bold = True
    caption.add_run(" " + " ".join(picture.notes))


def _add_table(document: Any, grid: Grid) -> None:
    from docx.shared import Cm

    caption = document.add_paragraph(grid.caption, style="Caption")
    caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(grid.head))
    table.autofit = False
    widths = [Cm(_WIDTH_CM * share) for share in _shares(grid)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    _fill(table.rows[0], grid.head, grid.numeric, widths, bold=True)
    _repeat(table.rows[0])
    for line in grid.rows:
        _fill(table.add_row(), line, grid.numeric, widths)
    document.add_paragraph()


def _shares(grid: Grid) -> list[float]:
    """Columns as wide as their longest cell asks, within reason."""
    lines = [grid.head, *grid.rows]
    words = [max(len(word) for word in head.split()) for head in grid.head]
    lengths = [max(words[i] * 1.5, min(max(len(line[i]) for line in lines), 24)) + 3 for i in range(1, len(words))]
    first = _FIRST if len(lengths) > _FEW else 1 - 0.2 * len(lengths)
    return [first, *((1 - first) * length / sum(lengths) for length in lengths)]


def _fill(
    row: Any, cells: Sequence[str], numeric: frozenset[int], widths: Sequence[Any], *, bold: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for i, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
        cell.width = widths[i]
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(1)
        paragraph.paragraph_format.space_before = Pt(1)
        if i in numeric:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(7), bold
        _underline(cell, thick=bold)


def _underline(cell: Any, *, thick: bool) -> None:
    """Rules between lines only, as tables in papers have."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    rule = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "8" if thick else "4"), ("color", "1D2A33" if thick else _LINE)):
        rule.set(qn(f"w:{name}"), value)
    borders.append(rule)
    cell._tc.get_or_add_tcPr().append(borders)


def _repeat(row: Any) -> None:
    """The head stands on every page the table runs over."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _without_clock(document: bytes) -> bytes:
    """The same report, the same bytes: members of the archive bear no time."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, source.read(name))
    return out.getvalue()
