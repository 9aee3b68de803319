"""Growth classes of totals: planted curves, statsmodels where there is one class, and bad input."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from sklearn.base import clone

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.growth import GrowthMixture


@pytest.fixture(scope="module")
def cohort() -> tuple[pd.DataFrame, np.ndarray]:
    """Four in ten fall by two points a session at first, the others stay at 17."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 9, 400)
    person = np.repeat(np.arange(400), lengths)
    t = np.concatenate([np.arange(n) for n in lengths])
    falls = rng.random(400) < 0.4
    mean = np.where(falls[person], 18 - 2.0 * t + 0.12 * t**2, 17.0)
    y = np.rint(mean + rng.normal(0, 2, 400)[person] + rng.normal(0, 1.5, t.size)).clip(0, 40).astype(int)
    return pd.DataFrame({"pseudonym": person, "occasion": t, "score": y}), falls


@pytest.fixture(scope="module")
def fitted(cohort) -> GrowthMixture:
    return GrowthMixture(2, n_starts=5).fit(cohort[0])


def test_planted_curves_come_back(fitted, cohort):
    table, falls = cohort
    assert fitted.share_ == pytest.approx([0.4, 0.6], abs=0.06)
    curves = fitted.curves([0, 4])
    assert curves["expected_total"].tolist() == pytest.approx([18, 11.9, 17, 17], abs=0.7)
    assert ((fitted.classes(table)[:, 0] > 0.5) == falls).mean() > 0.85
    assert fitted.error_variance_[0] == pytest.approx(2.3, abs=0.3)
    assert fitted.effect_covariance_[0, 0, 0] == pytest.approx(4.0, abs=1.0)
    assert fitted.converged_
    assert fitted.starts_at_best_ >= 2
    assert fitted.n_parameters_ == 1 + 2 * 3 + 2
    assert np.diff(fitted.path_).min() > -1e-9 * abs(fitted.path_[-1])


@pytest.mark.parametrize(("effects", "formula"), [("intercept", "1"), ("slope", "~t")])
def test_one_class_is_the_mixed_model_of_statsmodels(cohort, effects, formula):
    table = cohort[0].rename(columns={"occasion": "t"})
    known = smf.mixedlm("score ~ t + I(t**2)", table, groups=table["pseudonym"], re_formula=formula).fit(reml=False)
    ours = GrowthMixture(1, effects=effects).fit(cohort[0])
    assert ours.log_likelihood_ == pytest.approx(known.llf, abs=1e-3)
    np.testing.assert_allclose(ours.coefficients_[0], known.fe_params, atol=2e-3)
    np.testing.assert_allclose(ours.effect_covariance_[0], known.cov_re, rtol=1e-2)


def test_bic_finds_the_planted_number_of_classes(cohort):
    bic = [GrowthMixture(k, n_starts=4).fit(cohort[0]).information_criteria()["bic"] for k in (1, 2, 3)]
    assert int(np.argmin(bic)) + 1 == 2


def test_without_person_effects_a_class_too_many_is_found(cohort):
    """Latent class growth takes stable differences between people for classes: why effects are the default."""
    plain = [GrowthMixture(k, effects="none", n_starts=4).fit(cohort[0]).information_criteria()["bic"] for k in (2, 3)]
    assert plain[1] < plain[0]


def test_time_has_any_unit(fitted, cohort):
    table, _ = cohort
    days = GrowthMixture(2, n_starts=5).fit(table, time=100 + 7.0 * table["occasion"])
    assert days.log_likelihood_ == pytest.approx(fitted.log_likelihood_, abs=1e-6)
    assert days.curves([100 + 28])["expected_total"].tolist() == pytest.approx(
        fitted.curves([4])["expected_total"].tolist(), rel=1e-5
    )


def test_items_are_added_up_and_incomplete_occasions_left_out():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.integers(0, 4, (300, 3)), columns=list("abc")).astype("Int8")
    table.insert(0, "pseudonym", np.repeat(np.arange(100), 3))
    table.insert(1, "occasion", np.tile(np.arange(3), 100))
    table.loc[:4, "b"] = pd.NA  # the first person has no complete occasion, the second one
    model = GrowthMixture(1, degree=1).fit(table)
    assert model.n_incomplete_ == 5
    assert model.n_persons_ == 99
    assert model.classes(table).shape == (100, 1)


def test_manners_and_arguments(fitted, cohort):
    assert clone(fitted).get_params() == fitted.get_params()
    told = []
    GrowthMixture(2, n_starts=2).fit(cohort[0], on_progress=lambda *step: told.append(step))
    assert told[-1] == ("2 growth classes", 4, 4)
    with pytest.warns(NotConvergedWarning, match="ended at its cap"):
        short = GrowthMixture(3, n_starts=2, search=Search(short_sweeps=2, sweeps=3)).fit(cohort[0])
    assert not short.converged_
    assert not short.starts_["converged"].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_classes": 0}, "must be at least 1"),
        ({"degree": 9}, "degree must be between 0 and 5"),
        ({"degree": 0, "effects": "slope"}, "a slope needs a degree"),
        ({"effects": "both"}, "effects must be one of"),
        ({"variances": "own"}, "variances must be"),
    ],
)
def test_wrong_arguments_are_quoted(cohort, arguments, message):
    with pytest.raises(ConfigError, match=message):
        GrowthMixture(**arguments).fit(cohort[0])


def test_data_that_bear_no_classes_are_refused(cohort):
    table, _ = cohort
    with pytest.raises(DataError, match="do not vary"):
        GrowthMixture(1).fit(table.assign(score=3))
    with pytest.raises(DataError, match="too few for 2 classes"):
        GrowthMixture(2).fit(table[table["pseudonym"] == 0])
    with pytest.raises(ConfigError, match="too few different times"):
        GrowthMixture(1, degree=3).fit(table[table["occasion"] < 2])
    with pytest.raises(DataError, match="one finite value"):
        GrowthMixture(1).fit(table, time=[1.0])
