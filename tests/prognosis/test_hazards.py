"""Joint endings: they add up, they are calibrated, open cases are censored, recovery needs caseness."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.endings import Ended
from outcomes.prognosis.hazards import CHANGE_KEYS, COLUMNS, ENDING_KEYS, EndingModel, Followed, followed, marginal
from outcomes.prognosis.multiclass import margins, softmax
from outcomes.prognosis.stacked import stack


def endings_of(courses, seed=0, *, below=0.2):
    """Planned ends improve more often the lower the last score; a third is cut off by the extract."""
    rng = np.random.default_rng(seed)
    n = len(courses.episodes)
    end = courses.episodes["end_day"].to_numpy(dtype=float, na_value=np.nan)
    over = np.isfinite(end)
    table = courses.episodes[["pseudonym", "referral"]].assign(
        ending=pd.Series(rng.choice(["planned", "dropped_out"], n), dtype="str").where(over),
        change=pd.Series(rng.choice(list(CHANGE_KEYS), n), dtype="str").where(over),
        end_day=end,
        seen_until=np.where(over, 400.0, 120.0),
        below_caseness=rng.random(n) < below,
    )
    never = table["below_caseness"] & table["change"].isin(["reliable_recovery", "recovery_only"])
    return Ended(table.assign(change=table["change"].mask(never, "no_reliable_change")))


@pytest.fixture(scope="module")
def taught(invented):
    rows, ends = stack(invented.courses, sessions=(0, 2), weeks=(4,)), endings_of(invented.courses)
    fate = followed(rows, ends)
    return rows, fate, EndingModel(horizon_weeks=12, interval_weeks=4).fit(rows, fate)


def test_probabilities_of_all_joint_endings_and_of_being_open_add_up_to_one(taught):
    rows, fate, model = taught
    joint = model.predict(rows, fate.below_caseness)
    assert tuple(joint.columns) == COLUMNS
    assert joint.to_numpy().min() >= 0
    assert np.abs(joint.sum(axis="columns") - 1).max() < 1e-12


def test_recovery_is_possible_only_for_those_at_caseness(taught):
    rows, fate, model = taught
    joint = model.predict(rows, fate.below_caseness)
    recovery = marginal(joint, changes=("reliable_recovery", "recovery_only"))
    assert (recovery[fate.below_caseness] == 0).all()
    assert (recovery[~fate.below_caseness] > 0).all()


def test_mean_probabilities_are_the_observed_shares(taught):
    rows, fate, model = taught
    code, judged = fate.within(12)
    joint = model.predict(rows, fate.below_caseness)[judged]
    for ending in ("planned", "dropped_out"):
        observed = np.mean([COLUMNS[one].startswith(ending) for one in code[judged]])
        assert marginal(joint, endings=(ending,)).mean() == pytest.approx(observed, abs=0.05)


def test_constant_hazards_are_found_although_half_are_censored(invented):
    """Ends at 10 % a week, cut off by the extract at random: leaving the open ones out would double the hazard."""
    rng = np.random.default_rng(3)
    rows = stack(invented.courses, sessions=(0,), weeks=())
    rows = rows.take(np.resize(np.arange(len(rows.rows)), 6000))
    end, cut = rng.geometric(0.1, 6000) * 1.0, rng.integers(1, 20, 6000) * 1.0
    over = end <= cut
    fate = Followed(
        np.where(over, 0, -1),
        np.where(over, rng.integers(0, 6, 6000), -1),
        np.minimum(end, cut),
        cut,
        np.zeros(6000, bool),
    )
    model = EndingModel(horizon_weeks=8, interval_weeks=2).fit(rows, fate)
    still = model.predict(rows, fate.below_caseness)["still_open"].mean()
    assert still == pytest.approx(0.9**8, abs=0.025)
    assert np.mean(end[over] > 8) < 0.9**8 - 0.1  # among the finished only, too few last that long


def test_rows_drawn_by_chance_give_the_same_probabilities_on_average(invented):
    """Ends at 10 % a week, a third of the rows at random: the same hazard, everybody's row with the same chance."""
    rng = np.random.default_rng(4)
    rows = stack(invented.courses, sessions=(0,), weeks=())
    rows = rows.take(np.resize(np.arange(len(rows.rows)), 9000))
    end = rng.geometric(0.1, 9000) * 1.0
    planned = rng.random(9000) < 0.7
    fate = Followed(
        np.where(planned, 0, 1), rng.integers(0, 6, 9000), end, np.full(9000, 99.0), np.zeros(9000, dtype=bool)
    )
    thin = EndingModel(horizon_weeks=8, interval_weeks=2, most_rows=9000)
    pairs, _ = thin._periods(fate)
    told = thin.fit(rows, fate).predict(rows, fate.below_caseness)
    assert len(pairs) > 20_000
    assert (thin.hazard_.max_depth, thin.change_.max_depth) == (4, 3)
    assert thin.n_rows_ == thin.drawn_.sum() == pytest.approx(9000 * 9000 / len(pairs), rel=0.05)
    assert end[thin.drawn_].mean() == pytest.approx(end.mean(), abs=0.4)
    assert told["still_open"].mean() == pytest.approx(0.9**8, abs=0.025)
    assert marginal(told, endings=("dropped_out",)).mean() == pytest.approx(0.3 * (1 - 0.9**8), abs=0.025)
    twin = thin.resampled(rows, fate, weights=np.ones(9000, dtype=int))
    assert twin.predict(rows, fate.below_caseness).equals(told)


