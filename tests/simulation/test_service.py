"""What a simulated service must look like, whatever its numbers."""

import numpy as np
import pandas as pd
import pytest

from outcomes.reference.groups import grouping
from outcomes.simulation import service
from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.service import SimulatedService, simulate
from outcomes.simulation.settings import ServiceSettings

TABLES = ("patients", "referrals", "contacts", "responses")


def test_the_same_seed_gives_the_same_service() -> None:
    one, two = (simulate(ServiceSettings(n_patients=200), seed=5) for _ in range(2))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    for name, table in one.truth.items():
        pd.testing.assert_frame_equal(table, two.truth[name])


def test_people_live_in_the_region_of_their_service_and_nothing_else_hangs_on_it(monkeypatch) -> None:
    settings = ServiceSettings(n_patients=3_000)
    one = simulate(settings, seed=5)
    first = one.referrals.drop_duplicates("patient_id").merge(one.patients, on="patient_id")
    assert first.groupby("service_id")["region"].nunique().eq(1).all()
    assert grouping("region").legal(one.patients["region"]).all()
    assert one.patients["region"].nunique() > 1
    monkeypatch.setattr(service, "service_regions", lambda n, rng: np.full(n, "Y56", dtype=object))
    other = simulate(settings, seed=5)
    assert set(other.patients["region"]) == {"Y56"}
    pd.testing.assert_frame_equal(one.patients.drop(columns="region"), other.patients.drop(columns="region"))
    for name in TABLES[1:]:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_another_seed_gives_another_service() -> None:
    one, two = (simulate(ServiceSettings(n_patients=200), seed=seed) for seed in (5, 6))
    assert not one.responses.equals(two.responses)


def test_the_item_process_does_not_change_who_comes() -> None:
    one, two = (simulate(ServiceSettings(n_patients=200, item_process=name), seed=5) for name in ("states", "severity"))
    pd.testing.assert_frame_equal(one.patients, two.patients)
    assert not one.responses.equals(two.responses)


def test_keys_meet(either_service: SimulatedService) -> None:
    feed = either_service
    assert feed.patients["patient_id"].is_unique
    assert feed.referrals["episode_id"].is_unique
    assert feed.contacts["contact_id"].is_unique
    assert not feed.responses.duplicated(["episode_id", "session_date"]).any()
    owner = feed.referrals.set_index("episode_id")["patient_id"]
    assert set(owner) == set(feed.patients["patient_id"])
    for table in (feed.contacts, feed.responses):
        assert (owner.loc[table["episode_id"]].to_numpy() == table["patient_id"].to_numpy()).all()


def test_each_questionnaire_belongs_to_an_attended_contact(either_service: SimulatedService) -> None:
    attended = either_service.contacts[either_service.contacts["attendance"] == "5"]
    pairs = set(zip(attended["episode_id"], attended["contact_date"], strict=True))
    assert pairs >= set(
        zip(either_service.responses["episode_id"], either_service.responses["session_date"], strict=True)
    )


def test_nothing_happens_before_the_referral_or_after_the_extract(either_service: SimulatedService) -> None:
    received = either_service.referrals.set_index("episode_id")["received_date"]
    extract = either_service.settings.extract_date.isoformat()
    for table, column in ((either_service.contacts, "contact_date"), (either_service.responses, "session_date")):
        assert (table[column].to_numpy() >= received.loc[table["episode_id"]].to_numpy()).all()
        assert table[column].max() <= extract
    closed = either_service.referrals["discharge_date"].ne("")
    last = either_service.contacts.groupby("episode_id")["contact_date"].max()
    discharged = either_service.referrals[closed].set_index("episode_id")["discharge_date"]
    both = discharged.index.intersection(last.index)
    assert (discharged.loc[both] >= last.loc[both]).all()


def test_answers_are_codes_or_missing(either_service: SimulatedService) -> None:
    items = either_service.responses[list(ITEM_COLUMNS)]
    assert items.isin([0, 1, 2, 3]).to_numpy()[items.notna().to_numpy()].all()
    assert 0 < items.isna().to_numpy().mean() < 0.02


