"""The truth beside the feed is complete and fits the feed."""

import numpy as np

from outcomes.simulation.service import SimulatedService


def test_truth_covers_the_feed(either_service: SimulatedService) -> None:
    feed, truth = either_service, either_service.truth
    assert truth["patients"]["patient_id"].tolist() == feed.patients["patient_id"].tolist()
    assert truth["referrals"]["episode_id"].tolist() == feed.referrals["episode_id"].tolist()
    shown = truth["occasions"][truth["occasions"]["in_feed"]]
    assert len(shown) == len(feed.responses)
    assert (shown["session_date"].to_numpy() == feed.responses["session_date"].to_numpy()).all()
    used = feed.referrals["therapist_id"].loc[lambda ids: ids.ne("")]
    assert set(used) <= set(truth["therapists"]["therapist_id"])


def test_hidden_states_come_with_their_item_probabilities(service: SimulatedService) -> None:
    probabilities = service.truth["item_probabilities"]
    totals = probabilities.groupby(["chain", "state", "item"])["probability"].sum()
    np.testing.assert_allclose(totals, 1.0)
    assert len(totals) == 7 * 9 + 5 * 7
    assert set(service.truth["occasions"]["state"]) <= set(service.truth["states"]["state"])


def test_without_states_the_truth_is_a_severity(severity_service: SimulatedService) -> None:
    assert {"severity", "anxiety_severity"} <= set(severity_service.truth["occasions"])
    assert "item_probabilities" not in severity_service.truth
    assert set(severity_service.truth["referrals"]["started_as"]) == {"none"}


def test_answers_follow_the_true_state(service: SimulatedService) -> None:
    shown = service.truth["occasions"][service.truth["occasions"]["in_feed"]]
    rows = shown["state"].to_numpy() == service.truth["states"].set_index("name").loc["typical", "state"]
    table = service.truth["item_probabilities"]
    expected = table[(table["chain"] == "state") & (table["item"] == "phq9_2")].assign(
        mean=lambda part: part["response"] * part["probability"]
    )
    expected = expected.groupby("state")["mean"].sum()[shown.loc[rows, "state"].iloc[0]]
    assert abs(service.responses.loc[rows, "phq9_2"].mean() - expected) < 0.06


def test_planted_effects_of_treatment_differ_by_first_shape(service: SimulatedService) -> None:
    referrals = service.truth["referrals"]
    by_shape = referrals.groupby("started_as")["effect_of_cbt"].agg(["nunique", "first"])
    assert (by_shape["nunique"] == 1).all()
    assert by_shape["first"].nunique() == 3


def test_no_truth_is_in_the_feed(service: SimulatedService) -> None:
    for table in (service.patients, service.referrals, service.contacts, service.responses):
        assert not {"state", "response_class", "severity", "therapist_effect"} & set(table.columns)
