"""The latent Markov sweep: against other software, against enumeration of all paths, and the laws it must keep."""

import itertools
import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.kernel.ascent import ascend
from outcomes.kernel.emissions import Ordinal, family
from outcomes.kernel.latent_markov import (
    BLOCK,
    Form,
    LatentMarkovParameters,
    classes_of_states,
    expect,
    improver,
    leap,
    log_penalty,
    nominal,
    pseudo_observations,
)
from outcomes.kernel.latent_markov_decoding import posterior, viterbi
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import Search, search, start_values

GOLDEN = tomllib.loads((Path(__file__).parents[1] / "golden" / "latent" / "lmest.toml").read_text(encoding="utf-8"))


def draw_parameters(
    rng: np.random.Generator, n_states: int, n_categories: tuple[int, ...], n_periods: int = 1
) -> LatentMarkovParameters:
    return LatentMarkovParameters(
        rng.dirichlet(np.ones(n_states)),
        rng.dirichlet(np.ones(n_states), (n_periods, n_states)),
        tuple(rng.dirichlet(np.ones(n), n_states) for n in n_categories),
    )


def draw_codes(
    rng: np.random.Generator, lengths: list[int], n_categories: tuple[int, ...], missing: float = 0.15
) -> tuple[np.ndarray, np.ndarray]:
    codes = np.column_stack([rng.integers(0, n, sum(lengths)) for n in n_categories])
    codes[rng.random(codes.shape) < missing] = -1
    return codes.astype(np.int8), np.concatenate(([0], np.cumsum(lengths)))


def enumerate_paths(codes: np.ndarray, parameters: LatentMarkovParameters) -> dict[tuple[int, ...], float]:
    """Return the joint probability of one sequence's answers and each path of states: slow and obvious."""
    n_periods = parameters.transition.shape[0]
    joint = {}
    for path in itertools.product(range(parameters.n_states), repeat=len(codes)):
        p = parameters.initial[path[0]]
        for t, state in enumerate(path):
            if t > 0:
                p *= parameters.transition[min(t - 1, n_periods - 1), path[t - 1], state]
            for item, code in enumerate(codes[t]):
                if code >= 0:
                    p *= parameters.response[item][state, code]
        joint[path] = p
    return joint


@pytest.mark.parametrize("n_periods", [1, 3])
@pytest.mark.parametrize(("n_states", "n_categories"), [(1, (3,)), (2, (4, 2)), (3, (3, 4, 2, 5, 2, 3))])
def test_expectation_equals_enumeration_of_all_paths(n_states, n_categories, n_periods):
    rng = np.random.default_rng(n_states * 10 + n_periods)
    codes, starts = draw_codes(rng, [1, 4, 2, 3], n_categories, missing=0.3)
    weights = np.array([1.0, 2.5, 0.0, 3.0])
    parameters = draw_parameters(rng, n_states, n_categories, n_periods)
    expected = expect(observe(codes, starts, weights, n_categories), parameters)

    log_likelihood = 0.0
    initial = np.zeros(n_states)
    moves = np.zeros((n_periods, n_states, n_states))
    answers = [np.zeros((n_states, n)) for n in n_categories]
    for number, weight in enumerate(weights):
        rows = codes[starts[number] : starts[number + 1]]
        joint = enumerate_paths(rows, parameters)
        whole = sum(joint.values())
        log_likelihood += weight * np.log(whole)
        for path, p in joint.items():
            share = weight * p / whole
            initial[path[0]] += share
            for t, state in enumerate(path):
                if t > 0:
                    moves[min(t - 1, n_periods - 1), path[t - 1], state] += share
                for item, code in enumerate(rows[t]):
                    if code >= 0:
                        answers[item][state, code] += share
    assert expected.log_likelihood == pytest.approx(log_likelihood, rel=1e-10)
    np.testing.assert_allclose(expected.initial, initial, atol=1e-10)
    np.testing.assert_allclose(expected.transition, moves, atol=1e-10)
    for got, want in zip(expected.response, answers, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-10)


