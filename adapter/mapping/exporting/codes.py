"""Code tables inside a map: which translations it needs, and the conditions that guard them.

FML engines agree on one use of `translate` only: a code of one system to a code of one other. A table with several
systems becomes one translation a system; the label of a word travels as one more, since no engine gives displays.

Takes from: canonical, mapping.tables, exporting.structure, exporting.text.
Gives to: exporting.writing, exporting.reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adapter.canonical import BASE
from adapter.mapping.exporting.structure import MapRule, Names, Source, Target, Translation, Variable, copied
from adapter.mapping.exporting.text import quoted
from adapter.mapping.tables import Table, Word


def words_of(table: Table) -> str:
    """URI for the words of a table as codes; the registry's ConceptMaps say the same."""
    return f"{BASE}/case/{table.name}"


def spelled(word: Word) -> str:
    """A word of the case as a code: true and false are words too."""
    return word if isinstance(word, str) else str(word).lower()


def one_of(variable: str, words: Iterable[object]) -> str:
    """FHIRPath: the variable holds one of these."""
    listed = [quoted(word) if isinstance(word, str) else spelled(bool(word)) for word in words]
    return f"{variable} = {listed[0]}" if len(listed) == 1 else f"{variable} in ({' | '.join(listed)})"


def none_of(variable: str, words: Iterable[object]) -> str:
    """FHIRPath: the variable holds none of these; "" when there are none."""
    return " and ".join(f"{variable} != {quoted(str(word))}" for word in words)


@dataclass
class Translations:
    """The translations a map has asked for, each once."""

    found: dict[str, Translation] = field(default_factory=dict)

    def ask(self, name: str, source: str, target: str, rows: dict[str, str]) -> str:
        self.found.setdefault(name, Translation(name, source, target, tuple(rows.items())))
        return f"#{name}"


def written_by_system(table: Table) -> dict[str, dict[Word, str]]:
    """Shapes:  returns  system URI -> {word: code}, systems in the order they are first written"""
    found: dict[str, dict[Word, str]] = {}
    for word, codings in table.codings.items():
        for coding in codings:
            found.setdefault(coding["system"], {})[word] = coding["code"]
    return found


def labels_of(table: Table, system: str) -> dict[Word, str]:
    """The label written beside the code of one system, for the words that have one."""
    return {
        word: coding["display"]
        for word, codings in table.codings.items()
        for coding in codings
        if coding["system"] == system and "display" in coding
    }


def read_by_system(table: Table) -> dict[str, dict[str, Word]]:
    """Shapes:  returns  system URI -> {code: word}"""
    found: dict[str, dict[str, Word]] = {}
    for (system, code), word in table.words.items():
        found.setdefault(system, {})[code] = word
    return found


def system_name(table: Table, uri: str) -> str:
    return table.systems.names.get(uri, uri.rstrip("/").rsplit("/", 1)[-1])


def coding_targets(
    into: tuple[str, str], value: str, table: Table, system: str, names: Names, asked: Translations
) -> tuple[Target, ...]:
    """Make one Coding of a word held in `value`, as element `into[1]` of the variable `into[0]`."""
    codes = written_by_system(table)[system]
    coding, short = names.variable(), system_name(table, system)
    words = words_of(table)
    to_code = asked.ask(f"{table.name}-{short}", words, system, {spelled(w): code for w, code in codes.items()})
    labels = {spelled(word): label for word, label in labels_of(table, system).items()}
    made = [Target(*into, coding), copied(coding, "system", system), _translated(coding, "code", value, to_code)]
    if len(labels) == len(codes):
        to_label = asked.ask(f"{table.name}-{short}-label", words, f"{words}-label", labels)
        made.append(_translated(coding, "display", value, to_label))
    return tuple(made)


def _translated(context: str, element: str, value: str, url: str) -> Target:
    return Target(context, element, "", "translate", (Variable(value), url, "code"))


@dataclass(frozen=True)
class CodeReader:
    """Rules that look for codes of a table in one Coding.

    Shapes:  target  (variable, element) of the case that takes the word
             words   only these words, all when empty
    """

    table: Table
    names: Names
    asked: Translations
    words: frozenset[Word] = frozenset()

    def rules(self, coding: str, rule_id: str, target: tuple[str, str]) -> Iterator[MapRule]:
        for system, known in read_by_system(self.table).items():
            codes = {code: word for code, word in known.items() if not self.words or word in self.words}
            if codes:
                yield self.where(coding, system, rule_id, self._found(coding, system, codes, rule_id, target))

    def where(self, coding: str, system: str, rule_id: str, inner: tuple[MapRule, ...]) -> MapRule:
        """Rules that hold for a Coding of one system, whichever of its URIs the hospital writes."""
        name, variable = self.names.rule(f"{rule_id}.system"), self.names.variable()
        spellings = [uri for uri, short in self.table.systems.names.items() if short == system_name(self.table, system)]
        return MapRule(name, Source(coding, "system", variable, one_of(variable, spellings or [system])), (), inner)

    def _found(
        self, coding: str, system: str, codes: dict[str, Word], rule_id: str, target: tuple[str, str]
    ) -> tuple[MapRule, ...]:
        if any(isinstance(word, bool) for word in codes.values()):
            return tuple(self._one_word(coding, word, codes, rule_id, target) for word in dict.fromkeys(codes.values()))
        name, variable = self.names.rule(rule_id), self.names.variable()
        short = f"{self.table.name}-{system_name(self.table, system)}-read"
        url = self.asked.ask(short, system, words_of(self.table), {code: spelled(word) for code, word in codes.items()})
        source = Source(coding, "code", variable, one_of(variable, codes))
        return (MapRule(name, source, (_translated(*target, variable, url),)),)

    def _one_word(
        self, coding: str, word: Word, codes: dict[str, Word], rule_id: str, target: tuple[str, str]
    ) -> MapRule:
        name, variable = self.names.rule(rule_id), self.names.variable()
        condition = one_of(variable, [code for code, other in codes.items() if other == word])
        return MapRule(name, Source(coding, "code", variable, condition), (copied(*target, word),))
