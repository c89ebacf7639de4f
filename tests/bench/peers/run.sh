#!/bin/sh
# Install the peers, pinned, into this folder, and time them against this engine:  sh tests/bench/peers/run.sh PYTHON
# PYTHON is the one that runs the tests. Without npm nothing can be compared; without MaLaC-HD the rest still is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
(cd "$here" && npm ci --silent --no-audit --no-fund)
malac="$here/.venv/bin/python"
if [ ! -x "$malac" ]; then
  python3 -m venv "$here/.venv"
  "$malac" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" || rm -rf "$here/.venv"
fi
[ -x "$malac" ] || malac=""
cd "$here/../../.." && exec "${1:-python3}" -m tests.bench.mapping_peers $malac
