"""How are findings said to a reader? One finding, one or two short sentences, units and limits said aloud."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

NOT_AN_ALERT = "This page is not an alert system."
NO_NOTICE = "No notice does not mean no risk."
NO_FLAG = "No outcome signal; says nothing about safety."
UNCONFIRMED = "Identity or date not confirmed."
OUTCOME_WORDS = {
    "recovery": "recovery",
    "reliable_recovery": "reliable recovery",
    "reliable_improvement": "reliable improvement",
    "reliable_deterioration": "getting worse for sure",
    "no_reliable_change": "no sure change",
    "improved": "getting better for sure, short of recovery",
    "recovered": "recovery",
    "deteriorated": "getting worse for sure",
    "unchanged": "no sure change",
    "dropped_out": "stopping early",
    "still_open": "still in treatment",
    "drop_out": "stopping early",
    "dropout": "stopping early",
}
STATUS_WORDS = {"flag": "Flag", "no flag": "No flag", "cannot score": "Cannot score"}


def count(n: int, one: str, many: str | None = None) -> str:
    """Say a number with its noun: "1 week", "3 weeks".

    Parameters
    ----------
    n
        How many.
    one
        The noun for one.
    many
        The noun for more; by default `one` with an s.

    Returns
    -------
    str
        Number and noun.

    Examples
    --------
    >>> count(1, "week"), count(0, "person", "people"), count(1200, "form")
    ('1 week', '0 people', '1,200 forms')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c".

    Parameters
    ----------
    words
        What to join.

    Returns
    -------
    str
        One phrase; empty for no words.

    Examples
    --------
    >>> listed(["PHQ-9", "GAD-7"])
    'PHQ-9 and GAD-7'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


