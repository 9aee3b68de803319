"""How does what happened become feed tables? Identifiers, ISO dates, missed appointments; cut at the extract date."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.pathway import HIGH, NOT_ASSESSED, Ints, Round, Rows, end_codes
from outcomes.simulation.people import draw
from outcomes.simulation.settings import ServiceSettings

_ATTENDED, _ASSESSMENT, _TREATMENT, _BOTH = "5", "01", "02", "03"
_MISSED_ASSESSMENT_SHARE, _MISSED_AFTER_SHARE = 0.55, 0.55


@dataclass(frozen=True)
class Sittings:
    """All attended contacts of all rounds, by referral (a position in the table of referrals) and number."""

    referral: Rows
    number: Ints
    day: Ints
    previous_day: Ints
    step: Ints
    items: NDArray[np.int8]
    truth: pd.DataFrame


def sittings(rounds: list[Round]) -> Sittings:
    """Put the sessions of all rounds into one order.

    Parameters
    ----------
    rounds : list of Round
        First referrals first.

    Returns
    -------
    Sittings
        Sorted by referral (in the order of the rounds) and session number.
    """
    offsets = np.cumsum([0] + [len(one.ending) for one in rounds])
    referral = np.concatenate(
        [part + offset for one, offset in zip(rounds, offsets, strict=False) for part in one.sessions.referral]
    )
    number = _join(rounds, "number")
    order = np.lexsort((number, referral))
    truth = {
        name: np.concatenate([part[name] for one in rounds for part in one.sessions.truth])[order]
        for name in rounds[0].sessions.truth[0]
    }
    truth["probability_drop_out"] = _join(rounds, "probability_drop_out")[order]
    truth["probability_completion"] = _join(rounds, "probability_completion")[order]
    return Sittings(
        referral=referral[order],
        number=number[order],
        day=_join(rounds, "day")[order],
        previous_day=_join(rounds, "previous_day")[order],
        step=_join(rounds, "step")[order],
        items=_join(rounds, "items")[order],
        truth=pd.DataFrame(truth),
    )


def _join(rounds: list[Round], name: str) -> NDArray[Any]:
    return np.concatenate([part for one in rounds for part in getattr(one.sessions, name)])


class Calendar:
    """Turns days since the start of the window into ISO dates; what lies after the extract date is not there yet."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._first = np.datetime64(settings.first_received, "D")
        self.extract_day = (settings.extract_date - settings.first_received).days
        self.last_received_day = (settings.last_received - settings.first_received).days
        self._text = (self._first + np.arange(self.extract_day + 1)).astype(str).astype(object)

    def dates(self, days: Ints) -> NDArray[np.object_]:
        """Write days as dates.

        Parameters
        ----------
        days : ndarray of int, shape (n,)
            Days since the start of the window.

        Returns
        -------
        ndarray of object, shape (n,)
            ISO dates; blank after the extract date.
        """
        text = self._text[np.minimum(days, self.extract_day)]
        return np.where(days <= self.extract_day, text, "")


def referral_table(
    rounds: list[Round], columns: dict[str, NDArray[Any]], settings: ServiceSettings, rng: np.random.Generator
) -> pd.DataFrame:
    """Write the referrals of all rounds.

    Parameters
    ----------
    rounds : list of Round
        First referrals first.
    columns : dict of ndarray
        `patient_id`, `episode_id`, `service_id`, `therapist_id` and `problem_descriptor` as text, one a referral.
    settings : ServiceSettings
        Dates and shares.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        The feed's `referrals`, all text; blank discharge and end code where still open.
    """
    calendar, funnel = Calendar(settings), settings.numbers.funnel
    received = np.concatenate([one.arrivals.received for one in rounds])
    discharge = np.concatenate([one.discharge_day for one in rounds])
    ending = np.concatenate([one.ending for one in rounds])
    codes = end_codes(ending, settings, rng)
    sources = np.array(list(funnel.source_shares), dtype=object)
    drawn = sources[draw(np.array(list(funnel.source_shares.values())), len(received), rng)]
    seen = (ending != NOT_ASSESSED) | (rng.random(len(received)) < funnel.descriptor_without_assessment)
    return pd.DataFrame(
        {
            "patient_id": columns["patient_id"],
            "episode_id": columns["episode_id"],
            "received_date": calendar.dates(received),
            "service_id": columns["service_id"],
            "therapist_id": np.where(ending != NOT_ASSESSED, columns["therapist_id"], ""),
            "referral_source": drawn,
            "problem_descriptor": np.where(seen, columns["problem_descriptor"], ""),
            "discharge_date": calendar.dates(discharge),
            "end_code": np.where(discharge <= calendar.extract_day, codes, ""),
        }
    ).astype("str")


