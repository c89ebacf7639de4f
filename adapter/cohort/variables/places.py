"""Where the lesions are: how many localisations, and which nobody had complained of.

Takes from: case, cohort.answers, cohort.sites, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from typing import Any

from adapter.case.items import compile_where
from adapter.cohort.answers import NOT_KNOWN, UNKNOWN, Expression, Step, truth
from adapter.cohort.sites import find_sites, region_finder, site_keys
from adapter.cohort.variables.compiler import Compiler
from adapter.errors import Json


def sites_word(rule: Json, to: Compiler) -> Step:
    parts: list[str] = rule.get("by") or to.declared["localisation"]
    asked, keys = to.plan.sites(rule["sites"]), site_keys(parts)
    if "region" not in rule:
        return Expression(f"$0 if (sites := found[{asked}]) is None else float(len($1(sites)))", (NOT_KNOWN, keys))
    region, find = rule["region"], region_finder(to.declared["regions"])
    known = f"None if (sites := found[{asked}]) is None else $0(sites)"
    regions_at = to.plan.place(f"regions of {rule['sites']}", lambda: Expression(known, (find,)))
    counted = f"float(len($1(regions[{region!r}]))) if {region!r} in regions else 0.0"
    return Expression(f"$0 if (regions := found[{regions_at}]) is None else {counted}", (NOT_KNOWN, keys))


def silent_word(rule: Json, to: Compiler) -> Step:
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
