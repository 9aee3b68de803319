"""Who is who? Pseudonyms of people, referrals and therapists, and day zero, for the rows that were accepted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from outcomes.library.relations import DAYS_OF, EPISODE, PLACED_KEY, SEEN, positions
from outcomes.library.typed import TEXT

Pseudonymise = Callable[..., str]
PLACE: Final = "_place"


@dataclass(frozen=True, slots=True)
class Names:
    """The link between a feed's identifiers and the library's pseudonyms; it never leaves the vault.

    Parameters
    ----------
    people : DataFrame
        patient_id, pseudonym, and nhs_number, birth_date where the feed has them; sorted by pseudonym.
    referrals : DataFrame
        patient_id, _episode, pseudonym, referral, received (day zero, days since 1970-01-01), and therapist_id and
        _seen (day of the last whole submission that had it) where there are any; sorted by pseudonym and referral, so
        that its positions order the library.
    """

    people: pd.DataFrame
    referrals: pd.DataFrame


def _people(accepted: Mapping[str, pd.DataFrame], pseudonymise: Pseudonymise) -> pd.DataFrame:
    everyone = pd.concat([frame["patient_id"] for frame in accepted.values()]).drop_duplicates()
    names = pd.Series([pseudonymise("patient", one) for one in everyone], index=everyone.index, dtype=TEXT)
    people = pd.DataFrame({"patient_id": everyone, "pseudonym": names})
    if "patients" in accepted:
        kept = [
            name
            for name in ("patient_id", "nhs_number", "birth_date", "birth_year", "age_years")
            if name in accepted["patients"]
        ]
        people = people.merge(accepted["patients"][kept], on="patient_id", how="left")
    return people.sort_values("pseudonym", ignore_index=True)


def _episodes(accepted: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    # Person, episode, day zero and therapist of every referral.
    if "referrals" in accepted:
        rows = accepted["referrals"].rename(columns={"episode_id": EPISODE, "received_date": "received"})
        return rows[[name for name in (*PLACED_KEY, "received", "therapist_id", SEEN) if name in rows]]
    dated = []
    for table, day in DAYS_OF.items():
        if table in accepted:
            rows = accepted[table]
            undated = pd.Series(pd.NA, index=rows.index, dtype="Int32")
            dated.append(rows[list(PLACED_KEY)].assign(received=rows.get(day, undated)))
    everything = pd.concat(dated, ignore_index=True)
    return everything.groupby(list(PLACED_KEY), sort=False).agg(received=("received", "min")).reset_index()


def name_all(accepted: Mapping[str, pd.DataFrame], pseudonymise: Pseudonymise) -> Names:
    """Make the pseudonyms that the accepted rows need.

    Parameters
    ----------
    accepted : mapping of str to DataFrame
        As `relations.settle` returns them.
    pseudonymise : callable
        (domain, *parts) to pseudonym.

    Returns
    -------
    Names
        People and referrals.
    """
    people = _people(accepted, pseudonymise)
    episodes = _episodes(accepted)
    pairs = zip(episodes["patient_id"], episodes[EPISODE], strict=True)
    episodes = episodes.assign(
        referral=pd.Series([pseudonymise("referral", *pair) for pair in pairs], index=episodes.index, dtype=TEXT)
    )
    referrals = episodes.merge(people[["patient_id", "pseudonym"]], on="patient_id", how="left")
    if "therapist_id" in referrals:
        known = referrals["therapist_id"].dropna().unique()
        called = {one: pseudonymise("therapist", one) for one in known}
        referrals = referrals.assign(therapist=referrals["therapist_id"].map(called).astype(TEXT))
    return Names(people, referrals.sort_values(["pseudonym", "referral"], ignore_index=True))


def placed(rows: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Say where in the library each row belongs.

    Parameters
    ----------
    rows : DataFrame
        Accepted contacts or responses.
    names : Names
        As `name_all` returns them.

    Returns
    -------
    DataFrame
        The rows with `_place` (position of their referral in `names.referrals`) and `received`.
    """
    places = positions(rows, names.referrals)
    received = names.referrals["received"].astype("Int32").take(places).array
    return rows.reset_index(drop=True).assign(received=received, **{PLACE: places})
