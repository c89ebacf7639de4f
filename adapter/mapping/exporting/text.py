"""A StructureMap as text of the FHIR Mapping Language.

Takes from: exporting.structure.  Gives to: exporting.maps.
Source: https://hl7.org/fhir/R4/mapping-language.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapter.errors import Json
from adapter.mapping.exporting.structure import MapRule, Parameter, Source, Target, Translation, Variable


def render_map(resource: Json, rules: Iterable[MapRule], translations: Iterable[Translation]) -> str:
    """Shapes:  resource  the StructureMap, for its head; rules and translations are rendered from their parts"""
    lines = [f"// {line}".rstrip() for line in resource["description"].splitlines()]
    lines += ["", f'map "{resource["url"]}" = "{resource["name"]}"', ""]
    for translation in translations:
        lines += [*_translation(translation), ""]
    for each in resource["structure"]:
        lines.append(f'uses "{each["url"]}" alias {each["alias"]} as {each["mode"]}')
    group = resource["group"][0]
    lines += ["", f"group {group['name']}({', '.join(map(_input, group['input']))}) {{"]
    for rule in rules:
        lines += _rule(rule, "  ")
    return "\n".join([*lines, "}", ""])


def _input(spelled: Json) -> str:
    text = f"{spelled['mode']} {spelled['name']}"
    return f"{text} : {spelled['type']}" if "type" in spelled else text


def _translation(translation: Translation) -> Iterator[str]:
    yield f'conceptmap "{translation.id}" {{'
    yield f'  prefix s = "{translation.source}"'
    yield f'  prefix t = "{translation.target}"'
    yield ""
    for code, to in translation.rows:
        yield f'  s:"{code}" == t:"{to}"'
    yield "}"


def _rule(rule: MapRule, indent: str) -> Iterator[str]:
    if rule.origin:
        yield f"{indent}// {rule.origin}"
    head = indent + _source(rule.source)
    if rule.targets:
        head += " -> " + ", ".join(map(_target, rule.targets))
    if not rule.rules:
        yield f'{head} "{rule.name}";'
        return
    yield f"{head} then {{"
    for inner in rule.rules:
        yield from _rule(inner, indent + "  ")
    yield f'{indent}}} "{rule.name}";'


def _source(source: Source) -> str:
    text = f"{source.context}.{source.element}" if source.element else source.context
    text += " first" if source.first else ""
    text += f" as {source.variable}" if source.variable else ""
    return f"{text} where ({source.condition})" if source.condition else text


def _target(target: Target) -> str:
    text = f"{target.context}.{target.element}"
    if target.transform == "copy":
        text += f" = {_parameter(target.parameters[0])}"
    elif target.transform:
        text += f" = {target.transform}({', '.join(map(_parameter, target.parameters))})"
    return f"{text} as {target.variable}" if target.variable else text


def _parameter(value: Parameter) -> str:
    if isinstance(value, Variable):
        return value.name
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    """A FHIRPath string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
