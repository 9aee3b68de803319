"""Real people: symptoms at every session of two psychotherapies (167 of the CBASP trial)."""

import sys

import pandas as pd
import pytest

from outcomes.prognosis.plan import Plan, contenders
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.prognosis.timeline import Courses
from outcomes.prognosis.validation import validate

REMITTED = 2  # symptoms at most
LATE = 20  # session from which on the last one counts


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
