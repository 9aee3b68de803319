"""The canonical tables hold the feed with days instead of dates."""

import pandas as pd

from outcomes.simulation.canonical import canonical_tables
from outcomes.simulation.service import SimulatedService


def test_days_count_from_the_referral(service: SimulatedService) -> None:
    tables = canonical_tables(service)
    row = service.responses.iloc[10]
    received = service.referrals.set_index("episode_id").loc[row["episode_id"], "received_date"]
    expected = (pd.Timestamp(row["session_date"]) - pd.Timestamp(received)).days
    assert tables["occasions"]["day"].iloc[10] == expected
    assert (tables["occasions"]["day"] >= 0).all()
    assert (tables["contacts"]["day"] >= 0).all()


def test_open_referrals_have_no_end(service: SimulatedService) -> None:
    referrals = canonical_tables(service)["referrals"]
    assert referrals["end_day"].isna().tolist() == service.referrals["discharge_date"].eq("").tolist()
    assert (referrals["end_day"].dropna() <= referrals["last_seen_day"][referrals["end_day"].notna()]).all()


def test_blanks_are_missing_and_keys_are_kept(service: SimulatedService) -> None:
    tables = canonical_tables(service)
    assert not any((table == "").to_numpy(dtype=bool, na_value=False).any() for table in tables.values())
    assert (
        tables["patients"]["age_band"]
        .isin(["Under 18", "18 to 25", "26 to 64", "65 to 74", "75 to 89", "90 and over"])
        .all()
    )
    assert not {"nhs_number", "birth_date"} & set(tables["patients"].columns)
    assert tables["occasions"].groupby("referral")["occasion"].max().sum() == len(tables["occasions"])
