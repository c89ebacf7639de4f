"""The demonstration: a hospital that does not exist on loopback, pulled for real, and the cohort that comes of it.

    make the hospital ──► serve it ──► pull ──► describe the eligible, list what the undetermined lack

Takes from: synthetic, hospital, pull, cohort, describing, store.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from adapter.cohort import contract_row
from adapter.describing import describe_registry
from adapter.errors import Json
from adapter.hospital import Search, Source, resolve_source
from adapter.parts import Parts
from adapter.pull import Notice, run_pull, start_pull
from adapter.store import cases
from adapter.synthetic import look_alikes, published_cohort
from adapter.synthetic.hospital import make_population
from adapter.synthetic.server import FhirServer, serve_resources

SEED = 2011
SOURCE = "hopital-imaginaire"


@dataclass(frozen=True)
class Demonstration:
    """What the demonstration shows.

    Shapes:  report   of the pull
             cohort   the published statistics, computed from the eligible cases
             waiting  [{"case_id", "criteria", "settle"}]: the criteria open in each undetermined case, and the data
                      that would settle them
    """

    report: Json
    cohort: list[Json]
    waiting: list[Json]

    def as_json(self) -> Json:
        """The object of `demo --json`."""
        counts = {name: self.report[name] for name in ("screened", "eligible", "undetermined", "ineligible")}
        return {**counts, "cohort": [contract_row(row) for row in self.cohort]}


def run_demo(parts: Parts, *, seed: int = SEED, notice: Notice = lambda progress: None) -> Demonstration:
    """Pull the synthetic hospital of a seed into the store. The cohort is described from all that the store holds.

    Shapes:  notice  as for `run_pull`
    Errors:  RemoteError when loopback cannot be reached
    """
    with serve_hospital(parts, seed) as source:
        guided = replace(parts, sources={**parts.sources, source.name: source})
        report = run_pull(guided, start_pull(guided, source.name), notice=notice)
    return Demonstration(report, describe_registry(parts, "SA")["rows"], list(_waiting(parts)))


@contextmanager
def serve_hospital(parts: Parts, seed: int) -> Iterator[Source]:
    """The synthetic hospital, up and answering on 127.0.0.1 until the end of the block, as a source to pull."""
    made = [*published_cohort("SA", seed), *(case for case, _ in look_alikes(seed))]
    population = make_population(made, parts.knowledge.mappings, seed)
    with serve_resources(FhirServer(population.resources)) as base:
        source = resolve_source(base, {})
        # Its doctors use R69 with words when no code fits: these records are looked at too.
        uncoded = Search("Condition", {"code": ("R69",)})
        yield replace(source, name=SOURCE, candidates=(*source.candidates, uncoded))


def _waiting(parts: Parts) -> Iterator[Json]:
    with parts.store.reading() as connection:
        undetermined = list(cases.current(connection, "undetermined"))
    for case, decision in undetermined:
        unknown = [each for each in (decision or {})["criteria"] if each["value"] == "unknown"]
        settle = list(dict.fromkeys(each["settle"] for each in unknown if "settle" in each))
        yield {"case_id": case["case_id"], "criteria": [each["id"] for each in unknown], "settle": settle}
