"""Covariates: the same model without them, enumeration with them, exact gradients, and bad tables refused."""

import itertools
from functools import partial

import numpy as np
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.ascent import ascend
from outcomes.kernel.emissions import family
from outcomes.kernel.latent_markov import (
    Form,
    LatentMarkovParameters,
    expect,
    log_penalty,
    nominal,
    pseudo_observations,
)
from outcomes.kernel.latent_markov_covariate_passes import climb_logit, logit_gradient, logit_rows
from outcomes.kernel.latent_markov_covariates import (
    CovariateParameters,
    design,
    expect_patterns,
    flat,
    from_homogeneous,
    gradient,
    improver_with_covariates,
    leap_with_covariates,
    n_free,
    pattern_probabilities,
    penalised,
    unflat,
)
from outcomes.kernel.latent_markov_decoding import Chains, posterior, viterbi
from outcomes.kernel.latent_markov_packing import observe


def example(n: int = 60, n_states: int = 3):
    rng = np.random.default_rng(n)
    lengths = rng.integers(1, 6, n)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    codes = rng.integers(-1, 3, (starts[-1], 4))
    observations = observe(codes, starts, rng.uniform(0.5, 2, n), (3,) * 4)
    initial = rng.integers(0, 2, (n, 1)).astype(float)
    moves = np.column_stack((rng.normal(size=starts[-1]), rng.integers(0, 2, starts[-1])))
    plan = design(observations, initial, moves)
    first = np.vstack((np.zeros(2), rng.normal(size=(n_states - 1, 2))))
    later = rng.normal(size=(n_states, n_states, 3))
    later[np.arange(n_states), np.arange(n_states)] = 0.0
    response = tuple(rng.dirichlet(np.ones(3), n_states) for _ in range(4))
    return observations, plan, CovariateParameters(first, later, response)


def test_a_constant_alone_is_the_model_without_covariates():
    observations, _, _ = example()
    rng = np.random.default_rng(1)
    parameters = LatentMarkovParameters(
        rng.dirichlet(np.ones(3)),
        rng.dirichlet(np.ones(3), (1, 3)),
        tuple(rng.dirichlet(np.ones(3), 3) for _ in range(4)),
    )
    plan = design(observations, None, None)
    same = from_homogeneous(parameters, plan)
    expected, known = expect_patterns(observations, same, plan), expect(observations, parameters)
    assert expected.log_likelihood == pytest.approx(known.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(expected.moves[:, 0], known.transition[0], rtol=1e-9)
    np.testing.assert_allclose(expected.initial[0], known.initial, rtol=1e-9)
    pseudo = pseudo_observations(observations, 0.5, 3)
    objective = penalised(observations, same, plan, pseudo)[1]
    assert objective == pytest.approx(known.log_likelihood + log_penalty(parameters, pseudo), rel=1e-12)


def test_likelihood_equals_enumeration_of_all_paths():
    observations, plan, parameters = example(12)
    initial, moves = pattern_probabilities(parameters, plan)
    total, best = 0.0, []
    for number in range(observations.n_sequences):
        rows = range(observations.starts[number], observations.starts[number + 1])
        joint = {}
        for path in itertools.product(range(3), repeat=len(rows)):
            p = initial[plan.initial_pattern[number], path[0]]
            for place, (row, state) in enumerate(zip(rows, path, strict=True)):
                p *= moves[plan.move_pattern[row], path[place - 1], state] if place else 1.0
                for item, code in enumerate(observations.codes[row]):
                    p *= parameters.response[item][state, code] if code >= 0 else 1.0
            joint[path] = p
        total += observations.weights[number] * np.log(sum(joint.values()))
        best.extend(max(joint, key=joint.get))
    assert expect_patterns(observations, parameters, plan).log_likelihood == pytest.approx(total, rel=1e-10)
    chains = Chains(initial, plan.initial_pattern, moves, plan.move_pattern)
    mean = LatentMarkovParameters(initial[0], moves[:1], parameters.response)
    found = posterior(observations, mean, chains)
    assert observations.weights @ found.log_sequence == pytest.approx(total, rel=1e-10)
    assert viterbi(observations, mean, chains).tolist() == best


@pytest.mark.parametrize("name", ["nominal", "ordinal", "graded"])
@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_the_gradient_is_exact(name, penalty):
    observations, plan, parameters = example()
    form = Form((family(name),) * 4, penalty=penalty)
    response = tuple(family(name).nearest(p) for p in parameters.response)
    parameters = CovariateParameters(parameters.initial, parameters.moves, response)
    pseudo = pseudo_observations(observations, penalty, 3)
    at = flat(parameters, form)
    np.testing.assert_allclose(flat(unflat(at, parameters, form), form), at, atol=1e-9)
    got = gradient(penalised(observations, parameters, plan, pseudo)[0], parameters, plan, form, pseudo)
    for place in np.linspace(0, at.size - 1, 12).astype(int):
        move = np.eye(at.size)[place] * 1e-5
        up, down = (penalised(observations, unflat(at + s * move, parameters, form), plan, pseudo)[1] for s in (1, -1))
        assert got[place] == pytest.approx((up - down) / 2e-5, abs=1e-4)
    assert n_free(parameters, form, observations) == at.size


def test_the_path_never_decreases():
    observations, plan, parameters = example()
    form = nominal(4, penalty=0.1)
    improve = improver_with_covariates(observations, form, 3, plan)
    for leap in (None, partial(leap_with_covariates, form=form)):
        found = ascend(parameters, improve, tolerance=0.0, score_tolerance=0.0, sweeps=80, leap=leap)
        assert np.diff(found.path).min() > -1e-9 * abs(found.path[-1])


def test_another_order_of_states_says_the_same():
    observations, plan, parameters = example()
    turned = parameters.reordered(np.array([2, 0, 1]))
    assert (turned.initial[0] == 0).all()
    one, other = (expect_patterns(observations, p, plan).log_likelihood for p in (parameters, turned))
    assert one == pytest.approx(other, rel=1e-12)


def test_a_step_of_the_logit_is_newton_and_knows_what_is_forbidden():
    x = np.column_stack((np.ones(4), np.arange(4.0)))
    truth = np.array([[0.0, 0.0], [0.5, -0.4], [0.0, 0.0]])
    allowed = np.array([True, True, False])
    counts = 100 * logit_rows(x, truth, allowed)
    assert (counts[:, 2] == 0).all()
    found = np.zeros((3, 2))
    for _ in range(20):
        found, decrement = climb_logit(x, counts, found, allowed, 0)
    np.testing.assert_allclose(found, truth, atol=1e-8)
    assert decrement == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(logit_gradient(x, counts, logit_rows(x, truth, allowed)), 0.0, atol=1e-9)


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        (np.array([[1.0], [np.nan], [0.0]]), "1 of 3 rows hold a missing or infinite value"),
        (np.ones((3, 1)), "collinear or do not vary"),
    ],
)
def test_covariates_that_cannot_be_used_are_refused(initial, message):
    observations = observe(np.array([[0], [1], [0]]), np.arange(4))
    with pytest.raises(DataError, match=message):
        design(observations, initial, None)


def test_structure_and_steps_in_time_do_not_go_with_covariates():
    observations, plan, _ = example()
    with pytest.raises(ConfigError, match="use covariates of time"):
        improver_with_covariates(observations, nominal(4, time_varying=True), 3, plan)
