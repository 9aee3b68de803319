"""Do intervals of probabilities hold? ``python benchmarks/interval_coverage.py [taught] [others] [reference] [seed]``.

The whole way of an open case: a model of the ways to end is judged in folds and taught on an invented service
(`taught` patients), and asked about other patients at one questionnaire each, drawn by chance. Two answers:

* whole groups: of those told about the same (ending, size of probability), does the observed share of many others
  lie between their mean bounds? Everybody's course is over, so the share is known to within its small binomial error,
  which is counted against the interval;
* single people: does the interval contain the probability that a model taught by many more patients (`reference`) of
  another draw gives the same person? That is nearer the truth, not the truth; its error counts against the interval.

The three services are drawn with `seed` and the two numbers after it.
"""

import sys
import time
from datetime import date

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.prognosis.endings import Ended, ended
from outcomes.prognosis.individual import SUMS, Individual, Lessons, Taught, foretell, teach
from outcomes.prognosis.joint import judge_joint
from outcomes.prognosis.splits import by_patient
from outcomes.prognosis.stacked import stack
from outcomes.prognosis.timeline import KEY, Courses
from outcomes.reference.rules import rule_edition
from outcomes.simulation.canonical import canonical_tables
from outcomes.simulation.service import simulate
from outcomes.simulation.settings import ServiceSettings

EDGES = (0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0001)
FEWEST = 200  # people in a cell


def drawn(n: int, seed: int, *, over: bool) -> tuple[Courses, Ended]:
    """An invented service; with `over` the extract is two years after its last referral."""
    late = {"extract_date": date(2025, 3, 31)} if over else {}
    service = simulate(ServiceSettings(n_patients=n, item_process="states", **late), seed=seed)
    tables = canonical_tables(service)
    every = episodes(tables)
    scored = totals(tables["occasions"], ("phq9", "gad7"))
    found = outcomes(every, scored, edition=rule_edition(), contacts=tables["contacts"], courses="all")
    return Courses(every, tables["occasions"], scored, tables["contacts"]), ended(every, found)


def moments(courses: Courses, seed: int) -> pd.DataFrame:
    """One of the first five questionnaires a patient, drawn before looking who reached it."""
    sat = courses.occasions[[*KEY, "day"]].dropna().astype({"day": float}).sort_values([*KEY, "day"])
    number = sat.groupby(KEY).cumcount().to_numpy()
    person, people = pd.factorize(sat["pseudonym"])
    wanted = np.random.default_rng(seed).integers(0, 5, len(people))
    return sat.loc[number == wanted[person]].drop_duplicates("pseudonym").sort_values(KEY, ignore_index=True)


def fates(told: Individual, days: pd.DataFrame, ends: Ended, horizon: int) -> pd.DataFrame:
    """The sums that people ask for: probability, bounds, and whether it came true within the horizon."""
    sums = told.endings[told.endings["kind"].eq("sum")]
    beside = sums.merge(ends.table.astype(dict.fromkeys(KEY, "str")), on=KEY, suffixes=("", "_was")).merge(
        days.astype(dict.fromkeys(KEY, "str")), on=KEY
    )
    soon = (beside["end_day"] - beside["day"]).le(horizon * 7) & beside["end_day"].notna()
    hit = pd.Series(data=False, index=beside.index)
    for name, which in SUMS.items():
        mine = beside["ending"].eq(name)
        if "endings" in which:
            hit |= mine & beside["ending_was"].isin(which["endings"])
        if "changes" in which:
            hit |= mine & beside["change_was"].isin(which["changes"])
    applies = ~(beside["below_caseness"] & beside["ending"].str.contains("recovery"))
    return beside.assign(happened=hit & soon).loc[applies, [*KEY, "ending", "probability", "low", "high", "happened"]]


def cells(found: pd.DataFrame) -> pd.DataFrame:
    """Observed share beside the mean bounds, by ending and size of the probability."""
    size = pd.cut(found["probability"], EDGES, right=False)
    table = found.groupby(["ending", size], observed=True).agg(
        n=("happened", "size"), told=("probability", "mean"), low=("low", "mean"), high=("high", "mean"),
        share=("happened", "mean"),
    ).reset_index()  # fmt: skip
    table = table[table["n"].ge(FEWEST)]
    return table.assign(holds=table["share"].between(table["low"], table["high"]))


def learnt(n: int, seed: int, *, judged: bool, resamples: int) -> Taught:
    """As a study does it: judged in folds, then taught, with the record of the folds behind the intervals."""
    courses, ends = drawn(n, seed, over=False)
    lessons = Lessons(resamples=resamples, seed=seed)
    rows = stack(courses, sessions=lessons.sessions, weeks=lessons.weeks)
    past = None
    if judged:
        folds = by_patient(courses.episodes["pseudonym"], 3, seed)
        past = judge_joint(courses, rows, ends, folds, lessons=lessons, n_bootstrap=100).past
    return teach(courses, ends, trained_on="invented", lessons=lessons, rows=rows, past=past)


def main(taught: int, others: int, reference: int, seed: int) -> None:
    """Print both answers."""
    began = time.process_time()
    judging, ends = drawn(others, seed + 1, over=True)
    days = moments(judging, seed + 1)
    small = learnt(taught, seed, judged=True, resamples=5)
    told = foretell(small, judging, days, ends, kind="invented")
    found = fates(told, days, ends, small.lessons.horizon_weeks)
    table = cells(found)
    print(table.round(4).to_string(index=False))
    print(f"whole groups: {int(table['holds'].sum())} of {len(table)} cells hold", flush=True)
    large = learnt(reference, seed + 2, judged=False, resamples=0)
    truth = foretell(large, judging, days, ends, kind="invented").endings
    truth = truth.loc[truth["kind"].eq("sum"), [*KEY, "ending", "probability"]]
    beside = found.merge(truth, on=[*KEY, "ending"], suffixes=("", "_true"))
    beside["inside"] = beside["probability_true"].between(beside["low"], beside["high"])
    size = pd.cut(beside["probability"], EDGES, right=False)
    print(beside.pivot_table(index="ending", columns=size, values="inside", observed=True).round(3).to_string())
    print(f"single people: {beside['inside'].mean():.3f} of {len(beside)} intervals hold")
    print(
        f"{taught} taught, {others} others, {reference} behind the reference; {time.process_time() - began:.0f} CPU s"
    )


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]] + [6_000, 30_000, 60_000, 1][len(sys.argv) - 1 :]
    main(*given)
