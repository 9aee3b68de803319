"""How near is the invented service to the published one? Simulate, build episodes, measure, compare."""

import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.measures.outcomes import outcomes
from outcomes.measures.rates import rates
from outcomes.measures.scoring import totals
from outcomes.measures.service import service_table
from outcomes.simulation.canonical import canonical_tables
from outcomes.simulation.comparison import GAP_BREAKDOWNS, compare, finished_shares
from outcomes.simulation.service import simulate
from outcomes.simulation.settings import ServiceSettings


def calibration(settings: ServiceSettings, *, seed: int) -> pd.DataFrame:
    """Say how near the invented service is to the published one; nothing is raked.

    Parameters
    ----------
    settings : ServiceSettings
        Size, dates, item process and invented numbers.
    seed : int
        Seed of all chance.

    Returns
    -------
    DataFrame
        One row a figure, as `simulation.comparison.compare` returns it: measure, breakdown, label, unit, published,
        simulated, standard_error, tolerance, difference, within.
    """
    tables = canonical_tables(simulate(settings, seed=seed))
    courses = episodes(tables)
    judged = outcomes(courses, totals(tables["occasions"], ["phq9", "gad7"]))
    grouped = judged.assign(**{key: courses[key] for key in GAP_BREAKDOWNS})
    groups = {key: pd.concat([rates(grouped, [key]), finished_shares(grouped, key)]) for key in GAP_BREAKDOWNS}
    return compare(service_table(courses, judged), groups, judged)
