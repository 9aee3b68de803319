"""How far off a probability may be: twins by Student's t, and what was seen among people who had not taught."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import t

from outcomes.errors import DataError
from outcomes.prognosis.doubt import EDGES, Doubt, bounds


def past(n, told, true, ending="recovery", seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"pseudonym": np.arange(n), "ending": ending, "probability": told, "happened": rng.random(n) < true}
    )


def test_a_band_that_was_right_is_off_by_its_chance_error_only():
    found = Doubt.learn(past(10_000, 0.5, 0.5)).of("recovery", np.array([0.55]))
    assert found[0] == pytest.approx(np.sqrt(1 / (10_000 * 0.25)), rel=1.0)


def test_a_band_that_was_wrong_is_off_by_as_much():
    found = Doubt.learn(past(20_000, 0.1, 0.2)).of("recovery", np.array([0.1, 0.15]))
    apart = np.log(0.2 / 0.8) - np.log(0.1 / 0.9)
    assert found == pytest.approx([apart, apart], abs=0.06)


def test_bands_with_too_few_take_the_nearest_and_other_endings_the_worst():
    doubt = Doubt.learn(pd.concat([past(20_000, 0.1, 0.2), past(20_000, 0.1, 0.1, "dropped_out"), past(5, 0.95, 0.0)]))
    assert np.unique(doubt.off["recovery"]).size == 1
    at = np.array([0.12])
    assert doubt.of("planned", at) == doubt.of("recovery", at) > doubt.of("dropped_out", at)
    assert doubt.off["recovery"].size == len(EDGES)


def test_a_band_at_the_edge_speaks_for_itself_from_five_expected_on():
    """Of 140 people told .95 seven are expected otherwise, and one was; 90 make 4.5: too few, the neighbour speaks."""
    middle = past(20_000, 0.85, 0.85)
    edge = pd.DataFrame({"pseudonym": np.arange(140), "ending": "recovery", "probability": 0.95, "happened": True})
    edge.loc[0, "happened"] = False
    found = Doubt.learn(pd.concat([middle, edge])).off["recovery"]
    apart = np.log(139.5 / 1.5) - np.log(0.95 / 0.05)
    chance = 1 / (140 * 0.95 * 0.05)
    assert found[9] == pytest.approx(np.sqrt(apart**2 - chance + chance))
    few = Doubt.learn(pd.concat([middle, edge.head(90)])).off["recovery"]
    assert few[9] == few[8] < 0.05


def test_a_band_that_is_right_is_not_called_wrong_because_few_are_expected():
    """Six expected endings a band, told truly: on the whole no more than chance is seen."""
    found = [Doubt.learn(past(120, 0.05, 0.05, seed=seed)).off["recovery"][2] ** 2 for seed in range(400)]
    assert np.median(found) == pytest.approx(1 / (120 * 0.05 * 0.95), rel=0.35)


def test_rows_of_one_patient_count_as_one():
    once = past(2000, 0.5, 0.5)
    repeated = pd.concat([once] * 4, ignore_index=True)
    assert Doubt.learn(repeated).off["recovery"] == pytest.approx(Doubt.learn(once).off["recovery"], rel=1e-3)


def test_nobody_judged_is_no_doubt_and_a_missing_column_is_named():
    assert Doubt({}).of("recovery", np.array([0.3])) == [0.0]
    with pytest.raises(DataError, match="column happened is missing"):
        Doubt.learn(past(50, 0.5, 0.5).drop(columns="happened"))


def test_bounds_are_the_twins_by_students_t_and_the_doubt_beside_them():
    point, twins = np.array([0.5, 0.0]), expit(np.array([[-0.1, -20.0], [0.1, -20.0], [0.0, -20.0]]))
    low, high = bounds(point, twins, np.zeros(2))
    assert high[0] == pytest.approx(expit(0.1 * t.ppf(0.975, 2)))
    assert low[0] == pytest.approx(1 - high[0])
    assert (low[1], high[1]) == (0.0, 0.0)
    wider = bounds(point, twins, np.full(2, 0.3))
    assert wider[1][0] == pytest.approx(expit(np.hypot(0.1 * t.ppf(0.975, 2), 0.3 * 1.959964)), abs=1e-6)


@pytest.mark.parametrize("sd", [0.05, 0.3])
def test_intervals_of_five_twins_cover_as_often_as_they_say(sd):
    """A model that errs by as much as its twins differ: 95 in 100 by Student's t, fewer than 90 by the normal."""
    rng = np.random.default_rng(1)
    true = expit(rng.normal(0, 1, 20_000))
    odds = np.log(true / (1 - true))
    point, twins = expit(odds + rng.normal(0, sd, true.size)), expit(odds + rng.normal(0, sd, (5, true.size)))
    low, high = bounds(point, twins, np.zeros(true.size))
    assert np.mean((low <= true) & (true <= high)) == pytest.approx(0.95, abs=0.01)


def test_right_on_average_and_off_at_each_landmark_is_off():
    early = past(20_000, 0.3, 0.2).assign(kind="session", number=0)
    late = past(20_000, 0.3, 0.4, seed=1).assign(kind="session", number=4)
    both = pd.concat([early, late], ignore_index=True)
    apart = np.sqrt(np.mean([(np.log(p / (1 - p)) - np.log(0.3 / 0.7)) ** 2 for p in (0.2, 0.4)]))
    assert Doubt.learn(both).of("recovery", np.array([0.3]))[0] == pytest.approx(apart, abs=0.03)
    assert Doubt.learn(both.drop(columns=["kind", "number"])).of("recovery", np.array([0.3]))[0] < 0.03
