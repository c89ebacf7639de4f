"""Valid Bundles made wrong by somebody who knows what they are: elements, references, codes, dates, numbers, bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

Draw = random.Random
Place = tuple[Any, Any]

_TEXTS = (
    *("", " ", "\u0000", "\u202e\u2066x", "a" * 70_000, "é̀́", "\ud83d\ude00", "null", "true", "0", "-1", "1e999"),
    *("${jndi:x}", "{{7*7}}", "<b>x</b>", "' OR 1=1 --", "../../etc/passwd", "\r\nX: y", "(a+)+$", "%00", "#", "/"),
    *("urn:uuid:00000000-0000-0000-0000-000000000000", "Patient/", "/Patient/1", "http://[::1", "#p1", "_history"),
)
_DATES = (
    *("2020-02-30", "0000", "0000-00-00", "9999-12-31", "10000-01-01", "2020-1-1", "2020-13", "20200101", "2020-W01-1"),
    *("2020-01-01T24:00:00Z", "2020-01-01T23:59:60Z", "2020-01-01T00:00:00+14:01", "2020-01-01T00:00", "1582-10-10"),
    *("2020-01-01T00:00:00.123456789012345678Z", "٢٠٢٠-٠١-٠١", "2020-02-29T00:00:00", "1899", "3000-01-01", "-0001"),
)
_NUMBERS = (
    "1e400",
    "-1e400",
    "1E-400",
    "0.0000000000000000000000001",
    "9" * 400,
    "-0",
    "1.0e+0",
    "01",
    "1.",
    ".5",
    "0x10",
)
_OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**40,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"a": None},
    "x",
    [1, "a"],
)
_SYSTEMS = (
    *("http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10", "http://unitsofmeasure.org"),
    *("urn:oid:2.16.840.1.113883.6.3", "http://www.whocc.no/atc", "LOINC", "", "http://hl7.org/fhir/sid/icd-10|2019"),
)
_TYPES = (
    "Patient",
    "Condition",
    "Observation",
    "Procedure",
    "ImagingStudy",
    "MedicationStatement",
    "Bundle",
    "Binary",
    "X",
    "",
)
_ODD_BYTES = (
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\\ud800",
    b"NaN",
    b"Infinity",
    b",",
    b"}",
)


def mutate(bundles: list[Any], draw: Draw) -> bytes:
    """One of the Bundles with one to five things wrong, as bytes."""
    bundle = copy.deepcopy(draw.choice(bundles))
    raw = b"{}"
    with suppress(RecursionError):  # nested more than once: deep enough
        for _ in range(draw.choice((1, 1, 1, 2, 3, 5))):
            bundle = draw.choice(_MUTATORS)(bundle, bundles, draw)
            raw = json.dumps(bundle, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    return _spoil(raw, draw) if draw.random() < 0.15 else raw


def _places(value: Any) -> Iterator[Place]:
    """Every (container, key) of a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


def _somewhere(bundle: Any, draw: Draw, fits: Callable[[Any, Any], bool] = lambda key, value: True) -> Place | None:
    found = [(held, key) for held, key in _places(bundle) if fits(key, held[key])]
    return draw.choice(found) if found else None


def _put(bundle: Any, place: Place | None, value: Any) -> Any:
    if place is not None:
        place[0][place[1]] = copy.deepcopy(value)  # else a Bundle could hold itself
    return bundle


def _drop(bundle: Any, _: Any, draw: Draw) -> Any:
    if place := _somewhere(bundle, draw):
        del place[0][place[1]]
    return bundle


def _other_type(bundle: Any, _: Any, draw: Draw) -> Any:
    return _put(bundle, _somewhere(bundle, draw), copy.deepcopy(draw.choice(_OTHERS)))


def _text(bundle: Any, _: Any, draw: Draw) -> Any:
    return _put(bundle, _somewhere(bundle, draw, lambda key, value: isinstance(value, str)), draw.choice(_TEXTS))


def _date(bundle: Any, _: Any, draw: Draw) -> Any:
    place = _somewhere(bundle, draw, lambda key, value: isinstance(value, str) and value[:2] in ("19", "20"))
    return _put(bundle, place, draw.choice(_DATES))


def _number(bundle: Any, _: Any, draw: Draw) -> Any:
    """Written into the bytes later: no Python number is as odd as these."""
    return _put(bundle, _somewhere(bundle, draw, lambda key, value: key == "value"), f"@@{draw.choice(_NUMBERS)}@@")


def _wrap(bundle: Any, _: Any, draw: Draw) -> Any:
    """One list too many, or one too few."""
    place = _somewhere(bundle, draw)
    if place is None:
        return bundle
    value = place[0][place[1]]
    return _put(bundle, place, value[0] if isinstance(value, list) and value else [value])


