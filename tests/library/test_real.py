"""Real feeds come in whole: what is known about them comes out of their reports."""

import pytest

from outcomes.library.intake import Source, ingest
from outcomes.library.view import research_view

SYMPTOMS = (
    "mood",
    "concentration",
    "self_worth",
    "suicidal_ideation",
    "tiredness",
    "sleep",
    "pleasure",
    "psychomotor",
    "appetite",
)


def taken_in(tmp_path, **options):
    source = Source(**({"format": "tidy_wide", "kind": "anonymised", "reason": "licence of the data set"} | options))
    report = ingest(source, library=tmp_path / "library", vault=tmp_path / "vault")
    assert report.adds_up
    return report, research_view(tmp_path / "library").tables


@pytest.mark.shared
def test_sessions_of_two_psychotherapies(tmp_path, shared_dir):
    path = (shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv",)
    columns = {
        "responses": {"patient_id": "patient", "occasion": "session"}
        | {f"dsm5_depression_{place}": name for place, name in enumerate(SYMPTOMS, start=1)},
        "patients": {"patient_id": "patient", "treatment_arm": "group"},
    }
    report, tables = taken_in(tmp_path, files={"responses": path, "patients": path}, columns=columns)
    assert report.quarantine.empty
    assert len(tables["patients"]) == 167
    occasions = tables["occasions"]
    assert len(occasions) == 3546
    assert (occasions["occasion"].min(), occasions["occasion"].max()) == (0, 27)
    assert int(occasions.filter(like="dsm5").isna().sum().sum()) == 37
    assert report.tally.set_index("table").loc["patients", "duplicate"] == 3546 - 167


@pytest.mark.shared
def test_survey_cycles_with_declared_missing_codes(tmp_path, shared_dir):
    paths = tuple(sorted((shared_dir / "data" / "nhanes_phq9").glob("*.csv")))
    columns = {
        "responses": {"patient_id": "SEQN"} | {f"phq9_{item}": f"DPQ0{item}0" for item in range(1, 10)},
        "patients": {
            "patient_id": "SEQN",
            "gender": "RIAGENDR",
            "age_years": "RIDAGEYR",
            "race_hispanic_origin_us": "RIDRETH1",
            "poverty_income_ratio_us": "INDFMPIR",
        },
    }
    missing = {"answers": ("7", "9")}
    report, tables = taken_in(
        tmp_path, files={"responses": paths, "patients": paths}, columns=columns, missing_codes=missing
    )
    assert report.quarantine.empty
    assert len(tables["patients"]) == len(tables["occasions"]) == 23304
    assert report.notes.loc[report.notes["rule"] == "declared_missing", "count"].sum() > 0
    assert tables["occasions"].filter(like="phq9").max().max() == 3
    assert tables["patients"]["age_band"].notna().all()


@pytest.mark.shared
def test_forgetting_the_missing_codes_is_seen_not_scored(tmp_path, shared_dir):
    path = (shared_dir / "data" / "nhanes_phq9" / "nhanes_phq9_2005_2006.csv",)
    columns = {"responses": {"patient_id": "SEQN"} | {f"phq9_{item}": f"DPQ0{item}0" for item in range(1, 10)}}
    report, _ = taken_in(tmp_path, files={"responses": path}, columns=columns)
    assert set(report.quarantine["rule"]) == {"out_of_range"}


@pytest.mark.shared
def test_two_waves(tmp_path, shared_dir):
    path = (shared_dir / "data" / "phq9_gad7_two_waves" / "phq9_gad7_items_long.csv",)
    items = {f"phq9_{item}": f"PHQ{item}" for item in range(1, 10)} | {
        f"gad7_{item}": f"GAD{item}" for item in range(1, 8)
    }
    _, tables = taken_in(
        tmp_path,
        files={"responses": path},
        columns={"responses": {"patient_id": "patient", "occasion": "wave"} | items},
    )
    totals = tables["occasions"].filter(like="phq9_").sum(axis=1).groupby(tables["occasions"]["occasion"]).mean()
    assert totals.round(3).tolist() == [7.479, 6.288]


@pytest.mark.shared
def test_totals_with_repeats_and_conflicts(tmp_path, shared_dir):
    path = (shared_dir / "data" / "enrichd_bdi" / "bdi_long.csv",)
    columns = {"responses": {"patient_id": "patient", "bdi2_total": "bdi"}}
    report, tables = taken_in(tmp_path, files={"responses": path}, columns=columns)
    line = report.tally.iloc[0]
    assert line["read"] == 4611
    assert line["duplicate"] > 0
    assert line["quarantined"] > 0
    # 97 patient-days occur twice: an exact repeat leaves one row, a conflict takes both away.
    assert line["duplicate"] + line["quarantined"] / 2 == 97
    assert len(tables["scores"]) == line["accepted"]


@pytest.mark.shared
def test_a_trial_with_one_column_a_visit_comes_in_visit_by_visit(tmp_path, shared_dir):
    path = (shared_dir / "data" / "beat_the_blues" / "btheb_wide.csv",)
    for number, column in enumerate(("bdi_pre", "bdi_2m", "bdi_4m", "bdi_6m", "bdi_8m")):
        columns = {"responses": {"patient_id": "patient", "bdi2_total": column}}
        _, tables = taken_in(
            tmp_path, files={"responses": path}, columns=columns, constants={"responses": {"occasion": str(number)}}
        )
    assert tables["scores"].groupby("occasion").size().tolist() == [100, 97, 73, 58, 52]
