"""The cohort as a document, with its figures and where its numbers come from.

Takes from: describing, figures, report.  Gives to: cli.describing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from adapter import __version__
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.parts import Parts


def make_document(parts: Parts, description: Json, form: str, language: Literal["en", "fr"]) -> str | bytes:
    """Shapes:  form  html or docx
    Errors:  ConfigError (the extra `analysis` is not installed)
    """
    from adapter.describing import included_cases
    from adapter.figures import bone_names, make_pictures
    from adapter.report import make_report, render_docx, render_html

    knowledge = parts.knowledge
    cases = included_cases(parts, description["like"])
    pictures = make_pictures(cases, knowledge.derivation, bone_names(knowledge.mappings), language=language)
    provenance = {"mappings": knowledge.mappings.version, "adapter": __version__}
    report = make_report(description, pictures, provenance, language=language)
    return render_html(report) if form == "html" else render_docx(report)
