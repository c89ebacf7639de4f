"""What a browser would send: the fields of a page's form as they stand, and the ids that its links lead to."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """Shapes:  fields  of the forms that are sent by POST
    anchors, ids  where links within the page lead, and what there is
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.anchors: set[str] = set()
        self.ids: set[str] = set()
        self._posts, self._select = False, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids |= {told["id"] or ""} if "id" in told else set()
        if tag == "a" and (told.get("href") or "").startswith("#"):
            self.anchors.add((told["href"] or "")[1:])
        if tag == "form":
            self._posts = told.get("method") == "post"
        if self._posts:
            self._field(tag, told)

    def _field(self, tag: str, told: dict[str, str | None]) -> None:
        if tag == "input" and told.get("type") != "checkbox":
            self.fields[told["name"] or ""] = told.get("value") or ""
        elif tag == "select":
            self._select = told["name"] or ""
            self.fields[self._select] = ""
        elif tag == "option" and "selected" in told:
            self.fields[self._select] = told.get("value") or ""
