"""A whole study, from feed to doors: what it makes, what it says, what it never lets out."""

import csv
import json
import re
import sqlite3
import stat
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from small_study import FROM_FILES, INVENTED, ran

from outcomes.errors import ConfigError
from outcomes.library.view import research_view
from outcomes.studies import whole
from outcomes.studies.opening import Request
from outcomes.studies.whole import run_study

pytestmark = pytest.mark.slow

CHAPTERS = (
    "Who came, and how far did they get?",
    "How did it go?",
    "Which states do people pass through?",
    "Who is on the way?",
    "For whom does it work less well?",
)
SHARES = {  # table: rate: (numerator, denominator)
    "outcomes": {"rate_pct": ("numerator", "denominator")},
    "outcome_by_group": {"rate_pct": ("events", "n")},
    "outcomes_by_first_state": {"rate_pct": ("numerator", "denominator")},
    "table_one": {"share_pct": ("n", "of")},
    "model_by_group": {"flag_rate_pct": ("flagged", "n"), "tpr_pct": ("true_positives", "events")},
}
STEP = 6


def rows(study, name):
    with (study.report / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def identifiers(study):
    """Everything in the feed and the library that names one person, referral, contact or therapist."""
    found = set()
    for name, columns in {
        "patients": ("patient_id", "nhs_number"),
        "referrals": ("episode_id", "therapist_id"),
        "contacts": ("contact_id",),
    }.items():
        table = pd.read_csv(study.feed / f"{name}.csv", dtype=str, keep_default_na=False)
        found |= {value for column in columns for value in table[column]}
    for frame in research_view(study.workspace / "small" / "library").tables.values():
        found |= {
            value
            for column in ("pseudonym", "referral", "therapist")
            if column in frame
            for value in frame[column].dropna()
        }
    return {value.encode() for value in found if value}


def test_the_report_has_every_part(study):
    names = {path.name for path in study.report.iterdir()}
    assert names == {
        "report.html",
        "tables",
        "figures",
        "methods.md",
        "metrics.json",
        "configuration.json",
        "environment.json",
        "care",
    }
    assert [place.name for _, place in study.record.made] == [
        "report.html",
        "tables",
        "figures",
        "methods.md",
        "metrics.json",
    ]
    assert all(place.exists() for _, place in study.record.made)
    endings = {path.suffix for path in (study.report / "figures").iterdir()}
    assert endings == {".svg", ".pdf", ".png"}


def test_the_report_answers_its_questions_in_order(study):
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", study.page)
    assert [heading for heading in headings if heading in CHAPTERS] == list(CHAPTERS)
    assert "Does a small service walk from its feed to the doors?" in study.page
    assert "no patient stands behind a row" in study.page


def test_the_record_says_what_was_made_and_how_to_go_on(study):
    text = "\n".join(study.record.lines())
    assert study.record.snapshot in text
    assert "report.html" in text
    assert "make ui" in text
    assert re.search(r"(\d+) open = (\d+) flag \+ (\d+) no flag \+ (\d+) cannot score", text)


def test_the_record_says_what_became_of_every_row(study):
    text = "\n".join(study.record.lines()).replace(",", "")
    found = re.search(
        r"(\d+) rows read = (\d+) accepted \+ (\d+) duplicate \+ (\d+) quarantined \+ (\d+) refused", text
    )
    read, *parts = (int(number) for number in found.groups())
    assert read == sum(parts) == study.record.intake.tally["read"].sum() > 0
    assert study.record.intake_sheet.read_text(encoding="utf-8") == study.record.intake.text()


def test_every_step_was_told_to_its_end(study):
    last = {step: (done, total) for step, done, total in study.steps}
    assert {"Inventing a service", "Checking the feed", "Comparing groups", "Writing the report"} <= set(last)
    assert {step: counts for step, counts in last.items() if counts[0] != counts[1]} == {}


def test_no_one_of_the_feed_is_found_outside_care(study):
    names = identifiers(study)
    assert len(names) > 1000
    outside = [path for path in study.report.rglob("*") if path.is_file() and path.parent.name != "care"]
    tracked = [path for path in (study.workspace / "mlflow").rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in tracked)
    assert len(tracked) > 10
    for path in outside + tracked:
        content = path.read_bytes()
        assert not set(re.findall(rb"[A-Za-z0-9]{6,}", content)) & names, path.name
        if path.suffix == ".db":  # texts stand there without anything between them
            assert not any(name in content for name in names), path.name
    inside = (study.report / "care" / "caseload.html").read_bytes()
    assert set(re.findall(rb"[A-Za-z0-9]{6,}", inside)) & names, "the search would not find what is there"


def test_care_is_for_its_owner_only(study):
    care = study.report / "care"
    assert stat.S_IMODE(care.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in care.iterdir()} == {0o600}
    assert stat.S_IMODE((study.workspace / "small" / "vault").stat().st_mode) == 0o700


def test_the_caseload_adds_up_and_is_that_of_the_feed(study):
    counts = json.loads((study.report / "care" / "caseload.json").read_text(encoding="utf-8"))["counts"]
    referrals = pd.read_csv(study.feed / "referrals.csv", dtype=str, keep_default_na=False)
    assert counts["open"] == counts["flag"] + counts["no_flag"] + counts["cannot_score"]
    assert counts["open"] == int(referrals["discharge_date"].eq("").sum())


def test_metrics_are_plain_and_finite(study):
    metrics = json.loads((study.report / "metrics.json").read_text(encoding="utf-8"))
    referrals = pd.read_csv(study.feed / "referrals.csv", dtype=str)
    assert metrics["people/referrals"] == len(referrals)
    assert metrics["subtypes/states"] in {2, 3}
    assert 0.5 < metrics["prognosis/boosted_trees/by_patient/auroc/landmark_2"] < 1
    assert list(metrics) == sorted(metrics)


def test_the_configuration_says_what_was_asked(study):
    said = json.loads((study.report / "configuration.json").read_text(encoding="utf-8"))
    assert said["snapshot"] == study.record.snapshot
    assert said["experiment"]["prognosis"]["landmarks"] == [0, 2]


@pytest.mark.parametrize("name", sorted(SHARES))
def test_every_share_follows_from_the_counts_beside_it(study, name):
    checked = 0
    for row in rows(study, name):
        for rate, (numerator, denominator) in SHARES[name].items():
            try:
                printed = Decimal(row[rate])
            except ArithmeticError:
                continue  # "too few"
            share = Decimal(100) * Decimal(row[numerator]) / Decimal(row[denominator])
            assert printed == share.quantize(Decimal("0.1"), ROUND_HALF_UP), row
            checked += 1
    assert checked


def middle(count):
    return count == 0 or count % STEP == STEP // 2


def test_every_count_or_what_it_lacks_of_its_whole_is_the_middle_of_six(study):
    parts = {"numerator": "denominator", "events": "n", "n_events": "n", "n": "of"}
    checked = 0
    for name in ("outcomes", "outcome_by_group", "table_one", "at_risk", "prediction_by_patient"):
        for row in rows(study, name):
            for part, of in parts.items():
                if row.get(part) and row.get(of):
                    assert middle(int(row[of])), (name, of)
                    assert middle(int(row[part])) or middle(int(row[of]) - int(row[part])), (name, part)
                    checked += 1
    assert checked > 50


def test_the_funnel_never_widens(study):
    text = (study.report / "methods.md").read_text(encoding="utf-8")
    assert "no split or resample parts a person" in text
    still_there = [int(row["at_risk"]) for row in rows(study, "at_risk")]
    assert still_there == sorted(still_there, reverse=True)


def test_the_tracked_run_holds_the_metrics_of_the_report(study):
    metrics = json.loads((study.report / "metrics.json").read_text(encoding="utf-8"))
    with sqlite3.connect(study.workspace / "mlflow" / "mlflow.db") as store:
        tracked = dict(store.execute("select key, value from latest_metrics").fetchall())
        states = store.execute("select distinct status from runs").fetchall()
    assert states == [("FINISHED",)]
    assert tracked["outcomes/recovery_pct"] == pytest.approx(metrics["outcomes/recovery_pct"])
    store.close()


def test_a_run_that_fails_leaves_the_old_report_and_nothing_half_done(study, monkeypatch):
    before = {path: path.read_bytes() for path in study.report.rglob("*") if path.is_file()}

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(whole, "study_chapters", lambda *_: ((), None))
    monkeypatch.setattr(whole, "write_record", lambda *_, **__: stopped())
    request = Request(study.root / "experiment.toml", study.workspace, study.reports)
    with pytest.raises(KeyboardInterrupt):
        run_study(request, tracking=False)
    assert {path: path.read_bytes() for path in study.report.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in study.reports.iterdir()) == ["small", "small.receipt.json"]


def test_a_grouping_that_the_feed_does_not_tell_is_an_error_before_anything_is_fitted(place):
    wrong = INVENTED.replace('"deprivation_quintile"]', '"treatment_arm"]').replace("500", "20")
    with pytest.raises(ConfigError, match=r"fairness\.by: this feed does not tell treatment_arm; it tells .*gender"):
        run_study(place.request(wrong), tracking=False)
    for setting, told in (
        ('remedies_by = "education_us"', "remedies_by: this feed does not tell education_us"),
        ('intersections = [["gender", "education_us"]]', "intersections: this feed does not tell education_us"),
    ):
        text = INVENTED.replace("[fairness]", f"[fairness]\n{setting}").replace("500", "20")
        with pytest.raises(ConfigError, match=told):
            run_study(place.request(text), tracking=False)


def spoilt(folder, how):
    path = folder / "responses.csv"
    how(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)


def items(table):
    return [name for name in table if name.startswith(("phq9", "gad7"))]


def test_a_service_of_a_hundred_people_gets_an_honest_short_report(place):
    text = INVENTED.replace("patients = 500", "patients = 100").replace("landmarks = [0, 2]", "landmarks = [0, 4]")
    study = ran(place, text.replace("[2, 3]", "[2]"))
    by_landmark = {row["landmark"]: row for row in rows(study, "at_risk")}
    assert by_landmark["After session 4"]["status"] == "too few to say"
    verdicts = {row["verdict"] for row in rows(study, "outcome_by_group")}
    assert verdicts == {"too few to say", "reference"}
    assert study.page.count("too few") > 20
    assert json.loads((place.report / "care" / "caseload.json").read_text(encoding="utf-8"))["failure"] == ""


def test_twenty_people_get_a_report_that_says_what_cannot_be_said(place):
    study = ran(place, INVENTED.replace("patients = 500", "patients = 20").replace("[2, 3]", "[2, 400]"))
    assert "400 states were asked for too, but the answers are too few or too alike" in study.page
    assert "Too few people with and without this ending at every landmark: no model can be judged." in study.page
    assert not (place.report / "tables" / "prediction_by_patient.csv").exists()
    metrics = json.loads((place.report / "metrics.json").read_text(encoding="utf-8"))
    assert not [name for name in metrics if name.startswith("prognosis/")]


def test_more_states_than_people_is_a_gap_with_its_reason(place, copied):
    spoilt(copied, lambda table: table[table["patient_id"].isin(table["patient_id"].unique()[:1])])
    study = ran(place, FROM_FILES, source=copied)
    said = re.sub(r"<[^>]+>|\s+", " ", study.page)
    assert "this step was asked for and was not possible. The reason: at most n states could be told apart" in said
    assert [chapter for chapter in CHAPTERS if chapter in study.page] == list(CHAPTERS)


def test_a_feed_without_a_single_answer_still_gets_its_report(place, copied):
    spoilt(copied, lambda table: table.iloc[:0])
    study = ran(place, FROM_FILES, source=copied)
    said = re.sub(r"<[^>]+>|\s+", " ", study.page)
    assert said.count("this step was asked for and was not possible") == 3
    assert "no sitting has an answer to any of the wanted questions" in said
    assert "the feed holds no questionnaire" in said
    assert json.loads((place.report / "metrics.json").read_text(encoding="utf-8"))["people/referrals"] > 100


def test_answers_that_are_all_the_same_have_no_states_and_no_recovery(place, copied):
    spoilt(copied, lambda table: table.assign(**dict.fromkeys(items(table), "0")))
    study = ran(place, FROM_FILES, source=copied)
    said = re.sub(r"<[^>]+>|\s+", " ", study.page)
    assert "at most n states could be told apart in these answers, and n were asked for" in said
    assert "nobody counts for reliable recovery, so there is nothing to compare between groups" in said


def test_an_item_that_nobody_answered_is_left_out_of_the_states(place, copied):
    spoilt(copied, lambda table: table.assign(phq9_9=""))
    study = ran(place, FROM_FILES.split("[prognosis]", maxsplit=1)[0], source=copied)
    figure = (place.report / "figures" / "state_profiles.svg").read_text(encoding="utf-8")
    assert study.record.caseload == ()
    assert "PHQ-9 8" in figure
    assert "PHQ-9 9" not in figure


def test_a_feed_without_contacts_does_not_know_who_completed(place, copied):
    (copied / "contacts.csv").unlink()
    study = ran(place, FROM_FILES.split("[subtypes]", maxsplit=1)[0], source=copied)
    assert "Completed a course" not in study.page
    assert "Finished course" not in {row["measure"] for row in rows(study, "outcomes")}


def test_the_dirt_of_real_feeds_goes_through_to_the_report(place):
    text = INVENTED.replace("patients = 500", "dirty = true, patients = 200").split("[prognosis]", maxsplit=1)[0]
    study = ran(place, text + '[fairness]\nby = ["gender", "ethnic_group_5"]\n[flags]\n')
    assert study.record.intake.adds_up
    tally = study.record.intake.tally
    assert (tally[["duplicate", "quarantined"]].sum() > 0).all()
    counts = json.loads((place.report / "care" / "caseload.json").read_text(encoding="utf-8"))["counts"]
    assert counts["open"] == counts["flag"] + counts["no_flag"] + counts["cannot_score"] > 0
    assert counts["duty_list"] > 0, "a safety answer of a row that was set aside must not be lost"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["report.html", "care/caseload.html"])
@pytest.mark.browser
def test_the_pages_in_a_browser(study, browser, name, width):
    page = browser.open(study.report / name, width=width, height=844)
    try:
        assert page.console == []
        assert page.requests == []
        assert page.dialogs == []
        assert page.overflow() == 0
        assert page.faults() == []
        assert study.record.snapshot in page.html
    finally:
        page.close()


@pytest.mark.parametrize(("name", "most"), [("report.html", 24), ("care/caseload.html", 12)])
@pytest.mark.browser
def test_the_pages_fit_on_a_few_sheets(study, browser, name, most):
    """A report with its tables folded; a caseload page and at most two sides for each person on it."""
    page = browser.open(study.report / name)
    try:
        people = page.evaluate("document.querySelectorAll('details.sheet').length") if "care" in name else 0
        assert 1 <= page.pages() <= most + 2 * people
    finally:
        page.close()
