"""Weighted classes speak for the population, and their errors know how people were sampled."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.survey import design_errors, fit_survey


def survey(seed, clustered):
    # a third of the population is ill; the ill are sampled three times as often; 20 strata of 2 units of 20 people
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(40), 20)
    tilt = np.repeat(rng.normal(0, 1.2 if clustered else 0.0, 40), 20)
    base = 0.6  # share of the sample; weights bring it back to a third
    ill = rng.random(800) < 1 / (1 + np.exp(-(np.log(base / (1 - base)) + tilt)))
    answers = (rng.random((800, 7)) < np.where(ill, 0.85, 0.15)[:, None]).astype(int)
    design = pd.DataFrame({"weight": np.where(ill, 1.0, 3.0), "stratum": unit // 2, "unit": unit % 2})
    return answers, design


def test_weights_bring_the_share_back_to_that_of_the_population():
    answers, design = survey(0, clustered=False)
    plain = LatentMarkov(2, n_starts=4).fit(answers)
    weighted = fit_survey(LatentMarkov(2, n_starts=4), answers, design["weight"])
    assert plain.initial_[1] == pytest.approx(0.6, abs=0.05)
    assert weighted.model.initial_[1] == pytest.approx(1 / 3, abs=0.05)
    assert weighted.model.n_persons_ == pytest.approx(800)
    assert 500 < weighted.effective_n < 800
    assert "not printed" in weighted.said


def test_equal_weights_change_nothing():
    answers, _ = survey(1, clustered=False)
    found = fit_survey(LatentMarkov(2, n_starts=3), answers, np.full(800, 17.0))
    plain = LatentMarkov(2, n_starts=3).fit(answers)
    assert found.model.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-12)
    assert found.effective_n == pytest.approx(800)


def test_people_of_one_place_who_are_alike_make_errors_larger():
    effects = []
    for clustered in (False, True):
        answers, design = survey(2, clustered=clustered)
        fitted = fit_survey(LatentMarkov(2, n_starts=3), answers, design["weight"])
        table = design_errors(fitted, answers, design, n_resamples=40)
        assert table["share"].sum() == pytest.approx(1)
        effects.append(table["design_effect"].mean())
    assert effects[1] > 2 * effects[0] > 0


def test_designs_that_cannot_be_used_are_refused():
    answers, design = survey(3, clustered=False)
    fitted = fit_survey(LatentMarkov(2, n_starts=2), answers, design["weight"])
    with pytest.raises(DataError, match="2 strata have a single sampling unit"):
        design_errors(fitted, answers, design.assign(stratum=np.where(np.arange(800) < 20, "own", design["stratum"])))
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        design_errors(fitted, answers, design, n_resamples=1)
    with pytest.raises(DataError, match="800 finite numbers"):
        fit_survey(LatentMarkov(2), answers, [1.0])


@pytest.mark.shared
def test_a_population_survey_has_fewer_severe_people_than_its_sample_errors_suggest(shared_dir):
    """NHANES 2005-06: adults with a whole screener; two classes, with weights, strata and units, beside without."""
    table = pd.read_csv(shared_dir / "data" / "nhanes_phq9" / "nhanes_phq9_2005_2006.csv")
    items = table[[f"DPQ0{n}0" for n in range(1, 10)]]
    items = items.where(items <= 3)  # 7 refused, 9 do not know
    kept = items.notna().all(axis=1) & table["RIDAGEYR"].ge(18)
    answers, people = items[kept].to_numpy(dtype=float), table[kept]
    design = pd.DataFrame({"weight": people["WTMEC2YR"], "stratum": people["SDMVSTRA"], "unit": people["SDMVPSU"]})
    fitted = fit_survey(LatentMarkov(2, n_starts=4), answers, design["weight"])
    errors = design_errors(fitted, answers, design.reset_index(drop=True), n_resamples=30)
    assert fitted.effective_n < 0.8 * len(people)
    assert errors["design_effect"].gt(1).all()
    assert errors["share"].iloc[1] < 0.35
