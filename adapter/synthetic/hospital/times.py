"""When: days with an hour and the zone of Paris. The day stays the day that was written there.

Rows 4 and 13 of the list of what hospitals send.

Takes from: hospital.dossier.  Gives to: population.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from adapter.errors import Json
from adapter.synthetic.hospital.dossier import Dossier

_PARIS = ZoneInfo("Europe/Paris")
_ELEMENTS = ("onsetDateTime", "recordedDate", "effectiveDateTime", "performedDateTime", "started")


def spell_times(dossier: Dossier) -> None:
    """Some days become moments, shortly after midnight or late in the evening: in UTC they would be another day."""
    for resource in dossier.resources:
        for element in _ELEMENTS:
            if element in resource:
                resource[element] = _spelt(dossier, resource[element])
        for period in ("effectivePeriod", "performedPeriod"):
            if period in resource:
                resource[period] = {end: _spelt(dossier, day) for end, day in resource[period].items()}
    _spell_single_dates(dossier)


def _spelt(dossier: Dossier, day: str) -> str:
    clock = dossier.take("clock", [None, None, (0, 20), None, (23, 45), (9, 5)])
    if clock is None or len(day) != len("2009-03-17"):
        return day
    hour, minute = clock
    return datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=_PARIS).isoformat()


def _spell_single_dates(dossier: Dossier) -> None:
    """A drug whose end is not known has one date only, by turns as a period or as a moment."""
    for statement in dossier.of("MedicationStatement"):
        period: Json = statement.get("effectivePeriod", {})
        if set(period) == {"start"} and dossier.take("single-date", [True, False]):
            statement["effectiveDateTime"] = statement.pop("effectivePeriod")["start"]


def stamp(dossier: Dossier) -> None:
    """What a server adds to each resource."""
    for resource in dossier.resources:
        moment = datetime(2026, 1, 1 + dossier.rng.randrange(28), 12, dossier.rng.randrange(60), tzinfo=UTC)
        resource["meta"] = {"versionId": "1", "lastUpdated": moment.isoformat().replace("+00:00", "Z")}
