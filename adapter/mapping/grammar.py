"""Which words a rule of each kind must have and may have, by where it stands.

The JSON Schema knows the words; this room knows which of them go together, so that a word that would be ignored is
an error instead of a silence.

Takes from: nothing above the standard library.  Gives to: mapping.language.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.errors import Json

# kind -> (words it must have, words it may have)
_KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "use": (frozenset({"fhir"}), frozenset({"case", "only", "set"})),
    "each": (frozenset({"fhir", "rules"}), frozenset({"match", "unless", "feed"})),
    "const": (frozenset({"fhir"}), frozenset({"accept", "direction"})),
    "first": (frozenset(), frozenset({"required", "default", "otherwise", "direction"})),
    "choice": (frozenset(), frozenset({"required", "default", "otherwise", "direction"})),
    "rules": (frozenset({"case", "fhir"}), frozenset({"direction", "required"})),
    "leaf": (
        frozenset({"case", "fhir"}),
        frozenset(
            {"via", "required", "default", "otherwise", "missing", "absent", "with", "also", "direction", "loses"}
            | {"quiet", "prefer", "given"}
        ),
    ),
}
# A rule in a branch shares these with the rule around it; inside an object only the object itself has them.
_OF_THE_WHOLE = frozenset({"required", "default", "otherwise", "missing", "absent"})
_OF_A_BRANCH = frozenset({"given", "quiet", "prefer", "direction"})
# Codecs that make several elements leave no single one to which these could apply.
_OF_ONE_ELEMENT = frozenset({"default", "otherwise", "missing", "absent", "with", "also"})
_INSIDE = {"first": ("leaf", "rules"), "choice": ("leaf", "rules"), "group": ("leaf", "rules")}
_SETTABLE = frozenset({"required", "default", "otherwise", "missing", "quiet", "loses"})

Misspelt = tuple[str, str, str]


def check_grammar(rule: Json, inside: str, in_fragment: bool) -> Iterator[Misspelt]:
    """What is wrong with the words of one rule, as (word, code, message).

    Shapes:  rule    valid against mapping.schema.json
             inside  kind of the rule around it: first, choice, group, each; else map
    """
    kinds = [kind for kind in _KINDS if kind in rule]
    kind = next(iter(kinds), "leaf")
    if kind == "use" and in_fragment:
        yield "use", "F004", "a fragment may not use another fragment"
        return
    if inside in _INSIDE and kind not in _INSIDE[inside]:
        yield kind, "G003", f"`{kind}` may not stand inside `{'rules' if inside == 'group' else inside}`"
        return
    must, may = _KINDS[kind]
    for word in sorted(must - rule.keys()):
        yield "id", "G001", f"{f'a rule with `{kind}`' if kind != 'leaf' else 'a pair'} needs `{word}`"
    for word in sorted(rule.keys() - must - may - {"id", kind}):
        yield word, "G002", f"`{word}` has no meaning in {f'a rule with `{kind}`' if kind != 'leaf' else 'a pair'}"
    yield from _misplaced(rule, kind, inside)
    yield from _empty(rule, kind)


def _misplaced(rule: Json, kind: str, inside: str) -> Iterator[Misspelt]:
    wrong: frozenset[str] = frozenset()
    if inside in ("first", "choice"):
        wrong |= _OF_THE_WHOLE
    elif inside == "group":
        wrong |= _OF_A_BRANCH | _OF_THE_WHOLE - {"required"}
    elif kind in ("leaf", "rules"):
        wrong |= {"given"}
    for word in sorted(rule.keys() & wrong):
        where = "inside an object" if inside == "group" else "in a branch" if inside in _INSIDE else "outside a branch"
        yield word, "G002", f"`{word}` has no meaning {where}"
    codec = _codec(rule)
    if codec in ("quantity", "coding"):
        for word in sorted(rule.keys() & _OF_ONE_ELEMENT - wrong):
            yield word, "G002", f"`{word}` has no meaning beside `via: {codec}`, which pairs several elements"
    if "prefer" in rule and codec != "coding":
        yield "prefer", "G002", "`prefer` has no meaning without `via: coding`"
    if "absent" in rule and "missing" in rule:
        yield "missing", "G002", "`missing` has no meaning beside `absent`, which writes the same element"


def _empty(rule: Json, kind: str) -> Iterator[Misspelt]:
    """Places that would be the resource or the case itself."""
    for word in ("absent", "missing", "with"):
        if word in rule and rule.get("fhir") in ("", "."):
            yield word, "G002", f"`{word}` needs an element of its own in `fhir`"
    if kind in ("const", "each") and rule.get("fhir") in ("", "."):
        yield "fhir", "G001", f"a rule with `{kind}` needs an element of its own in `fhir`"
    for name, options in rule.get("set", {}).items():
        for word in sorted(options.keys() - _SETTABLE):
            yield "set", "F003", f"`set` cannot change `{word}` of '{name}'; it can set {', '.join(sorted(_SETTABLE))}"


def _codec(rule: Json) -> str:
    via = rule.get("via")
    return via if isinstance(via, str) else next(iter(via), "") if via else ""
