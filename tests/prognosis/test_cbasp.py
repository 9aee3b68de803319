"""Real people: symptoms at every session of two psychotherapies (CBASP), totals at irregular visits (ENRICHD)."""

import sys

import pandas as pd
import pytest

from outcomes.prognosis.plan import Plan, contenders
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.prognosis.timeline import Courses
from outcomes.prognosis.validation import validate

REMITTED = 2  # symptoms at most
LATE = 20  # session from which on the last one counts
LOW = 10  # the last total lies below it
VISITS = 6  # at least


@pytest.mark.slow
@pytest.mark.shared
def test_remission_from_the_first_sessions_beside_the_symptom_count(shared_dir, capsys):
    feed = pd.read_csv(shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv", dtype={"patient": str})
    symptoms = list(feed.columns[3:])
    key = {"pseudonym": feed["patient"], "referral": feed["patient"], "occasion": feed["session"]}
    items = {f"dsm5_depression_{number}": feed[name].astype("Int8") for number, name in enumerate(symptoms, start=1)}
    occasions = pd.DataFrame({**key, **items})
    totals = pd.DataFrame({**key, "dsm5_depression": feed[symptoms].sum(axis=1, skipna=False)})
    episodes = occasions[["pseudonym", "referral"]].drop_duplicates(ignore_index=True)
    late = totals.loc[totals["occasion"].ge(LATE)].dropna().sort_values("occasion").groupby("referral").tail(1)
    target = episodes["referral"].map(late.set_index("referral")["dsm5_depression"].le(REMITTED)).astype("boolean")

    courses = Courses(episodes, occasions, totals, clock="number")
    plan = Plan(landmarks=(3,), validations=(BY_PATIENT,), n_bootstrap=200)
    found = validate(courses, target, contenders("dsm5_depression"), plan=plan)

    areas = found.metrics.query("metric == 'auroc'").set_index("model")
    with capsys.disabled():
        sys.stdout.write("\n" + areas[["n", "n_events", "value", "low", "high"]].round(3).to_string() + "\n")
    assert areas.loc["dsm5_depression_alone", "value"] == pytest.approx(0.78, abs=0.03)
    for model in ("boosted_trees", "penalised_logistic"):
        assert 0.65 < areas.loc[model, "value"] < 0.9
        assert areas.loc[model, "low"] < areas.loc["dsm5_depression_alone", "value"] < areas.loc[model, "high"]
    assert found.counts.loc[0, "n"] == 143


@pytest.mark.slow
@pytest.mark.shared
def test_a_low_last_score_from_the_first_three_visits_beside_the_third_score(shared_dir, capsys):
    feed = pd.read_csv(shared_dir / "data" / "enrichd_bdi" / "bdi_long.csv", dtype={"patient": str})
    feed = feed.drop_duplicates(["patient", "day"]).sort_values(["patient", "day"], ignore_index=True)
    feed = feed.loc[feed.groupby("patient")["bdi"].transform("size").ge(VISITS)]
    key = {"pseudonym": feed["patient"], "referral": feed["patient"]}
    occasions = pd.DataFrame({**key, "occasion": feed.groupby("patient").cumcount() + 1, "day": feed["day"]})
    totals = occasions.assign(bdi2=feed["bdi"].astype(float)).reset_index(drop=True)
    episodes = occasions[["pseudonym", "referral"]].drop_duplicates(ignore_index=True)
    last = totals.groupby("referral")["bdi2"].last().lt(LOW)
    target = episodes["referral"].map(last).astype("boolean")

    courses = Courses(episodes, occasions.reset_index(drop=True), totals)
    plan = Plan(landmarks=(2,), validations=(BY_PATIENT,), n_bootstrap=200)
    found = validate(courses, target, contenders("bdi2"), plan=plan)

    areas = found.metrics.query("metric == 'auroc'").set_index("model")
    with capsys.disabled():
        sys.stdout.write("\n" + areas[["n", "n_events", "value", "low", "high"]].round(3).to_string() + "\n")
    assert areas.loc["bdi2_alone", "value"] == pytest.approx(0.75, abs=0.04)
    for model in ("boosted_trees", "penalised_logistic"):
        assert 0.6 < areas.loc[model, "value"] < 0.9
        assert areas.loc[model, "low"] < areas.loc["bdi2_alone", "value"] < areas.loc[model, "high"]
