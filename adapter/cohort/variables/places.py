"""Where the lesions are: how many localisations, and which nobody had complained of.

Takes from: case, cohort.answers, cohort.sites, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from typing import Any

from adapter.case.items import compile_where
from adapter.cohort.answers import NOT_KNOWN, UNKNOWN, Work, truth
from adapter.cohort.sites import find_sites, region_finder, site_keys
from adapter.cohort.variables.compiler import Compiler
from adapter.errors import Json


def sites_word(rule: Json, to: Compiler) -> Work:
    parts: list[str] = rule.get("by") or to.declared["localisation"]
    asked, keys = to.plan.sites(rule["sites"]), site_keys(parts)
    if "region" not in rule:
        return lambda _, found: NOT_KNOWN if (sites := found[asked]) is None else float(len(keys(sites)))
    region, find = rule["region"], region_finder(to.declared["regions"])
    regions_at = to.plan.place(
        f"regions of {rule['sites']}",
        lambda: lambda _, found: None if (sites := found[asked]) is None else find(sites),
    )

    def work(_: Json, found: list[Any]) -> float:
        regions = found[regions_at]
        if regions is None:
            return NOT_KNOWN
        return float(len(keys(regions[region]))) if region in regions else 0.0

    return work


def silent_word(rule: Json, to: Compiler) -> Work:
    """Lesions seen in one list (of these modalities) and absent from the other."""
    name, matches, felt_at = rule["silent"], compile_where(rule["where"], {}), to.plan.sites(rule["not_in"])
    seen_at = to.plan.place(
        f"sites of {name} where {rule['where']}",
        lambda: lambda case, _: find_sites(item for item in case.get(name, ()) if matches(item, case)),
    )
    keys = site_keys(to.declared["localisation"])

    def work(_: Json, found: list[Any]) -> int:
        seen, felt = found[seen_at], found[felt_at]
        return UNKNOWN if not seen or felt is None else truth(not keys(seen) <= keys(felt))

    return work
