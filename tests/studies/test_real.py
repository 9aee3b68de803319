"""Real answers, from file to report, with the figures that others have published or counted about them."""

import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from small_study import Place

from outcomes.cli import main
from outcomes.reference.instruments import instrument

pytestmark = [pytest.mark.slow, pytest.mark.shared]

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
STEP = 6
CASENESS = 10


class Done(Place):
    """A study of real data that has run."""

    name = ""

    @property
    def report(self):
        return self.reports / self.name

    def rows(self, table):
        with (self.report / "tables" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    @property
    def metrics(self):
        return json.loads((self.report / "metrics.json").read_text(encoding="utf-8"))

    @property
    def page(self):
        return (self.report / "report.html").read_text(encoding="utf-8")


def ran(root, name, source, **settings):
    """Run a shipped experiment through the command line, with less looking around so that it is quick."""
    text = (EXPERIMENTS / f"{name}.toml").read_text(encoding="utf-8")
    for key, value in {"states": "[2, 3]", "starts": "3", "resamples": "100", **settings}.items():
        text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
    done = Done(root)
    done.name = name
    words = ["run", str(done.write(text)), "--source", str(source), "--no-tracking", "--processes", "1"]
    assert main([*words, "--workspace", str(done.workspace), "--reports", str(done.reports)]) == 0
    return done


@pytest.fixture(scope="module")
def cbasp(tmp_path_factory, shared_dir):
    source = shared_dir / "data" / "cbasp_sp_sessions"
    return ran(tmp_path_factory.mktemp("cbasp"), "cbasp", source, landmarks="[3]")


@pytest.fixture(scope="module")
def two_waves(tmp_path_factory, shared_dir):
    return ran(tmp_path_factory.mktemp("waves"), "two_waves", shared_dir / "data" / "phq9_gad7_two_waves")


@pytest.fixture(scope="module")
def nhanes(tmp_path_factory, shared_dir):
    return ran(tmp_path_factory.mktemp("nhanes"), "nhanes", shared_dir / "data" / "nhanes_phq9", states="[2]")


def middle(count):
    """Round a true count as the policy does."""
    return 0 if count == 0 else (count - 1) // STEP * STEP + STEP // 2


def test_the_symptom_count_foretells_remission_as_well_as_others_found(cbasp):
    alone = cbasp.metrics["prognosis/dsm5_depression_alone/by_patient/auroc/landmark_3"]
    assert 0.70 < alone < 0.86
    assert alone == pytest.approx(0.78, abs=0.04)
    assert 0.6 < cbasp.metrics["prognosis/boosted_trees/by_patient/auroc/landmark_3"] < 0.9


def test_remissions_are_those_of_the_last_late_sessions(cbasp, shared_dir):
    feed = pd.read_csv(shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv")
    symptoms = feed.columns[3:]
    late = feed[feed["session"].ge(20)].dropna(subset=symptoms).sort_values("session").groupby("patient").tail(1)
    remitted = late[symptoms].sum(axis=1).le(2)
    row = next(row for row in cbasp.rows("at_risk") if row["landmark"] == "After session 3")
    assert int(row["n"]) == middle(len(remitted)) == 141
    assert int(row["n_events"]) == middle(int(remitted.sum()))
    assert int(row["referrals"]) == middle(feed["patient"].nunique())


def test_session_by_session_symptoms_give_states_and_moves(cbasp):
    assert cbasp.metrics["subtypes/states"] == 3
    assert cbasp.metrics["subtypes/converged"] == 1
    assert (cbasp.report / "figures" / "state_transitions.svg").is_file()
    assert not (cbasp.report / "care").exists()
    assert "anonymised before it came" in cbasp.page


def test_the_moments_of_the_two_waves_are_the_published_ones(two_waves, shared_dir):
    sizes = {row["measure"]: row for row in two_waves.rows("effect_sizes")}
    published = {"PHQ-9": ("7.48", "5.96"), "GAD-7": ("6.21", "4.96")}  # 7.479 (5.964), 6.206 (4.956)
    assert {name: (row["mean_first"], row["sd_first"]) for name, row in sizes.items()} == published
    assert {row["n"] for row in sizes.values()} == {str(middle(403))}
    feed = pd.read_csv(shared_dir / "data" / "phq9_gad7_two_waves" / "phq9_gad7_items_long.csv")
    first = feed[feed["wave"].eq(feed["wave"].min())]
    assert first.filter(like="PHQ").sum(axis=1).mean() == pytest.approx(7.479, abs=0.0005)
    assert first.filter(like="GAD").sum(axis=1).std() == pytest.approx(4.956, abs=0.0005)


def test_reliable_change_of_the_two_waves_is_that_of_the_items(two_waves, shared_dir):
    feed = pd.read_csv(shared_dir / "data" / "phq9_gad7_two_waves" / "phq9_gad7_items_long.csv")
    totals = pd.DataFrame(
        {
            "patient": feed["patient"],
            "wave": feed["wave"],
            "phq9": feed.filter(like="PHQ").sum(axis=1, skipna=False),
            "gad7": feed.filter(like="GAD").sum(axis=1, skipna=False),
        }
    ).pivot(index="patient", columns="wave", values=["phq9", "gad7"])
    start, end = sorted(feed["wave"].unique())
    change = {key: totals[key][end] - totals[key][start] for key in ("phq9", "gad7")}
    down, up = change["phq9"].le(-6) | change["gad7"].le(-4), change["phq9"].ge(6) | change["gad7"].ge(4)
    improved = next(row for row in two_waves.rows("outcomes") if row["measure"] == "Reliable improvement")
    assert int(improved["numerator"]) == middle(int((down & ~up).sum()))
    assert "Deprivation" not in two_waves.page


def test_caseness_by_sex_is_that_of_the_answers_with_7_and_9_missing(nhanes, shared_dir):
    files = sorted((shared_dir / "data" / "nhanes_phq9").glob("*.csv"))
    feed = pd.concat([pd.read_csv(path) for path in files], ignore_index=True)
    items = feed[[f"DPQ0{number}0" for number in range(1, 10)]]
    assert items.isin([7, 9]).any(axis=1).sum() > 50
    answered = items.isin(range(instrument("phq9").items[0].codes[-1] + 1)).all(axis=1)
    total = items.sum(axis=1)
    shown = {row["group"]: row for row in nhanes.rows("outcome_by_group") if row["breakdown"] == "Gender"}
    for label, code in (("Male", 1), ("Female", 2)):
        group = answered & feed["RIAGENDR"].eq(code)
        assert int(shown[label]["n"]) == middle(int(group.sum()))
        assert int(shown[label]["events"]) == middle(int((group & total.ge(CASENESS)).sum()))
    rates = {label: float(row["rate_pct"]) for label, row in shown.items()}
    assert 5 < rates["Male"] < 8 < rates["Female"] < 13


def test_one_occasion_says_nothing_about_change(nhanes):
    assert "Everybody was asked once, so nothing can be said about change." in nhanes.page
    assert not (nhanes.report / "figures" / "state_transitions.svg").exists()
    assert (nhanes.report / "figures" / "state_profiles.svg").is_file()
