"""Every record of every file is counted once, whatever becomes of it."""

import pandas as pd
import pytest

from outcomes.library.report import FeedRefused


def test_each_fate_is_counted_once(place, feed):
    responses = feed["responses"]
    other = responses.head(1).assign(phq9_1=lambda rows: [str((int(rows["phq9_1"].iloc[0]) + 1) % 4)])
    orphan = responses.head(1).assign(episode_id="E999")
    twice_at_fault = responses.head(1).assign(phq9_1="9", phq9_2="x")
    rows = pd.concat([responses, other, responses.tail(2), orphan, twice_at_fault])
    report = place.ingest(feed | {"responses": rows})
    line = report.tally.set_index("table").loc["responses"]
    counted = line[["read", "accepted", "duplicate", "quarantined", "refused"]].tolist()
    # 28 rows and one that contradicts the first (both quarantined), two repeats, an orphan, a row with two faults.
    assert counted == [33, 27, 2, 4, 0]
    assert report.adds_up
    assert report.summary().set_index(["rule", "column"])["count"].to_dict() == {
        ("contradicts_another_row", ""): 2,
        ("no_referral", ""): 1,
        ("not_a_number", "phq9_2"): 1,
        ("out_of_range", "phq9_1"): 1,
    }


def test_a_refused_feed_counts_every_record_as_refused(place, feed):
    with pytest.raises(FeedRefused, match=r"referrals, referrals0\.csv: missing_column \(received_date\)") as caught:
        place.ingest(feed | {"referrals": feed["referrals"].drop(columns="received_date")})
    report = caught.value.report
    assert report.tally["refused"].tolist() == report.tally["read"].tolist() == [6, 7, 28, 28]
    assert report.quarantine[["rule", "column"]].to_numpy().tolist() == [["missing_column", "received_date"]]
