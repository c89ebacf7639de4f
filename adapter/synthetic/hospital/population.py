"""The hospital's patients, all of them, as one list of resources.

Takes from: the rest of this room, mapping.  Gives to: demo, cli, tests.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from adapter.errors import Json
from adapter.mapping import Mappings
from adapter.synthetic.hospital import diagnoses, drugs, findings, identity, imaging, places, times
from adapter.synthetic.hospital.dossier import Dossier, Turns
from adapter.synthetic.hospital.strangers import STRANGERS

Habit = Callable[[Dossier], None]

# How the facts are spelled; then what is sent beside them. Ids come last, so that twins and doubles get theirs too.
SPELLINGS: tuple[Habit, ...] = (
    diagnoses.spell_diagnosis,
    diagnoses.spell_other_conditions,
    places.spell_places,
    imaging.spell_studies,
    imaging.forget_study_names,
    imaging.spell_biopsies,
    imaging.spell_results,
    drugs.spell_drugs,
    findings.spell_findings,
    findings.spell_laboratory,
)
NOISE: tuple[Habit, ...] = (
    diagnoses.add_statements_of_nothing,
    diagnoses.add_mistakes,
    diagnoses.add_withdrawn_twins,
    imaging.add_unfinished_studies,
    imaging.add_undone_procedures,
    imaging.add_reports,
    drugs.add_drugs_not_taken,
    drugs.add_prescriptions,
    findings.add_unreadable_values,
    findings.add_unfinished_results,
    findings.add_foreign_extensions,
)
SERVER: tuple[Habit, ...] = (
    identity.give_identity,
    identity.rename,
    times.spell_times,
    times.stamp,
    identity.label_subjects,
)


@dataclass(frozen=True)
class Population:
    """Everything the hospital holds.

    Shapes:  resources  R4 resources with the hospital's ids, shuffled
             patients   hospital's Patient id -> case_id it was made from, or the name of the stranger
    """

    resources: list[Json]
    patients: dict[str, str] = field(default_factory=dict)


def make_population(cases: Iterable[Json], mappings: Mappings, seed: int) -> Population:
    """A hospital that holds these cases, spelled in every manner, and the strangers.

    Shapes:  cases  registry cases; what makes them eligible or not is theirs
    """
    rng = random.Random(seed)  # noqa: S311 - a reproducible play, no secret
    turns = Turns(rng)
    population = Population([])
    for case in cases:
        patient, *resources = map(copy.deepcopy, mappings.to_resources(case))
        dossier = Dossier(len(population.patients) + 1, patient, resources, turns, rng)
        _admit(population, dossier, case["case_id"], (*SPELLINGS, *NOISE, *SERVER))
    for stranger in STRANGERS:
        dossier = Dossier(len(population.patients) + 1, stranger.patient(), [], turns, rng)
        stranger.tell(dossier)
        _admit(population, dossier, stranger.name, SERVER)
    rng.shuffle(population.resources)
    return population


def _admit(population: Population, dossier: Dossier, origin: str, habits: Iterable[Habit]) -> None:
    for habit in habits:
        habit(dossier)
    population.resources.extend(dossier.all())
    population.patients[dossier.patient_id] = origin
