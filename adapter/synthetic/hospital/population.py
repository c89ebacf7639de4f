"""The hospital's patients, all of them, as one list of resources.

Takes from: the rest of this room, mapping.  Gives to: demo, cli, tests.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from adapter.errors import Json
from adapter.mapping import Mappings
from adapter.synthetic.chance import make_chance
from adapter.synthetic.hospital.diagnoses import (
    add_mistakes,
    add_statements_of_nothing,
    add_withdrawn_twins,
    spell_diagnosis,
    spell_other_conditions,
)
from adapter.synthetic.hospital.dossier import Dossier, Turns
from adapter.synthetic.hospital.drugs import add_drugs_not_taken, add_prescriptions, spell_drugs
from adapter.synthetic.hospital.findings import (
    add_foreign_extensions,
    add_unfinished_results,
    add_unreadable_values,
    spell_findings,
    spell_laboratory,
)
from adapter.synthetic.hospital.identity import give_identity, label_subjects, rename
from adapter.synthetic.hospital.imaging import (
    add_reports,
    add_undone_procedures,
    add_unfinished_studies,
    forget_study_names,
    spell_biopsies,
    spell_results,
    spell_studies,
)
from adapter.synthetic.hospital.places import spell_places
from adapter.synthetic.hospital.strangers import STRANGERS
from adapter.synthetic.hospital.times import spell_times, stamp

Habit = Callable[[Dossier], None]
_BASE = "https://hopital-imaginaire.invalid/fhir"

# How the facts are spelled; then what is sent beside them. Ids come last, so that twins and doubles get theirs too.
SPELLINGS: tuple[Habit, ...] = (
    spell_diagnosis,
    spell_other_conditions,
    spell_places,
    spell_studies,
    forget_study_names,
    spell_biopsies,
    spell_results,
    spell_drugs,
    spell_findings,
    spell_laboratory,
)
NOISE: tuple[Habit, ...] = (
    add_statements_of_nothing,
    add_mistakes,
    add_withdrawn_twins,
    add_unfinished_studies,
    add_undone_procedures,
    add_reports,
    add_drugs_not_taken,
    add_prescriptions,
    add_unreadable_values,
    add_unfinished_results,
    add_foreign_extensions,
)
SERVER: tuple[Habit, ...] = (
    give_identity,
    rename,
    spell_times,
    stamp,
    label_subjects,
)


@dataclass(frozen=True)
class Population:
    """Everything the hospital holds.

    Shapes:  resources  R4 resources with the hospital's ids, shuffled
             patients   hospital's Patient id -> case_id it was made from, or the name of the stranger
    """

    resources: list[Json]
    patients: dict[str, str] = field(default_factory=dict)

    def keep(self, dossier: Dossier, origin: str) -> None:
        self.resources.extend(dossier.all())
        self.patients[dossier.patient_id] = origin


def make_population(cases: Iterable[Json], mappings: Mappings, seed: int) -> Population:
    """A hospital that holds these cases, spelled in every manner, and the strangers.

    Shapes:  cases  registry cases; what makes them eligible or not is theirs
    """
    rng = make_chance("hospital", seed)
    turns = Turns(rng)
    population = Population([])
    for case_id, dossier in _respelled(cases, mappings, turns, rng):
        population.keep(dossier, case_id)
    for stranger in STRANGERS:
        dossier = Dossier(len(population.patients) + 1, stranger.patient(), [], turns, rng)
        stranger.tell(dossier)
        _spell(dossier, SERVER)
        population.keep(dossier, stranger.name)
    rng.shuffle(population.resources)
    return population


def make_dossiers(cases: Iterable[Json], mappings: Mappings, seed: int) -> Iterator[list[Json]]:
    """The same spellings without the strangers, patient by patient: a hospital of any size, held nowhere.

    Shapes:  yields  the Patient and what belongs to it, with the hospital's ids
    """
    rng = make_chance("hospital", seed)
    return (dossier.all() for _, dossier in _respelled(cases, mappings, Turns(rng), rng))


def make_collection(resources: Iterable[Json]) -> Json:
    """One patient's resources as a Bundle, under the address of a hospital that cannot be reached."""
    entries = [{"fullUrl": f"{_BASE}/{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _respelled(
    cases: Iterable[Json], mappings: Mappings, turns: Turns, rng: random.Random
) -> Iterator[tuple[str, Dossier]]:
    for number, case in enumerate(cases, 1):
        patient, *resources = map(copy.deepcopy, mappings.to_resources(case))
        dossier = Dossier(number, patient, resources, turns, rng)
        _spell(dossier, (*SPELLINGS, *NOISE, *SERVER))
        yield case["case_id"], dossier


def _spell(dossier: Dossier, habits: Iterable[Habit]) -> None:
    for habit in habits:
        habit(dossier)
