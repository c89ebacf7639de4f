"""Figures: where a lesion is drawn, what a curve estimates, and files that are the same bytes each time."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from adapter.case.fields import allowed_values
from adapter.cohort import load_derivation
from adapter.errors import Json
from adapter.figures import Picture, Region, bone_names, make_pictures, regions, regions_of
from adapter.figures.survival import estimate
from adapter.mapping import load_mappings
from adapter.synthetic import published_cohort
from tests.sample_cases import make_case

MAPPINGS = Path(__file__).parents[2] / "mappings"
NAMES = ("lesions", "age-at-onset", "delay", "treatments", "remission", "together", "completeness")
BONES = set(allowed_values("clinical_lesions[].bone") or [])
SVG = "{http://www.w3.org/2000/svg}"


@cache
def knowledge() -> tuple[Any, Any]:
    return load_derivation(MAPPINGS), bone_names(load_mappings(MAPPINGS))


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def draw(cases: list[Json], language: Any = "en") -> dict[str, Picture]:
    derivation, bones = knowledge()
    return {each.name: each for each in make_pictures(cases, derivation, bones, language=language)}


@cache
def seventy(language: Any = "en") -> dict[str, Picture]:
    return draw(published_cohort("SA", 2011), language)


def lesion(bone: str, side: str, **more: str) -> Json:
    return {"bone": bone, "side": side, **more}


@pytest.mark.parametrize("bone", sorted(BONES - {"lower_limb", "unspecified"}))
def test_every_bone_of_the_case_is_on_the_skeleton(bone: str) -> None:
    drawn = {region for side in ("left", "right", "midline") for region in regions_of(lesion(bone, side))}
    assert drawn
    assert drawn <= regions()


@pytest.mark.parametrize(
    ("found", "places"),
    [
        (lesion("tibia", "left"), {Region("tibia", "left")}),
        (lesion("tibia", "bilateral", segment="distal"), {Region("tibia", "left"), Region("tibia", "right")}),
        (lesion("tibia", "unknown"), set()),
        (lesion("tibia", "midline"), set()),
        (lesion("vertebra", "midline", segment="T7"), {Region("vertebra", "midline", "T7")}),
        (lesion("vertebra", "unknown"), {Region("vertebra", "midline")}),
        (lesion("vertebra", "midline", segment="S1"), {Region("sacrum", "midline")}),
        (lesion("sternum", "left"), {Region("sternum", "midline")}),
        (lesion("mandible", "left"), {Region("mandible", "left")}),
        (lesion("unspecified", "left"), set()),
        (lesion("lower_limb", "right"), set()),
    ],
)
def test_a_lesion_is_drawn_where_the_record_says_and_nowhere_else(found: Json, places: set[Region]) -> None:
    assert regions_of(found) == places


def test_the_map_counts_children_not_lesions_and_tells_what_it_cannot_draw() -> None:
    cases = [
        {"case_id": "a", "clinical_lesions": [lesion("tibia", "left"), lesion("tibia", "left", segment="distal")],
         "imaging_lesions": [lesion("tibia", "left")]},
        {"case_id": "b", "clinical_lesions": [lesion("tibia", "bilateral"), lesion("femur", "unknown")]},
        {"case_id": "c", "clinical_lesions": [{**lesion("femur", "left"), "present": False}]},
        {"case_id": "d"},
    ]  # fmt: skip
    bare = {key: value for key, value in make_case(1).items() if not key.endswith("_lesions")}
    picture = draw([{**bare, **case} for case in cases])["lesions"]
    rows = [(bone, side, drawn, n, of) for bone, side, _, drawn, n, of, _ in picture.rows]
    assert rows == [
        ("Tibia", "left", "yes", 2, 3),
        ("Tibia", "right", "yes", 1, 3),
        ("Femur", "side not recorded", "no", 1, 3),
    ]
    assert picture.notes[1] == "Not on the map, bone or side being too vague: Femur (side not recorded) 1."


def test_a_region_that_is_hit_can_be_reached_and_says_what_it_is() -> None:
    tree = parse(seventy()["lesions"].svg())
    told = {each.get("id"): each for each in tree.iter(f"{SVG}path") if each.get("role") == "img"}
    femur = told["lesions-front-femur-right"]
    assert femur.get("tabindex") == "0"
    title = femur.find(f"{SVG}title")
    assert title is not None
    assert femur.get("aria-label") == title.text == "Femur (right): 24 of 70 children (34%)"
    assert "lesions-back-femur-right" in told


def test_grades_differ_by_pattern_as_well_as_by_colour() -> None:
    tree = parse(seventy()["lesions"].svg())
    patterns = {each.get("id"): ET.tostring(each[1]) for each in tree.iter(f"{SVG}pattern")}
    assert len(set(patterns.values())) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_the_same_bytes_each_time_and_fits_any_page(name: str) -> None:
    picture = seventy()[name]
    svg = picture.svg()
    assert svg == picture.svg()
    tree = parse(svg)
    ids = [each.get("id") or "" for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert all(each.startswith(f"{name}-") for each in ids)
    unwanted = {each.tag for each in tree.iter()} & {f"{SVG}image", f"{SVG}style", f"{SVG}script"}
    assert unwanted == set()
    assert not any("style" in each.attrib for each in tree.iter())
    assert {"title", "desc"} <= {each.tag.removeprefix(SVG) for each in tree}


@pytest.mark.parametrize("name", ["lesions", "delay"])
def test_a_printed_figure_is_the_same_bytes_each_time(name: str) -> None:
    assert seventy()[name].png() == seventy()[name].png()


def test_a_figure_holds_no_time_and_no_version() -> None:
    svg, png = seventy()["delay"].svg(), seventy()["delay"].png()
    assert "dc:date" not in svg
    assert "Matplotlib" not in svg
    assert b"matplotlib" not in png.lower()


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_of_nobody_can_be_drawn(name: str) -> None:
    picture = draw([])[name]
    assert parse(picture.svg()) is not None


def test_the_table_of_a_histogram_adds_up_to_the_children_it_shows() -> None:
    ages = seventy()["age-at-onset"]
    assert sum(girls + boys for _, _, girls, boys in ages.rows) == 70
    assert sum(girls for _, _, girls, _ in ages.rows) == 46
    assert sum(n for _, _, n in seventy()["delay"].rows) == 70


def test_the_data_of_a_figure_can_be_read_as_csv() -> None:
    picture = seventy()["together"]
    read = list(csv.DictReader(io.StringIO(picture.csv(), newline="")))
    together = {(row["bone"], row["other bone"]): int(row["children"]) for row in read}
    assert together["Femur", "Femur"] >= together["Femur", "Tibia"] > 0


def test_french_figures_speak_french() -> None:
    picture = seventy("fr")["age-at-onset"]
    assert picture.title == "Âge au début (années)"
    assert "médiane 9,6" in picture.summary
    assert "34\u202f%" in seventy("fr")["lesions"].summary


def test_the_curve_is_kaplan_and_meiers_estimate() -> None:
    """The remission trial of Freireich (6-MP arm), as textbooks print it: S(6)=0.857, S(10)=0.753, S(23)=0.448."""
    remissions = [6.0, 6, 6, 7, 10, 13, 16, 22, 23]
    followed = [6.0, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = estimate(remissions, followed)
    assert curve.times == [6, 7, 10, 13, 16, 22, 23]
    printed = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert [1 - share for share in curve.shares] == pytest.approx(printed, abs=0.0006)
    share, low, high = curve.at(6.5)
    assert (share, low, high) == pytest.approx((0.143, 0.0479, 0.3804), abs=0.001)


def test_before_the_first_remission_nobody_is_in_remission_and_without_any_there_is_no_curve() -> None:
    assert estimate([5.0], [6.0]).at(4) == (0, 0, 0)
    assert estimate([], [1.0, 2.0]).times == []


def test_the_last_remission_of_all_leaves_a_bound() -> None:
    """The band is not defined where nobody is left: the estimate stands in."""
    curve = estimate([1.0, 2.0], [])
    assert (curve.shares[-1], curve.high[-1]) == (1, 1)


def test_a_course_without_dates_is_counted_not_drawn() -> None:
    case = published_cohort("SA", 2011)[0]
    case["treatments"] = [{"class": "nsaid"}, {"class": "methotrexate", "start": case["diagnosis"]["date"]}]
    picture = draw([case])["treatments"]
    assert [row[3] for row in picture.rows] == ["Methotrexate"]
    assert picture.notes[1] == "1 courses of theirs have no usable date and are not drawn."


def test_unknown_is_not_documented() -> None:
    case = {**make_case(1), "findings": {"fever": "unknown"}, "centre": "north"}
    row = next(row for row in draw([case])["completeness"].rows if row[0] == "fever")
    assert row == ["fever", 0, 0]
