"""Every probability has an error, errors shrink with people, and intervals stay between 0 and 1."""

import numpy as np
import pytest

from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.stability import bootstrap
from outcomes.subtypes.uncertainty import probability_interval, standard_errors


@pytest.mark.parametrize(
    ("estimate", "error", "low", "high"),
    [
        (0.5, 0.1, 0.3135, 0.6865),  # by hand: logit 0 +- 1.96 * .1 / .25
        (0.0, 0.01, 0.0, 0.0196),  # no logit: one side
        (1.0, 0.01, 0.9804, 1.0),
        (0.99, 0.05, 0.0, 1.0),  # never outside
    ],
)
def test_intervals_stay_inside(estimate, error, low, high):
    found = probability_interval(estimate, error)
    assert found[0] == pytest.approx(low, abs=6e-3)
    assert found[1] == pytest.approx(high, abs=6e-3)


def test_every_probability_has_its_row_and_its_error(small):
    model = LatentMarkov(2, n_starts=3).fit(small.sequences)
    table = standard_errors(model, bootstrap(model, small.sequences, n_resamples=12))
    assert table["kind"].value_counts().to_dict() == {"response": 72, "transition": 4, "initial": 2}
    assert table["standard_error"].gt(0).all()
    assert (table["low"].le(table["estimate"]) & table["estimate"].le(table["high"])).all()
    assert table.loc[table["kind"] == "transition", "step"].eq(0).all()
    people = 400
    binomial = np.sqrt(model.initial_[0] * (1 - model.initial_[0]) / people)
    assert table.loc[0, "standard_error"] == pytest.approx(binomial, rel=0.6)  # a little more: states are not seen
    single = standard_errors(model, bootstrap(model, small.sequences, n_resamples=1))
    assert single["standard_error"].isna().all()


@pytest.mark.slow
def test_intervals_cover_the_truth(cohort):
    """95 % intervals of 40 resamples over 30 cohorts: initial and transition probabilities."""
    inside = total = 0
    for seed in range(30):
        made = cohort(600, seed=seed)
        half = LatentMarkov(2, n_starts=3, penalty=0.0).fit(made.sequences)
        if seed == 0:
            truth = LatentMarkov(2, n_starts=3, penalty=0.0).fit(cohort(60_000, seed=999).sequences)
        table = standard_errors(half, bootstrap(half, made.sequences, n_resamples=40, fresh=0, random_state=seed))
        table = table[table["kind"] != "response"]
        known = np.concatenate((truth.initial_, truth.transition_.ravel()))
        inside += int(((table["low"] <= known) & (known <= table["high"])).sum())
        total += known.size
    assert 0.88 <= inside / total <= 0.99
