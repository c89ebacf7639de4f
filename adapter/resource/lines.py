"""Read NDJSON lines fast, for looking at: what is kept is the line itself, with the digits it came with.

Takes from: nothing.  Gives to: resource.
Source: https://github.com/ndjson/ndjson-spec
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson


def parse_lines(lines: Iterable[bytes]) -> Iterator[Any]:
    """Each line as plain values. Decimals become binary floats: never write these values out again.

    Errors:  ValueError at the first line that is no JSON text
    """
    return map(orjson.loads, lines)
