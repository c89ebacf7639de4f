"""The cohort as a document, with its figures and where its numbers come from.

Takes from: describing, figures, report.  Gives to: web, cli.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from adapter import __version__
from adapter.errors import Json
from adapter.figures import bone_names, make_pictures
from adapter.parts import Parts
from adapter.report import make_report, render_docx, render_html


def make_document(
    parts: Parts, description: Json, cases: Iterable[Json], form: str, language: Literal["en", "fr"]
) -> str | bytes:
    """Shapes:  cases  those that are described
    form   html or docx
    Errors:  ConfigError (the extra `analysis` is not installed)
    """
    knowledge = parts.knowledge
    pictures = make_pictures(cases, knowledge.derivation, bone_names(knowledge.mappings), language=language)
    provenance = {"mappings": knowledge.mappings.version, "adapter": __version__}
    report = make_report(description, pictures, provenance, language=language)
    return render_html(report) if form == "html" else render_docx(report)


def tell_provenance(parts: Parts, like: str) -> Json:
    """What the manifest of an export tells about where it comes from.

    Shapes:  {"made_at": RFC 3339, "criteria": the paper, "versions": {…}}
    """
    versions = {
        "adapter": __version__,
        "mappings": parts.knowledge.mappings.version,
        "criteria": parts.knowledge.published[like].criteria.version,
        "derived": parts.knowledge.derivation.version,
    }
    return {"made_at": parts.clock().isoformat(), "criteria": like, "versions": versions}
