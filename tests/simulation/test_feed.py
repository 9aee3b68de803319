"""Feed tables carry what happened, with what is missing."""

import numpy as np
import pandas as pd
import pytest

from outcomes.simulation.feed import Calendar
from outcomes.simulation.service import SimulatedService
from outcomes.simulation.settings import ServiceSettings


def test_days_become_dates_up_to_the_extract() -> None:
    calendar = Calendar(ServiceSettings(n_patients=1))
    days = np.array([0, 1, calendar.extract_day, calendar.extract_day + 1])
    assert calendar.dates(days).tolist() == ["2021-04-01", "2021-04-02", "2023-05-31", ""]


@pytest.mark.parametrize(
    ("table", "column", "pattern"),
    [
        ("referrals", "received_date", r"20\d\d-\d\d-\d\d"),
        ("referrals", "discharge_date", r"(20\d\d-\d\d-\d\d)?"),
        ("contacts", "contact_date", r"20\d\d-\d\d-\d\d"),
        ("contacts", "attendance", "[23457]"),
        ("contacts", "appointment_type", "0[123]"),
        ("contacts", "therapy", r"(\d{9,16})?"),
        ("contacts", "step", "(low|high)?"),
        ("patients", "nhs_number", r"\d{10}"),
        ("responses", "session_date", r"20\d\d-\d\d-\d\d"),
    ],
)
def test_columns_are_written_as_a_provider_writes_them(
    service: SimulatedService, table: str, column: str, pattern: str
) -> None:
    values = getattr(service, table)[column]
    assert pd.api.types.is_string_dtype(values)
    assert values.str.fullmatch(pattern).all()


def test_some_appointments_are_missed_and_some_questionnaires_too(service: SimulatedService) -> None:
    attended = service.contacts["attendance"].eq("5")
    assert 0.1 < (~attended).mean() < 0.45
    assert 0.9 < len(service.responses) / attended.sum() < 0.99


def test_only_the_assessed_have_a_therapist(service: SimulatedService) -> None:
    seen = service.contacts.loc[service.contacts["attendance"].eq("5"), "episode_id"].unique()
    with_therapist = service.referrals["therapist_id"].ne("")
    assert with_therapist[service.referrals["episode_id"].isin(seen)].all()
    assert not with_therapist.all()
