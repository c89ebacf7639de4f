"""The cohort as something one sends to a colleague: a page or a document, with the same content.

Takes from: cohort, figures.  Gives to: cli, web.
"""

from adapter.report.content import Report, make_report
from adapter.report.docx import render_docx
from adapter.report.html import render_html

__all__ = ["Report", "make_report", "render_docx", "render_html"]
