"""One plain element to one case value: what each codec becomes on the way back.

Takes from: mapping.rules, exporting.codes, exporting.structure.  Gives to: exporting.reading.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.mapping.exporting.codes import Translations, one_of, spelled, words_of
from adapter.mapping.exporting.leaves import Rules, origin, table_of
from adapter.mapping.exporting.structure import MapRule, Names, Source, Target, Variable, copied
from adapter.mapping.exporting.text import quoted
from adapter.mapping.rules import Rule


def read_value(
    rule: Rule, at: Source, before: tuple[Target, ...], target: tuple[str, str], names: Names, asked: Translations
) -> Rules:
    """Shapes:  at      the element, its variable still to be named
    before  targets that make the objects on the way to `target`
    """
    if rule.codec.name == "values":
        return tuple(
            _rule(rule, replace(at, variable=v, condition=one_of(v, [flag])), (*before, copied(*target, word)), names)
            for word, flag in rule.codec.option.items()
            for v in [names.variable()]
        )
    variable = names.variable()
    condition, made = _carried(rule, variable, target, asked)
    return (_rule(rule, replace(at, variable=variable, condition=condition), (*before, made), names),)


def _carried(rule: Rule, variable: str, target: tuple[str, str], asked: Translations) -> tuple[str, Target]:
    """The condition under which a value is taken, and how it is carried over."""
    if rule.codec.name == "affix":
        prefix = rule.codec.option["prefix"]
        made = Target(*target, "", "evaluate", (f"%{variable}.substring({len(prefix)})",))
        return f"{variable}.startsWith({quoted(prefix)})", made
    if rule.codec.name != "code":
        return "", copied(*target, Variable(variable))
    table = table_of(rule)
    codes = {code: spelled(word) for code, word in table.plain_words.items()}
    condition = one_of(variable, codes)
    if all(word == code for code, word in codes.items()):
        return condition, copied(*target, Variable(variable))
    url = asked.ask(f"{table.name}-code-read", table.file.data["url"], words_of(table), codes)
    return condition, Target(*target, "", "translate", (Variable(variable), url, "code"))


def _rule(rule: Rule, source: Source, targets: tuple[Target, ...], names: Names) -> MapRule:
    return MapRule(names.rule(rule.id), source, targets, (), origin(rule))
