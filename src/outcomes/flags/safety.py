"""Who answered a safety question above zero, and of whom is nothing known? Apart from rules, models and course.

A safety question is a property of the instrument record (PHQ-9 item 9, BDI-II item 9 ...). What is found here is a
prompt for a conversation: no score, no level, no colour. Nothing in this module reads a total, a rule or a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from outcomes.flags.standing import as_of_days, require
from outcomes.flags.words import UNCONFIRMED
from outcomes.reference.instruments import instrument, instruments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcomes.flags.settings import FlagSettings

ABOVE_ZERO: Final = "above zero"
ZERO: Final = "zero"
NOT_KNOWN: Final = "not known"
COLUMNS: Final = ("referral", "question", "state", "recent", "day", "later", "last_known_day")
DUTY_COLUMNS: Final = ("person_as_given", "date_as_given", "question", "note")


def safety_columns(keys: Sequence[str] | None = None) -> dict[str, str]:
    """List the safety questions: the column that holds each, and what it is called.

    Parameters
    ----------
    keys
        Keys of the instruments to look at; by default every one that is known.

    Returns
    -------
    dict
        Column of the forms ("phq9_9") to words ("PHQ-9 question 9").

    Examples
    --------
    >>> safety_columns(["phq9", "gad7"])
    {'phq9_9': 'PHQ-9 question 9'}
    """
    records = [record for key, record in instruments().items() if keys is None or key in keys]
    return {
        f"{record.key}_{number}": f"{record.short_name} question {number}"
        for record in records
        for number in record.safety_items
    }


def safety_answers(caseload: pd.DataFrame, occasions: pd.DataFrame, *, settings: FlagSettings) -> pd.DataFrame:
    """Find the safety answers of every open referral, straight from the forms.

    Every answer above zero counts that lies within the window before the report's date, on a form without a date, on
    a form dated after the report's date, or on the latest form that answers the question, however old. A blank is
    never a zero.

    Parameters
    ----------
    caseload
        One row per open referral: referral; as_of_day or last_seen_day where known.
    occasions
        referral, day where known, and item columns. Forms without an episode of the caseload are not looked at.
    settings
        The service's declaration (`safety_window_days`).

    Returns
    -------
    pandas.DataFrame
        One row per referral and safety question: question (words), state ("above zero", "zero" or "not known"), recent
        (there is an answer in the window), day (of the latest answer above zero, else of the latest answer in the
        window), later (a later form answers zero, or leaves it blank: "zero", "blank" or ""), last_known_day. Where no
        form asks any safety question, PHQ-9 question 9 is there as "not known" for everybody.

    Raises
    ------
    DataError
        If the caseload or the forms have no column `referral`.
    """
    require(caseload, ("referral",), "caseload")
    require(occasions, ("referral",), "occasions")
    asked = {column: words for column, words in safety_columns().items() if column in occasions.columns}
    asked = asked or safety_columns(["phq9"])
    as_of = as_of_days(caseload)
    parts = [_answers(as_of, occasions, column, words, settings) for column, words in asked.items()]
    return pd.concat(parts, ignore_index=True).sort_values(["referral", "question"], kind="stable", ignore_index=True)


def _answers(
    as_of: pd.Series, occasions: pd.DataFrame, column: str, words: str, settings: FlagSettings
) -> pd.DataFrame:
    forms = _forms(as_of, occasions, column)
    answered = forms.loc[forms["answer"].notna()]
    latest = answered.groupby("referral")["place"].max()
    forms["latest"] = forms["place"].eq(forms["referral"].map(latest))
    age = forms["as_of"] - forms["day"]
    recent = (age.isna() | (age <= settings.safety_window_days)).fillna(value=True).astype(bool)
    heard = forms.loc[forms["answer"].notna() & (recent | forms["latest"])]
    above = heard.loc[heard["answer"] > 0].drop_duplicates("referral", keep="last").set_index("referral")
    window = forms.loc[forms["answer"].notna() & recent].drop_duplicates("referral", keep="last").set_index("referral")
    result = pd.DataFrame({"referral": as_of.index, "question": words})
    is_above, in_window = result["referral"].isin(above.index), result["referral"].isin(window.index)
    result["state"] = is_above.map({True: ABOVE_ZERO, False: ""}).mask(~is_above & in_window, ZERO)
    result["state"] = result["state"].mask(~is_above & ~in_window, NOT_KNOWN)
    result["recent"] = in_window
    day = result["referral"].map(above["day"]).astype("Float64")
    result["day"] = day.where(is_above, result["referral"].map(window["day"]).astype("Float64"))
    result["later"] = _later(result["referral"], forms, above, latest)
    known = answered.drop_duplicates("referral", keep="last").set_index("referral")
    result["last_known_day"] = result["referral"].map(known["day"]).astype("Float64")
    return result.loc[:, list(COLUMNS)]


def _forms(as_of: pd.Series, occasions: pd.DataFrame, column: str) -> pd.DataFrame:
    # In order of day; forms without one come last, so that an undated answer is never hidden by a dated one.
    mine = occasions.loc[occasions["referral"].isin(as_of.index)]
    nothing = pd.Series(pd.NA, index=mine.index)
    forms = pd.DataFrame(
        {
            "referral": mine["referral"],
            "day": pd.to_numeric(mine.get("day", nothing)).astype("Float64"),
            "occasion": pd.to_numeric(mine.get("occasion", nothing)).astype("Float64"),
            "answer": pd.to_numeric(mine.get(column, nothing)).astype("Float64"),
        }
    ).sort_values(["referral", "day", "occasion"], na_position="last", kind="stable", ignore_index=True)
    forms["as_of"] = forms["referral"].map(as_of).astype("Float64")
    forms["place"] = range(len(forms))
    return forms


def _later(referrals: pd.Series, forms: pd.DataFrame, above: pd.DataFrame, latest: pd.Series) -> list[str]:
    # What came after the latest answer above zero: an answer of zero, a blank, or nothing.
    end = forms.groupby("referral")["place"].max()
    said = []
    for referral in referrals:
        if referral not in above.index:
            said.append("")
            continue
        place = above.at[referral, "place"]
        said.append("zero" if latest[referral] > place else "blank" if end[referral] > place else "")
    return said


def duty_list(quarantined: pd.DataFrame | None) -> pd.DataFrame:
    """List answers above zero in rows that could not be tied to a person or a date, for the service's duty list.

    Such an answer never goes onto a named person's line: it may not be theirs. It is not lost either.

    Parameters
    ----------
    quarantined
        Answers to safety questions in rows that intake set aside, as the care view gives them: instrument, item,
        answer (missing = could not be read), and as given in the feed patient_id, episode_id, session_date, occasion;
        rule. Or None.

    Returns
    -------
    pandas.DataFrame
        person_as_given, date_as_given, question, note; one row per answer that is above zero or could not be read.
        Without any score.

    Raises
    ------
    DataError
        If a row was set aside but the columns that hold its question and answer are missing.
    """
    if quarantined is None or quarantined.empty:
        return pd.DataFrame(columns=list(DUTY_COLUMNS))
    require(quarantined, ("instrument", "item", "answer"), "quarantined safety answers")
    text = quarantined["answer"].astype("string").str.strip()
    value = pd.to_numeric(text, errors="coerce").astype("Float64")
    rows = quarantined.loc[(value.isna() | (value > 0)).fillna(value=True).to_numpy(dtype=bool)]
    unreadable = value.loc[rows.index].isna()
    table = pd.DataFrame(
        {
            "person_as_given": _as_given(rows, "patient_id"),
            "date_as_given": _as_given(rows, "session_date"),
            "question": [
                f"{instrument(str(key)).short_name} question {int(item)}"
                for key, item in zip(rows["instrument"], rows["item"], strict=True)
            ],
            "note": unreadable.map({True: f"The answer could not be read. {UNCONFIRMED}", False: UNCONFIRMED}),
        }
    )
    return table.sort_values(list(DUTY_COLUMNS), ignore_index=True)


def _as_given(rows: pd.DataFrame, column: str) -> pd.Series:
    if column not in rows.columns:
        return pd.Series("not given", index=rows.index)
    given = rows[column]
    if pd.api.types.is_datetime64_any_dtype(given):
        given = given.dt.strftime("%Y-%m-%d")
    return given.astype("string").fillna("not given").astype(str)
