"""Say what a pull will cost before it is made: the candidates are really searched, the rest is counted by the server.

Takes from: errors, hospital, parts, crawl, store.  Gives to: cli.
Source: https://hl7.org/fhir/R4/search.html#summary
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from adapter.crawl.plan import IDS_IN_A_LIST, patients_in_a_search
from adapter.crawl.trust import Trust
from adapter.errors import Json, RemoteError
from adapter.hospital import Patience, Search, Source, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from adapter.hospital.collecting import Unit
from adapter.hospital.matching import matches, patient_of
from adapter.parts import Parts
from adapter.store import server_profiles

# Lists of patients whose resources are counted; a hospital with more is extrapolated from these.
_SAMPLED_LISTS = 20
# Of a search that the server does not count: the question for it, and the one page again.
_UNCOUNTED = 2


@dataclass
class _Count:
    """One search of the collecting, over the lists that were counted."""

    search: Search
    resources: int = 0
    requests: float = 0.0
    untold: bool = False


@dataclass
class _Forecast:
    hospital: Hospital
    cap: int | None
    asked: int = 0
    doubted: int = 0
    trusts: dict[str, Trust] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)

    @property
    def page(self) -> int:
        """Matches on a full page: as many as we ask for, or as the server sends at most. Guessed from its pages when
        nobody has examined it."""
        asked = self.hospital.source.page_size
        return min(asked, self.cap) if self.cap else max(map(self._mean, self.units), default=0) or asked

    @property
    def guessed(self) -> bool:
        return self.cap is None and any(map(self._mean, self.units))

    @staticmethod
    def _mean(unit: Unit) -> int:
        """0 for a search of one page, which does not tell how long a page may be."""
        return ceil(unit.received / unit.pages) if unit.pages > 1 else 0

    def tells_total(self, has_next: bool) -> bool:
        """Whether most of its pages say how many matches there are; some servers do only where one page holds all."""
        asked = [unit for unit in self.units if unit.pages]
        alike = [unit for unit in asked if (unit.pages > 1) == has_next] or asked
        return 2 * sum(unit.proof == "total" for unit in alike) >= len(alike)

    def find_candidates(self) -> None:
        found: set[str] = set()
        for search in self.hospital.source.candidates:
            unit = self.hospital.collect(search.type, search.parameters)
            self.units.append(unit)
            self._note(search.type, unit.received, is_told=unit.proof == "total")
            self.asked += unit.pages
            fitting = (each for each in unit.of_type(search.type) if matches(each, search) is not False)
            found |= {patient_of(each) for each in fitting} - {""}
        self.patients = sorted(found)

    def count(self, search: Search, patients: list[str], count: _Count) -> None:
        """Ask the server for the number; a page is asked for anyway, be it empty."""
        filters = {name: values for name, values in search.parameters.items() if not name.startswith(("_inc", "_rev"))}
        self.asked += 1
        try:
            number = self.hospital.count(search.type, {**filters, "patient": patients})
        except RemoteError:
            number = None
        count.untold = count.untold or number is None
        count.resources += number or 0
        pages = max(1, ceil((number or 0) / self.page))
        is_told = self.tells_total(pages > 1)
        proofs = _UNCOUNTED if number is None else 0 if is_told else 1
        count.requests += pages + proofs + _control(len(patients), number or 0)
        self._note(search.type, number or 0, is_told=is_told)

    def _note(self, type_: str, matches: int, *, is_told: bool) -> None:
        """Where the crawl, having seen what we have, would doubt the total of a single page and ask for a count."""
        trust, has_next = self.trusts.setdefault(type_, Trust()), matches > self.page
        trust.see(min(matches, self.page), matches if is_told else None, has_next=has_next)
        if is_told and not has_next and trust.doubts(matches):
            trust.confirm(matches)
            self.doubted += 1


def _control(patients: int, matches: int) -> float:
    """How likely the last patient of a list has nothing, so that the crawl asks for him alone."""
    return (1 - 1 / patients) ** matches if patients > 1 else 0.0


def forecast_pull(parts: Parts, name: str, patience: Patience | None = None) -> Json:
    """How many requests a pull of this source will send and how many resources it will bring; nothing is kept.

    Requests are an estimate: what a proof costs is learnt on the way. They are those of a server that answers well.

    Shapes:  {"source", "patients", "requests", "resources", "exact", "asked", "candidates": [{"type", "matches",
             "complete"}], "collect": [{"type", "resources"}]}; resources is null for a type the server does not count,
             asked is what this forecast itself has sent. Not exact: extrapolated, or something could not be counted
    Errors:  UsageError, ConfigError; RemoteError when no search for candidates is answered
    """
    source = resolve_source(name, parts.sources)
    with open_hospital(source, parts.secret, patience) as hospital:
        forecast = _Forecast(hospital, _page_cap(parts, source))
        forecast.find_candidates()
        if all(unit.pages == 0 for unit in forecast.units):
            raise RemoteError(forecast.units[0].problem.removeprefix(f"{hospital.host}: "), hospital.host)
        size = patients_in_a_search(parts, source)
        lists = [forecast.patients[start : start + size] for start in range(0, len(forecast.patients), size)]
        sampled = _spread(lists)
        counts = [_Count(search) for search in source.collect]
        for count in counts:
            for patients in sampled:
                forecast.count(count.search, patients, count)
    return _told(source.name, forecast, counts, len(lists) / len(sampled) if sampled else 1.0)


def _page_cap(parts: Parts, source: Source) -> int | None:
    with parts.store.reading() as connection:
        learnt = server_profiles.find(connection, source.base) or {}
    cap = learnt.get("page_cap")
    return cap if isinstance(cap, int) else None


def _spread(lists: list[list[str]]) -> list[list[str]]:
    """Some of the lists, from the first to the last."""
    step = max(1, ceil(len(lists) / _SAMPLED_LISTS))
    return lists[::step]


def _lengths(whole: int, most: int) -> list[int]:
    return [min(most, whole - start) for start in range(0, whole, most)]


def _told(name: str, forecast: _Forecast, counts: list[_Count], share: float) -> Json:
    collected: list[Json] = [{"type": each.search.type, "resources": _scaled(each, share)} for each in counts]
    found = sum(unit.received for unit in forecast.units) + len(forecast.patients)
    proven = all(unit.complete for unit in forecast.units) and not any(each.untold for each in counts)
    return {
        "source": name,
        "patients": len(forecast.patients),
        "requests": _requests(forecast, counts, share),
        "resources": found + sum(each["resources"] or 0 for each in collected),
        "exact": proven and share == 1.0 and not forecast.guessed,
        "asked": forecast.asked,
        "candidates": [
            {"type": unit.type, "matches": unit.received, "complete": unit.complete} for unit in forecast.units
        ],
        "collect": collected,
    }


def _requests(forecast: _Forecast, counts: list[_Count], share: float) -> int:
    """Searches, what proves them, patients read by id; a filter that finds nothing is tried; the server is asked who
    it is."""
    searched = sum(unit.pages for unit in forecast.units)
    counted = forecast.doubted + sum(unit.pages > 0 and unit.proof != "total" for unit in forecast.units)
    reads = sum(ceil(each / forecast.page) for each in _lengths(len(forecast.patients), IDS_IN_A_LIST))
    tried = sum(not each.resources for each in counts)
    return searched + counted + reads + round(sum(each.requests for each in counts) * share) + tried + 1


def _scaled(count: _Count, share: float) -> int | None:
    return None if count.untold else round(count.resources * share)
