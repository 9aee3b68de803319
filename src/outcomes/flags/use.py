"""How are the flags used? Rates by group, what was acknowledged and acted on, and what an alert budget would cost.

What became of flagged people is never an error rate here: once people act on flags, outcomes are changed by them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError
from outcomes.flags.standing import require
from outcomes.kernel.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from outcomes.flags.report import CaseloadReport

NOT_STATED: Final = "not stated"
FEWEST: Final = 10  # open referrals in a group, below which its rate is not said
DAYS_IN_WEEK: Final = 7
MOST_WEEKS: Final = 52
STEPS_OF_PROBABILITY: Final = 100
CONTACT_RULES: Final = frozenset({"no_contact", "no_questionnaire", "no_form_on_record"})
QUARTER: Final = r"\d{4}Q[1-4]"
HANDLED_COLUMNS: Final = ("person", "acknowledged", "acted_on")
RATE_COLUMNS: Final = ("characteristic", "group", "n", "flagged", "share", "low", "high")
BUDGET_COLUMNS: Final = ("limit", "value", "flagged", "given_up")


@dataclass(frozen=True)
class Use:
    """What is watched: rates by group, what was done about flags (None where nobody records it), the budget's price.

    Attributes
    ----------
    rates
        From `flag_rates`.
    handled
        From `handled`, or None.
    budget
        From `budget_price`; empty without a budget, or when the budget is kept as things are.
    allowed
        How many flags the budget allows; None without one.
    flagged
        How many there are.
    """

    flagged: int
    rates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(RATE_COLUMNS)))
    handled: dict[str, int] | None = None
    allowed: int | None = None
    budget: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(BUDGET_COLUMNS)))


def use_of(
    report: CaseloadReport,
    *,
    people: pd.DataFrame | None = None,
    by: Sequence[str] = (),
    record: pd.DataFrame | None = None,
) -> Use:
    """Put together how the flags of one report fall, and what was done about them.

    Parameters
    ----------
    report
        From `report.caseload_report`.
    people
        pseudonym and the characteristics in `by`, or None.
    by
        Characteristics to break the flag rate down by.
    record
        The service's own record of what was done: person, acknowledged, acted_on; or None.

    Returns
    -------
    Use
        Counts only; stays inside care, because small groups are in it.

    Raises
    ------
    DataError
        If a column is missing.
    """
    if report.judged is None:
        return Use(flagged=0)
    flagged = int(report.judged["status"].eq("flag").sum())
    budget = report.settings.alert_budget
    allowed = None if budget is None else budget * len(report.judged) // 100
    return Use(
        flagged=flagged,
        rates=flag_rates(report.judged, people, by) if people is not None else Use(flagged).rates,
        handled=None if record is None else handled(report, record),
        allowed=allowed,
        budget=Use(flagged).budget if allowed is None or flagged <= allowed else budget_price(report, allowed),
    )


def flag_rates(judged: pd.DataFrame, people: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Say how often each group is flagged.

    Parameters
    ----------
    judged
        From `rules.judge`.
    people
        pseudonym and the characteristics in `by`.
    by
        Characteristics; those that `people` lacks are left out.

    Returns
    -------
    pandas.DataFrame
        characteristic, group ("not stated" where nobody knows), n (open referrals), flagged, share, low, high (Wilson,
        95 %; all three missing below ten open referrals).

    Raises
    ------
    DataError
        If a column is missing.

    References
    ----------
    Wilson EB (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    """
    require(judged, ("pseudonym", "status"), "judged")
    require(people, ("pseudonym",), "people")
    one_each = people.drop_duplicates("pseudonym").set_index("pseudonym")
    parts = []
    for characteristic in (name for name in by if name in one_each.columns):
        group = judged["pseudonym"].map(one_each[characteristic].astype("string")).fillna(NOT_STATED)
        flags = judged["status"].eq("flag").groupby(group).agg(["size", "sum"])
        interval = wilson(flags["sum"].to_numpy(), flags["size"].to_numpy())
        part = pd.DataFrame(
            {
                "characteristic": characteristic,
                "group": flags.index.astype(str),
                "n": flags["size"].to_numpy(),
                "flagged": flags["sum"].to_numpy().astype(int),
                "share": (flags["sum"] / flags["size"]).to_numpy(dtype=float),
                "low": interval.low,
                "high": interval.high,
            }
        )
        few = part["n"] < FEWEST
        part[["share", "low", "high"]] = part[["share", "low", "high"]].mask(few)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(RATE_COLUMNS))


def handled(report: CaseloadReport, record: pd.DataFrame) -> dict[str, int]:
    """Count how many of those flagged now were acknowledged, and how many led to something.

    Parameters
    ----------
    report
        A report whose people have their local names.
    record
        The service's own record: person (local identifier), acknowledged, acted_on ("yes" or anything else).

    Returns
    -------
    dict
        flagged, acknowledged, acted_on, not_on_caseload (lines of the record about nobody here).

    Raises
    ------
    DataError
        If a column is missing.
    """
    require(record, HANDLED_COLUMNS, "record of what was done")
    if report.judged is None or "local_id" not in report.caseload.columns:
        raise DataError("the record of what was done needs a judged report with local names (rule relinked)")
    flags = set(report.judged.loc[report.judged["status"].eq("flag"), "referral"])
    names = report.caseload.set_index("referral")["local_id"].astype(str)
    flagged = set(names.loc[names.index.isin(flags)])
    told = record.assign(person=record["person"].astype(str))
    counts = {"flagged": len(flagged)}
    for column in ("acknowledged", "acted_on"):
        said = told.loc[told[column].astype("string").str.strip().str.lower().eq("yes").fillna(value=False), "person"]
        counts[column] = len(flagged & set(said))
    counts["not_on_caseload"] = len(set(told["person"]) - set(names))
    return counts


