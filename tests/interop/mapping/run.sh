#!/bin/sh
# Run the exported maps in engines that are not ours and write RESULTS.md. Needs node, npm and the network.
#   sh tests/interop/mapping/run.sh        from the repository; PYTHON is the one that has the adapter
set -eu
here=tests/interop/mapping
python=${PYTHON:-.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd $here && npm ci --silent --no-audit --no-fund)
[ -x $here/.venv/bin/python ] || "$python" -m venv $here/.venv
$here/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $here/requirements.txt

"$python" -m tests.interop.mapping.prepare "$work"
node $here/run_medplum.mjs "$work"
node $here/run_medplum.mjs "$work" resource
$here/.venv/bin/python $here/run_malac.py "$work"
$here/.venv/bin/python $here/run_fhircraft.py "$work"
"$python" -m tests.interop.mapping.compare "$work"
