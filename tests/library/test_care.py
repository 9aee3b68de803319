"""Direct care sees everybody with day zero; safety answers of quarantined rows are not lost."""

import pandas as pd
import pytest

from outcomes.errors import AccessError
from outcomes.library.care import care_view


def test_the_care_view_equals_the_library_and_adds_day_zero(place, feed):
    place.ingest(feed)
    care, research = care_view(place.library, place.vault), place.view()
    assert care.snapshot == research.snapshot
    for name in ("contacts", "occasions"):
        pd.testing.assert_frame_equal(care.tables[name], research.tables[name])
    referrals = care.tables["referrals"]
    pd.testing.assert_frame_equal(
        referrals[research.tables["referrals"].columns.tolist()], research.tables["referrals"]
    )
    joined = referrals.merge(feed["referrals"], on=["patient_id", "episode_id"], suffixes=("", "_fed"))
    assert len(joined) == 7
    assert (joined["day_zero"] == pd.to_datetime(joined["received_date"])).all()
    assert (joined["therapist_id"] == joined["therapist_id_fed"]).all()
    assert set(care.tables["patients"]["patient_id"]) == set(feed["patients"]["patient_id"])


def test_an_opted_out_patient_is_on_the_caseload_and_nowhere_else(place, feed):
    from outcomes.library.optout import register_allowlist

    place.ingest(feed, kind="identified", keys=place.new_key())
    allowed = place.root / "allowed.dat"
    allowed.write_text("".join(f"{number},\n" for number in feed["patients"]["nhs_number"][1:]))
    register_allowlist(
        allowed, library=place.library, vault=place.vault, dated=pd.Timestamp("2023-12-20").date(), keys=place.keys
    )
    care = care_view(place.library, place.vault, keys=place.keys)
    assert "00000" in set(care.tables["patients"]["patient_id"])
    assert len(care.tables["referrals"]) == 7
    assert len(place.view().tables["referrals"]) == 5


SAFETY_CASES = {
    "out_of_range": {"phq9_1": "8"},
    "date_malformed": {"session_date": "31/12/2021"},
    "no_referral": {"episode_id": "E999"},
    "date_before_referral": {"session_date": "2020-01-01"},
}


@pytest.mark.parametrize("form", ["tidy_wide", "tidy_long"])
@pytest.mark.parametrize("rule", SAFETY_CASES)
def test_safety_answers_of_quarantined_rows_reach_care(place, feed, to_long, rule, form):
    responses = feed["responses"].assign(phq9_9="0")
    responses.loc[3, "phq9_9"] = "2"
    responses.loc[3, list(SAFETY_CASES[rule])] = list(SAFETY_CASES[rule].values())
    if form == "tidy_long":
        responses = to_long(responses)
        if rule == "out_of_range":
            responses.loc[(responses["item"] == "9") & (responses["response"] == "2"), "session_date"] = "bad"
    report = place.ingest(feed | {"responses": responses}, format=form)
    safety = care_view(place.library, place.vault).safety
    assert safety[["patient_id", "instrument", "item", "answer"]].to_numpy().tolist() == [["00000", "phq9", 9, 2]]
    assert safety["rule"].iloc[0] == ("date_malformed" if form == "tidy_long" and rule == "out_of_range" else rule)
    assert set(report.quarantine["rule"]) >= {rule}
    place.ingest({"patients": feed["patients"]})
    assert len(care_view(place.library, place.vault).safety) == 1


def test_an_unreadable_safety_answer_is_listed_without_a_value(place, feed):
    responses = feed["responses"].assign(phq9_9="0")
    responses.loc[3, "phq9_9"] = "yes"
    place.ingest(feed | {"responses": responses})
    safety = care_view(place.library, place.vault).safety
    assert safety["answer"].isna().tolist() == [True]
    assert safety["rule"].tolist() == ["not_a_number"]


def test_a_safety_answer_leaves_the_list_when_its_row_is_accepted(place, feed):
    responses = feed["responses"].assign(phq9_9="1")
    place.ingest(feed | {"responses": responses, "referrals": feed["referrals"].head(6)})
    assert len(care_view(place.library, place.vault).safety) == 4
    place.ingest({"referrals": feed["referrals"], "responses": responses.head(1)})
    assert len(care_view(place.library, place.vault).safety) == 0


def test_another_vault_has_no_care_view(place, feed):
    place.ingest(feed)
    with pytest.raises(AccessError, match="does not belong to this library"):
        care_view(place.library, place.root / "elsewhere")
    with pytest.raises(AccessError, match="no library there"):
        care_view(place.root / "elsewhere", place.vault)
    with pytest.raises(AccessError, match="there is no snapshot 'abc'"):
        care_view(place.library, place.vault, snapshot="abc")


def test_an_older_snapshot_has_its_own_care_view(place, feed):
    first = place.ingest({name: frame for name, frame in feed.items() if name != "contacts"})
    place.ingest({"contacts": feed["contacts"], "responses": feed["responses"]})
    assert "contacts" in care_view(place.library, place.vault).tables
    assert "contacts" not in care_view(place.library, place.vault, snapshot=first.snapshot).tables


def test_a_row_of_answers_that_cannot_be_split_is_on_the_list_without_a_name(place, feed):
    source = place.source(feed)
    path = source.files["responses"][0]
    lines = path.read_text().splitlines()
    lines[4] += ",3"
    path.write_text("\n".join(lines) + "\n")
    report = place.ingest(source)
    assert report.quarantine["rule"].tolist() == ["wrong_number_of_cells"]
    safety = care_view(place.library, place.vault).safety
    assert safety[["instrument", "item", "rule"]].to_numpy().tolist() == [["phq9", 9, "wrong_number_of_cells"]]
    assert safety[["patient_id", "session_date", "answer"]].isna().all(axis=None)
    assert report.notes.set_index("rule").loc["safety_answer_set_aside", "count"] == 1