def responses_table(
    sat: Sittings, referrals: pd.DataFrame, settings: ServiceSettings, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Write the questionnaires that were handed in.

    Parameters
    ----------
    sat : Sittings
        All attended contacts.
    referrals : DataFrame
        The feed's referrals, in the order that `sat.referral` points into.
    settings : ServiceSettings
        Dates and shares of what is missing.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple
        The feed's `responses` (wide; Int8 items, missing where left out), and which sittings have a row in it.
    """
    calendar, funnel = Calendar(settings), settings.numbers.funnel
    n = len(sat.referral)
    first = sat.number == 1
    never_again = rng.random(len(referrals)) < funnel.never_again
    lost = rng.random(n) < np.where(first, funnel.first_occasion_missing, funnel.occasion_missing)
    lost |= ~first & never_again[sat.referral]
    incomplete = rng.random(n) < funnel.occasion_incomplete
    left_out = incomplete[:, None] & (rng.random(sat.items.shape) < funnel.incomplete_item_missing)
    kept = (sat.day <= calendar.extract_day) & ~lost & ~left_out.all(axis=1)
    frame = pd.DataFrame(
        {
            "patient_id": referrals["patient_id"].to_numpy()[sat.referral[kept]],
            "episode_id": referrals["episode_id"].to_numpy()[sat.referral[kept]],
            "session_date": calendar.dates(sat.day[kept]),
        }
    ).astype("str")
    items = {
        column: pd.arrays.IntegerArray(sat.items[kept, position].copy(), left_out[kept, position].copy())
        for position, column in enumerate(ITEM_COLUMNS)
    }
    return pd.concat([frame, pd.DataFrame(items)], axis=1), kept


@dataclass(frozen=True)
class _Missed:
    """Appointments that did not take place, one element each."""

    referral: Rows
    day: Ints
    kind: NDArray[np.object_]
    step: Ints


def _missed(sat: Sittings, rounds: list[Round], settings: ServiceSettings, rng: np.random.Generator) -> _Missed:
    funnel = settings.numbers.funnel
    shift = np.concatenate([one.arrivals.drop_out for one in rounds])
    times = rng.poisson(funnel.missed_per_session * np.exp(shift[sat.referral]))
    between = np.repeat(np.arange(len(times)), times)
    gap = sat.day[between] - sat.previous_day[between]
    day = sat.previous_day[between] + 1 + np.floor(rng.random(len(between)) * np.maximum(gap - 1, 1)).astype(np.int64)
    ending = np.concatenate([one.ending for one in rounds])
    received = np.concatenate([one.arrivals.received for one in rounds])
    last = np.concatenate([one.last_day for one in rounds])
    closed = np.concatenate([one.discharge_day for one in rounds])
    never = np.flatnonzero((ending == NOT_ASSESSED) & (rng.random(len(ending)) < _MISSED_ASSESSMENT_SHARE))
    never_day = np.minimum(
        received[never] + 3 + rng.geometric(0.06, len(never)), np.maximum(closed[never], received[never])
    )
    after = np.flatnonzero(np.isin(ending, _LEFT) & (rng.random(len(ending)) < _MISSED_AFTER_SHARE))
    after_day = np.minimum(last[after] + settings.numbers.funnel.week_days, np.maximum(closed[after], last[after]))
    first = sat.number[between] == 1
    return _Missed(
        referral=np.concatenate([sat.referral[between], never, after]),
        day=np.concatenate([day, never_day, after_day]),
        kind=np.concatenate(
            [
                np.where(first, _ASSESSMENT, _TREATMENT),
                np.full(len(never), _ASSESSMENT),
                np.full(len(after), _TREATMENT),
            ]
        ).astype(object),
        step=np.concatenate([sat.step[between], np.zeros(len(never) + len(after), dtype=np.int64)]),
    )


_LEFT = (2, 4)


def contacts_table(
    sat: Sittings,
    rounds: list[Round],
    referrals: pd.DataFrame,
    *,
    therapies: dict[str, NDArray[np.object_]],
    settings: ServiceSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write attended and missed appointments.

    Parameters
    ----------
    sat : Sittings
        All attended contacts.
    rounds : list of Round
        For the endings and the first contacts.
    referrals : DataFrame
        The feed's referrals, in the order that `sat.referral` points into.
    therapies : dict of ndarray
        `low` and `high`: the therapy code of each referral at each step.
    settings : ServiceSettings
        Dates and shares.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        The feed's `contacts`, all text, sorted by referral, date and attendance.
    """
    calendar, funnel = Calendar(settings), settings.numbers.funnel
    missed = _missed(sat, rounds, settings, rng)
    treats_first = np.concatenate([one.treats_first for one in rounds])[sat.referral]
    kind = np.where(sat.number > 1, _TREATMENT, np.where(treats_first, _BOTH, _ASSESSMENT)).astype(object)
    missed_codes = np.array(list(funnel.missed_codes), dtype=object)
    code = missed_codes[draw(np.array(list(funnel.missed_codes.values())), len(missed.day), rng)]
    referral = np.concatenate([sat.referral, missed.referral])
    day = np.concatenate([sat.day, missed.day])
    attendance = np.concatenate([np.full(len(sat.day), _ATTENDED, dtype=object), code])
    step = np.concatenate([sat.step, missed.step])
    kinds = np.concatenate([kind, missed.kind])
    here = np.flatnonzero(day <= calendar.extract_day)
    order = here[np.lexsort((attendance[here].astype(str), day[here], referral[here]))]
    referral, day, attendance, step, kinds = referral[order], day[order], attendance[order], step[order], kinds[order]
    media = np.array(list(funnel.medium_shares), dtype=object)
    usual = draw(np.array(list(funnel.medium_shares.values())), len(referrals), rng)
    other = draw(np.array(list(funnel.medium_shares.values())), len(order), rng)
    medium = np.where(rng.random(len(order)) < funnel.usual_medium, usual[referral], other)
    treatment = kinds != _ASSESSMENT
    therapy = np.where(step == HIGH, therapies["high"][referral], therapies["low"][referral])
    return pd.DataFrame(
        {
            "patient_id": referrals["patient_id"].to_numpy()[referral],
            "episode_id": referrals["episode_id"].to_numpy()[referral],
            "contact_id": np.char.mod("C%08d", rng.permutation(len(order)) + 1),
            "contact_date": calendar.dates(day),
            "attendance": attendance,
            "appointment_type": kinds,
            "medium": media[medium],
            "therapy": np.where(treatment, therapy, ""),
            "step": np.where(treatment, np.where(step == HIGH, "high", "low"), ""),
        }
    ).astype("str")
