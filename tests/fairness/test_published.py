"""Published figures of England as counts by group: the file of the annual report and the figures kept here agree."""

from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.published import NOT_GIVEN, RATED, published_counts, published_figures
from outcomes.measures.rates import published_rate
from outcomes.reference.groups import groupings

KEYS = ["year", "measure", "breakdown", "label"]
HEAD = (
    "reporting_period,variable_type,variable_a,variable_b,finished_course_treatment,not_at_caseness,improvement,"
    "improvement_pct,deterioration,deterioration_pct,no_reliable_change,no_reliable_change_pct,reliable_recovery,"
    "reliable_recovery_pct,recovery,recovery_pct"
)
TAIL = "100,20,60,60.0,5,5.0,35,35.0,36,45.0,40,50.0"


@pytest.fixture
def written(tmp_path):
    def write(*rows: str) -> Path:
        file = tmp_path / "measures.csv"
        file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize(
    ("kind", "group", "part", "breakdown", "label"),
    [
        ("Total", "NULL", "NULL", "total", "All"),
        (
            "Indices of Deprivation Decile",
            "01 Least deprived",
            "NULL",
            "deprivation_decile",
            "Decile 10 (least deprived)",
        ),
        ("Indices of Deprivation Decile", "10 Most deprived", "NULL", "deprivation_decile", "Decile 1 (most deprived)"),
        ("Indices of Deprivation Decile", "06 More deprived", "NULL", "deprivation_decile", "Decile 5"),
        ("Ethnic Group", "Mixed", "All", "ethnic_group_5", "Mixed"),
        ("Ethnic Group", "Mixed", "Any Other Mixed Background", "ethnic_group_16", "Mixed: any other Mixed background"),
        ("Ethnic Group", "Not stated/Not known/Invalid", "All", "ethnic_group_5", NOT_GIVEN),
        ("Disability Type", "NN No Disability", "NULL", "disability", "No disability"),
        ("Disability Type", "No Code Recorded", "NULL", "disability", "No code recorded"),
        ("Problem Descriptor", "Depression", "NULL", "problem_descriptor", "Depression"),
    ],
)
def test_published_labels_become_those_of_the_groupings(written, kind, group, part, breakdown, label):
    found = published_figures(written(f"2020-21,{kind},{group},{part},{TAIL}"))
    assert found[["breakdown", "label"]].drop_duplicates().to_numpy().tolist() == [[breakdown, label]]
    recovery = found.set_index("measure").loc["recovery"]
    # 100 finished, 20 of them not at caseness: 40 of 80
    assert recovery[["numerator", "denominator", "rate_pct"]].tolist() == [40, 80, 50.0]
    assert found.set_index("measure").loc["reliable_improvement", "denominator"] == 100


def test_rows_without_rates_and_unknown_breakdowns_are_left_out(written):
    empty = "100,20," + ",".join(["NULL"] * 10)
    found = published_figures(
        written(
            f"2020-21,Total,NULL,NULL,{TAIL}", f"2020-21,Total,NULL,NULL,{empty}", f"2020-21,Star Sign,Leo,NULL,{TAIL}"
        )
    )
    assert len(found) == len(RATED)


def test_files_that_are_something_else_are_one_readable_error(written, tmp_path):
    with pytest.raises(ConfigError, match="no breakdown in it is known; it has Star Sign"):
        published_figures(written(f"2020-21,Star Sign,Leo,NULL,{TAIL}"))
    with pytest.raises(ConfigError, match="must hold whole numbers"):
        published_figures(written("2020-21,Total,NULL,NULL," + TAIL.replace("100", "many")))
    with pytest.raises(ConfigError, match="cannot be read"):
        published_figures(tmp_path / "nowhere.csv")
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not there are the columns reporting_period"):
        published_figures(other)


def test_counts_of_a_year_come_in_the_order_of_the_groupings_with_totals_beside():
    counts, totals = published_counts(published_figures(), "2022-23")
    assert set(totals["measure"]) == set(RATED)
    deciles = counts.loc[counts["breakdown"].eq("deprivation_decile") & counts["measure"].eq("recovery"), "group"]
    assert deciles.tolist()[:10] == list(groupings()["deprivation_decile"].labels)[:10]
    with pytest.raises(ConfigError, match="no published figures for year '1999-00'; there are 2017-18"):
        published_counts(published_figures(), "1999-00")


@pytest.mark.shared
def test_the_whole_file_gives_2825_rates_and_agrees_with_the_figures_kept_here(shared_dir):
    file = shared_dir / "data" / "nhs_talking_therapies_annual" / "england_measures_2017_2023.csv"
    theirs, kept = published_figures(file), published_figures()
    assert len(theirs) == 2_825
    assert not theirs.duplicated(KEYS).any()
    assert (published_rate(theirs["numerator"], theirs["denominator"]) == theirs["rate_pct"].to_numpy()).all()
    both = theirs.merge(kept, on=KEYS, suffixes=("", "_kept"))
    assert len(both) == 420
    for name in ("numerator", "denominator", "rate_pct"):
        assert both[name].eq(both[f"{name}_kept"]).all()
    known = groupings()
    for key, labels in theirs.groupby("breakdown")["label"].unique().items():
        if key in {
            "gender",
            "deprivation_decile",
            "ethnic_group_5",
            "ethnic_group_16",
            "religion",
            "sexual_orientation",
        }:
            assert set(labels) - {NOT_GIVEN} <= set(known[key].labels)
