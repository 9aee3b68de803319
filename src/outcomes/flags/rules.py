"""Who may need something different? Each open referral is one of flag, no flag or cannot score, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError, DataError
from outcomes.flags.settings import RULES, FlagSettings, permit_model
from outcomes.flags.standing import as_of_days, judged_instruments, require, score_series, standing
from outcomes.flags.words import REASONS, listed, sentence
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUSES: Final = ("flag", "cannot score", "no flag")
STAGES: Final = ("in treatment", "waiting", "transferred", "deceased")
IDENTITY: Final = ("local_id", "pseudonym", "referral", "service", "team", "therapist", "day_zero")
DAYS_IN_WEEK: Final = 7


def judge(
    caseload: pd.DataFrame,
    totals: pd.DataFrame,
    occasions: pd.DataFrame,
    course: pd.DataFrame | None = None,
    *,
    settings: FlagSettings,
    kind: str,
    probabilities: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Judge who may need something different, why, and whom nobody can judge.

    A referral is *flag* when any rule that is switched on fires; *no flag* when at least one measure could be judged
    by all rules in use and none fired; *cannot score*, with the reasons, otherwise. Safety questions play no part
    (see `safety`).

    Parameters
    ----------
    caseload
        One row per open referral: referral, pseudonym, therapist; optional service, team, local_id, day_zero (date of
        receipt), as_of_day or last_seen_day (days from receipt to the report's date), last_contact_day (day of the
        last attended contact), stage ("in treatment", "waiting", "transferred" or "deceased").
    totals
        referral, occasion, day and one column of totals per measure; missing = no score.
    occasions
        referral, occasion and item columns.
    course
        Expected course (instrument, baseline_low, baseline_high, occasion, expected, lower, upper, n), or None: then
        that rule is not in use.
    settings
        The service's declaration.
    kind
        Kind of the source: "identified", "anonymised" or "invented".
    probabilities
        referral, `probability_<outcome>` and optionally low and high, on a scale of 0 to 1; only with a recorded
        permission.

    Returns
    -------
    pandas.DataFrame
        One row per open referral: its identity columns, stage, status, rules (keys that fired), reasons and limits
        (sentences), weeks_in, weeks_silent, n_forms, and per measure `<measure>_first`, `_last`, `_change`,
        `_last_day`. Sorted by therapist, then by what needs attention.

    Raises
    ------
    ConfigError
        If probabilities are given without permission, or a stage is unknown.
    DataError
        If a column is missing, a referral stands twice on the caseload, or the three groups do not add up to it.
    """
    require(caseload, ("pseudonym", "referral", "therapist"), "caseload")
    if caseload["referral"].duplicated().any() or caseload["referral"].isna().any():
        bad = int(caseload["referral"].duplicated().sum() + caseload["referral"].isna().sum())
        raise DataError(f"caseload.referral: {bad} of {len(caseload)} rows missing or repeated (rule unique)")
    roster = _roster(caseload)
    instruments = judged_instruments(totals, settings)
    series = score_series(caseload, totals, occasions, instruments)
    measures = standing(series, course if "not_on_track" in settings.rules else None)
    order = {key: place for place, key in enumerate(instruments)}
    measures = measures.sort_values("instrument", key=lambda keys: keys.map(order), kind="stable", ignore_index=True)
    in_use = course is not None and "not_on_track" in settings.rules
    here = measures.loc[measures["referral"].isin(roster.loc[roster["stage"].isin(STAGES[:2]), "referral"])]
    findings = [
        *_rises(here, settings),
        *_off_track(here, settings, in_use=in_use),
        *_silence(roster, measures, settings),
        *_improbable(roster, settings, kind, probabilities),
        *_stages(roster),
        *_limits(measures, roster, settings, in_use=in_use, instruments=instruments),
    ]
    judged = _judged_referrals(measures, settings, in_use=in_use)
    table = _assemble(roster, measures, findings, judged)
    _check_partition(table, caseload)
    return table


def _roster(caseload: pd.DataFrame) -> pd.DataFrame:
    roster = caseload.loc[:, [column for column in IDENTITY if column in caseload.columns]].reset_index(drop=True)
    stage = caseload["stage"] if "stage" in caseload.columns else pd.Series(STAGES[0], index=caseload.index)
    unknown = sorted({str(value) for value in stage.dropna().unique()} - set(STAGES))
    if unknown:
        raise ConfigError(f"caseload.stage must be one of {', '.join(STAGES)}; {len(unknown)} other value(s) found")
    roster["stage"] = stage.fillna(STAGES[0]).to_numpy()
    roster["as_of_day"] = as_of_days(caseload).to_numpy()
    contact = (
        caseload["last_contact_day"]
        if "last_contact_day" in caseload.columns
        else pd.Series(pd.NA, index=caseload.index)
    )
    roster["last_contact_day"] = pd.to_numeric(contact).astype("Float64").to_numpy()
    for column in ("as_of_day", "last_contact_day"):
        roster[column] = roster[column].astype("Float64")
    return roster


