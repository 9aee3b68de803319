"""Are probabilities right where nobody taught? ``python benchmarks/held_out_services.py [patients] [services]``.

Several invented services, each left out in turn: the boosted trees learn from the others and foretell reliable recovery
there. Printed are slope and intercept of calibration and the area under the ROC curve, pooled over services (random
effects: interval of the mean, and where a further service is to be expected), and each service on its own with its 95 %
interval. How narrow that is hangs on how many people are judged: the last line says how many a service needs for a
half-width of .1, by the widths that were seen (they shrink with the root of the number).
"""

import sys
import time

import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.prognosis.evaluation import evaluate
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.plan import Contender, Plan
from outcomes.prognosis.pooling import across_services
from outcomes.prognosis.splits import BY_SERVICE
from outcomes.prognosis.targets import ended_target
from outcomes.prognosis.timeline import Courses
from outcomes.prognosis.validation import validate
from outcomes.reference.rules import rule_edition
from outcomes.simulation.canonical import canonical_tables
from outcomes.simulation.service import simulate
from outcomes.simulation.settings import ServiceSettings, invented

LANDMARKS = (0, 1, 2, 3, 4)


def drawn(n: int, services: int, seed: int) -> tuple[Courses, pd.Series]:
    """The tables of an invented service of so many services, some larger than others, and who recovered reliably."""
    numbers = invented()
    population = numbers.population.model_copy(update={"patients_per_service": max(n // services, 1)})
    settings = ServiceSettings(
        n_patients=n, item_process="states", numbers=numbers.model_copy(update={"population": population})
    )
    tables = canonical_tables(simulate(settings, seed=seed))
    every = episodes(tables)
    scored = totals(tables["occasions"], ("phq9", "gad7"))
    found = outcomes(every, scored, edition=rule_edition(), contacts=tables["contacts"], courses="completed")
    return Courses(every, tables["occasions"], scored, tables["contacts"]), ended_target(every, found).values


def slopes(predictions: pd.DataFrame) -> pd.DataFrame:
    """The calibration slope of each service with its interval over patients."""
    rows = []
    for (landmark, service), part in predictions.groupby(["landmark", "fold"], sort=True):
        found = evaluate(part["outcome"], part["probability"], pseudonyms=part["pseudonym"], n_bootstrap=500)
        slope = found.set_index("metric").loc["calibration_slope"]
        rows.append({"landmark": landmark, "service": service, "n": len(part), **slope[["value", "low", "high"]]})
    return pd.DataFrame(rows)


def main(n: int, services: int) -> None:
    """Leave each service out and print how it went there."""
    began = time.process_time()
    courses, target = drawn(n, services, seed=1)
    plan = Plan(landmarks=LANDMARKS, validations=(BY_SERVICE,), n_bootstrap=0, workers=2)
    judged = validate(courses, target, (Contender("boosted_trees", BoostedTrees()),), plan=plan).predictions
    print(across_services(judged).drop(columns="model").round(3).to_string(index=False), flush=True)
    own = slopes(judged)
    own = own.assign(within=own["low"].ge(0.9) & own["high"].le(1.1))
    print(own.round(3).to_string(index=False))
    half = (own["high"] - own["low"]) / 2
    needed = (own["n"] * (half / 0.1) ** 2).groupby(own["landmark"]).median()
    print("people that a service needs for a half-width of .1, by landmark:", needed.round(-2).astype(int).to_dict())
    print(f"{n} patients, {services} services; {time.process_time() - began:.0f} processor seconds")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]] + [40_000, 8][len(sys.argv) - 1 :]
    main(*given)