def test_a_service_of_usual_size_teaches_with_all_its_rows(taught):
    _, _, model = taught
    assert model.drawn_.all()
    assert model.hazard_.get_params() == model.change_.get_params()
    assert not EndingModel(most_rows=10)._drawn(taught[1]).all()


def test_the_periods_of_a_row_end_with_its_ending_or_where_it_was_last_seen_whole():
    weeks = np.array([3.0, 4.0, 9.0, 30.0, 5.0])
    fate = Followed(np.array([0, 1, -1, 2, -1]), np.zeros(5, int), weeks, weeks, np.zeros(5, bool))
    pairs, classes = EndingModel(horizon_weeks=12, interval_weeks=4)._periods(fate)
    found = {row: classes[pairs[:, 0] == row].tolist() for row in range(5)}
    assert found == {0: [1], 1: [2], 2: [0, 0], 3: [0, 0, 0], 4: [0]}


def test_a_resample_of_everybody_once_gives_the_same_model_and_another_one_another(taught):
    rows, fate, model = taught
    same = model.resampled(rows, fate, weights=np.ones(len(rows.rows), dtype=int))
    pd.testing.assert_frame_equal(same.predict(rows, fate.below_caseness), model.predict(rows, fate.below_caseness))
    other = model.resampled(rows, fate, weights=np.arange(len(rows.rows)) % 3)
    assert not other.predict(rows, fate.below_caseness).equals(model.predict(rows, fate.below_caseness))


def test_only_rows_whose_horizon_the_extract_reaches_are_judged():
    fate = Followed(np.array([0, 0]), np.array([0, 0]), np.array([2.0, 2.0]), np.array([30.0, 5.0]), np.zeros(2, bool))
    code, judged = fate.within(12)
    assert judged.tolist() == [True, False]
    assert [COLUMNS[one] for one in code] == ["planned|reliable_recovery"] * 2
    assert COLUMNS[0].startswith(ENDING_KEYS[0])


def test_what_cannot_teach_says_so(invented):
    rows, ends = stack(invented.courses, sessions=(0,), weeks=()), endings_of(invented.courses)
    with pytest.raises(ConfigError, match="interval_weeks must divide horizon_weeks"):
        EndingModel(horizon_weeks=10, interval_weeks=4)
    one = followed(
        rows, Ended(ends.table.assign(change=ends.table["change"].mask(ends.table["change"].notna(), "not_assessable")))
    )
    with pytest.raises(DataError, match="with 1 kinds of change"):
        EndingModel().fit(rows, one)
    with pytest.raises(DataError, match="have no entry"):
        followed(rows, Ended(ends.table.head(3)))


def test_all_at_once_as_interval_by_interval_and_ending_by_ending(taught):
    """The slow way: hazards multiplied up for each row, changes shared out among those that are possible."""
    rows, fate, model = taught
    some = np.arange(0, len(rows.rows), 97)
    told = model.predict(rows.take(some), fate.below_caseness[some]).to_numpy()
    features = model.encoding_.apply(rows.table.frame)[some].astype(np.float32)
    for x, below, found in zip(features, fate.below_caseness[some], told, strict=True):
        surviving, expected = 1.0, np.zeros((len(ENDING_KEYS), len(CHANGE_KEYS)))
        for interval in range(model.n_intervals):
            margin = margins(model.hazard_.booster_, np.append(x, np.float32(interval))[None], model.hazard_.n_trees_)
            hazard = dict(zip(model.hazard_.classes_, softmax(margin)[0], strict=True))
            for code, key in enumerate(ENDING_KEYS):
                given = np.array([one == key for one in ENDING_KEYS], dtype=np.float32)
                margin = margins(model.change_.booster_, np.concatenate([x, given])[None], model.change_.n_trees_)
                shares = dict(zip(model.change_.classes_, softmax(margin)[0], strict=True))
                kept = [0.0 if below and "recovery" in one else shares.get(n, 0.0) for n, one in enumerate(CHANGE_KEYS)]
                expected[code] += surviving * hazard.get(code + 1, 0.0) * np.array(kept) / sum(kept)
            surviving *= hazard[0]
        np.testing.assert_allclose(found, [*expected.ravel(), surviving], atol=1e-12)


def test_features_that_have_been_encoded_already_give_the_same(taught):
    rows, fate, model = taught
    again = model.predict(rows, fate.below_caseness, encoded=model.encoded(rows))
    pd.testing.assert_frame_equal(again, model.predict(rows, fate.below_caseness), check_exact=True)
    assert model.predict(rows.take(np.zeros(len(rows.rows), dtype=bool)), np.zeros(0, dtype=bool)).shape == (0, 31)