def _records(table: pd.DataFrame, **more: str) -> list[dict[str, Any]]:
    return [{**{str(key): value for key, value in row.items()}, **more} for row in table.to_dict("records")]


def _rises(measures: pd.DataFrame, settings: FlagSettings) -> list[dict[str, Any]]:
    # Reliable deterioration: a measure has risen by its index or more since the first score.
    if "deterioration" not in settings.rules:
        return []
    up = measures["rise"].fillna(value=False).astype(bool)
    down = measures["fall"].fillna(value=False).astype(bool)
    risen = set(measures.loc[up, "referral"])
    mixed = measures.loc[down & measures["referral"].isin(risen)]
    return _records(measures.loc[up], rule="deterioration") + _records(mixed, rule="mixed")


def _off_track(measures: pd.DataFrame, settings: FlagSettings, *, in_use: bool) -> list[dict[str, Any]]:
    # Not on track: the last score lies above the upper limit of the expected course at that form.
    if not in_use:
        return []
    usable = (measures["n"] >= settings.course_minimum_people) & (measures["n_scores"] > 1)
    above = usable & (measures["last"] > measures["upper"])
    return _records(measures.assign(occasion=measures["last_occasion"]).loc[above], rule="not_on_track")


def _silence(roster: pd.DataFrame, measures: pd.DataFrame, settings: FlagSettings) -> list[dict[str, Any]]:
    # No contact: neither an attended contact nor a form for the declared number of weeks, once treatment has begun.
    if "no_contact" not in settings.rules:
        return []
    form = roster["referral"].map(measures.groupby("referral")["last_day_form"].max()).astype("Float64")
    contact = roster["last_contact_day"]
    latest = pd.concat([form, contact], axis=1).max(axis=1).astype("Float64")
    begun = roster["stage"].eq(STAGES[0])
    found = []
    since = {
        "no_contact": latest.where(contact.notna()),
        "no_questionnaire": form.where(contact.notna()),
        "no_form_on_record": form.where(contact.isna()),
    }
    silent_already = pd.Series(data=False, index=roster.index)
    for rule, day in since.items():
        weeks = ((roster["as_of_day"] - day) // DAYS_IN_WEEK).astype("Float64")
        fires = begun & weeks.ge(settings.weeks_without_contact).fillna(value=False).astype(bool) & ~silent_already
        silent_already |= fires
        found += _records(roster.loc[fires, ["referral"]].assign(weeks=weeks[fires]), rule=rule)
    return found


def _improbable(
    roster: pd.DataFrame, settings: FlagSettings, kind: str, probabilities: pd.DataFrame | None
) -> list[dict[str, Any]]:
    # A recorded model gives a low chance of a good ending.
    if probabilities is None:
        return []
    model = permit_model(settings, kind)
    column = f"probability_{model.outcome}"
    require(probabilities, ("referral", column), "probabilities")
    mine = probabilities.loc[probabilities["referral"].isin(roster["referral"])].drop_duplicates(
        "referral", keep="last"
    )
    known = mine.loc[mine[column].notna()]
    here = roster.loc[roster["stage"].isin(STAGES[:2]), "referral"]
    low = known.loc[known[column].lt(model.flag_below) & known["referral"].isin(here)].rename(
        columns={column: "probability"}
    )
    silent = roster.loc[~roster["referral"].isin(known["referral"]), ["referral"]]
    return _records(low, rule="model", outcome=model.outcome) + _records(silent, rule="no_probability")


def _stages(roster: pd.DataFrame) -> list[dict[str, Any]]:
    other = roster.loc[roster["stage"].ne(STAGES[0]), ["referral", "stage"]]
    return [{"referral": row["referral"], "rule": row["stage"]} for row in other.to_dict("records")]


def _limits(
    measures: pd.DataFrame, roster: pd.DataFrame, settings: FlagSettings, *, in_use: bool, instruments: tuple[str, ...]
) -> list[dict[str, Any]]:
    # Say what could not be judged, and why; the same words for several measures are said once.
    answered = measures["n_answered"] > 0
    two = measures["n_scores"] > 1
    thin = two & measures["rise"].notna() & (measures["n"] < settings.course_minimum_people)
    cases = {
        "no_form": ~answered,
        "items_missing": answered & ~two & (measures["n_answered"] > measures["n_scores"]),
        "one_score": answered & ~two & (measures["n_answered"] == measures["n_scores"]),
        "last_blank": (measures["n_scores"] > 0) & (measures["blanks"] >= settings.blank_questionnaires),
        "course_thin": thin & in_use,
        "change_unknown": two & measures["rise"].isna(),
    }
    numbers = {"last_blank": "blanks", "course_thin": "n"}
    some = set(measures.loc[answered, "referral"])
    found: list[dict[str, Any]] = [
        {"referral": referral, "rule": "never_scored"} for referral in roster["referral"] if referral not in some
    ]
    for rule, rows in cases.items():
        part = measures.loc[
            rows & measures["referral"].isin(some), ["referral", "instrument", numbers.get(rule, "n_forms")]
        ]
        part = part.set_axis(["referral", "instrument", "n"], axis=1)
        found += _grouped(part if rule in numbers else part.assign(n=0), rule)
    absent = _absent(measures, some, instruments)
    found += _grouped(absent, "no_form")
    if "no_contact" in settings.rules:
        unknown = roster.loc[roster["as_of_day"].isna(), "referral"]
        found += [{"referral": referral, "rule": "days_unknown"} for referral in unknown]
    return found


def _absent(measures: pd.DataFrame, some: set[str], instruments: tuple[str, ...]) -> pd.DataFrame:
    # Measures of which a referral that has forms has none at all (not even a row).
    have = set(zip(measures["referral"], measures["instrument"], strict=True))
    rows = [(referral, key, 0) for referral in sorted(some) for key in instruments if (referral, key) not in have]
    return pd.DataFrame(rows, columns=["referral", "instrument", "n"])


def _grouped(part: pd.DataFrame, rule: str) -> list[dict[str, Any]]:
    named: dict[tuple[str, int], list[str]] = {}
    for row in part.itertuples(index=False):
        named.setdefault((str(row.referral), int(str(row.n))), []).append(instrument(str(row.instrument)).short_name)
    return [{"referral": key[0], "rule": rule, "n": key[1], "names": listed(names)} for key, names in named.items()]


def _judged_referrals(measures: pd.DataFrame, settings: FlagSettings, *, in_use: bool) -> set[str]:
    # Referrals with at least one measure that every score rule in use could judge, on a recent score.
    whole = (measures["n_scores"] > 1) & (measures["blanks"] < settings.blank_questionnaires)
    if "deterioration" in settings.rules or not in_use:
        whole &= measures["rise"].notna()
    if in_use:
        whole &= measures["n"] >= settings.course_minimum_people
    return set(measures.loc[whole, "referral"])


def _assemble(
    roster: pd.DataFrame, measures: pd.DataFrame, findings: list[dict[str, Any]], judged: set[str]
) -> pd.DataFrame:
    said: Mapping[str, dict[str, list[Any]]] = {
        referral: {"rules": [], "reasons": [], "limits": []} for referral in roster["referral"]
    }
    for finding in findings:
        words = said[finding["referral"]]
        if finding["rule"] in REASONS:
            words["rules"].append(finding["rule"])
            words["reasons"].append(sentence(finding))
        else:
            name = instrument(finding["instrument"]).short_name if "instrument" in finding else finding.get("names", "")
            words["limits"].append(sentence({**finding, "names": name}))
    table = roster.copy()
    for column in ("rules", "reasons", "limits"):
        table[column] = [tuple(dict.fromkeys(said[referral][column])) for referral in roster["referral"]]
    flagged = table["rules"].map(len) > 0
    fit = table["referral"].isin(judged) & table["stage"].eq(STAGES[0])
    table["status"] = np.select([flagged, fit], ["flag", "no flag"], default="cannot score")
    table = _numbers(table, measures)
    return _sorted(table)


def _numbers(table: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    table["weeks_in"] = (table["as_of_day"] // DAYS_IN_WEEK).astype("Int64")
    table["n_forms"] = table["referral"].map(measures.groupby("referral")["n_answered"].max()).fillna(0).astype(int)
    form = table["referral"].map(measures.groupby("referral")["last_day_form"].max()).astype("Float64")
    table["last_form_day"] = form
    for key, rows in measures.groupby("instrument", sort=False):
        mine = rows.set_index("referral")
        for name in ("first", "last", "change", "last_day"):
            table[f"{key}_{name}"] = mine[name].reindex(table["referral"]).to_numpy()
    return table


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    # By therapist, then status, then how many and which rules fired, then the identifier: the same order every time.
    ranks = {
        rule: place
        for place, rule in enumerate((*RULES[:2], "model", *RULES[2:], "no_questionnaire", "no_form_on_record"))
    }
    keys = pd.DataFrame(
        {
            "therapist": table["therapist"].astype("string").fillna(""),
            "status": table["status"].map({status: place for place, status in enumerate(STATUSES)}),
            "first_rule": table["rules"].map(lambda rules: min((ranks.get(rule, 9) for rule in rules), default=9)),
            "fewer": -table["rules"].map(len),
            "referral": table["referral"].astype(str),
        }
    )
    return table.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)


def _check_partition(table: pd.DataFrame, caseload: pd.DataFrame) -> None:
    counts = table["status"].value_counts()
    total = sum(int(counts.get(status, 0)) for status in STATUSES)
    if total != len(caseload) or set(table["referral"]) != set(caseload["referral"]):
        raise DataError(f"caseload: {len(caseload)} open referrals, but {total} were judged (rule partition)")
