"""Every open referral is in exactly one of three groups, and for the stated reason."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import Desk, expected_course

from outcomes.errors import ConfigError, DataError
from outcomes.flags.rules import STATUSES, judge
from outcomes.flags.settings import FlagSettings, ModelPermission

SETTINGS = FlagSettings()
MODEL = ModelPermission("1.0", "ab" * 32, "invented", "reliable_recovery", 0.2, "a", "b", "c", "d", "e")


def judged(desk, course=None, declared=SETTINGS, **more):
    return judge(desk.caseload, desk.totals, desk.occasions, course, settings=declared, kind="invented", **more)


# name | PHQ-9 by form | GAD-7 by form | days since the last form | status | words that must be said
CASES = """
level        | 15 15 15       | 12 12 12       | 5  | no flag      |
rise of 6    | 12 18          | 12 12          | 5  | flag         | went up from 12 to 18. A rise of 6 or more
rise of 5    | 12 17          | 12 12          | 5  | no flag      |
gad7 by 4    | 12 12          | 8 12           | 5  | flag         | GAD-7 score went up from 8 to 12
gad7 by 3    | 12 12          | 8 11           | 5  | no flag      |
mixed        | 20 13          | 8 13           | 5  | flag         | PHQ-9 score went down by more than chance
back again   | 12 18 13       | 12 12 12       | 5  | no flag      |
never        |                |                | 5  | cannot score | No form filled in yet.
one form     | 12             | 9              | 5  | cannot score | Only one PHQ-9 and GAD-7 score so far
one measure  | 12 12 12       |                | 5  | no flag      | No GAD-7 form filled in yet.
holes        | part part 12   | part part part | 5  | cannot score | Some PHQ-9 and GAD-7 questions were left blank
last blank   | 12 12 - -      | 9 9 - -        | 5  | cannot score | The last 2 forms had no PHQ-9 and GAD-7 score.
one blank    | 12 12 -        | 9 9 9          | 5  | no flag      |
worse, blank | 12 19 - -      | 9 9 - -        | 5  | flag         | The last 2 forms had no PHQ-9 and GAD-7 score.
27 days      | 12 12          | 9 9            | 27 | no flag      |
28 days      | 12 12          | 9 9            | 28 | flag         | Not seen, and no form filled in, for 4 weeks.
zero         | 0 0            | 0 0            | 5  | no flag      |
"""


def cell(text):
    return None if text == "-" else text if text == "part" else int(text)


@pytest.mark.parametrize("line", CASES.strip().splitlines(), ids=lambda line: line.partition("|")[0].strip())
def test_rules_one_case_a_line(desk, line):
    _, phq9, gad7, gap, status, words = (part.strip() for part in line.split("|"))
    phq9, gad7 = ([cell(text) for text in part.split()] for part in (phq9, gad7))
    last = 7 * max(len(phq9), len(gad7))
    desk.person(phq9=phq9, gad7=gad7, as_of=last + int(gap), last_contact_day=last or pd.NA)
    row = judged(desk).iloc[0]
    assert row["status"] == status
    assert words in " ".join([*row["reasons"], *row["limits"]])
    assert (status == "flag") == bool(row["reasons"])
    assert status != "cannot score" or row["limits"]


def test_above_the_expected_course_is_a_flag_and_at_its_limit_is_not(desk, course):
    # Starting band 10-14: middle 12, at form 4 12 x .93^3 = 9.65, upper limit 14.65.
    desk.person("at", [13, 13, 13, 14]).person("above", [13, 13, 13, 15])
    table = judged(desk, course, FlagSettings(weeks_without_contact=90)).set_index("pseudonym")
    assert table.at["at", "status"] == "no flag"
    assert table.at["above", "status"] == "flag"
    assert table.at["above", "rules"] == ("not_on_track",)
    assert "The PHQ-9 score is 15 at form 4. Most people" in table.at["above", "reasons"][0]
    assert "were at 14 or less by then" in table.at["above", "reasons"][0]


def test_too_few_people_behind_the_course_is_said_and_not_used(desk, course):
    thin = course.assign(n=12)
    desk.person("above", [13, 13, 13, 15], [9, 9, 9, 9])
    row = judged(desk, thin, FlagSettings(weeks_without_contact=90)).iloc[0]
    assert row["status"] == "cannot score"
    assert "Only 12 people began at a similar PHQ-9 and GAD-7 score" in " ".join(row["limits"])


def test_beyond_the_end_of_the_course_nobody_is_there_to_compare_with(desk, course):
    desk.person("long", [13] * 25, as_of=180)
    row = judged(desk, course, FlagSettings(weeks_without_contact=90)).iloc[0]
    assert row["status"] == "cannot score"
    assert any(limit.startswith("Nobody began") for limit in row["limits"])


def test_a_rule_that_is_off_does_not_fire(desk, course):
    desk.person("p", [12, 20], as_of=400, last_contact_day=14)
    for rule in ("deterioration", "not_on_track", "no_contact"):
        row = judged(desk, course, FlagSettings(rules=(rule,))).iloc[0]
        expected = {"deterioration", "not_on_track", "no_contact"} & {rule}
        assert set(row["rules"]) == expected


def test_seen_but_without_forms(desk):
    desk.person("p", [12, 12], as_of=70, last_contact_day=69)
    assert judged(desk).iloc[0]["reasons"] == ("Out of touch. Seen, but no form filled in, for 8 weeks.",)


def test_without_contacts_on_record_it_says_so(desk):
    desk.person("p", [12, 12], as_of=70)
    assert "Contacts are not on record here" in judged(desk).iloc[0]["reasons"][0]


@pytest.mark.parametrize("stage", ["waiting", "transferred", "deceased"])
def test_other_stages_are_said_and_never_out_of_touch(desk, stage):
    desk.person("p", stage=stage, as_of=300)
    row = judged(desk).iloc[0]
    assert row["status"] == "cannot score"
    assert {"waiting": "waiting", "transferred": "moved", "deceased": "died"}[stage] in row["limits"][0]


@pytest.mark.parametrize("stage", ["transferred", "deceased"])
def test_nobody_is_flagged_who_is_not_here(desk, stage):
    assert judged(desk.person("p", [10, 20], stage=stage)).iloc[0]["status"] == "cannot score"


def test_forms_after_the_report_date_are_not_read(desk):
    desk.person("p", [12, 12, 27], as_of=15)
    row = judged(desk).iloc[0]
    assert (row["status"], row["phq9_last"], row["n_forms"]) == ("no flag", 12, 2)


def test_unknown_dates_do_not_stop_the_scores(desk):
    desk.person("p", [12, 20], as_of=pd.NA)
    row = judged(desk).iloc[0]
    assert row["status"] == "flag"
    assert "Dates are not known" in " ".join(row["limits"])


def test_measures_without_a_published_limit_cannot_score(desk):
    desk.person("p", [12, 12], as_of=16)
    totals = desk.totals.assign(dsm5_depression=[4.0, 5.0])
    table = judge(
        desk.caseload,
        totals,
        desk.occasions,
        settings=FlagSettings(instruments=("dsm5_depression",)),
        kind="invented",
    )
    assert table["status"].tolist() == ["cannot score"]
    assert "No published limit says what counts as a real change" in table["limits"][0][0]


def test_binary_rounding_does_not_hide_a_rise(desk):
    desk.person("p", [10.1, 16.1])  # 16.1 - 10.1 is 6.000000000000002, and 4.1 + 6 - 4.1 is not always 6
    desk.person("q", [4.3, 10.3])
    assert judged(desk)["status"].tolist() == ["flag", "flag"]


def test_no_open_referrals_is_an_empty_table(desk):
    empty = desk.person("p", [12, 12])
    table = judge(empty.caseload.iloc[:0], empty.totals, empty.occasions, settings=SETTINGS, kind="invented")
    assert table.empty
    assert {"status", "reasons", "limits", "rules"} <= set(table.columns)


def test_no_forms_at_all_is_an_answer(desk):
    table = judged(desk.person("a").person("b"))
    assert table["status"].tolist() == ["cannot score", "cannot score"]


def test_the_callers_tables_stay_as_they_are(desk, course):
    desk.person("p", [12, 20], [8, 12])
    tables = [desk.caseload, desk.totals, desk.occasions, course]
    before = [table.copy(deep=True) for table in tables]
    judge(*tables, settings=SETTINGS, kind="invented")
    for table, copy in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, copy)


def test_order_of_rows_does_not_matter(desk, course, whole_service):
    service = whole_service(60, seed=3)
    rng = np.random.default_rng(1)

    def mixed(table):
        return table.iloc[rng.permutation(len(table))]

    tables = (service.caseload, service.totals, service.occasions)
    once = judge(*tables, course, settings=SETTINGS, kind="invented")
    again = judge(*map(mixed, tables), course, settings=SETTINGS, kind="invented")
    pd.testing.assert_frame_equal(once, again)


def test_flags_come_first_within_each_therapist(whole_service, course):
    service = whole_service(200, seed=5)
    table = judge(service.caseload, service.totals, service.occasions, course, settings=SETTINGS, kind="invented")
    assert table["therapist"].is_monotonic_increasing
    for _, rows in table.groupby("therapist"):
        assert rows["status"].map(STATUSES.index).is_monotonic_increasing


SCORES = st.lists(st.one_of(st.none(), st.just("part"), st.integers(0, 21)), max_size=8)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(SCORES, SCORES, st.integers(0, 200), st.sampled_from(["in treatment", "waiting"])), max_size=6)
)
def test_three_groups_add_up_to_the_roster(people):
    desk = Desk()
    for number, (phq9, gad7, as_of, stage) in enumerate(people):
        desk.person(f"p{number}", phq9, gad7, as_of=as_of, stage=stage)
    if not people:
        return
    table = judged(desk, expected_course())
    assert sorted(table["referral"]) == sorted(desk.caseload["referral"])
    assert table["status"].isin(STATUSES).all()
    assert ((table["status"] == "flag") == (table["reasons"].map(len) > 0)).all()
    assert (table.loc[table["status"].eq("cannot score"), "limits"].map(len) > 0).all()


def test_a_thousand_open_referrals_add_up(whole_service, course):
    service = whole_service(1000)
    table = judge(service.caseload, service.totals, service.occasions, course, settings=SETTINGS, kind="invented")
    counts = table["status"].value_counts()
    assert counts["flag"] + counts["no flag"] + counts["cannot score"] == 1000
    assert set(table["referral"]) == set(service.caseload["referral"])
    assert counts.min() > 50


def test_a_referral_twice_on_the_caseload_is_refused(desk):
    desk.person("secretname", [12]).person("secretname", [12])
    with pytest.raises(DataError, match=r"caseload\.referral: 1 of 2 rows missing or repeated") as caught:
        judged(desk)
    assert "secretname" not in str(caught.value)


def test_missing_columns_are_named(desk):
    desk.person("p", [12, 12])
    with pytest.raises(DataError, match=r"caseload: missing column.*therapist"):
        judge(desk.caseload.drop(columns="therapist"), desk.totals, desk.occasions, settings=SETTINGS, kind="invented")
    with pytest.raises(DataError, match=r"course: missing column.*upper"):
        judged(desk, pd.DataFrame({"instrument": ["phq9"]}))


def test_unknown_stage_is_refused_without_its_words(desk):
    desk.person("p", stage="confidential remark")
    with pytest.raises(ConfigError, match=r"caseload\.stage must be one of") as caught:
        judged(desk)
    assert "confidential" not in str(caught.value)


def probabilities(*values):
    rows = [{"referral": "r-p", "probability_reliable_recovery": value, "low": 0.05, "high": 0.2} for value in values]
    return pd.DataFrame(rows, columns=["referral", "probability_reliable_recovery", "low", "high"])


def test_probabilities_need_a_recorded_permission(desk):
    desk.person("p", [12, 12])
    with pytest.raises(ConfigError, match="no model is switched on"):
        judged(desk, probabilities=probabilities(0.1))


def test_a_model_of_invented_people_never_judges_real_ones(desk):
    desk.person("p", [12, 12])
    with pytest.raises(ConfigError, match="trained on invented patients"):
        judge(
            desk.caseload,
            desk.totals,
            desk.occasions,
            settings=FlagSettings(model=MODEL),
            kind="identified",
            probabilities=probabilities(0.1),
        )


@pytest.mark.parametrize(("value", "status"), [(0.1, "flag"), (0.2, "no flag"), (0.9, "no flag")])
def test_a_low_probability_flags_where_it_is_permitted(desk, value, status):
    desk.person("p", [12, 12], as_of=16)
    row = judged(desk, declared=FlagSettings(model=MODEL), probabilities=probabilities(value)).iloc[0]
    assert row["status"] == status
    if status == "flag":
        said = "The model puts the chance of reliable recovery at about 1 in 10 (between 5 and 20 in 100)."
        assert row["reasons"] == (f"Low chance. {said}",)


def test_a_person_without_a_probability_is_said(desk):
    desk.person("p", [12, 12], as_of=16)
    row = judged(desk, declared=FlagSettings(model=MODEL), probabilities=probabilities()).iloc[0]
    assert "The model gave no answer for this person." in row["limits"]