def read_record(path: Path) -> pd.DataFrame:
    """Read the service's own record of what was done about flags.

    Parameters
    ----------
    path
        CSV with the columns person, acknowledged, acted_on.

    Returns
    -------
    pandas.DataFrame
        As text.

    Raises
    ------
    DataError
        If it cannot be read, or a column is missing.
    """
    try:
        record = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):
        raise DataError(f"{path.name} can't be read as CSV with the columns {', '.join(HANDLED_COLUMNS)}") from None
    require(record, HANDLED_COLUMNS, path.name)
    return record


def budget_price(report: CaseloadReport, allowed: int) -> pd.DataFrame:
    """Find the limit that keeps the alert budget, and say what is given up.

    Only the two limits that a service sets itself are moved, one at a time: the weeks without contact, and the chance
    below which a model flags. Real rises and departures from the expected course are never traded away.

    Parameters
    ----------
    report
        A judged report.
    allowed
        How many flags the service can look into.

    Returns
    -------
    pandas.DataFrame
        One row a limit: limit ("weeks_without_contact" or "flag_below"), value (the mildest one that keeps the budget,
        or the strictest one that there is where none does), flagged (with it), given_up (people flagged now who would
        not be).
    """
    judged = report.judged if report.judged is not None else pd.DataFrame({"status": [], "rules": []})
    now = judged["status"].eq("flag").to_numpy()
    rules = [set(found) for found in judged["rules"]]
    rows = []
    if any(found & CONTACT_RULES for found in rules):
        others = np.array([bool(found - CONTACT_RULES) for found in rules])
        weeks = _weeks_silent(judged)
        kept = {
            float(limit): others | (now & (weeks >= limit))
            for limit in range(report.settings.weeks_without_contact + 1, MOST_WEEKS + 1)
        }
        rows.append(("weeks_without_contact", *_mildest(kept, now, allowed)))
    if report.settings.model is not None and any("model" in found for found in rules) and report.foretold is not None:
        others = np.array([bool(found - {"model"}) for found in rules])
        chance = _chances(report, judged)
        top = int(report.settings.model.flag_below * STEPS_OF_PROBABILITY)
        kept = {
            step / STEPS_OF_PROBABILITY: others | (now & (chance < step / STEPS_OF_PROBABILITY))
            for step in range(top - 1, -1, -1)
        }
        rows.append(("flag_below", *_mildest(kept, now, allowed)))
    return pd.DataFrame(rows, columns=list(BUDGET_COLUMNS))


def _mildest(kept: dict[float, np.ndarray], now: np.ndarray, allowed: int) -> tuple[float, int, int]:
    value = next((limit for limit, flags in kept.items() if flags.sum() <= allowed), list(kept)[-1])
    flagged = int(kept[value].sum())
    return value, flagged, int(now.sum()) - flagged


def _weeks_silent(judged: pd.DataFrame) -> np.ndarray:
    # As the rule counts: weeks since the last form, or since the last contact where there is no form.
    last = judged["last_form_day"].astype("Float64")
    last = last.fillna(judged["last_contact_day"].astype("Float64"))
    return ((judged["as_of_day"].astype("Float64") - last) // DAYS_IN_WEEK).to_numpy(dtype=float, na_value=-1.0)


def _chances(report: CaseloadReport, judged: pd.DataFrame) -> np.ndarray:
    if report.foretold is None or report.settings.model is None:
        return np.ones(len(judged))
    mine = report.foretold.endings.loc[report.foretold.endings["ending"].eq(report.settings.model.outcome)]
    known = mine.drop_duplicates("referral", keep="last").set_index("referral")["probability"]
    return judged["referral"].map(known).astype(float).fillna(1.0).to_numpy()


def untouched_until(
    episodes: pd.DataFrame, shown_from: date, *, silent_services: Sequence[str] = ()
) -> NDArray[np.float64]:
    """Say until which day of each referral nothing that happened can have been changed by a model's flags.

    Days are offsets from a referral whose date research does not know: it is taken to have come on the last day of its
    quarter, so that nothing counts as untouched that may not be.

    Parameters
    ----------
    episodes
        One row a referral: quarter ("2022Q2"), and service where services are named.
    shown_from
        The day from which the model's flags were on pages.
    silent_services
        Services whose pages never showed them: a comparison.

    Returns
    -------
    ndarray of float, shape (n_episodes,)
        Days since the referral: infinite in silent services, 0 where the referral may have come after `shown_from` or
        its quarter is not known.

    Raises
    ------
    DataError
        If a silent service is not in the feed.

    Examples
    --------
    >>> from datetime import date
    >>> untouched_until(pd.DataFrame({"quarter": ["2025Q3", "2026Q1"]}), date(2026, 1, 15)).tolist()
    [107.0, 0.0]
    """
    require(episodes, ("quarter", *(("service",) if silent_services else ())), "episodes")
    known = episodes["quarter"].astype("str").str.fullmatch(QUARTER).fillna(value=False).to_numpy(dtype=bool)
    days = np.zeros(len(episodes))
    last = pd.PeriodIndex(episodes["quarter"].astype("str").to_numpy()[known], freq="Q").end_time.normalize()
    days[known] = np.maximum((pd.Timestamp(shown_from) - last).days.to_numpy(), 0)
    if not silent_services:
        return days
    services = episodes["service"].astype("str")
    absent = sorted(set(silent_services) - set(services))
    if absent:
        raise DataError(f"silent_services: {len(absent)} of {len(silent_services)} are not in the feed (rule services)")
    return np.where(services.isin(list(silent_services)).to_numpy(dtype=bool), np.inf, days)
