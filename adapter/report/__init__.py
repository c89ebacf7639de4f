"""The cohort as something one sends to a colleague: a page or a document, with the same content.

Takes from: cohort, figures.  Gives to: cli, web.
"""

from adapter.report.content import Report, make_report
from adapter.report.docx import render_docx
from adapter.report.flow import draw_flow
from adapter.report.html import render_html
from adapter.report.table import describe_rows, describe_stratum, group_name

__all__ = [
    "Report",
    "describe_rows",
    "describe_stratum",
    "draw_flow",
    "group_name",
    "make_report",
    "render_docx",
    "render_html",
]
