"""Errors of growth classes: those of statsmodels, planted truth covered as often as said, no guess at the edge."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.errors_of_growth import COLUMNS
from outcomes.subtypes.growth import GrowthMixture

SHARE, FALLS, STAYS, ERROR, LEVEL = 0.4, (18.0, -1.8), (12.0, -0.2), 4.0, 6.25


def simulate(seed, n=300):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 9, n)
    person = np.repeat(np.arange(n), lengths)
    t = np.concatenate([np.arange(k) for k in lengths])
    falls = rng.random(n) < SHARE
    line = np.where(falls[person], FALLS[0] + FALLS[1] * t, STAYS[0] + STAYS[1] * t)
    y = line + rng.normal(0, np.sqrt(LEVEL), n)[person] + rng.normal(0, np.sqrt(ERROR), t.size)
    return pd.DataFrame({"pseudonym": person, "t": t, "score": y})


def laid(table):
    return table.rename(columns={"t": "occasion"}).assign(score=np.rint(table["score"]).clip(0, 100).astype(int))


@pytest.mark.parametrize(("effects", "formula"), [("intercept", "1"), ("slope", "~t")])
def test_one_class_has_the_errors_of_statsmodels(effects, formula):
    rng = np.random.default_rng(5)
    table = laid(simulate(2))
    own = rng.normal(0, 1.5, 300)[table["pseudonym"]] * table["occasion"]
    table = table.assign(score=np.rint(table["score"] + own + 20).clip(0, 120).astype(int))
    known = smf.mixedlm(
        "score ~ t", table.rename(columns={"occasion": "t"}), groups=table["pseudonym"], re_formula=formula
    ).fit(reml=False, gtol=1e-8)
    model = GrowthMixture(1, degree=1, effects=effects).fit(table)
    ours = model.standard_errors(table)
    assert tuple(ours.columns) == COLUMNS
    lines = ours[ours["part"].eq("coefficient")].set_index("term")
    np.testing.assert_allclose(lines.loc[["1", "t"], "standard_error"], known.bse_fe, rtol=5e-3)
    np.testing.assert_allclose(lines["estimate"], known.fe_params, atol=5e-3)
    share = ours[ours["part"].eq("share")]
    assert share["standard_error"].isna().all()  # one class is everybody
    effect = ours[ours["part"].eq("effect_covariance")]
    assert effect["term"].tolist() == (["1"] if effects == "intercept" else ["1", "1, t", "t"])
    assert effect["class"].eq(0).all()
    assert (effect["low"] < effect["estimate"]).all()
    ratio = (model.standard_errors(table, robust=True)["standard_error"] / ours["standard_error"]).dropna()
    if effects == "slope":
        assert ratio.between(0.75, 1.35).all()
    else:  # slopes of one's own, which this model does not know
        assert ratio.max() > 1.5


def test_variances_of_classes_are_rows_of_their_own():
    table = laid(simulate(3))
    model = GrowthMixture(2, degree=1, variances="by_class", n_starts=3).fit(table)
    found = model.standard_errors(table)
    assert found[found["part"].eq("error_variance")]["class"].tolist() == [1, 2]
    assert found[found["part"].eq("effect_covariance")]["class"].tolist() == [1, 2]
    assert found[found["part"].eq("share")]["estimate"].tolist() == model.share_.tolist()
    inside = found.dropna()
    assert (inside["low"] < inside["estimate"]).all()
    assert (inside["estimate"] < inside["high"]).all()
    assert len(found.dropna()) == len(found)


def test_the_units_of_time_carry_over():
    table = laid(simulate(4))
    model = GrowthMixture(2, degree=2, effects="slope", n_starts=3).fit(table)
    days = GrowthMixture(2, degree=2, effects="slope", n_starts=3).fit(table, time=7.0 * table["occasion"])
    one = model.standard_errors(table).set_index(["part", "class", "term"])["standard_error"]
    other = days.standard_errors(table, time=7.0 * table["occasion"]).set_index(["part", "class", "term"])[
        "standard_error"
    ]
    for term, power in (("1", 0), ("t", 1), ("t^2", 2)):
        for k in (1, 2):
            assert other["coefficient", k, term] == pytest.approx(one["coefficient", k, term] / 7**power, rel=1e-3)


def test_a_frozen_model_knows_its_errors():
    table = laid(simulate(6, n=120))
    model = GrowthMixture(2, degree=1, n_starts=2).fit(table)
    thawed = GrowthMixture.from_json(model.to_json())
    pd.testing.assert_frame_equal(thawed.standard_errors(table), model.standard_errors(table))


@pytest.mark.slow
def test_intervals_hold_the_planted_truth_as_often_as_they_say():
    """100 cohorts of 300 people: 95 % intervals of every quantity together and one by one."""
    rounding = 1 / 12  # totals are whole numbers, which adds to the error
    truth = {
        ("share", 1, ""): SHARE,
        ("share", 2, ""): 1 - SHARE,
        ("coefficient", 1, "1"): FALLS[0] + 20,
        ("coefficient", 1, "t"): FALLS[1],
        ("coefficient", 2, "1"): STAYS[0] + 20,
        ("coefficient", 2, "t"): STAYS[1],
        ("error_variance", 0, ""): ERROR + rounding,
        ("effect_covariance", 0, "1"): LEVEL,
    }
    held = {False: [], True: []}
    for seed in range(100):
        shifted = simulate(seed)
        table = laid(shifted.assign(score=shifted["score"] + 20))  # nobody near the floor
        model = GrowthMixture(2, degree=1, n_starts=4, search=Search(finished=1, sweeps=2000)).fit(table)
        for robust in held:
            found = model.standard_errors(table, robust=robust).set_index(["part", "class", "term"])
            planted = pd.Series(truth)
            held[robust].append((found["low"] <= planted) & (planted <= found["high"]))
    for covered in held.values():
        share = pd.concat(covered, axis=1).mean(axis=1)
        assert share.between(0.90, 0.99).all(), share.to_dict()
        assert 0.93 < share.mean() < 0.98, share.to_dict()