def _twice(bundle: Any, _: Any, draw: Draw) -> Any:
    if place := _somewhere(bundle, draw, lambda key, value: isinstance(value, list) and bool(value)):
        held = place[0][place[1]]
        held.extend(copy.deepcopy(held[: draw.choice((1, 1, 3))]) * draw.choice((1, 1, 40)))
    return bundle


def _shuffle(bundle: Any, _: Any, draw: Draw) -> Any:
    if place := _somewhere(bundle, draw, lambda key, value: isinstance(value, list) and len(value) > 1):
        draw.shuffle(place[0][place[1]])
    return bundle


def _graft(bundle: Any, bundles: list[Any], draw: Draw) -> Any:
    """What stands elsewhere, in this Bundle or in another."""
    source = _somewhere(draw.choice([bundle, *bundles]), draw)
    target = _somewhere(bundle, draw)
    return _put(bundle, target, copy.deepcopy(source[0][source[1]])) if source else bundle


def _rename(bundle: Any, bundles: list[Any], draw: Draw) -> Any:
    """An element under the name of another, or with the mark of an extension of a primitive."""
    place = _somewhere(bundle, draw, lambda key, value: isinstance(key, str))
    if place is None:
        return bundle
    other = _somewhere(draw.choice(bundles), draw, lambda key, value: isinstance(key, str))
    name = draw.choice((f"_{place[1]}", str(place[1]).upper(), "extension", "contained", other[1] if other else "x"))
    place[0][name] = place[0].pop(place[1])
    return bundle


def _reference(bundle: Any, _: Any, draw: Draw) -> Any:
    place = _somewhere(bundle, draw, lambda key, value: key in ("reference", "fullUrl", "url", "id"))
    urls = [held[key] for held, key in _places(bundle) if key in ("fullUrl", "reference", "id")]
    return _put(bundle, place, draw.choice([*urls, *_TEXTS]))


def _code(bundle: Any, _: Any, draw: Draw) -> Any:
    place = _somewhere(bundle, draw, lambda key, value: key in ("system", "code"))
    codes = [held[key] for held, key in _places(bundle) if key == "code"]
    return _put(bundle, place, draw.choice([*codes, *_SYSTEMS]))


def _kind(bundle: Any, _: Any, draw: Draw) -> Any:
    place = _somewhere(bundle, draw, lambda key, value: key in ("resourceType", "type", "method"))
    return _put(bundle, place, draw.choice((*_TYPES, "batch", "collection", "searchset", "history", "DELETE", "PATCH")))


def _nest(bundle: Any, _: Any, draw: Draw) -> Any:
    place = _somewhere(bundle, draw)
    if place is None:
        return bundle
    value = place[0][place[1]]
    for _depth in range(draw.choice((5, 30, 70, 150))):
        value = draw.choice(([value], {"extension": [value]}, {"contained": [value]}))
    return _put(bundle, place, value)


def _contain(bundle: Any, bundles: list[Any], draw: Draw) -> Any:
    """A resource inside a resource, pointing at itself."""
    place = _somewhere(bundle, draw, lambda key, value: key == "resource" and isinstance(value, dict))
    if place is not None:
        inner = copy.deepcopy(place[0][place[1]])
        inner.update(id="inside", subject={"reference": "#inside"}, partOf=[{"reference": "#"}])
        place[0][place[1]].update(contained=[inner], subject={"reference": "#inside"})
    return bundle


_MUTATORS = (
    *(_drop, _other_type, _other_type, _text, _text, _date, _date, _number, _wrap, _twice, _shuffle),
    *(_graft, _graft, _rename, _reference, _reference, _code, _code, _kind, _nest, _contain),
)


def _spoil(raw: bytes, draw: Draw) -> bytes:
    """What no writer of JSON would write."""
    where = draw.randrange(len(raw) + 1)
    how = draw.randrange(5)
    if how == 0:
        return raw[:where]
    if how == 1:
        return raw[:where] + draw.choice(_ODD_BYTES) + raw[where:]
    if how == 2:
        return raw[:where] + bytes([draw.randrange(256)]) + raw[where + 1 :]
    if how == 3:
        return raw.replace(b'"resourceType"', b'"resourceType": "Patient", "resourceType"', draw.choice((1, -1)))
    return raw + draw.choice((b" ", b"{}", b"\n", b"\x00", raw))


def write_numbers(raw: bytes) -> bytes:
    """Numbers as they were meant, without their quotation marks."""
    return raw.replace(b'"@@', b"").replace(b'@@"', b"")
