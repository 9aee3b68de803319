"""Ordered answers come out with the probabilities that went in, and hang together as real ones do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.reference.instruments import instrument
from outcomes.simulation.items import ITEM_COLUMNS, at_least, draw_answers
from outcomes.simulation.service import SimulatedService

PHQ9, GAD7 = ITEM_COLUMNS[:9], ITEM_COLUMNS[9:]


def test_columns_are_those_of_the_two_instruments() -> None:
    declared = instrument("phq9").item_columns + instrument("gad7").item_columns
    assert declared == ITEM_COLUMNS


def test_cumulative_probabilities_by_hand() -> None:
    found = at_least(np.array([1.0]), np.array([-1.0, 1.0, 2.0]))
    np.testing.assert_allclose(found, [[1 / (1 + np.exp(-2.0)), 0.5, 1 / (1 + np.exp(1.0))]])


@pytest.mark.parametrize("location", [-2.0, 0.0, 3.0])
def test_drawn_shares_are_the_probabilities(location: float) -> None:
    cumulative = at_least(np.full(40_000, location), np.array([-1.0, 1.0, 2.4]))
    answers = draw_answers(cumulative, np.random.default_rng(4))
    shares = [(answers >= code).mean() for code in (1, 2, 3)]
    np.testing.assert_allclose(shares, cumulative[0], atol=0.012)
    assert answers.dtype == np.int8


def alpha(answers: pd.DataFrame) -> float:
    """Cronbach's alpha of complete answers."""
    items = answers.to_numpy(dtype=float)
    return items.shape[1] / (items.shape[1] - 1) * (1 - items.var(axis=0, ddof=1).sum() / items.sum(axis=1).var(ddof=1))


def complete(service: SimulatedService, columns: tuple[str, ...]) -> pd.DataFrame:
    return service.responses[["episode_id", *columns]].dropna()


def item_rest(answers: pd.DataFrame) -> np.ndarray:
    items = answers.to_numpy(dtype=float)
    total = items.sum(axis=1)
    return np.array([np.corrcoef(column, total - column)[0, 1] for column in items.T])


@pytest.mark.parametrize("columns", [PHQ9, GAD7], ids=["phq9", "gad7"])
def test_answers_hang_together_as_real_ones_do(either_service: SimulatedService, columns: tuple[str, ...]) -> None:
    rows = complete(either_service, columns)
    assert 0.82 <= alpha(rows[list(columns)]) <= 0.91


@pytest.mark.parametrize("columns", [PHQ9, GAD7], ids=["phq9", "gad7"])
def test_totals_of_adjacent_sessions_correlate(either_service: SimulatedService, columns: tuple[str, ...]) -> None:
    rows = complete(either_service, columns)
    total = rows[list(columns)].sum(axis=1).astype(float)
    before = total.groupby(rows["episode_id"]).shift()
    assert 0.75 <= total.corr(before) <= 0.85


@pytest.mark.parametrize("columns", [PHQ9, GAD7], ids=["phq9", "gad7"])
def test_the_spread_grows_from_first_to_last(either_service: SimulatedService, columns: tuple[str, ...]) -> None:
    rows = complete(either_service, columns)
    total = rows[list(columns)].sum(axis=1).astype(float)
    by_course = total.groupby(rows["episode_id"])
    several = by_course.size() > 2
    assert by_course.last()[several].std() > by_course.first()[several].std()
    assert by_course.last()[several].mean() < by_course.first()[several].mean()


@pytest.mark.shared
@pytest.mark.parametrize(("ours", "theirs", "n_items"), [(PHQ9, "PHQ", 9), (GAD7, "GAD", 7)], ids=["phq9", "gad7"])
def test_items_relate_to_the_rest_as_in_a_community_sample(
    service: SimulatedService, shared_dir: Path, ours: tuple[str, ...], theirs: str, n_items: int
) -> None:
    real = pd.read_csv(shared_dir / "data" / "phq9_gad7_two_waves" / "phq9_gad7_items_long.csv")
    expected = item_rest(real[[f"{theirs}{number}" for number in range(1, n_items + 1)]])
    found = item_rest(complete(service, ours)[list(ours)])
    assert np.abs(found - expected).max() < 0.16
    assert np.abs(found - expected).mean() < 0.09


@pytest.mark.shared
@pytest.mark.parametrize(("low", "high"), [(10, 14), (15, 19), (20, 27)])
def test_answers_given_the_total_are_near_those_of_a_population_survey(
    service: SimulatedService, shared_dir: Path, low: int, high: int
) -> None:
    files = sorted((shared_dir / "data" / "nhanes_phq9").glob("*.csv"))
    survey = pd.concat([pd.read_csv(path) for path in files])[[f"DPQ0{number}0" for number in range(1, 10)]]
    survey = survey[(survey <= 3).all(axis=1)]
    ours = complete(service, PHQ9)[list(PHQ9)]
    means = [rows[rows.sum(axis=1).between(low, high)].to_numpy(dtype=float).mean(axis=0) for rows in (survey, ours)]
    assert np.abs(means[0] - means[1]).max() < 0.5
    assert np.corrcoef(*means)[0, 1] > 0.8
