"""Put a new key on every pseudonym of the registry, without asking any hospital again.

    new key in the file ──► nobody else writes ──► cases ──► messages ──► known ──► requests ──► audit ──► done

Can be killed anywhere: the same command goes on. Each step makes the next pseudonym of the one that is there.

Takes from: errors, keyfile, parts, pseudonym, store.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from adapter.errors import ConfigError, Json
from adapter.keyfile import Keys, add_key, load_keys
from adapter.parts import Parts
from adapter.pseudonym import Pseudonyms, make_pseudonyms
from adapter.store import Connection, audit, known, pseudonym_keys, rotation

_AT_ONCE = 100


@dataclass(frozen=True)
class Rotated:
    """How many of each this run carried on; with those of the runs before it that were cut short, all."""

    key_id: str
    cases: int
    messages: int
    known: int
    requests: int

    def as_json(self) -> Json:
        return asdict(self)


def rotate_pseudonyms(parts: Parts, file: Path, at_once: int = _AT_ONCE) -> Rotated:
    """Make a key, or go on with the one that was made, and carry every pseudonym on to it.

    Shapes:  file     the key file of the pseudonyms
             at_once  how many in one transaction
    Errors:  ConfigError when the key file is not the one that belongs to this database; store errors
    """
    pseudonyms = make_pseudonyms(_keys(parts, file))
    key_id = pseudonyms.key_id
    with parts.store.writing() as connection:
        pseudonym_keys.begin(connection, key_id, parts.clock())
    turn = _Turn(parts, pseudonyms, at_once)
    told = Rotated(key_id, turn.do_cases(), turn.do_messages(), turn.do_known(), turn.do_requests())
    turn.end()
    return told


def _keys(parts: Parts, file: Path) -> Keys:
    keys = load_keys(file)
    with parts.store.reading() as connection:
        stands = pseudonym_keys.standing(connection)
    ids = list(keys.secrets)
    if stands.next_key_id and ids[0] != stands.next_key_id:
        raise ConfigError(f"The rotation under way needs the key {stands.next_key_id} at the head of the key file.")
    if stands.key_id in (None, ids[0]):
        return keys if stands.next_key_id else add_key(file)
    if ids[1:2] != [stands.key_id]:
        raise ConfigError(f"The pseudonyms stand under the key {stands.key_id}: bring back the key file that has it.")
    return keys  # made by a run that was cut short


class _Turn:
    def __init__(self, parts: Parts, pseudonyms: Pseudonyms, at_once: int) -> None:
        self.parts = parts
        self.pseudonyms = pseudonyms
        self.at_once = at_once

    def do_cases(self) -> int:
        step, key_id, at, limit = self.pseudonyms.next_case_id, self.pseudonyms.key_id, self.parts.clock(), self.at_once
        return self._all(
            lambda connection, after: rotation.rotate_cases(connection, step, key_id, at, after=after, limit=limit)
        )

    def do_messages(self) -> int:
        step = self.pseudonyms.next_mark
        return self._all(lambda connection, after: rotation.rotate_messages(connection, step, after, self.at_once))

    def do_known(self) -> int:
        step = self.pseudonyms.next_mark
        return self._all(
            lambda connection, after: rotation.rotate_known(connection, step, self._reseal, after, self.at_once)
        )

    def _all(self, some: Callable[[Connection, str], list[str]]) -> int:
        count, after = 0, ""
        while True:
            with self.parts.store.writing() as connection:
                old = some(connection, after)
            if not old:
                return count
            count, after = count + len(old), old[-1]

    def do_requests(self) -> int:
        count = 0
        while True:
            with self.parts.store.writing() as connection:
                done = pseudonym_keys.standing(connection).requests_done
                step = self.pseudonyms.next_mark
                if not (numbers := rotation.rotate_requests(connection, step, done, self.at_once)):
                    return count
                pseudonym_keys.note_requests(connection, self.pseudonyms.key_id, numbers[-1])
                count += len(numbers)

    def end(self) -> None:
        """The audit is chained again; where its chain ended before is written down, for whoever kept a copy of it."""
        at, make_id = self.parts.clock(), self.parts.make_id
        with self.parts.store.writing() as connection:
            before = audit.rename_cases(connection, self.pseudonyms.next_case_id)
            what = f"keys rotate-pseudonyms; the chain ended in {before}"
            audit.append(connection, audit.Event(at, "command", "do", what, 200, "", make_id()))
            rotation.forget_lists(connection)
            rotation.forget_done(connection)
            pseudonym_keys.finish(connection, self.pseudonyms.key_id, at)
        self.parts.store.forget_remains()

    def _reseal(self, patient: known.Patient, mark: str) -> known.Patient:
        seals = self.parts.seals
        sealed = seals.seal(seals.unseal(patient.sealed_id, patient.mark, patient.seal), mark)
        return replace(patient, mark=mark, seal=seals.key_id, sealed_id=sealed)
