"""Gaps in time as blank steps: what is put in, and that a gap is passed by as many moves as it lasts."""

import numpy as np
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_decoding import posterior
from outcomes.kernel.latent_markov_packing import observe
from outcomes.subtypes.gaps import compare_steps, even_steps
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences

DATA = Sequences(np.array([[0], [1], [1], [0], [1]], dtype=np.int8), np.array([0, 3, 5]), ("a",), np.arange(5))


def test_missed_weeks_become_blank_occasions():
    even = even_steps(DATA, [0, 7, 28, 3, 6], unit=7)
    assert even.sequences.items.ravel().tolist() == [0, 1, -1, -1, 1, 0, 1]
    assert even.sequences.starts.tolist() == [0, 5, 7]
    assert even.kept.tolist() == [0, 1, 4, 5, 6]
    assert (even.n_blank, even.n_shortened, even.n_together) == (2, 0, 1)  # three days apart is less than half a week
    assert "2 blank occasions" in even.said


def test_long_gaps_are_shortened_and_counted():
    even = even_steps(DATA, [0, 100, 101, 0, 1], longest=4)
    assert even.sequences.items.ravel().tolist() == [0, -1, -1, -1, 1, 1, 0, 1]
    assert even.n_shortened == 1


def test_a_gap_is_passed_by_as_many_moves_as_it_lasts():
    p = LatentMarkovParameters(
        np.array([1.0, 0.0]), np.array([[[0.9, 0.1], [0.2, 0.8]]]), (np.array([[0.8, 0.2], [0.3, 0.7]]),)
    )
    gap = even_steps(Sequences(DATA.items[:2], np.array([0, 2]), ("a",), np.arange(2)), [0, 3]).sequences
    found = posterior(observe(gap.items, gap.starts, None, (2,)), p).log_sequence[0]
    ahead = p.initial @ np.linalg.matrix_power(p.transition[0], 3)
    assert found == pytest.approx(np.log(0.8) + np.log(ahead @ p.response[0][:, 1]), rel=1e-12)


@pytest.mark.parametrize(
    ("when", "arguments", "error", "message"),
    [
        ([0, 1, 2], {}, DataError, "one finite time for each of the 5"),
        ([0, 1, np.nan, 0, 1], {}, DataError, "one finite time"),
        ([0, 2, 1, 0, 1], {}, DataError, "1 occasions lie before"),
        ([0, 1, 2, 0, 1], {"unit": 0}, ConfigError, "unit must be above 0"),
    ],
)
def test_times_that_cannot_be_used_are_refused(when, arguments, error, message):
    with pytest.raises(error, match=message):
        even_steps(DATA, when, **arguments)


WEEKLY = np.array([[0.9, 0.1], [0.05, 0.95]])


def weekly_patients(n, seed):
    """Patients who change state week by week and are seen in some weeks only; the second state answers higher."""
    rng = np.random.default_rng(seed)
    items, days, starts = [], [], [0]
    for _ in range(n):
        state, week = int(rng.random() < 0.5), 0
        for _ in range(6):
            items.append(rng.binomial(3, 0.8 if state else 0.2, 6))
            days.append(7.0 * week)
            gap = int(rng.choice([1, 2, 4]))
            week += gap
            for _ in range(gap):
                state = int(rng.random() < WEEKLY[state, 1])
        starts.append(len(items))
    data = Sequences(np.array(items, dtype=np.int8), np.array(starts), tuple("abcdef"), np.arange(len(items)))
    return data, np.array(days)


def test_moves_by_time_are_moves_of_one_week_where_moves_by_occasion_are_those_of_any_gap():
    data, days = weekly_patients(1500, 1)
    model = LatentMarkov(n_states=2, n_starts=5).fit(data)
    found = compare_steps(model, data, days, starts=3)
    by_week = found.table.set_index("state")
    assert by_week["stays_in_time"].to_numpy() == pytest.approx(np.diag(WEEKLY), abs=0.015)
    average = (WEEKLY + WEEKLY @ WEEKLY + np.linalg.matrix_power(WEEKLY, 4)) / 3
    assert by_week["stays"].to_numpy() == pytest.approx(np.diag(average), abs=0.02)
    assert by_week["steps_in_a_row"].tolist() == pytest.approx(1 / (1 - by_week["stays_in_time"]))
    assert by_week["total_in_time"].to_numpy() == pytest.approx([3.6, 14.4], abs=0.2)
    assert found.same_state > 0.98
    assert (found.n_sequences, found.n_left_out) == (1500, 0)
    assert found.gain == pytest.approx(found.by_time.log_likelihood_ - model.log_likelihood_)
    assert found.gain > 10  # time tells something that attendance does not


def test_courses_without_a_date_or_out_of_order_are_left_out_and_counted():
    data, days = weekly_patients(300, 2)
    days[3], days[8] = np.nan, days[7] - 1
    model = LatentMarkov(n_states=2, n_starts=3).fit(data)
    found = compare_steps(model, data, days, starts=2)
    assert (found.n_sequences, found.n_left_out) == (298, 2)
    assert found.steps.kept.size == 298 * 6


def test_steps_that_cannot_be_compared_are_refused():
    data, days = weekly_patients(60, 3)
    model = LatentMarkov(n_states=2, n_starts=2).fit(data)
    with pytest.raises(DataError, match="no course of two occasions or more is dated in order"):
        compare_steps(model, data, np.full(days.size, np.nan))
    with pytest.raises(DataError, match="one time for each of the 360 occasions"):
        compare_steps(model, data, days[1:])
    with pytest.raises(ConfigError, match="differ by step"):
        compare_steps(LatentMarkov(n_states=2, time_varying=True), data, days)
    rare = Sequences(data.items.copy(), data.starts, data.columns, data.rows)
    rare.items[:, 0] = np.where(rare.items[:, 0] == 3, 2, rare.items[:, 0])
    rare.items[0, 0] = 3
    days[1] = np.nan
    with pytest.raises(DataError, match="some answers were given in courses without dates only"):
        compare_steps(LatentMarkov(n_states=2, n_starts=2).fit(rare), rare, days)


def test_states_of_the_second_fit_stand_beside_those_that_answer_most_alike(monkeypatch):
    data, days = weekly_patients(400, 4)
    model = LatentMarkov(n_states=2, n_starts=3).fit(data)
    plain = compare_steps(model, data, days, starts=2)
    assert plain.table["state_in_time"].tolist() == [1, 2]
    mildest_first = LatentMarkov._order
    monkeypatch.setattr(LatentMarkov, "_order", lambda self, found: mildest_first(self, found)[::-1])
    turned = compare_steps(model, data, days, starts=2)
    assert turned.table["state_in_time"].tolist() == [2, 1]
    assert turned.table["total_in_time"].tolist() == pytest.approx(plain.table["total_in_time"].tolist(), abs=1e-3)
    assert turned.same_state == pytest.approx(plain.same_state, abs=1e-3)
