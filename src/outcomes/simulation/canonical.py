"""What would the library make of a simulated service? Its canonical tables, without keys and files."""

import numpy as np
import pandas as pd

from outcomes.reference.groups import grouping
from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.service import SimulatedService

_DAYS_PER_YEAR = 365.25
_TEXT = pd.StringDtype(na_value=np.nan)


def canonical_tables(service: SimulatedService) -> dict[str, pd.DataFrame]:
    """Turn a simulated service into the library's canonical tables, for calibration only.

    The invented identifiers stand where pseudonyms would; dates become days since the referral was received.

    Parameters
    ----------
    service : SimulatedService
        What `simulate` returned.

    Returns
    -------
    dict of DataFrame
        `patients`, `referrals`, `contacts` and `occasions` with the columns of the library's research view.
    """
    received = pd.to_datetime(service.referrals["received_date"]).set_axis(service.referrals["episode_id"])
    return {
        "patients": _patients(service),
        "referrals": _referrals(service, received),
        "contacts": _contacts(service, received),
        "occasions": _occasions(service, received),
    }


def _blank_is_missing(values: pd.Series) -> pd.Series:
    return values.astype(_TEXT).mask(values.eq(""))


def _patients(service: SimulatedService) -> pd.DataFrame:
    people = service.patients
    codes = people.drop(columns=["patient_id", "nhs_number", "birth_date"]).apply(_blank_is_missing)
    born = pd.to_datetime(people["birth_date"])
    years = (pd.Timestamp(service.settings.first_received) - born).dt.days // _DAYS_PER_YEAR
    band = grouping("age_band").label(years.astype("int64").astype("str"))
    return pd.concat([people["patient_id"].rename("pseudonym"), codes, band.rename("age_band")], axis=1)


def _days(dates: pd.Series, episodes: pd.Series, received: pd.Series) -> pd.Series:
    start = received.reindex(episodes).to_numpy()
    return pd.Series((pd.to_datetime(dates).to_numpy() - start) / np.timedelta64(1, "D"), index=dates.index).astype(
        "Int32"
    )


def _referrals(service: SimulatedService, received: pd.Series) -> pd.DataFrame:
    table = service.referrals
    end = _blank_is_missing(table["discharge_date"])
    extract = pd.Series(service.settings.extract_date.isoformat(), index=table.index)
    return pd.DataFrame(
        {
            "pseudonym": table["patient_id"],
            "referral": table["episode_id"],
            "service": table["service_id"],
            "therapist": _blank_is_missing(table["therapist_id"]),
            "referral_source": _blank_is_missing(table["referral_source"]),
            "problem_descriptor": _blank_is_missing(table["problem_descriptor"]),
            "quarter": pd.PeriodIndex(received, freq="Q").astype("str"),
            "end_day": _days(end, table["episode_id"], received),
            "end_reason": _blank_is_missing(table["end_code"]),
            "last_seen_day": _days(extract, table["episode_id"], received),
        }
    )


def _contacts(service: SimulatedService, received: pd.Series) -> pd.DataFrame:
    table = service.contacts
    codes = table[["attendance", "appointment_type", "medium", "therapy", "step"]].apply(_blank_is_missing)
    keys = pd.DataFrame(
        {
            "pseudonym": table["patient_id"],
            "referral": table["episode_id"],
            "contact_number": table.groupby("episode_id").cumcount() + 1,
            "day": _days(table["contact_date"], table["episode_id"], received),
        }
    )
    return pd.concat([keys, codes], axis=1)


def _occasions(service: SimulatedService, received: pd.Series) -> pd.DataFrame:
    table = service.responses
    keys = pd.DataFrame(
        {
            "pseudonym": table["patient_id"],
            "referral": table["episode_id"],
            "occasion": table.groupby("episode_id").cumcount() + 1,
            "day": _days(table["session_date"], table["episode_id"], received),
        }
    )
    return pd.concat([keys, table[list(ITEM_COLUMNS)]], axis=1)
