"""Does the prognosis step bear a large service? ``python benchmarks/prognosis_scale.py [patients] [workers] [joint]``.

An invented service goes through the cohort and the whole prognosis step as a study takes it: eight landmarks, five
folds of patients and the split by time, five models, 500 resamples, optimism left out (as the main experiment does),
membership attack, Shapley values; then 100,000 open cases are scored.

With ``joint`` every way to end is foretold, judged in folds
and taught with its resampled twins too. Wall seconds hold whatever else the machine does; processor seconds do not.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.endings import ended
from outcomes.prognosis.features import features_of
from outcomes.prognosis.individual import foretell
from outcomes.prognosis.scoring import FittedLandmark, score_open
from outcomes.prognosis.timeline import KEY, Courses, sittings
from outcomes.reference.rules import rule_edition
from outcomes.simulation.canonical import canonical_tables
from outcomes.simulation.service import simulate
from outcomes.simulation.settings import ServiceSettings
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.forecast import forecast
from outcomes.studies.materials import Materials

LANDMARKS = tuple(range(8))
OPEN_CASES = 100_000


def peak() -> float:
    """The largest memory so far in GB (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 2**20


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Print wall and processor seconds of a step, and the peak of memory after it."""
    wall, busy = time.perf_counter(), time.process_time()
    yield
    spent = f"{time.perf_counter() - wall:7.1f} s wall {time.process_time() - busy:7.1f} s processor"
    print(f"{step:<34} {spent}  peak {peak():.2f} GB", flush=True)


def told(started: float) -> object:
    """Progress lines: what is being done, and the seconds since the start."""

    def progress(step: str, done: int, of: int) -> None:
        if done in {0, of} or done % max(of // 8, 1) == 0:
            print(f"    {step} {done}/{of} after {time.process_time() - started:.0f} processor s", flush=True)

    return progress


def materials(n: int, seed: int = 1) -> Materials:
    """The tables of an invented service, without library and keys."""
    tables = canonical_tables(simulate(ServiceSettings(n_patients=n, item_process="states"), seed=seed))
    every = episodes(tables)
    scored = totals(tables["occasions"], ("phq9", "gad7"))
    judged = outcomes(every, scored, edition=rule_edition(), contacts=tables["contacts"], courses="completed")
    opened = SimpleNamespace(
        experiment=SimpleNamespace(measures=SimpleNamespace(instruments=("phq9", "gad7")), flags=None, fairness=None),
        view=SimpleNamespace(kind="invented"),
    )
    return Materials(opened, rule_edition(), every, tables["occasions"], scored, tables["contacts"], judged)


def caseload(made: Materials, n: int) -> Courses:
    """As many open cases as wanted: whole referrals repeated under new names, none of them ended."""
    sat = made.occasions["referral"].unique()
    base = made.episodes.loc[made.episodes["referral"].isin(sat)].reset_index(drop=True)
    copies = int(np.ceil(n / len(base)))

    def repeated(table: pd.DataFrame, kept: pd.Index) -> pd.DataFrame:
        part = table.loc[table["referral"].isin(kept)]
        named = [part.assign(**{key: part[key].astype("str") + f"-{copy}" for key in KEY}) for copy in range(copies)]
        return pd.concat(named, ignore_index=True)

    every = repeated(base, pd.Index(base["referral"])).head(n)
    every = every.assign(end_day=pd.array([pd.NA] * len(every), dtype="Int32"), open=True, end_reason=None)
    wanted = pd.Index(every["referral"])
    rest = [repeated(table, pd.Index(base["referral"])) for table in (made.occasions, made.totals, made.contacts)]
    return Courses(every, *(table.loc[table["referral"].isin(wanted)].reset_index(drop=True) for table in rest))


def _table(cases: Courses, one: FittedLandmark, filled: pd.DataFrame) -> FeatureTable:
    table = features_of(cases, one.landmark, filled=filled)
    return table.without_sensitive()


def main(n: int, workers: int, *, joint: bool) -> None:
    """Run the step and print what it takes."""
    with timed(f"simulate and score {n} patients"):
        made = materials(n)
    print(f"    {len(made.episodes)} referrals, {len(made.occasions)} questionnaires", flush=True)
    settings = PrognosisSettings(
        target=TargetSettings(kind="reliable_recovery"), landmarks=LANDMARKS, folds=5, resamples=500, use_states=False,
        joint_endings=joint, ending_folds=5,
    )  # fmt: skip
    began = time.process_time()
    with timed(f"train, evaluate, explain{' with joint endings' if joint else ''}"):
        found = forecast(made, settings, None, seed=1, processes=workers, progress=told(began))
    areas = found.validation.metrics.query("metric == 'auroc'")
    print(areas.pivot_table(index="model", columns="landmark", values="value").round(3).to_string(), flush=True)
    cases = caseload(made, OPEN_CASES)
    with timed(f"score {len(cases.episodes)} open cases"):
        filled = sittings(cases)
        now = {at: replace(one, table=_table(cases, one, filled)) for at, one in found.fitted.items()}
        scores, _ = score_open(now, cases.episodes)
    print(f"    {len(scores)} have a probability", flush=True)
    if joint and found.joint is not None and found.joint.taught is not None:
        days = cases.occasions.groupby(KEY, as_index=False, sort=False)["day"].max()
        fate = ended(cases.episodes, made.outcomes)
        with timed("foretell their ways to end"):
            foretell(found.joint.taught, cases, days, fate, kind="invented")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 2,
        joint="joint" in sys.argv[3:],
    )
