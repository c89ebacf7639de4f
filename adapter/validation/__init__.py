"""Is this resource what FHIR R4, and the profiles it claims, say it must be?

Takes from: conformance, terminology, resource.  Gives to: the journeys, the command and the web.
Source: https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from adapter.conformance import Definitions, r4_definitions
from adapter.errors import Issue, Json
from adapter.resource import Locator, parse_json
from adapter.validation.compiler import Compiler
from adapter.validation.problem import Problem
from adapter.validation.resources import check_resource
from adapter.validation.scope import Policy, Scope
from adapter.validation.wording import make_issues

__all__ = ["Policy", "Validator", "make_validator", "validate"]


class Validator:
    """Definitions compiled once, then any number of resources. Safe to share between threads."""

    def __init__(self, definitions: Definitions | None = None, policy: Policy | None = None) -> None:
        self.compiler = Compiler(definitions or r4_definitions(), policy)

    def validate(self, resource: Json, *, profiles: Iterable[str] = (), text: bytes | None = None) -> list[Issue]:
        """Every finding about a parsed resource; [] when there is nothing to say.

        Shapes:  text  the JSON it was parsed from, to give each issue a line and column
        Errors:  none; an unknown profile is an issue
        """
        problems = self._problems(resource, profiles)
        if not problems:
            return []
        kind = resource.get("resourceType") if type(resource) is dict else None
        limit = self.compiler.policy.max_issues
        if len(problems) > limit:
            problems = [*problems[:limit], Problem("more-issues", "information", count=len(problems) - limit)]
        return make_issues(kind if type(kind) is str else "Resource", problems, Locator(text) if text else None)

    def validate_text(self, text: bytes, *, profiles: Iterable[str] = ()) -> list[Issue]:
        """Parse and validate JSON text; every issue has a line and column."""
        resource, issues = parse_json(text)
        if resource is None and issues:
            return issues
        return issues + self.validate(resource, profiles=profiles, text=text)

    def _problems(self, resource: Any, profiles: Iterable[str]) -> list[Problem]:
        if type(resource) is not dict:
            return [Problem("not-a-resource")]
        try:
            return check_resource(resource, Scope(self.compiler, resource), profiles) or []
        except RecursionError:
            return [Problem("too-deep")]


@lru_cache(maxsize=16)
def make_validator(packages: tuple[Path, ...] = (), policy: Policy | None = None) -> Validator:
    """A validator for the R4 core and some packages, kept so that the next call finds it compiled.

    Errors:  DeclarationError for a package that cannot be used
    """
    return Validator(r4_definitions().with_packages(packages) if packages else r4_definitions(), policy)


def validate(
    resource: Json | bytes,
    *,
    profiles: Iterable[str] = (),
    packages: Iterable[Path | str] = (),
    policy: Policy | None = None,
) -> list[Issue]:
    """Validate one resource, parsed or as JSON text, against R4, the profiles it claims and those given.

    Shapes:  packages  folders, .tgz or .json files with StructureDefinitions (snapshots), ValueSets, CodeSystems
    Errors:  DeclarationError for a package that cannot be used; everything else is an issue
    Source:  https://hl7.org/fhir/R4/validation.html
    """
    validator = make_validator(tuple(Path(package) for package in packages), policy)
    if isinstance(resource, bytes):
        return validator.validate_text(resource, profiles=profiles)
    return validator.validate(resource, profiles=profiles)
