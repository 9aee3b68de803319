"""The gates of a study's models are read from what it found; only what passes is registered."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.fairness.gaps import EXCEEDS, INCONCLUSIVE, REFERENCE, TOO_FEW, WITHIN
from outcomes.publications.page import Section
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.registering import (
    SILENCE,
    VERDICTS,
    columns_of,
    judge_models,
    model_file,
    model_name,
    register_models,
)
from outcomes.studies.sections.registry import RegistrySettings
from outcomes.tracking.gates import GATES
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.registry import CHALLENGER, Registry

FILLED = RegistrySettings(
    intended_use="supervision", intended_users="supervisors", not_for="triage", owner="clinical lead", review_by="2027"
)


def gates(materials, found, chapters=(), settings=FILLED):
    judged = judge_models(materials, found, chapters, settings)
    assert list(judged.gates) == [0]  # the other landmark has too few people
    return {gate.name: gate for gate in judged.gates[0]}, judged


def with_slope(found, value, low, high):
    metrics = found.validation.metrics.copy()
    chosen = metrics["metric"].eq("calibration_slope")
    metrics.loc[chosen, ["value", "low", "high"]] = [value, low, high]
    return replace(found, validation=replace(found.validation, metrics=metrics))


def verdicts(*said, silence=None, landmark=0):
    tables = {VERDICTS: said} | ({} if silence is None else {SILENCE: silence})
    internal = {
        name: pd.DataFrame({"group": [f"g{i}" for i in range(len(rows))], "verdict": rows, "landmark": landmark})
        for name, rows in tables.items()
    }
    return (Chapter(Section("Groups", ()), internal),)


@pytest.mark.parametrize(
    ("slope", "passed"),
    [
        ((1.02, 0.95, 1.10), True),
        ((1.02, 0.70, 1.40), True),  # wide, but 1 is in it and the value is near
        ((1.15, 1.05, 1.19), True),  # surely not 1, and surely within the tolerance
        ((1.15, 1.05, 1.25), False),
        ((0.75, 0.60, 1.05), False),
        ((float("nan"),) * 3, None),
    ],
)
def test_calibration_is_the_slope_within_its_tolerance(materials, found, slope, passed):
    gate = gates(materials, with_slope(found, *slope))[0]["calibration"]
    assert gate.passed is passed
    assert "slope" in gate.sentence


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ((REFERENCE, WITHIN, WITHIN), True),
        ((REFERENCE, WITHIN, EXCEEDS), False),
        ((REFERENCE, WITHIN, INCONCLUSIVE), None),
        ((REFERENCE, WITHIN, TOO_FEW), None),
        ((REFERENCE,), None),
    ],
)
def test_fairness_is_green_only_if_every_gap_is_within(materials, found, said, passed):
    assert gates(materials, found, verdicts(*said))[0]["fairness"].passed is passed


@pytest.mark.parametrize(
    ("silence", "passed", "sentence"),
    [
        (("", REFERENCE, WITHIN), True, f"gaps by group: 1 {WITHIN}; in who gets no probability: 1 {WITHIN}"),
        (("", REFERENCE, EXCEEDS), False, f"in who gets no probability: 1 {EXCEEDS}"),
        (("", REFERENCE, TOO_FEW), None, f"in who gets no probability: 1 {TOO_FEW}"),
        (("", REFERENCE), None, "in who gets no probability: none judged"),
    ],
)
def test_a_group_left_without_probabilities_shuts_the_gate_too(materials, found, silence, passed, sentence):
    gate = gates(materials, found, verdicts(REFERENCE, WITHIN, silence=silence))[0]["fairness"]
    assert gate.passed is passed
    assert sentence in gate.sentence


def test_a_landmark_is_judged_by_its_own_verdicts(materials, found):
    gate = gates(materials, found, verdicts(REFERENCE, EXCEEDS, landmark=3))[0]["fairness"]
    assert (gate.passed, gate.sentence) == (None, "the model was not looked at by group")


def test_a_model_not_looked_at_by_group_is_not_judged(materials, found):
    gate = gates(materials, found)[0]["fairness"]
    assert (gate.passed, gate.sentence) == (None, "the model was not looked at by group")


def test_a_blank_line_on_the_card_is_incomplete(materials, found):
    named, judged = gates(materials, found, settings=RegistrySettings(intended_use="supervision"))
    assert named["completeness"].passed is False
    assert named["completeness"].sentence == "left blank on the card: Intended users, Not for, Owner, Review by"
    assert judged.card.blanks == ("Intended users", "Not for", "Owner", "Review by")
    assert gates(materials, found)[0]["completeness"].passed is True


def test_privacy_is_the_measured_attack(materials, found):
    gate = gates(materials, found)[0]["privacy"]
    assert gate.passed is found.membership[0].passed
    assert f"{found.membership[0].auroc:.2f}" in gate.sentence


def test_the_card_names_data_performance_and_every_gate(materials, found):
    text = judge_models(materials, found, (), FILLED).card.markdown()
    assert materials.opened.view.snapshot in text
    assert "| 0 | " in text
    assert all(f"**{name}, after session 0**" in text for name in GATES)


def register(materials, found, tmp_path, *, attack):
    told = replace(found, membership={0: replace(found.membership[0], auroc=attack, passed=attack <= 0.6)})
    store = tmp_path / "mlflow"
    subject = Subject("small", "?", materials.opened.view.snapshot, "invented", "e", "midpoint6", {})
    with tracker(subject, store=store) as run:
        run.model(model_file(0), found.models[0].content, columns=columns_of(found, 0))
    lines = register_models(materials, told, judge_models(materials, told, (), FILLED), {0: run.run_id}, store)
    return lines, Registry(MlflowStore(store)).versions()


def test_a_landmark_becomes_a_challenger(materials, found, tmp_path):
    lines, (version,) = register(materials, found, tmp_path, attack=0.52)
    assert version.name == model_name("small", 0) == "small.session_0"
    assert version.aliases == (CHALLENGER,)
    assert version.facts["source_kind"] == "invented"
    assert lines[0].startswith("1 models are challengers (gates that hold promotion back:")


def test_a_model_that_gives_its_people_away_is_not_registered_and_it_is_said(materials, found, tmp_path):
    lines, versions = register(materials, found, tmp_path, attack=0.71)
    assert versions == ()
    assert lines == (
        f"small.session_0 is not registered: privacy is red (membership AUC 0.71, limit 0.60, "
        f"{found.membership[0].n_members} members); fit a smaller model, or register it with a reason",
    )