def test_decoding_equals_enumeration_of_all_paths():
    rng = np.random.default_rng(5)
    n_categories = (3, 2, 4)
    codes, starts = draw_codes(rng, [5, 1, 4], n_categories)
    parameters = draw_parameters(rng, 3, n_categories, 2)
    observations = observe(codes, starts, None, n_categories)
    found, paths = posterior(observations, parameters), viterbi(observations, parameters)
    for number in range(3):
        rows = slice(starts[number], starts[number + 1])
        joint = enumerate_paths(codes[rows], parameters)
        whole = sum(joint.values())
        assert found.log_sequence[number] == pytest.approx(np.log(whole), rel=1e-10)
        smoothed = np.zeros((starts[number + 1] - starts[number], 3))
        for path, p in joint.items():
            smoothed[np.arange(len(path)), path] += p / whole
        np.testing.assert_allclose(found.smoothed[rows], smoothed, atol=1e-10)
        for t in range(starts[number], starts[number + 1]):
            past = enumerate_paths(codes[starts[number] : t + 1], parameters)
            state = np.zeros(3)
            for path, p in past.items():
                state[path[-1]] += p
            np.testing.assert_allclose(found.filtered[t], state / state.sum(), atol=1e-10)
        assert tuple(paths[rows]) == max(joint, key=joint.get)


def test_filtered_states_know_nothing_of_later_answers():
    rng = np.random.default_rng(6)
    codes, starts = draw_codes(rng, [6], (4, 4))
    parameters = draw_parameters(rng, 3, (4, 4))
    changed = codes.copy()
    changed[4:] = (codes[4:] + 1) % 4
    before = posterior(observe(codes, starts, None, (4, 4)), parameters)
    after = posterior(observe(changed, starts, None, (4, 4)), parameters)
    np.testing.assert_array_equal(before.filtered[:4], after.filtered[:4])
    assert np.abs(before.smoothed[:4] - after.smoothed[:4]).max() > 1e-6


@pytest.fixture(scope="module")
def example() -> tuple[np.ndarray, np.ndarray, LatentMarkovParameters]:
    rng = np.random.default_rng(11)
    n_categories = (4,) * 9
    codes, starts = draw_codes(rng, rng.integers(1, 9, 200).tolist(), n_categories)
    return codes, starts, draw_parameters(rng, 5, n_categories)


