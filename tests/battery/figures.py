"""A figure of the battery: one JSON line, and whether it is what the registry promises."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

STARTED = time.monotonic()


def tell(figure: str, *, holds: bool, **values: Any) -> bool:
    """Print the line; says whether the promise holds."""
    told = {"figure": figure, **values, "holds": holds, "seconds": round(time.monotonic() - STARTED, 1)}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return holds


def remark(text: str) -> None:
    """What helps to find out why, beside the lines."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
