"""The states of a study are put to the tests that its settings ask for, and what cannot be done says why."""

import numpy as np
import pytest

from outcomes.studies.experiment import SubtypeSettings
from outcomes.studies.judgement import judge_states


@pytest.fixture(scope="module")
def judged(materials, states):
    settings = SubtypeSettings(
        states=(2, 3),
        stability_resamples=3,
        cross_validation_folds=2,
        lr_bootstrap=2,
        measurement_by=("gender",),
        families=False,
    )
    return judge_states(materials, states.trajectories, states.selection, states.severity, settings, seed=4)


def test_everything_that_was_asked_for_is_there(judged, states):
    assert judged.stability.table["n_resamples"].eq(3).all()
    assert judged.held_out["k"].tolist() == [2, 3]
    assert judged.ratio.simulated.size == 2
    assert judged.ratio.k == states.model.n_states
    assert judged.families is None
    assert list(judged.measurement or {}) == ["gender"] or "measurement" in judged.because
    assert len(judged.shapes) == states.model.n_states
    assert {"recovery", "reliable_improvement", "change_in_phq9"} <= set(judged.implied["measure"])


def test_stability_is_that_of_the_chosen_model(judged, states):
    assert judged.stability.table["state"].tolist() == list(range(1, states.model.n_states + 1))
    for each in judged.stability.resamples:
        np.testing.assert_allclose(each.parameters.initial.sum(), 1)


def test_what_the_data_do_not_bear_says_why(judged):
    assert set(judged.because) <= {"elsewhere", "halves", "first_state", "implied", "crossing", "measurement"}
    for reason in judged.because.values():
        assert len(reason) > 10


def test_nothing_is_done_that_was_not_asked_for(materials, states):
    settings = SubtypeSettings(states=(2,), stability_resamples=0, families=False)
    found = judge_states(materials, states.trajectories, states.selection, states.severity, settings, seed=4)
    assert (found.stability, found.halves, found.held_out, found.ratio, found.families) == (None,) * 5
    assert found.shapes is not None


def test_a_single_fold_is_refused():
    with pytest.raises(ValueError, match="cross_validation_folds must be 0 or at least 2, got 1"):
        SubtypeSettings(cross_validation_folds=1)