def permuted(codes: np.ndarray, starts: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = [codes[starts[i] : starts[i + 1]] for i in order]
    return np.concatenate(parts), np.concatenate(([0], np.cumsum([len(p) for p in parts])))


def test_likelihood_ignores_the_order_of_patients_items_and_labels(example):
    codes, starts, parameters = example
    rng = np.random.default_rng(0)
    base = expect(observe(codes, starts), parameters).log_likelihood
    patients = expect(observe(*permuted(codes, starts, rng.permutation(200))), parameters).log_likelihood
    order = rng.permutation(9)
    moved = LatentMarkovParameters(
        parameters.initial, parameters.transition, tuple(parameters.response[i] for i in order)
    )
    items = expect(observe(codes[:, order], starts), moved).log_likelihood
    labels = expect(observe(codes, starts), parameters.reordered(rng.permutation(5))).log_likelihood
    assert patients == pytest.approx(base, rel=1e-12)
    assert items == pytest.approx(base, rel=1e-12)
    assert labels == pytest.approx(base, rel=1e-12)


def test_a_weight_of_two_is_two_patients(example):
    codes, starts, parameters = example
    twice = expect(observe(*permuted(codes, starts, np.repeat(np.arange(200), 2))), parameters)
    weighted = expect(observe(codes, starts, np.full(200, 2.0)), parameters)
    assert weighted.log_likelihood == pytest.approx(twice.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(weighted.transition, twice.transition, rtol=1e-9)
    np.testing.assert_allclose(weighted.response[3], twice.response[3], rtol=1e-9)


def test_blank_occasions_at_the_end_and_blank_patients_change_nothing(example):
    codes, starts, parameters = example
    blank = np.full((3, 9), -1, dtype=np.int8)
    longer = np.concatenate((codes, blank))
    with_patient = np.append(starts, starts[-1] + 3)
    base = expect(observe(codes, starts), parameters).log_likelihood
    assert expect(observe(longer, with_patient, None, (4,) * 9), parameters).log_likelihood == pytest.approx(base)
    stretched = starts.copy()
    stretched[-1] += 3
    assert expect(observe(longer, stretched, None, (4,) * 9), parameters).log_likelihood == pytest.approx(base)


def test_blocks_add_up_to_the_same_bits_whoever_computes_them():
    rng = np.random.default_rng(3)
    codes, starts = draw_codes(rng, [1] * (BLOCK + 500), (3, 3))
    parameters = draw_parameters(rng, 2, (3, 3))
    observations = observe(codes, starts)

    def backwards(function, numbers):
        done = {number: function(number) for number in reversed(list(numbers))}
        return [done[number] for number in sorted(done)]

    one, other = expect(observations, parameters), expect(observations, parameters, over=backwards)
    assert one.log_likelihood == other.log_likelihood
    np.testing.assert_array_equal(one.response[0], other.response[0])


def test_two_hundred_occasions_do_not_underflow():
    rng = np.random.default_rng(4)
    n_categories = (4,) * 40
    codes, starts = draw_codes(rng, [200, 200], n_categories)
    parameters = draw_parameters(rng, 7, n_categories)
    found = posterior(observe(codes, starts, None, n_categories), parameters)
    logs = [np.log(p) for p in parameters.response]
    forward = np.log(parameters.initial)
    for t in range(200):
        if t > 0:
            forward = np.logaddexp.reduce(forward[:, None] + np.log(parameters.transition[0]), axis=0)
        forward = forward + sum(logs[i][:, c] for i, c in enumerate(codes[t]) if c >= 0)
    expected = np.logaddexp.reduce(forward)
    assert expected < -5000  # far below the smallest double, e^-745
    assert found.log_sequence[0] == pytest.approx(expected, rel=1e-10)
    assert np.isfinite(expect(observe(codes, starts, None, n_categories), parameters).log_likelihood)
    np.testing.assert_allclose(found.smoothed.sum(axis=1), 1.0, atol=1e-9)


def test_answers_that_no_state_can_give_stay_finite():
    parameters = LatentMarkovParameters(np.array([1.0]), np.ones((1, 1, 1)), (np.array([[1.0, 0.0]]),))
    found = posterior(observe(np.array([[1], [0]]), np.array([0, 2]), None, (2,)), parameters)
    assert np.isfinite(found.log_sequence).all()
    assert found.log_sequence[0] < -600


@pytest.mark.parametrize("guess", [None, leap])
@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_the_path_never_decreases(example, penalty, guess):
    codes, starts, _ = example
    observations = observe(codes, starts)
    form = nominal(9, penalty=penalty)
    _, start = start_values(observations, form, 4, 1, np.random.default_rng(0))
    ascent = ascend(start, improver(observations, form, 4), tolerance=0.0, score_tolerance=0.0, sweeps=120, leap=guess)
    assert ascent.reason == "sweeps"
    assert np.diff(ascent.path).min() > -1e-9 * abs(ascent.path[-1])


@pytest.mark.parametrize("family_name", ["nominal", "ordinal"])
def test_a_leap_stays_within_the_family(example, family_name):
    codes, starts, _ = example
    observations = observe(codes, starts)
    form = Form((family(family_name),) * 9, penalty=0.1)
    improve = improver(observations, form, 3)
    _, first = start_values(observations, form, 3, 1, np.random.default_rng(0))
    second = improve(first).parameters
    guess = leap(first, second, improve(second).parameters)
    assert guess.initial.sum() == pytest.approx(1)
    np.testing.assert_allclose(guess.transition.sum(axis=2), 1)
    for p in guess.response:
        np.testing.assert_allclose(p.sum(axis=1), 1)
        if family_name == "ordinal":
            np.testing.assert_allclose(Ordinal().nearest(p).sum(axis=1), 1)
            steps = np.log(p[:, 1:] / p[:, :-1])
            np.testing.assert_allclose(np.diff(steps - steps[0], axis=1), 0, atol=1e-9)


def test_the_score_is_the_gradient_of_the_objective(example):
    """At the kept parameters no small move of any probability vector gains: the ascent has really arrived."""
    codes, starts, _ = example
    observations = observe(codes, starts)
    form = nominal(9, penalty=1.0)
    plan = Search(starts=2, finished=1, tolerance=1e-8, score_tolerance=1e-4)
    best = search(observations, form, 2, plan, seed=np.random.SeedSequence(0))[0]
    pseudo = pseudo_observations(observations, 1.0, 2)

    def objective(parameters):
        return expect(observations, parameters).log_likelihood + log_penalty(parameters, pseudo)

    top = best.ascent.parameters
    for direction in (1.0, -1.0):
        share = top.initial * np.exp(direction * np.array([1e-3, 0.0]))
        moved = LatentMarkovParameters(share / share.sum(), top.transition, top.response)
        assert objective(moved) < objective(top)
        answers = top.response[0] * np.exp(direction * np.array([1e-3, 0, 0, 0]))
        moved = LatentMarkovParameters(
            top.initial, top.transition, (answers / answers.sum(axis=1, keepdims=True), *top.response[1:])
        )
        assert objective(moved) < objective(top)


def test_the_same_climbs_on_one_and_two_threads(example):
    codes, starts, _ = example
    observations = observe(codes, starts)
    form = nominal(9, penalty=0.1)
    plan = Search(starts=6, finished=2, short_sweeps=5, sweeps=30)
    one = search(observations, form, 3, plan, seed=np.random.SeedSequence(7), workers=1)
    two = search(observations, form, 3, plan, seed=np.random.SeedSequence(7), workers=2)
    assert [climb.number for climb in one] == [climb.number for climb in two]
    np.testing.assert_array_equal(one[0].ascent.path, two[0].ascent.path)
    np.testing.assert_array_equal(one[0].ascent.parameters.response[2], two[0].ascent.parameters.response[2])


def test_given_start_values_are_tried_and_can_win(example):
    codes, starts, _ = example
    observations = observe(codes, starts)
    form = nominal(9)
    plan = Search(starts=3, finished=1, tolerance=1e-3)
    first = search(observations, form, 2, plan, seed=np.random.SeedSequence(1))[0]
    again = search(
        observations,
        form,
        2,
        Search(starts=1, finished=1, short_sweeps=2, sweeps=5),
        seed=np.random.SeedSequence(2),
        given=[first.ascent.parameters],
    )
    assert again[0].kind == "given"
    assert again[0].objective >= first.objective


def test_classes_of_states_equal_enumeration_over_classes(example):
    """Two classes with two shared states, one of them of stayers: each class by itself, mixed by hand."""
    rng = np.random.default_rng(8)
    codes, starts = draw_codes(rng, [1, 4, 3], (3, 2))
    structure = classes_of_states(2, 2, stayers=1)
    response = draw_parameters(rng, 2, (3, 2)).response
    joint = rng.dirichlet(np.ones(4))
    moves = np.eye(4)
    moves[:2, :2] = rng.dirichlet(np.ones(2), 2)
    whole = LatentMarkovParameters(joint, moves[None], tuple(p[list(structure.level)] for p in response))
    total = 0.0
    for number in range(3):
        rows, p = codes[starts[number] : starts[number + 1]], 0.0
        for k in (0, 2):
            one = LatentMarkovParameters(joint[k : k + 2], moves[None, k : k + 2, k : k + 2], response)
            p += sum(enumerate_paths(rows, one).values())
        total += np.log(p)
    observations = observe(codes, starts, None, (3, 2))
    assert expect(observations, whole).log_likelihood == pytest.approx(total, rel=1e-10)
    form = Form(nominal(2).families, structure=structure)
    better = improver(observations, form, 4)(whole).parameters
    assert (better.transition[0][:2, 2:] == 0).all()
    np.testing.assert_array_equal(better.transition[0][2:, 2:], np.eye(2))
    np.testing.assert_array_equal(better.response[0][:2], better.response[0][2:])
    assert form.n_parameters(observations, 4) == 3 + 2 + 2 * (2 + 1)


@pytest.mark.parametrize("guess", [False, True])
@pytest.mark.parametrize("name", ["nominal", "graded"])
def test_the_path_of_classes_never_decreases(example, name, guess):
    codes, starts, _ = example
    observations = observe(codes, starts)
    form = Form((family(name),) * 9, penalty=0.1, structure=classes_of_states(2, 2))
    _, start = start_values(observations, form, 4, 1, np.random.default_rng(0))
    ascent = ascend(
        start,
        improver(observations, form, 4),
        tolerance=0.0,
        score_tolerance=0.0,
        sweeps=80,
        leap=partial(leap, families=form.families) if guess else None,
    )
    assert np.diff(ascent.path).min() > -1e-9 * abs(ascent.path[-1])
    assert (ascent.parameters.transition[0][:2, 2:] == 0).all()


@pytest.mark.parametrize("name", ["ordinal", "graded"])
def test_planted_locations_come_back(name):
    """Two thousand people, three states: every location to within a fifth of a log-odds."""
    rng, shape = np.random.default_rng(5), (3, 4)
    cuts = {"ordinal": [0.5, -0.2, -0.9], "graded": [-0.5, 0.8, 2.0]}[name]
    truth = [family(name).probabilities(np.array([*cuts, 1.0 + 0.1 * n, 2.4]), shape) for n in range(6)]
    moves = np.array([[0.8, 0.15, 0.05], [0.2, 0.7, 0.1], [0.05, 0.2, 0.75]])
    states = rng.integers(0, 3, (2000, 1))
    for _ in range(4):
        nxt = (rng.random(2000)[:, None] > moves[states[:, -1]].cumsum(axis=1)[:, :2]).sum(axis=1)
        states = np.column_stack((states, nxt))
    p = [each[states.ravel()].cumsum(axis=1)[:, :3] for each in truth]
    codes = np.column_stack([(rng.random(10_000)[:, None] > each).sum(axis=1) for each in p])
    form = Form((family(name),) * 6, penalty=0.01)
    best = search(
        observe(codes, np.arange(0, 10_001, 5)), form, 3, Search(starts=6, finished=2), seed=np.random.SeedSequence(0)
    )[0]
    found = best.ascent.parameters.reordered(np.argsort(best.ascent.parameters.response[0] @ np.arange(4)))
    for item, known in zip(found.response, truth, strict=True):
        got, want = (family(name).coefficients(each) for each in (item, known))
        np.testing.assert_allclose(got, want, atol=0.2)
    np.testing.assert_allclose(found.transition[0], moves, atol=0.04)


def test_one_family_for_each_item_is_needed(example):
    codes, starts, _ = example
    with pytest.raises(ConfigError, match="one for each of the 9 items is needed, got 2"):
        improver(observe(codes, starts), Form(nominal(2).families), 2)


def rlms(shared_dir: Path) -> Observations:
    table = pd.read_csv(shared_dir / "oracles" / "rlms_long.csv").sort_values(["id", "time"])
    return observe(table[["value"]].to_numpy() - 1, np.arange(0, len(table) + 1, 7))


def drug(shared_dir: Path) -> Observations:
    table = pd.read_csv(shared_dir / "oracles" / "drug_freq.csv").to_numpy()
    codes = (table[:, :5] - 1).reshape(-1, 1)
    return observe(codes, np.arange(0, codes.shape[0] + 1, 5), table[:, 5].astype(float))


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_job_satisfaction_as_in_lmest(shared_dir, k):
    observations, form = rlms(shared_dir), nominal(1)
    golden = GOLDEN["rlms"]
    best = search(observations, form, k, Search(starts=16), seed=np.random.SeedSequence(0))[0]
    place = golden["k"].index(k)
    assert best.ascent.reason == "tolerance"
    assert best.objective == pytest.approx(golden["log_likelihood"][place], abs=0.01)
    n_parameters = form.n_parameters(observations, k)
    assert n_parameters == golden["n_parameters"][place]
    assert -2 * best.objective + 2 * n_parameters == pytest.approx(golden["aic"][place], abs=0.02)
    assert -2 * best.objective + n_parameters * np.log(1718) == pytest.approx(golden["bic"][place], abs=0.02)


@pytest.mark.shared
@pytest.mark.slow
def test_job_satisfaction_parameters_as_in_lmest(shared_dir):
    best = search(rlms(shared_dir), nominal(1), 4, Search(starts=16), seed=np.random.SeedSequence(0))[0]
    initial, transition = np.array(GOLDEN["rlms"]["initial"]), np.array(GOLDEN["rlms"]["transition"])
    # states have no numbers: one permutation must fit everything
    distances = [
        max(
            np.abs(best.ascent.parameters.initial[list(order)] - initial).max(),
            np.abs(best.ascent.parameters.transition[0][np.ix_(order, order)] - transition).max(),
        )
        for order in itertools.permutations(range(4))
    ]
    assert min(distances) < 0.005


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("transitions", ["homogeneous", "time_varying"])
def test_drug_data_as_in_lmest(shared_dir, transitions):
    observations = drug(shared_dir)
    form = nominal(1, time_varying=transitions == "time_varying")
    golden, bic = GOLDEN["drug"], []
    for k, log_likelihood, n_parameters in zip(
        golden["k"], golden[transitions], golden[f"{transitions}_parameters"], strict=True
    ):
        # 59 parameters on 237 people: one random start in hundreds finds the top, so it is handed in, rounded
        hard = form.time_varying and k == 4
        plan = Search(starts=4 if hard else 40, short_sweeps=60, finished=5, sweeps=6000)
        given = [hard_start(golden["time_varying_start"])] if hard else []
        best = search(observations, form, k, plan, seed=np.random.SeedSequence(0), given=given)[0]
        assert best.ascent.reason == "tolerance"
        assert best.objective == pytest.approx(log_likelihood, abs=0.001)
        assert form.n_parameters(observations, k) == n_parameters
        bic.append(-2 * best.objective + n_parameters * np.log(237))
    assert int(np.argmin(bic)) + 1 == golden[f"{transitions}_bic_chooses"]


def hard_start(rounded: dict[str, list]) -> LatentMarkovParameters:
    def smooth(values):
        p = np.array(values) + 0.01
        return p / p.sum(axis=-1, keepdims=True)

    return LatentMarkovParameters(
        smooth(rounded["initial"]), smooth(rounded["transition"]), (smooth(rounded["response"]),)
    )