@lru_cache(maxsize=4096)
def score(value: float, decimals: int = 0) -> str:
    """Say a score: whole where the scale is whole, one more decimal where blanks were filled in.

    Parameters
    ----------
    value
        The score; missing reads "none".
    decimals
        Decimals of the scale.

    Returns
    -------
    str
        The number, rounded half up.

    Examples
    --------
    >>> score(12.0), score(11.25), score(2.5, 2), score(float("nan"))
    ('12', '11.3', '2.50', 'none')
    """
    if pd.isna(value):
        return "none"
    exact = Decimal(repr(round(float(value), 6)))
    places = decimals if decimals or exact == exact.to_integral_value() else 1
    return str(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def share(probability: float) -> str:
    """Say a probability as people count: "about 7 in 10".

    Parameters
    ----------
    probability
        Between 0 and 1.

    Returns
    -------
    str
        Tenths in the middle, "fewer than 1 in 20" and "more than 19 in 20" at the ends.

    Examples
    --------
    >>> share(0.68), share(0.01), share(0.07), share(0.98)
    ('about 7 in 10', 'fewer than 1 in 20', 'about 1 in 10', 'more than 19 in 20')
    """
    edge = 0.05
    if probability < edge:
        return "fewer than 1 in 20"
    if probability > 1 - edge:
        return "more than 19 in 20"
    tenths = int((Decimal(repr(float(probability))) * 10).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return f"about {min(max(tenths, 1), 9)} in 10"


@lru_cache(maxsize=65536)
def when(day: float | None, day_zero: date | None) -> str:
    """Say when something happened: a date inside care, else the day since referral.

    Parameters
    ----------
    day
        Days since the referral was received; missing reads "date not known".
    day_zero
        The date of receipt, where the reader may know it.

    Returns
    -------
    str
        "12 May 2024", or "day 84".

    Examples
    --------
    >>> from datetime import date
    >>> when(3, date(2024, 5, 9)), when(84, None), when(None, None)
    ('12 May 2024', 'day 84', 'date not known')
    """
    if day is None or pd.isna(day):
        return "date not known"
    if day_zero is None or pd.isna(day_zero):
        return f"day {int(day)}"
    moment = pd.Timestamp(day_zero) + timedelta(days=int(day))
    return f"{moment.day} {moment.strftime('%B %Y')}"


def left_words(stage: str, day: float | None, day_zero: date | None) -> str:
    """Say that someone has moved to another service or has died, and when the record says so.

    Parameters
    ----------
    stage
        "transferred" or "deceased".
    day
        Day of the end, from receipt.
    day_zero
        Date of receipt, where the reader may know it.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> left_words("transferred", 84, None)
    'Moved to another service, day 84.'
    """
    what = "The record says that this person has died" if stage == "deceased" else "Moved to another service"
    return f"{what}, {when(day, day_zero)}."


def _deterioration(f: Mapping[str, Any]) -> str:
    measure = instrument(f["instrument"])
    name, limit = measure.short_name, measure.reliable_change
    before, after = (score(f[end], f["decimals"]) for end in ("first", "last"))
    least = "" if limit is None else f" A rise of {limit.words()} is unlikely to be chance."
    return f"Got worse. The {name} score went up from {before} to {after}.{least}"


def _not_on_track(f: Mapping[str, Any]) -> str:
    name, last = instrument(f["instrument"]).short_name, score(f["last"], f["decimals"])
    upper = score(f["upper"], f["decimals"]) if f["decimals"] else str(math.floor(f["upper"]))
    return (
        f"Not on track. The {name} score is {last} at form {int(f['occasion'])}. "
        f"Most people who began at a similar score were at {upper} or less by then."
    )


def _no_contact(f: Mapping[str, Any]) -> str:
    return f"Out of touch. Not seen, and no form filled in, for {count(int(f['weeks']), 'week')}."


def _no_questionnaire(f: Mapping[str, Any]) -> str:
    return f"Out of touch. Seen, but no form filled in, for {count(int(f['weeks']), 'week')}."


def _no_form_on_record(f: Mapping[str, Any]) -> str:
    return f"Out of touch. No form filled in for {count(int(f['weeks']), 'week')}. Contacts are not on record here."


def _model(f: Mapping[str, Any]) -> str:
    sentence = f"Low chance. The model puts the chance of {OUTCOME_WORDS[f['outcome']]} at {share(f['probability'])}"
    if pd.isna(f.get("low")) or pd.isna(f.get("high")):
        return f"{sentence}."
    return f"{sentence} (between {percent(f['low'])} and {percent(f['high'])} in 100)."


def percent(probability: float) -> str:
    """Say a share as a whole number out of 100, rounded half up.

    Parameters
    ----------
    probability
        Between 0 and 1.

    Returns
    -------
    str
        The whole number.

    Examples
    --------
    >>> percent(0.125)
    '13'
    """
    return str((Decimal(repr(float(probability))) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _course_thin(f: Mapping[str, Any]) -> str:
    came = f"began at a similar {f['names']} score and came this far."
    if not f["n"]:
        return f"Nobody {came} There is no one to compare with."
    return f"Only {count(int(f['n']), 'person', 'people')} {came} That is too few to compare with."


REASONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "deterioration": _deterioration,
    "not_on_track": _not_on_track,
    "no_contact": _no_contact,
    "no_questionnaire": _no_questionnaire,
    "no_form_on_record": _no_form_on_record,
    "model": _model,
}
LIMITS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "waiting": lambda _: "Still waiting: treatment has not begun.",
    "transferred": lambda _: "The record says: moved to another service.",
    "deceased": lambda _: "The record says that this person has died.",
    "never_scored": lambda _: "No form filled in yet.",
    "no_form": lambda f: f"No {f['names']} form filled in yet.",
    "items_missing": lambda f: f"Some {f['names']} questions were left blank, so there are no two scores to compare.",
    "one_score": lambda f: f"Only one {f['names']} score so far. Two are needed to see a change.",
    "last_blank": lambda f: f"The last {count(int(f['n']), 'form')} had no {f['names']} score.",
    "course_thin": _course_thin,
    "change_unknown": lambda f: f"No published limit says what counts as a real change on the {f['names']}.",
    "mixed": lambda f: (
        f"The {f['names']} score went down by more than chance at the same time, so the picture is mixed."
    ),
    "days_unknown": lambda _: "Dates are not known, so time without contact can't be judged.",
    "no_probability": lambda _: "The model gave no answer for this person.",
}


def sentence(finding: Mapping[str, Any]) -> str:
    """Turn one finding into words.

    Parameters
    ----------
    finding
        `rule` and the numbers that belong to it; a limit that holds for several measures carries them in `names`.

    Returns
    -------
    str
        One or two sentences.
    """
    rule = str(finding["rule"])
    return (REASONS.get(rule) or LIMITS[rule])(finding)
