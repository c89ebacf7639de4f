"""Where the lesions are: how many localisations, and which nobody had complained of.

Takes from: case, cohort.answers, cohort.sites, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from typing import Any

from adapter.case.items import compile_where
from adapter.cohort.answers import NOT_KNOWN, UNKNOWN, Work, truth
from adapter.cohort.sites import find_region, find_sites, site_keys, sites_in
from adapter.cohort.variables.compiler import Compiler
from adapter.errors import Json


def sites_word(rule: Json, to: Compiler) -> Work:
    parts: list[str] = rule.get("by") or to.declared["localisation"]
    asked, keys = to.plan.sites(rule["sites"]), site_keys(parts)
    if "region" not in rule:
        return lambda _, found: NOT_KNOWN if (sites := found[asked]) is None else float(len(keys(sites)))
    region = find_region(to.declared["regions"][rule["region"]])

    def work(_: Json, found: list[Any]) -> float:
        sites = found[asked]
        return NOT_KNOWN if sites is None else float(len(keys(sites_in(sites, region))))

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
