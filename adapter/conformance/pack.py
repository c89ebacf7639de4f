"""One file that holds many conformance resources, each read only when it is asked for.

Layout: the eight bytes of MAGIC, three lengths (4 bytes each: head, dictionary, index), the compressed head and index,
the shared compression dictionary, then every resource compressed by itself with that dictionary.

Takes from: resource.  Gives to: conformance.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapter.errors import DeclarationError, Json
from adapter.resource import dump_json, parse_json

MAGIC = b"FHIRPAK1"
_LENGTHS = struct.Struct(">III")
_DICTIONARY_BYTES = 32_000

Key = tuple[str, str]


class Pack:
    """A packed set of resources: `index` maps (resourceType, canonical) to where the resource lies.

    Shapes:  head  {"source", "recipe", "content"}: what it was made from, and the hash of what it holds
    Errors:  DeclarationError when the file is not a pack
    """

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        if self._data[:8] != MAGIC:
            raise DeclarationError(f"{path}:1:1 not-a-pack this file is not a pack of definitions")
        sizes = _LENGTHS.unpack_from(self._data, 8)
        starts = [8 + _LENGTHS.size]
        for size in sizes:
            starts.append(starts[-1] + size)
        self._blobs = starts[3]
        self._dictionary = self._data[starts[1] : starts[2]]
        self.head: Json = _parsed(zlib.decompress(self._data[starts[0] : starts[1]]))
        rows = zlib.decompress(self._data[starts[2] : starts[3]]).decode().split("\n")
        self.index: dict[Key, tuple[int, int]] = dict(map(_row, rows))

    def read(self, key: Key) -> Json:
        return dict(_parsed(self.text(key)))

    def text(self, key: Key) -> bytes:
        start, size = self.index[key]
        begin = self._blobs + start
        return zlib.decompressobj(zdict=self._dictionary).decompress(self._data[begin : begin + size])


def _row(line: str) -> tuple[Key, tuple[int, int]]:
    kind, canonical, start, size = line.split(" ")
    return (kind, canonical), (int(start), int(size))


def _parsed(text: bytes) -> Any:
    value, issues = parse_json(text)
    if issues:
        raise DeclarationError(f"pack:{issues[0].line}:{issues[0].column} {issues[0].rule} {issues[0].text}")
    return value


def write_pack(path: Path, resources: Iterable[Json], source: str, recipe: str) -> None:
    """Write resources, ordered by type and canonical so that the same input gives the same file."""
    texts = {(r["resourceType"], r["url"]): dump_json(r) for r in resources}
    keys = sorted(texts)
    dictionary = _dictionary([texts[key] for key in keys])
    blobs = [_compressed(texts[key], dictionary) for key in keys]
    rows, start = [], 0
    for (kind, canonical), blob in zip(keys, blobs, strict=True):
        rows.append(f"{kind} {canonical} {start} {len(blob)}")
        start += len(blob)
    head = {"source": source, "recipe": recipe, "content": content_hash(texts[key] for key in keys)}
    parts = [zlib.compress(dump_json(head), 9), dictionary, zlib.compress("\n".join(rows).encode(), 9)]
    path.write_bytes(MAGIC + _LENGTHS.pack(*map(len, parts)) + b"".join(parts) + b"".join(blobs))


def content_hash(texts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text + b"\n")
    return digest.hexdigest()


def _compressed(text: bytes, dictionary: bytes) -> bytes:
    packer = zlib.compressobj(9, zdict=dictionary)
    return packer.compress(text) + packer.flush()


def _dictionary(texts: list[bytes]) -> bytes:
    """Openings of evenly spread resources: what many of them repeat."""
    step = max(1, len(texts) // 64)
    return b"".join(text[: _DICTIONARY_BYTES // 64] for text in texts[::step])[:_DICTIONARY_BYTES]
