"""The estimator: manners, truth recovered, bad input refused, and what it says about itself."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import stepmix_data
from sklearn.base import clone

from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.frozen import seal
from outcomes.subtypes.growth import GrowthMixture
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences, sequences

GOLDEN = Path(__file__).parents[1] / "golden" / "latent"


@pytest.fixture(scope="module")
def fitted(small) -> LatentMarkov:
    return LatentMarkov(3, n_starts=4, random_state=1).fit(small.sequences)


def test_arguments_are_kept_untouched_and_clone_works(fitted):
    plan = Search(sweeps=9)
    model = LatentMarkov(4, emissions={"a": "ordinal"}, search=plan)
    assert clone(model).get_params() == model.get_params()
    assert fitted.get_params()["n_states"] == 3
    assert not hasattr(clone(fitted), "initial_")


def test_states_are_ordered_by_expected_total(fitted):
    totals = fitted.profile().groupby("state")["expected_score"].sum()
    assert totals.is_monotonic_increasing
    assert totals.iloc[-1] - totals.iloc[0] > 5


def test_probabilities_are_probabilities(fitted, small):
    assert fitted.initial_.sum() == pytest.approx(1)
    np.testing.assert_allclose(fitted.transition_.sum(axis=1), 1)
    assert fitted.transition_.shape == (3, 3)
    for p in fitted.response_:
        np.testing.assert_allclose(p.sum(axis=1), 1)
        assert p.min() > 0  # the penalty keeps estimates off zero
    for states in (fitted.filtered(small.sequences), fitted.smoothed(small.sequences)):
        np.testing.assert_allclose(states.sum(axis=1), 1)
    assert set(np.unique(fitted.viterbi(small.sequences))) <= {1, 2, 3}


def test_the_likelihood_is_that_of_the_data_without_the_penalty(fitted, small):
    assert fitted.log_likelihood(small.sequences).sum() == pytest.approx(fitted.log_likelihood_, rel=1e-12)
    assert fitted.score(small.sequences) == pytest.approx(fitted.log_likelihood_ / 2400)
    assert fitted.path_[-1] < fitted.log_likelihood_  # the penalty takes something off
    assert np.diff(fitted.path_).min() > -1e-9 * abs(fitted.log_likelihood_)


def test_criteria_count_persons_not_rows(fitted):
    criteria = fitted.information_criteria()
    assert fitted.n_persons_ == 400
    assert fitted.n_parameters_ == 2 + 6 + 3 * 27
    assert criteria["bic"] == pytest.approx(-2 * fitted.log_likelihood_ + 89 * np.log(400))
    assert criteria["aic"] == pytest.approx(-2 * fitted.log_likelihood_ + 178)
    assert criteria["icl"] > criteria["bic"]
    assert 0 < fitted.entropy_r2_ < 1


def test_the_table_of_starts_tells_the_whole_search(fitted):
    assert len(fitted.starts_) == 4
    assert fitted.starts_["kind"].isin(["severity", "likeness", "random"]).all()
    assert fitted.starts_at_best_ == fitted.starts_["reached_best"].sum() >= 1
    assert fitted.starts_.loc[0, "objective"] == fitted.path_[-1]


def test_a_frozen_model_scores_to_the_same_bits(fitted, small):
    text = fitted.to_json()
    thawed = LatentMarkov.from_json(text)
    np.testing.assert_array_equal(thawed.filtered(small.sequences), fitted.filtered(small.sequences))
    assert thawed.to_json() == text
    assert thawed.information_criteria() == fitted.information_criteria()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda kept: "no json", "not JSON"),
        (lambda kept: json.dumps({**kept, "format": "other"}), "format"),
        (lambda kept: json.dumps({**kept, "format": "outcomes latent Markov 1"}), "freeze the fitted model again"),
        (
            lambda kept: json.dumps({**kept, "kind": "MixedLatentMarkov"}),
            "holds a MixedLatentMarkov, not a LatentMarkov",
        ),
        (lambda kept: json.dumps({k: v for k, v in kept.items() if k != "initial"}), "not what its sha256 says"),
        (lambda kept: json.dumps({**kept, "initial": [0.5, 0.5]}), "not what its sha256 says"),
        (lambda kept: seal({k: v for k, v in kept.items() if k not in {"sha256", "initial"}}), "missing or malformed"),
        (lambda kept: seal({k: v for k, v in kept.items() if k != "sha256"} | {"initial": "x"}), "malformed"),
    ],
)
def test_a_damaged_frozen_model_is_refused(fitted, damage, message):
    with pytest.raises(ConfigError, match=message):
        LatentMarkov.from_json(damage(json.loads(fitted.to_json())))


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(small):
    search = Search(sweeps=40, finished=2)
    models = [
        LatentMarkov(2, n_starts=4, random_state=5, n_jobs=jobs, search=search).fit(small.sequences) for jobs in (1, 2)
    ]
    kept = [json.loads(model.to_json()) for model in models]
    for one in kept:
        del one["arguments"]["n_jobs"], one["sha256"]
    assert json.dumps(kept[0]) == json.dumps(kept[1])


def test_weights_stand_for_people(small):
    data = small.sequences
    half = Sequences(data.items[:600], data.starts[:101], data.columns, data.rows[:600])
    doubled = Sequences(np.tile(half.items, (2, 1)), np.arange(0, 1201, 6), data.columns, np.arange(1200))
    arguments = {"n_states": 2, "n_starts": 3, "penalty": 0.0}
    weighted = LatentMarkov(**arguments).fit(half, sample_weight=np.full(100, 2.0))
    twice = LatentMarkov(**arguments).fit(doubled)
    assert weighted.log_likelihood_ == pytest.approx(twice.log_likelihood_, abs=0.01)
    assert weighted.n_persons_ == twice.n_persons_ == 200


def test_start_values_may_be_handed_in(fitted, small):
    plan = Search(short_sweeps=2, finished=1)
    again = LatentMarkov(3, n_starts=1, search=plan).fit(small.sequences, given=(fitted.parameters_,))
    assert again.starts_.loc[0, "kind"] == "given"
    assert again.log_likelihood_ == pytest.approx(fitted.log_likelihood_, abs=0.01)


def test_graded_answers_are_ordered_answers_with_other_curves(small):
    graded, ordinal = (
        LatentMarkov(3, emissions=name, n_starts=3).fit(small.sequences) for name in ("graded", "ordinal")
    )
    assert graded.n_parameters_ == ordinal.n_parameters_ == 2 + 6 + 9 * (3 + 2)
    at_least = graded.response_[0][:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    odds = np.log(at_least / (1 - at_least))
    np.testing.assert_allclose(odds - odds[0], (odds - odds[0])[:, [0]].repeat(3, axis=1), atol=1e-6)
    # the cohort was drawn from cumulative logits, so the graded family describes it better
    assert graded.log_likelihood_ > ordinal.log_likelihood_


def frame_of(data: Sequences) -> pd.DataFrame:
    table = pd.DataFrame(data.items, columns=list(data.columns)).astype("Int8").mask(data.items == -1)
    table.insert(0, "pseudonym", [f"p{n:05d}" for n in data.sequence])
    table.insert(1, "occasion", data.position)
    return table


def test_a_table_in_any_row_order_gives_its_rows_their_states(fitted, small):
    table = frame_of(small.sequences)
    shuffled = table.sample(frac=1, random_state=0)
    kept = shuffled.copy()
    filtered = pd.DataFrame(fitted.filtered(shuffled), index=shuffled.index).sort_index().to_numpy()
    np.testing.assert_allclose(filtered, fitted.filtered(small.sequences), atol=1e-12)
    pd.testing.assert_frame_equal(shuffled, kept)


def test_columns_are_found_by_name_when_scoring(fitted, small):
    table = frame_of(small.sequences)
    turned = table[["pseudonym", "occasion", *reversed(small.sequences.columns)]]
    np.testing.assert_array_equal(fitted.filtered(turned), fitted.filtered(table))
    with pytest.raises(DataError, match="fitted on items"):
        fitted.filtered(table.drop(columns="phq9_3"))


def test_new_patients_are_scored_one_by_one_as_all_together(fitted, small):
    whole = fitted.filtered(small.sequences)
    one = Sequences(small.sequences.items[6:12], np.array([0, 6]), small.sequences.columns, np.arange(6))
    np.testing.assert_allclose(fitted.filtered(one), whole[6:12], atol=1e-14)


def test_transform_is_filtered_and_named(fitted, small):
    np.testing.assert_array_equal(fitted.transform(small.sequences), fitted.filtered(small.sequences))
    assert fitted.get_feature_names_out().tolist() == ["state_1", "state_2", "state_3"]


def test_one_occasion_each_is_latent_class_analysis():
    rng = np.random.default_rng(0)
    member = rng.random(600) < 0.4
    answers = (rng.random((600, 6)) < np.where(member, 0.85, 0.15)[:, None]).astype(int)
    model = LatentMarkov(2, n_starts=5, penalty=0.0).fit(answers)
    assert model.n_parameters_ == 1 + 12  # nothing moves
    assert model.initial_[1] == pytest.approx(0.4, abs=0.05)
    assert (model.viterbi(answers) - 1 == member).mean() > 0.95


def test_time_varying_transitions_have_one_matrix_a_step(small):
    model = LatentMarkov(2, time_varying=True, n_starts=2).fit(small.sequences)
    assert model.transition_.shape == (5, 2, 2)
    assert model.n_parameters_ == 1 + 5 * 2 + 2 * 27
    assert model.transitions()["step"].unique().tolist() == [1, 2, 3, 4, 5]


def test_ordinal_answers_take_fewer_parameters_and_may_be_mixed(small):
    names = small.sequences.columns
    emissions = dict.fromkeys(names, "ordinal") | {"phq9_9": "nominal"}
    model = LatentMarkov(3, emissions=emissions, n_starts=3).fit(small.sequences)
    assert model.n_parameters_ == 2 + 6 + 8 * (3 + 2) + 9
    odds = np.log(model.response_[0][:, 1:] / model.response_[0][:, :-1])
    np.testing.assert_allclose(odds - odds[0], (odds - odds[0])[:, [0]].repeat(3, axis=1), atol=1e-6)


def test_a_blank_patient_tells_nothing_and_is_counted(small):
    data = small.sequences
    blank = Sequences(
        np.concatenate((data.items, np.full((2, 9), -1, dtype=np.int8))),
        np.append(data.starts, data.starts[-1] + 2),
        data.columns,
        np.arange(data.items.shape[0] + 2),
    )
    model, without = (LatentMarkov(2, n_starts=2, penalty=0).fit(d) for d in (blank, data))
    assert model.n_blank_sequences_ == 1
    assert model.n_persons_ == without.n_persons_
    assert model.log_likelihood_ == pytest.approx(without.log_likelihood_, abs=0.01)
    assert np.isfinite(model.filtered(blank)).all()
    assert model.log_likelihood(blank)[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_constant_item_is_named_and_harmless(small):
    items = small.sequences.items.copy()
    items[:, 4] = 2
    data = Sequences(items, small.sequences.starts, small.sequences.columns, small.sequences.rows)
    model = LatentMarkov(2, n_starts=2).fit(data)
    assert model.constant_items_ == ("phq9_5",)
    assert model.n_parameters_ == 1 + 2 + 2 * 24
    assert model.profile().query("item == 'phq9_5'")["expected_score"].tolist() == [2.0, 2.0]


def test_an_answer_never_seen_in_the_fit_is_refused_when_scoring(fitted, small):
    items = small.sequences.items.copy()
    items[3, 2] = 9
    strange = Sequences(items, small.sequences.starts, small.sequences.columns, small.sequences.rows)
    with pytest.raises(DataError, match="phq9_3: 1 answers of a kind that the fit has never seen"):
        fitted.filtered(strange)


def test_more_states_than_the_data_bear_are_refused():
    with pytest.raises(ConfigError, match=r"n_states is 3, but the data hold 20 sequences and 2 different rows"):
        LatentMarkov(3).fit(np.array([[0], [1]] * 10))


def test_one_patient_is_refused(small):
    one = Sequences(small.sequences.items[:6], np.array([0, 6]), small.sequences.columns, np.arange(6))
    with pytest.raises(DataError, match="at least 2 sequences with an answer are needed, got 1"):
        LatentMarkov(2).fit(one)


def test_an_item_that_nobody_answered_is_refused():
    with pytest.raises(DataError, match="item_2: never answered"):
        LatentMarkov(2).fit(np.array([[0, -1], [1, -1], [1, -1]]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_states": 0}, "n_states must be between 1 and 64, got 0"),
        ({"n_starts": 0}, "n_starts must be at least 1"),
        ({"penalty": -1.0}, "penalty must be a finite number"),
        ({"penalty": np.nan}, "penalty must be a finite number"),
        ({"random_state": -1}, "random_state must be a whole number"),
        ({"emissions": "normal"}, "emissions must be one of nominal, ordinal, graded"),
        ({"emissions": {"item_1": "nominal"}}, "one family for each of"),
    ],
)
def test_a_wrong_argument_is_quoted(arguments, message):
    with pytest.raises(ConfigError, match=message):
        LatentMarkov(**{"n_states": 2, **arguments}).fit(np.array([[0, 1], [1, 0], [1, 1]]))


def test_a_kept_start_that_hit_the_cap_is_not_called_converged(small):
    with pytest.warns(NotConvergedWarning, match="3 states: the kept start ended at its cap of 6 sweeps"):
        model = LatentMarkov(3, n_starts=2, search=Search(short_sweeps=3, sweeps=6)).fit(small.sequences)
    assert not model.converged_
    assert model.reason_ == "sweeps"
    assert not model.starts_["converged"].any()


def test_progress_is_told_to_the_end(small):
    told = []
    LatentMarkov(2, n_starts=3).fit(small.sequences, on_progress=lambda *step: told.append(step))
    assert told[0] == ("2 states", 1, 6)
    assert told[-1] == ("2 states", 6, 6)


@pytest.mark.shared
def test_symptoms_session_by_session_are_fitted(shared_dir):
    """Real trajectories: ragged, with holes; three states of severity that mostly improve."""
    table = pd.read_csv(shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv")
    data = sequences(table.drop(columns="group"), by="patient", order="session")
    model = LatentMarkov(3, n_starts=10).fit(data)
    assert model.n_persons_ == 167
    assert model.converged_
    assert model.starts_at_best_ >= 2
    totals = model.profile().groupby("state")["expected_score"].sum().to_numpy()
    assert totals[0] < 1.5 < 2.5 < totals[1] < 4.5 < 6 < totals[2]
    assert np.diag(model.transition_).min() > 0.8
    assert model.transition_[0, 2] < 0.05  # nobody falls from the mildest to the severest in a week


@pytest.mark.shared
def test_classes_of_the_first_session_equal_a_plain_mixture(shared_dir):
    """Latent classes at session 0 against a slow mixture of independent items, written out here."""
    table = pd.read_csv(shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv")
    first = table[table["session"] == 0].drop(columns=["patient", "group", "session"]).dropna()
    x = first.to_numpy(dtype=float)
    model = LatentMarkov(2, n_starts=10, penalty=0.0).fit(x)
    best = -np.inf
    for seed in range(8):
        rng = np.random.default_rng(seed)
        share, p = np.full(2, 0.5), rng.uniform(0.2, 0.8, (2, 9))
        for _ in range(1500):
            joint = share * np.exp(x @ np.log(p).T + (1 - x) @ np.log(1 - p).T)
            member = joint / joint.sum(axis=1, keepdims=True)
            share = member.mean(axis=0)
            p = np.clip(member.T @ x / member.sum(axis=0)[:, None], 1e-12, 1 - 1e-12)
        best = max(best, np.log(joint.sum(axis=1)).sum())
    assert model.log_likelihood_ == pytest.approx(best, abs=0.01)


def published(name: str) -> dict[str, Any]:
    """Give what StepMix found; origin, version and seed stand beside it."""
    return tomllib.loads((GOLDEN / "stepmix.toml").read_text(encoding="utf-8"))[name]


def assert_is_the_published_fit(x: np.ndarray, name: str, **fitting: object) -> LatentMarkov:
    known = published(name)
    assert (len(x), int(np.nansum(x))) == (known["people"], known["sum_of_answers"])  # the same data
    ours = LatentMarkov(known["k"], n_starts=20, penalty=0.0).fit(x, **fitting)
    assert ours.log_likelihood_ == pytest.approx(known["log_likelihood"], abs=0.01)
    np.testing.assert_allclose(ours.initial_, known["share"], atol=0.005)
    for item, p in enumerate(ours.response_):
        np.testing.assert_allclose(p, np.array(known["response"])[:, item], atol=0.005)
    return ours


@pytest.mark.parametrize("name", ["invented", "invented_weighted", "invented_missing"])
def test_latent_classes_are_those_of_a_published_package(name):
    """Log-likelihood, shares and every answer probability that StepMix 3.0 finds, plain, weighted, with missing."""
    answers, weights = stepmix_data.invented()
    x = stepmix_data.with_missing(answers) if name == "invented_missing" else answers
    assert_is_the_published_fit(x, name, **({"sample_weight": weights} if name == "invented_weighted" else {}))


@pytest.mark.shared
def test_classes_of_the_first_session_equal_a_published_package(shared_dir):
    assert_is_the_published_fit(stepmix_data.first_sessions(shared_dir), "first_sessions")


@pytest.mark.shared
@pytest.mark.slow
def test_survey_weights_are_people(shared_dir):
    """A population survey: weighted classes as StepMix finds them; brought to a mean of one, weights keep the n."""
    x, weights = stepmix_data.survey(shared_dir)
    weighted = assert_is_the_published_fit(x, "survey_weighted", sample_weight=weights)
    plain = LatentMarkov(3, n_starts=12, penalty=0.0).fit(x)
    assert weighted.n_persons_ == pytest.approx(2000)
    assert np.abs(weighted.initial_ - plain.initial_).max() > 0.005  # the sample is no small copy of the population


@pytest.mark.parametrize("weights", [np.zeros(400), np.full(400, np.nan), ["x"] * 400])
@pytest.mark.parametrize("model", [LatentMarkov(2, n_starts=1), GrowthMixture(2, degree=1, n_starts=1)])
def test_weights_of_nobody_are_refused_before_anything_is_computed(small, model, weights):
    with pytest.raises(DataError, match="weight_known"):
        clone(model).fit(small.sequences, sample_weight=weights)


def test_more_probabilities_than_answers_are_refused():
    few = np.random.default_rng(0).integers(0, 4, (40, 5))
    with pytest.raises(ConfigError, match="n_states is 20: 319 free probabilities, 200 answers: too few"):
        LatentMarkov(20).fit(few)
    assert not LatentMarkov(20).borne_by(few)
    assert LatentMarkov(3).borne_by(few)
    assert not LatentMarkov(3).borne_by(few[:1])
    ordered = LatentMarkov(20, emissions="ordinal")
    assert ordered.borne_by(few) == (19 + 20 * 5 + 5 * 2 <= 200)
