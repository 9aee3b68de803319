"""Rules of the way through the service."""

import numpy as np
import pytest

from outcomes.simulation.pathway import ENDINGS, below_caseness, end_codes, logistic, treatment_effects
from outcomes.simulation.service import SimulatedService
from outcomes.simulation.settings import ServiceSettings, invented


@pytest.mark.parametrize(
    ("phq9", "gad7", "below"),
    [((1,) * 9, (1,) * 7, True), ((1,) * 8 + (2,), (1,) * 7, False), ((1,) * 9, (1,) * 6 + (2,), False)],
    ids=["9 and 7", "10 and 7", "9 and 8"],
)
def test_below_caseness_needs_both(phq9: tuple[int, ...], gad7: tuple[int, ...], below: bool) -> None:
    assert below_caseness(np.array([phq9 + gad7], dtype=np.int8)).tolist() == [below]


def test_logistic_of_zero_is_a_half() -> None:
    np.testing.assert_allclose(logistic(np.array([0.0, np.log(3.0)])), [0.5, 0.75])


def test_without_a_symptom_shape_no_therapy_is_better() -> None:
    effects = treatment_effects(invented().response)
    assert not effects[:, 0].any()
    assert np.ptp(effects[:, 1]) > 0
    assert np.ptp(effects[:, 2]) > 0


def test_end_codes_come_from_the_declared_shares() -> None:
    settings = ServiceSettings(n_patients=1)
    for position, name in enumerate(ENDINGS):
        codes = end_codes(np.full(400, position), settings, np.random.default_rng(0))
        assert set(codes) <= set(getattr(settings.numbers.endings, name))


def test_the_probabilities_of_endings_are_those_that_happened(either_service: SimulatedService) -> None:
    occasions = either_service.truth["occasions"]
    ending = either_service.truth["referrals"].set_index("episode_id")["ending"]
    last = occasions.groupby("episode_id")["session"].transform("max") == occasions["session"]
    closed = either_service.referrals.set_index("episode_id")["discharge_date"].ne("")
    rows = occasions[(occasions["session"] > 1) & closed.loc[occasions["episode_id"]].to_numpy()]
    left = (ending.loc[rows["episode_id"]].to_numpy() == "dropped_out") & last.loc[rows.index].to_numpy()
    done = (ending.loc[rows["episode_id"]].to_numpy() == "completed") & last.loc[rows.index].to_numpy()
    assert abs(left.mean() - rows["probability_drop_out"].mean()) < 0.012
    assert abs(done.mean() - rows["probability_completion"].mean()) < 0.02
    total = occasions["probability_drop_out"] + occasions["probability_completion"]
    assert total.between(0, 1 + 1e-12).all()


def test_those_who_suffer_more_and_deprived_groups_leave_more(service: SimulatedService) -> None:
    occasions = service.truth["occasions"]
    rows = occasions[occasions["session"] > 1]
    planted = service.truth["patients"].set_index("patient_id")["drop_out"].loc[rows["patient_id"]].to_numpy()
    severe = rows["state"].to_numpy() == rows["state"].max()
    minimal = rows["state"].to_numpy() == 0
    probability = rows["probability_drop_out"].to_numpy()
    assert probability[severe].mean() > probability[minimal].mean()
    assert probability[planted > 0.15].mean() > probability[planted < -0.15].mean()
