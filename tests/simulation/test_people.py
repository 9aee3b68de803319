"""The people of the invented service carry published shares and planted gaps."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.reference.figures import england
from outcomes.reference.groups import grouping
from outcomes.simulation.people import GAPS, PUBLISHED_YEAR, draw, people, planted_gaps
from outcomes.simulation.settings import ServiceSettings, invented


@pytest.fixture(scope="module")
def crowd() -> pd.DataFrame:
    return people(ServiceSettings(n_patients=60_000), np.random.default_rng(1)).codes


def test_draw_follows_the_shares() -> None:
    found = np.bincount(draw(np.array([1.0, 3.0, 0.0]), 20_000, np.random.default_rng(0)), minlength=3)
    assert found[2] == 0
    assert abs(found[0] / 20_000 - 0.25) < 0.01


@pytest.mark.parametrize("key", ["gender", "ethnic_group_16", "deprivation_decile", "sexual_orientation"])
def test_groups_come_in_their_published_shares(crowd: pd.DataFrame, key: str) -> None:
    one = grouping(key)
    figures = england(PUBLISHED_YEAR, key)
    received = figures[figures["measure"] == "referrals_received"].set_index("label")["numerator"].astype(float)
    shares = received / received.sum()
    found = one.label(crowd[one.column].mask(crowd[one.column].eq(""))).value_counts(normalize=True)
    for label in set(shares.index) & set(found.index):
        assert abs(found[label] - shares[label]) < 0.012, label


def test_every_code_is_legal(crowd: pd.DataFrame) -> None:
    for key in ("gender", "ethnic_group_16", "deprivation_decile", "employment", "long_term_condition", "disability"):
        one = grouping(key)
        assert one.legal(crowd[one.column].mask(crowd[one.column].eq(""))).all(), key


def test_deprivation_leans_with_ethnic_category(crowd: pd.DataFrame) -> None:
    decile = pd.to_numeric(crowd["deprivation_decile"])
    assert decile[crowd["ethnic_category"] == "K"].mean() < decile[crowd["ethnic_category"] == "A"].mean() - 0.5


def test_nobody_is_a_retired_student(crowd: pd.DataFrame) -> None:
    born = pd.to_datetime(crowd["birth_date"])
    assert born[crowd["employment"] == "08"].max() < pd.Timestamp("1970-01-01")


def test_planted_shifts_add_up_over_groups() -> None:
    planted = people(ServiceSettings(n_patients=500), np.random.default_rng(1)).planted
    for kind in GAPS:
        parts = [column for column in planted if column.startswith(f"{kind}_") and column not in GAPS]
        np.testing.assert_allclose(planted[parts].sum(axis=1), planted[kind])


def test_gaps_of_every_kind_are_planted_apart() -> None:
    gaps = planted_gaps()
    for column in ("deprivation_decile", "ethnic_category"):
        part = gaps[gaps["column"] == column]
        assert (part[list(GAPS)].std() > 0.03).all()
    poor, rich = (
        gaps[(gaps["column"] == "deprivation_decile") & (gaps["code"] == code)].iloc[0] for code in ("1", "10")
    )
    assert poor["severity"] > rich["severity"]
    assert poor["response"] < rich["response"]
    assert poor["access"] < rich["access"]
    assert poor["drop_out"] > rich["drop_out"]


def test_an_ethnic_category_without_a_tilt_is_named() -> None:
    numbers = invented()
    tilt = {code: value for code, value in numbers.population.deprivation_tilt.items() if code != "M"}
    changed = numbers.model_copy(
        update={"population": numbers.population.model_copy(update={"deprivation_tilt": tilt})}
    )
    with pytest.raises(ConfigError, match="lacks the ethnic categories M"):
        people(ServiceSettings(n_patients=10, numbers=changed), np.random.default_rng(0))
