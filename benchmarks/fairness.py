"""Are planted gaps found, and are there false alarms? ``python benchmarks/fairness.py [simulations] [people a group]``.

Four worlds, each with one gap that is planted and nothing else: in the outcome, in the calibration of a model only, in
an intersection only, and one that missing questionnaires make. Then a world without any gap. A gap counts as found if
the report's own table tells the group apart from everyone else (the model: from what was predicted). All four looks are
one family of comparisons with a nominal error of 5 %.
"""

import argparse
import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.fairness.breakdown import breakdown, intersect
from outcomes.fairness.cohorts import lost_pairs
from outcomes.fairness.families import family
from outcomes.fairness.gaps import Tolerance
from outcomes.fairness.model_gaps import CALIBRATION, model_gaps
from outcomes.fairness.models import Predictions, model_breakdown

POINTS = 0.10  # the planted gap
RATE = 0.5
GROUPS = ("Male", "Female")
QUINTILES = ("Quintile 1", "Quintile 2", "Quintile 3", "Quintile 4", "Quintile 5 (least deprived)")
TOLD = Predictions("worse", "probability", 0.5)
WORLDS = ("outcome", "calibration", "intersection", "missing questionnaires", "none")
Bits = NDArray[np.bool_]


def people(rng: np.random.Generator, each: int, world: str) -> pd.DataFrame:
    """People of two genders and five fifths, `each` in a group that is compared (a cell, for the intersection)."""
    n = each * (10 if world == "intersection" else 5)
    gender = rng.permutation(np.resize(GROUPS, n))
    quintile = rng.permutation(np.resize(QUINTILES, n)) if world != "intersection" else np.repeat(QUINTILES, n // 5)
    if world == "intersection":
        gender = np.resize(np.repeat(GROUPS, each), n)
    chance = np.full(n, RATE)
    if world == "outcome":
        chance = np.where(quintile == QUINTILES[0], RATE - POINTS, RATE)
    elif world == "intersection":
        cell = (gender == "Female") & (quintile == QUINTILES[0])
        other = (gender == "Female") ^ (quintile == QUINTILES[0])
        # the cell is worse; its neighbours are better, so that neither gender nor deprivation differs by itself
        chance = np.where(cell, RATE - POINTS, RATE) + np.where(other & (quintile == QUINTILES[0]), POINTS, 0.0)
        chance += np.where(other & (quintile != QUINTILES[0]), POINTS / 4, 0.0)
    margin = rng.normal(np.log(chance / (1 - chance)), 1.0)
    well = rng.random(n) < chance
    paired = rng.random(n) < np.where((world == "missing questionnaires") & (quintile == QUINTILES[0]), 0.8, 0.9)
    told = 1 / (1 + np.exp(margin))
    worse = rng.random(n) < told
    if world == "calibration":
        told = np.where(quintile == QUINTILES[0], np.clip(told - POINTS, 0.001, 0.999), told)
    return pd.DataFrame(
        {
            "pseudonym": np.arange(n),
            "gender": gender,
            "deprivation_quintile": quintile,
            "well": pd.array(well, dtype="boolean"),
            "finished": pd.array(np.ones(n, dtype=bool), dtype="boolean"),
            "paired": pd.array(paired, dtype="boolean"),
            "unpaired": pd.array(~paired, dtype="boolean"),
            "recovery": pd.array(well, dtype="boolean"),
            "worse": pd.array(worse, dtype="boolean"),
            "probability": told,
        }
    )


LOOKS = ("outcome", "calibration", "intersection", "missing questionnaires")
LEVEL = 1 - 0.05 / len(LOOKS)  # each look's own joint level, so that all of them together raise one alarm in twenty


def apart(rows: pd.DataFrame, by: list[str], measure: str) -> pd.DataFrame:
    """Groups that the whole family of comparisons tells apart from everyone else."""
    table = breakdown(rows.drop(columns=["finished", "paired", "recovery"]), by, flags=[measure])
    table = family(table.loc[table["measure"].eq(measure)].reset_index(drop=True), beside="others", level=LEVEL)
    return table.loc[table["told_apart"].fillna(value=False)]


def miscalibrated(rows: pd.DataFrame) -> pd.DataFrame:
    """Groups whose shares differ from what was predicted, at the level that the number of groups asks for."""
    table = model_breakdown(rows, ["gender", "deprivation_quintile"], TOLD)
    judged = model_gaps(table, Tolerance(points=1, minimum_events=0), level=1 - (1 - LEVEL) / (len(table) - 1))
    judged = judged.loc[judged["criterion"].eq(CALIBRATION)]
    return judged.loc[judged["gap_low"].gt(0) | judged["gap_high"].lt(0)]


def looked(rows: pd.DataFrame, look: str) -> pd.DataFrame:
    """What one look at the report tells apart."""
    if look == "calibration":
        return miscalibrated(rows)
    if look == "intersection":
        crossed = intersect(rows, "gender", "deprivation_quintile")
        return apart(crossed, ["gender and deprivation_quintile"], "well")
    if look == "missing questionnaires":
        assert lost_pairs(rows, ["deprivation_quintile"])["uncounted_recoveries"].sum() > 0
        return apart(rows, ["gender", "deprivation_quintile"], "unpaired")
    return apart(rows, ["gender", "deprivation_quintile"], "well")


def found(rows: pd.DataFrame, world: str) -> bool:
    """Whether the planted gap is found where it was planted; in the world without a gap, whether anything is."""
    if world == "none":
        return any(len(looked(rows, look)) for look in LOOKS)
    groups = set(looked(rows, world)["group"])
    return (f"Female, {QUINTILES[0]}" if world == "intersection" else QUINTILES[0]) in groups


def run(simulations: int, each: int, seed: int = 2026) -> dict[str, int]:
    """How often the planted gap is found, world by world; without one, how often there is any alarm."""
    counts = {}
    for number, world in enumerate(WORLDS):
        rng = np.random.default_rng([seed, number])
        counts[world] = sum(found(people(rng, each, world), world) for _ in range(simulations))
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("simulations", nargs="?", type=int, default=200)
    parser.add_argument("each", nargs="?", type=int, default=500)
    given = parser.parse_args()
    started = time.process_time()
    print(f"{given.simulations} simulations, {given.each} people a group, {100 * POINTS:.0f} points planted")
    for world, count in run(given.simulations, given.each).items():
        said = "no gap planted: any false alarm" if world == "none" else f"gap in {world}: found"
        print(f"  {said:<40} in {count} of {given.simulations}")
    print(f"{time.process_time() - started:.0f} CPU seconds")


if __name__ == "__main__":
    main()
