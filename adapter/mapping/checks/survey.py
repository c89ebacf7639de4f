"""What every question is asked of: the pairs of all maps, and the elements they end at.

Takes from: mapping.language, mapping.checks.pairs, mapping.checks.elements.  Gives to: mapping.checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.mapping.checks.elements import Element, Elements, MissError
from adapter.mapping.checks.pairs import Pair, pairs_of, schema_of, tell
from adapter.mapping.rules import Language, Map, Rule


class Survey:
    """The language with its pairs.

    Shapes:  pairs  name of the map -> its pairs
             ways   pair -> the elements at each step of its path, several behind a reference, none where R4 leaves
                    it open; a pair whose path R4 does not know has no way
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.elements = Elements()
        self.maps = [each for each in language.maps if self.elements.is_resource(each.resource)]
        self.pairs = {mapping.name: pairs_of(mapping) for mapping in self.maps}
        self.ways: dict[Pair, list[list[Element]]] = {}
        self._lost: list[Rule] = []
        self.problems = list(self._follow())

    def all_pairs(self) -> Iterator[Pair]:
        for pairs in self.pairs.values():
            yield from pairs

    def element(self, pair: Pair) -> Element | None:
        """The one element of a pair, when it is known which."""
        way = self.ways.get(pair)
        return way[-1][0] if way and way[-1] else None

    @property
    def whole(self) -> bool:
        """Whether every file, rule and field name could be understood; else nobody can say what is lacking."""
        language = self.language
        every_file = not language.incomplete and not language.folder.unread and len(self.maps) == len(language.maps)
        return every_file and all(schema_of(pair.field) is not None for pair in self.all_pairs())

    def sound(self, pair: Pair) -> bool:
        """Whether the path of a pair is known to R4; of a part, that of the rule that it is part of."""
        return pair in self.ways or (pair.part and not any(pair.branch is branch for branch in self._lost))

    def complete(self, mapping: Map) -> bool:
        """Whether every rule of a map could be read; else nobody can say what it lacks."""
        return mapping.name not in self.language.incomplete

    def _follow(self) -> Iterator[str]:
        for mapping in self.maps:
            for pair in self.pairs[mapping.name]:
                unmarked = pair.entry is not None and pair.entry.fhir.steps[-1].pick != "each"
                if pair.part or unmarked or any(pair.branch is branch for branch in self._lost):
                    continue
                try:
                    self.ways[pair] = self.elements.walk(mapping.resource, pair.fhir)
                except MissError as error:
                    if pair.whole:
                        self._lost.append(pair.branch)
                    yield pair.told(error.code, str(error), "fhir")
            yield from self._follow_lists(mapping)

    def _follow_lists(self, mapping: Map) -> Iterator[str]:
        for rule in (each for top in mapping.rules for each in top.leaves() if each.kind == "each"):
            last = rule.fhir.steps[-1]
            if last.pick != "each":
                yield tell(mapping, rule, "P006", f"`each` fills a list: write {last.name}[]", "fhir")
