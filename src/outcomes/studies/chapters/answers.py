"""What does each chapter say in a sentence or two? The answers that stand beside the questions at the top of the page.

Every number in them is a cell of a released table, or a word of the chapter itself.
"""

import math
from collections.abc import Iterable

import numpy as np

from outcomes.disclosure.seal import Released
from outcomes.fairness.gaps import EXCEEDS, INCONCLUSIVE, TOO_FEW, WITHIN
from outcomes.publications.wording import cell, interval

TOLD_STAGES = {"Completed a course": "completed a course", "Recovered": "are known to have recovered"}
MOST_NAMED = 3


def people_answer(reached: Released) -> str:
    """Say how many came, and how many got how far.

    Parameters
    ----------
    reached
        One row a stage: stage, n, share_pct.

    Returns
    -------
    str
        Empty where the table has no rows.
    """
    places = {str(stage): place for place, stage in enumerate(reached.table["stage"])}
    if not places:
        return ""
    far = [
        f"{cell(reached, places[stage], 'share_pct')} % {words}"
        for stage, words in TOLD_STAGES.items()
        if stage in places and (places[stage], "share_pct") not in reached.reasons
    ]
    came = f"{cell(reached, 0, 'n')} referrals"
    return f"{came}; of these {' and '.join(far)}." if far else f"{came}."


def change_answer(shown: Released, place: int, *, england_pct: float = math.nan, year: str = "") -> str:
    """Say how many recovered reliably, beside England where that is known.

    Parameters
    ----------
    shown
        The released outcomes, with `rate_pct`.
    place
        Row of the outcome that is told.
    england_pct
        England's published rate in per cent; NaN where it is not known.
    year
        Of that rate.

    Returns
    -------
    str
        One sentence.
    """
    measure = cell(shown, place, "measure")
    if (place, "rate_pct") in shown.reasons:
        return f"{measure}: {shown.reasons[place, 'rate_pct']}."
    beside = "" if math.isnan(england_pct) else f"; England {year}: {england_pct:.1f} %"
    return f"{measure}: {cell(shown, place, 'rate_pct')} % ({interval(shown, place, 'rate_pct')}{beside})."


def states_answer(n_states: int, *, converged: bool, judgements: Iterable[str], severity: str) -> str:
    """Say how many states there are, whether they are found again, and whether they are more than severity.

    Parameters
    ----------
    n_states
        The chosen number.
    converged
        Whether the kept fit did.
    judgements
        Of their stability, one a state; empty where it is not known.
    severity
        What `subtypes.severity.in_short` says; empty where it could not be compared.

    Returns
    -------
    str
        One sentence.
    """
    judged = list(judgements)
    doubtful = sum(word == "not to be trusted" for word in judged)
    parts = [f"{n_states} states" if n_states > 1 else "One state"]
    if not converged:
        parts.append("provisional (the fit has not converged)")
    if not judged:
        parts.append("their stability not known")
    elif doubtful:
        parts.append(f"{doubtful} of them not to be trusted among other patients")
    else:
        parts.append("found again among other patients")
    return f"{', '.join(parts)}{f'; {severity}' if severity else ''}."


def pathways_answer(told: Released, *, model: str, beside: Iterable[str]) -> str:
    """Say how well people are ranked at the first and the middle landmark, beside the simplest model.

    Parameters
    ----------
    told
        Metrics by landmark and model (both in words), with `auroc`.
    model
        Name of the model in words.
    beside
        Names of simple models, the first that was judged is told.

    Returns
    -------
    str
        One sentence.
    """
    rows = told.table
    landmarks = list(dict.fromkeys(rows["landmark"]))
    simple = next((name for name in beside if rows["model"].eq(name).any()), None)
    said = []
    for landmark in dict.fromkeys((landmarks[0], landmarks[len(landmarks) // 2])):
        here: list[int] = np.flatnonzero(rows["landmark"].eq(landmark)).tolist()
        figures = {
            str(rows["model"].iloc[place]): cell(told, place, "auroc")
            for place in here
            if (place, "auroc") not in told.reasons
        }
        if model in figures:
            peer = f" ({simple}: {figures[simple]})" if simple in figures else ""
            said.append(f"{str(landmark).lower()} {figures[model]}{peer}")
    return f"AUROC of the {model.lower()} {', '.join(said)}." if said else "Too few people to judge a model."


def groups_answer(shown: Released, *, measure: str) -> str:
    """Say for which groups the gap exceeds the tolerance, and of how many nothing can be said.

    Parameters
    ----------
    shown
        Released gaps with group, verdict and gap_points.
    measure
        What the outcome is called.

    Returns
    -------
    str
        Never that a service is fair: within tolerance, inconclusive and too few are counted apart.
    """
    verdicts = shown.table["verdict"].astype("str")
    beyond = [place for place, verdict in enumerate(verdicts) if verdict == EXCEEDS]
    beyond.sort(key=lambda place: -abs(float(shown.table["gap_points"].iloc[place])))
    named = [
        f"{cell(shown, place, 'group')} ({cell(shown, place, 'gap_points')} points)" for place in beyond[:MOST_NAMED]
    ]
    more = f" and {len(beyond) - MOST_NAMED} more" if len(beyond) > MOST_NAMED else ""
    first = f"{measure} differs by more than the tolerance for {', '.join(named)}{more}" if beyond else (
        f"{measure} is not shown to differ by more than the tolerance for any group"
    )  # fmt: skip
    counts = {verdict: int(verdicts.eq(verdict).sum()) for verdict in (WITHIN, INCONCLUSIVE, TOO_FEW)}
    rest = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)
    compared = len(beyond) + sum(counts.values())  # not the reference itself, nor a group that has none
    return f"{first}; among {compared} groups compared: {rest}." if rest else f"{first}."
