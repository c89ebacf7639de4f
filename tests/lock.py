"""Pin again: versions and hashes (requirements*.lock) and licences (licences.lock). Run by `make lock`."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

# Pinned for other platforms, so that their metadata is not at hand here, or licensed in a file only.
_ELSEWHERE = {
    "axe-playwright-python": "MIT AND MPL-2.0",
    "colorama": "BSD-3-Clause",
    "huey": "MIT",
    "tzdata": "Apache-2.0",
}
# In an environment of its own, never beside the tests: half a gigabyte, and Java.
_ON_SPARK = {"py4j": "BSD-3-Clause", "pyspark": "Apache-2.0"}
ROOT = Path(__file__).parents[1]
_COMPILE = [
    "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11",
    "--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--extra", "postgres",
    "--extra", "analysis",
]  # fmt: skip


def main() -> None:
    _compile("requirements.lock")
    _compile("requirements-dev.lock", "--group", "dev")
    _compile("requirements-spark.lock", "--extra", "spark")
    pinned = sorted({*locked("requirements-dev.lock"), *locked("requirements-spark.lock")})
    lines = [f"{name}=={version}  {licence_of(name)}" for name, version in pinned]
    (ROOT / "licences.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _compile(target: str, *more: str) -> None:
    subprocess.run([sys.executable, *_COMPILE, *more, "--output-file", target], cwd=ROOT, check=True)


def locked(name: str) -> list[tuple[str, str]]:
    """(distribution, version) of every pinned line, platform markers aside."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, flags=re.MULTILINE)))


def licence_of(name: str) -> str:
    """The licence a distribution declares; KeyError for one of another platform that nobody looked up."""
    try:
        declared = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return {**_ELSEWHERE, **_ON_SPARK}[name]
    classifiers = [each for each in declared.get_all("Classifier") or [] if each.startswith("License ::")]
    short = declared.get("License-Expression") or next((each.rsplit(" :: ", 1)[-1] for each in classifiers), "")
    return short or (declared.get("License") or _ELSEWHERE.get(name, "not declared")).splitlines()[0]


if __name__ == "__main__":
    main()
