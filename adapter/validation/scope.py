"""What surrounds the value being checked: its resource, the container and Bundle around it, the engine and its policy.

Takes from: conformance, terminology, validation.snapshot.  Gives to: every module of validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from adapter.conformance import Definitions
from adapter.errors import Json
from adapter.terminology import Terminology
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.bundle_index import BundleIndex


AnyCheck = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the standard leaves to the operator.

    Shapes:  unknown_extensions  "error" as HL7's validator has it, "warning" at a hospital's door
             best_practice       report what R4 marks as mere good practice (dom-6 and its like)
    """

    unknown_extensions: Literal["error", "warning"] = "error"
    best_practice: bool = False
    max_issues: int = 1000


class Engine(Protocol):
    """What the checks may ask of the compiler that made them."""

    definitions: Definitions
    terminology: Terminology
    policy: Policy

    def tree(self, canonical: str) -> Element | None: ...
    def structure_check(self, canonical: str) -> AnyCheck | None: ...
    def type_check(self, code: str) -> AnyCheck: ...
    def item_check(self, element: Element) -> AnyCheck: ...
    def typed_check(self, element: Element, code: str) -> AnyCheck: ...
    def object_check(self, element: Element, code: str) -> AnyCheck: ...
    def extras(self, element: Element, code: str) -> Iterator[AnyCheck]: ...
    def bindings(self, element: Element, code: str) -> Iterator[AnyCheck]: ...
    def is_resource(self, code: str) -> bool: ...


_ANCHOR = re.compile(r"""\s(?:id|name)\s*=\s*["']([^"']+)["']""")


def _anchors(resource: Json) -> Iterator[str]:
    pending: list[Any] = [resource]
    while pending:
        node = pending.pop()
        if type(node) is dict:
            if type(node.get("id")) is str:
                yield node["id"]
            pending.extend(node.values())
        elif type(node) is list:
            pending.extend(node)
        elif type(node) is str and node[:1] == "<":
            yield from _ANCHOR.findall(node)


class Scope:
    """One resource under judgement: `root` may hold it as contained, `bundle` is the Bundle around."""

    __slots__ = ("_anchors", "_contained", "bundle", "compiler", "has_element_ids", "memo", "resource", "root")

    def __init__(self, compiler: Engine, resource: Json, parent: Scope | None = None, inside: bool = False) -> None:
        self.compiler = compiler
        self.resource = resource
        self.root: Json = parent.root if inside and parent is not None else resource
        self.bundle: BundleIndex | None = parent.bundle if parent is not None else None
        self.memo: dict[tuple[int, str], bool] = parent.memo if parent is not None else {}
        self._contained: dict[str, Json] | None = None
        self._anchors: set[str] | None = parent._anchors if parent is not None else None
        self.has_element_ids = False

    def below(self, resource: Json) -> Scope:
        """The surroundings of a resource that this one refers to."""
        return Scope(self.compiler, resource, self, inside=self.contained.get(str(resource.get("id"))) is resource)

    @property
    def anchors(self) -> set[str]:
        """What a link inside a narrative may lead to: ids in the resource, or anywhere in the Bundle around it."""
        if self._anchors is None:
            self._anchors = set(_anchors(self.bundle.bundle if self.bundle is not None else self.root))
        return self._anchors

    @property
    def contained(self) -> dict[str, Json]:
        """The contained resources of the root, by id."""
        if self._contained is None:
            listed: Any = self.root.get("contained")
            inside = [item for item in listed if type(item) is dict] if type(listed) is list else []
            self._contained = {item["id"]: item for item in inside if type(item.get("id")) is str}
        return self._contained
