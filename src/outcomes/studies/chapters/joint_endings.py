"""In which ways do courses end? How well that is foretold, and how often such predictions came true."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Released, Statistic, release
from outcomes.prognosis.endings import CHANGES, ENDINGS
from outcomes.prognosis.future import ATTENDING
from outcomes.prognosis.joint import JointValidation
from outcomes.publications.grids import across
from outcomes.publications.page import Picture, Table
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.chapter import title_of
from outcomes.studies.joint_endings import JointForecast

SESSION = "session"
UNSEEN, LATER = "patients whom the model had not seen", "those referred in the later period"
SHOWN = ("dropped_out", "reliable_improvement", "reliable_deterioration")  # recovery has its own table in the chapter


def joint_blocks(found: JointForecast, horizon_weeks: int, *, policy: str) -> list[str | Table | Picture]:
    """Print the ways to end, how well they are foretold and how often predictions came true.

    Parameters
    ----------
    found
        From `studies.joint_endings`.
    horizon_weeks
        How far ahead was foretold.
    policy
        Disclosure policy.

    Returns
    -------
    list
        Sentences and tables.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    blocks: list[str | Table | Picture] = [
        "Every finished referral ended in exactly one way, with exactly one change of scores; the end reason is not "
        "recorded for many.",
        Table("ways_to_end", _ways(found, policy), partial(across, row="change", column="ending", value="n")),
    ]
    judged = found.validation
    if judged is None:
        blocks.append(f"The ways to end are not foretold: {found.lacking}.")
        return blocks
    blocks.append(
        f"Within {horizon_weeks} weeks, the probabilities of all ways to end and of being still in treatment add up to one. "
        "They are made after each session and as of dates, with the weeks since the last contact; people still in "
        "treatment when the extract ends count for as long as they were seen. People who never came to a treatment "
        "session are not among those at risk, as in the published rates; at the first questionnaire that is something "
        "known only later, so that figures there hold for those who will be treated, and not for everybody assessed."
    )
    if len(judged.metrics):
        blocks.append(Table("ending_predictions", _judged(judged, policy)))
    if judged.record["ending"].isin(SHOWN).any():
        blocks.append(Table("how_often_right", _record(judged, policy)))
    if len(judged.coverage):
        blocks.append(Table("later_scores", _covered(judged, policy)))
    return blocks + _in_time(found.later, policy)


def _in_time(later: JointValidation | None, policy: str) -> list[str | Table | Picture]:
    if later is None or not (len(later.metrics) or len(later.coverage)):
        return ["The ways to end are not judged on a later period: the feed has no quarters, or too little of it."]
    blocks: list[str | Table | Picture] = [
        "The same for a later period: learnt from what had been recorded by the first day of the last quarters, judged "
        "on people referred from then on. Where figures fall or intervals of scores hold fewer than they should, the "
        "service has changed, and the models are to be updated before they are used."
    ]
    if len(later.metrics):
        blocks.append(Table("ending_predictions_later", _judged(later, policy, LATER)))
    if len(later.coverage):
        blocks.append(Table("later_scores_later", _covered(later, policy, LATER)))
    return blocks


def joint_metrics(found: JointForecast) -> dict[str, float]:
    """Give the numbers by which runs are compared.

    Parameters
    ----------
    found
        From `studies.joint_endings`.

    Returns
    -------
    dict
        Under ``joint_endings/...``.
    """
    if found.validation is None:
        return {}
    kept = found.validation.metrics
    kept = kept[kept["metric"].isin(["auroc", "calibration_slope"]) & kept["value"].notna()]
    return {
        f"joint_endings/{row['ending']}/{row['metric']}/{row['kind']}_{row['number']}": float(row["value"])
        for row in kept.to_dict("records")
    }


def _ways(found: JointForecast, policy: str) -> Released:
    table = found.counts.assign(ending=found.counts["ending"].map(ENDINGS), change=found.counts["change"].map(CHANGES))
    return release(
        table,
        labels=["ending", "change"],
        counts=["n"],
        policy=policy,
        title="How finished referrals ended, and what had become of the scores",
        notes=[
            "First match wins, from top to bottom. Change is judged for completed courses with scores at both ends."
        ],
    )


def _judged(judged: JointValidation, policy: str, whom: str = UNSEEN) -> Released:
    metrics = judged.metrics
    wanted = metrics["kind"].eq(SESSION) & metrics["ending"].isin(SHOWN)
    part = metrics[wanted & metrics["metric"].isin(["auroc", "calibration_slope"])]
    index = ["number", "ending", "n", "n_events"]
    wide = part.set_index([*index, "metric"])[["value", "low", "high"]].unstack("metric").sort_index()
    table = wide.index.to_frame(index=False)
    for metric in ("auroc", "calibration_slope"):
        for name, column in ((metric, "value"), (f"{metric}_low", "low"), (f"{metric}_high", "high")):
            table[name] = wide[column][metric].to_numpy()
    table = table.assign(ending=table["ending"].map(title_of)).rename(columns={"number": "after_session"})
    return release(
        table,
        labels=["after_session", "ending"],
        counts=["n", "n_events"],
        statistics={
            "auroc": Statistic("n", "n_events", "auroc_low", "auroc_high", 3),
            "calibration_slope": Statistic("n", "n_events", "calibration_slope_low", "calibration_slope_high", 2),
        },
        policy=policy,
        title=f"How well are the ways to end foretold, for {whom}?",
        notes=["Session 0 is the first questionnaire. Only rows whose horizon lies before the end of the extract."],
    )


def _record(judged: JointValidation, policy: str) -> Released:
    record = judged.record[judged.record["ending"].isin(SHOWN)].reset_index(drop=True)
    percent = [
        f"{round(low * 100)} to {round(high * 100)} %" for low, high in zip(record["low"], record["high"], strict=True)
    ]
    table = pd.DataFrame(
        {
            "ending": record["ending"].map(title_of),
            "foretold": percent,
            "n": pd.to_numeric(record["n"]),
            "n_true": pd.to_numeric(record["n_true"]),
        }
    )
    return release(
        table,
        labels=["ending", "foretold"],
        counts=["n", "n_true"],
        rates={"came_true_pct": Rate("n_true", "n")},
        policy=policy,
        title="Of those told this probability, for how many did it come true?",
        notes=["Predictions for unseen patients, all landmarks together, so that a referral counts more than once."],
    )


def _covered(judged: JointValidation, policy: str, whom: str = UNSEEN) -> Released:
    cells = judged.coverage
    kept = cells[
        cells["by"].eq("landmark")
        & cells["group"].str.startswith(SESSION)
        & cells["ahead"].eq(1)
        & cells["estimand"].eq(ATTENDING)
    ]
    level = round(float(kept["level"].iloc[0]) * 100) if len(kept) else 0
    table = pd.DataFrame(
        {
            "landmark": "after " + kept["group"].astype("str"),
            "measure": [instrument(key).short_name for key in kept["instrument"]],
            "n": kept["n"],
            "n_inside": kept["n_inside"],
            "mean_width": kept["mean_width"],
        }
    )
    return release(
        table,
        labels=["landmark", "measure"],
        counts=["n", "n_inside"],
        rates={"inside_pct": Rate("n_inside", "n")},
        statistics={"mean_width": Statistic("n", decimals=1)},
        policy=policy,
        title=f"How many next scores lay inside their intervals, which are to hold {level} %, for {whom}?",
        notes=["Conformal intervals of the next questionnaire, among those who filled it in."],
    )