def test_end_codes_belong_to_closed_referrals_only(either_service: SimulatedService) -> None:
    referrals = either_service.referrals
    assert referrals["discharge_date"].ne("").equals(referrals["end_code"].ne(""))


def test_a_few_per_cent_are_open_with_recent_sessions(either_service: SimulatedService) -> None:
    referrals, settings = either_service.referrals, either_service.settings
    still = referrals.loc[referrals["discharge_date"].eq(""), "episode_id"]
    assert 0.02 < len(still) / len(referrals) < 0.10
    recent = (np.datetime64(settings.extract_date) - 28).astype(str)
    last = (
        either_service.responses[either_service.responses["episode_id"].isin(still)]
        .groupby("episode_id")["session_date"]
        .max()
    )
    assert (last >= recent).sum() >= 0.2 * len(still)


def test_some_come_back_after_discharge(service: SimulatedService) -> None:
    again = service.referrals[service.referrals["patient_id"].duplicated(keep=False)].sort_values(
        ["patient_id", "received_date"]
    )
    assert 0.03 < len(again) / len(service.referrals) < 0.25
    before = again.groupby("patient_id")["discharge_date"].shift()
    later = before.notna()
    assert (again.loc[later, "received_date"] > before[later]).all()


def test_nhs_numbers_are_test_numbers_with_a_valid_check_digit(service: SimulatedService) -> None:
    numbers = service.patients["nhs_number"]
    assert numbers.is_unique
    assert numbers.str.fullmatch("999[0-9]{7}").all()
    digits = np.array([[int(digit) for digit in number] for number in numbers])
    assert ((11 - digits[:, :9] @ np.arange(10, 1, -1) % 11) % 11 == digits[:, 9]).all()


def test_steps_go_up_and_never_down(service: SimulatedService) -> None:
    sat = service.contacts[(service.contacts["attendance"] == "5") & service.contacts["step"].ne("")]
    level = sat["step"].map({"low": 0, "high": 1})
    assert (level.groupby(sat["episode_id"]).diff().dropna() >= 0).all()
    assert set(level.groupby(sat["episode_id"]).agg(["min", "max"]).value_counts().index) == {(0, 0), (0, 1), (1, 1)}


def test_tables_are_in_the_order_of_their_keys(service: SimulatedService) -> None:
    assert service.patients["patient_id"].is_monotonic_increasing
    assert service.referrals["episode_id"].is_monotonic_increasing
    order = service.responses["episode_id"] + service.responses["session_date"]
    assert order.is_monotonic_increasing


@pytest.mark.parametrize("n_patients", [1, 2, 30])
def test_a_tiny_service_is_a_service(n_patients: int) -> None:
    tiny = simulate(ServiceSettings(n_patients=n_patients), seed=2)
    assert len(tiny.patients) == n_patients
    assert len(tiny.referrals) >= n_patients


@pytest.mark.slow
def test_therapists_hold_about_six_per_cent_of_the_outcome() -> None:
    large = simulate(ServiceSettings(n_patients=40_000), seed=3)
    items = [column for column in ITEM_COLUMNS if column.startswith("phq9")]
    total = large.responses[items].astype("Float64").sum(axis=1, skipna=False)
    by_course = total.groupby(large.responses["episode_id"])
    courses = (
        pd.DataFrame({"first": by_course.first(), "last": by_course.last(), "n": by_course.size()})
        .dropna()
        .astype(float)
    )
    courses = courses[courses["n"] > 2].join(large.referrals.set_index("episode_id")["therapist_id"])
    slope = np.polyfit(courses["first"], courses["last"], 1)
    share = variance_share(courses["last"] - np.polyval(slope, courses["first"]), courses["therapist_id"])
    assert 0.035 < share < 0.085


def variance_share(outcome: pd.Series, group: pd.Series) -> float:
    """Between-group share of variance by the analysis of variance (one-way, unequal groups)."""
    means, sizes = outcome.groupby(group).mean(), outcome.groupby(group).size()
    n, k = len(outcome), len(sizes)
    between = (sizes * (means - outcome.mean()) ** 2).sum() / (k - 1)
    within = ((outcome - group.map(means)) ** 2).sum() / (n - k)
    component = (between - within) / ((n - (sizes**2).sum() / n) / (k - 1))
    return component / (component + within)
