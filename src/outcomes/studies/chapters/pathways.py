"""Who is on the way to recovery? Predictions at each landmark beside their baselines, calibrated and explained."""

from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.curves import thin_curve
from outcomes.disclosure.gate import Rate, Released, Statistic, Vertices, release
from outcomes.prognosis.plan import ONE_CHANCE
from outcomes.prognosis.splits import BY_PATIENT, BY_TIME
from outcomes.publications.figures.models import bars, calibration_curve, decision_curve
from outcomes.publications.grids import under_headings
from outcomes.publications.methods import Step
from outcomes.publications.page import KeyFigure, Picture, Section, Table
from outcomes.publications.wording import cell, interval
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.answers import pathways_answer
from outcomes.studies.chapters.chapter import Chapter, title_of
from outcomes.studies.chapters.elsewhere import beyond, landmark_name
from outcomes.studies.chapters.joint_endings import joint_blocks, joint_metrics
from outcomes.studies.chapters.printed import printed_benefit
from outcomes.studies.experiment import PrognosisSettings
from outcomes.studies.forecast import ANTICIPATED_AUROC, BOOSTED, Forecast

SHOWN = {
    "auroc": ("AUROC", 3),
    "scaled_brier": ("Scaled Brier", 3),
    "calibration_in_the_large": ("In the large", 2),
    "calibration_slope": ("Slope", 2),
    "ici": ("ICI", 3),
}
HEADINGS = {metric: name for metric, (name, _) in SHOWN.items()}
INTERVALS = ("auroc", "calibration_slope")
NO_SHAPE = "prevalence"
ALONE = "_alone"
HEADING = "Who is on the way?"


def pathways_chapter(found: Forecast, settings: PrognosisSettings, *, policy: str) -> Chapter:
    """Show how well the ending can be foretold, by which model, and what it rests on.

    Parameters
    ----------
    found
        The prognosis step.
    settings
        Landmarks and threshold.
    policy
        Disclosure policy.

    Returns
    -------
    Chapter
        Metrics by landmark, model and validation; calibration, decision curve, importance.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    metrics = found.validation.metrics
    blocks: list[str | Table | Picture] = [_intention(found), Table("at_risk", _at_risk(found, policy))]
    internal = {
        "prognosis_metrics": metrics,
        "prognosis_counts": found.validation.counts,
        "calibration_curve": found.curve,
        "decision_curve": found.benefit,
        "importance": found.importance,
        "threshold": found.acting,
        "probabilities": found.spread,
        "sample_size": found.needed,
        "left_out_services": found.services,
        "optimism": found.corrected,
        "drift": found.moved,
    }
    further = [] if found.joint is None else joint_blocks(found.joint, settings.horizon_weeks, policy=policy)
    if found.joint is not None and found.joint.validation is not None:
        internal |= {"joint_metrics": found.joint.validation.metrics, "joint_shares": found.joint.validation.shares}
    if not metrics["validation"].eq(BY_PATIENT).any():
        blocks.append("Too few people with and without this ending at every landmark: no model can be judged.")
        return Chapter(Section(HEADING, (*blocks, *further)), internal)
    tables = {validation: _metric_table(metrics, validation, policy) for validation in metrics["validation"].unique()}
    blocks += [*found.warnings, _verdict(metrics)]
    for validation, released in tables.items():
        name = f"prediction_{str(validation).replace(' ', '_')}"
        blocks.append(Table(name, released, partial(under_headings, by="landmark", headings=HEADINGS)))
    last = int(found.curve["landmark"].max())
    blocks += [_calibration(found, last, policy), _decision(found, last, policy), _importance(found, last, policy)]
    blocks += [*_planned(found), *_acting(found, settings, policy), *beyond(found), _privacy(found), *further]
    return Chapter(
        Section(HEADING, tuple(blocks), _answer(tables[BY_PATIENT], metrics)),
        internal,
        _tracked(metrics) | ({} if found.joint is None else joint_metrics(found.joint)),
        (_method(found, settings),),
        _headline(tables[BY_PATIENT], metrics),
    )


def model_name(model: str) -> str:
    """Name a model in words.

    Parameters
    ----------
    model
        Such as ``phq9_alone``.

    Returns
    -------
    str
        Such as "PHQ-9 alone".

    Examples
    --------
    >>> model_name("phq9_alone"), model_name("boosted_trees")
    ('PHQ-9 alone', 'Boosted trees')
    """
    if model == ONE_CHANCE:
        return "Boosted trees, trained to one chance"
    if model.endswith(ALONE):
        return f"{instrument(model.removesuffix(ALONE)).short_name} alone"
    return title_of(model)


def _intention(found: Forecast) -> str:
    return (
        f"What is foretold: {found.target.rule}. At each landmark everybody counts who had reached it and was still "
        "there. Nothing later than the landmark is seen by a model."
    )


def _at_risk(found: Forecast, policy: str) -> Released:
    counts = found.validation.counts
    numbers = [str(name) for name in counts if name not in {"landmark", "status"}]
    table = counts[["landmark", *numbers, "status"]]
    return release(
        table.assign(landmark=table["landmark"].map(landmark_name)),
        labels=["landmark", "status"],
        counts=numbers,
        policy=policy,
        title="Who is at risk at each landmark, and who is left out",
        notes=["Outcome unknown: still open, or not assessable. n: people whose ending taught or judged the models."],
    )


def _verdict(metrics: pd.DataFrame) -> str:
    auc = metrics[metrics["metric"].eq("auroc") & metrics["validation"].eq(BY_PATIENT)]
    wide = auc.pivot_table(index="landmark", columns="model", values="value")
    peers = [name for name in wide if not str(name).startswith(BOOSTED) and name != NO_SHAPE]
    better = wide[BOOSTED] > wide[peers].max(axis=1)
    ahead = float((wide[BOOSTED] - wide[peers].max(axis=1)).max())
    if not better.any():
        return (
            "Boosted trees rank people better than the simpler models at no landmark. The simpler model is the better "
            "choice here: it can be written on a card."
        )
    words = (
        f"Boosted trees rank people better than every simpler model at {int(better.sum())} of {len(better)} landmarks, "
        f"by at most {ahead:.3f} in AUROC."
    )
    return words if better.all() else words + " Where they do not, the simpler model is the better choice."


def _metric_table(metrics: pd.DataFrame, validation: str, policy: str) -> Released:
    part = metrics[metrics["validation"].eq(validation) & metrics["model"].ne(NO_SHAPE)]
    index = ["landmark", "model", "n", "n_events"]
    wide = part.set_index([*index, "metric"])[["value", "low", "high"]].unstack("metric").sort_index()
    table = wide.index.to_frame(index=False)
    statistics = {}
    for metric, (_, decimals) in SHOWN.items():
        table[metric] = wide["value"][metric].to_numpy()
        if metric in INTERVALS:
            table[f"{metric}_low"] = wide["low"][metric].to_numpy()
            table[f"{metric}_high"] = wide["high"][metric].to_numpy()
            statistics[metric] = Statistic("n", "n_events", f"{metric}_low", f"{metric}_high", decimals)
        else:
            statistics[metric] = Statistic("n", "n_events", decimals=decimals)
    table = table.assign(landmark=table["landmark"].map(landmark_name), model=table["model"].map(model_name))
    return release(
        table,
        labels=["landmark", "model"],
        counts=["n", "n_events"],
        statistics=statistics,
        policy=policy,
        title=f"How good are the predictions? Validation {validation}",
        notes=[
            "Intervals: percentile bootstrap over patients. Calibration in the large: intercept with the slope fixed at "
            "1. Scaled Brier: 1 is perfect, 0 no better than the prevalence. ICI: mean distance of the calibration curve "
            "from the diagonal."
        ],
    )


def _calibration(found: Forecast, landmark: int, policy: str) -> Picture:
    curve = found.curve[found.curve["landmark"].eq(landmark) & found.curve["model"].eq(BOOSTED)]
    table = curve[["bin", "n", "n_events"]].assign(predicted_pct=curve["predicted"] * 100)
    released = release(
        table,
        labels=["bin"],
        counts=["n", "n_events"],
        rates={"observed_pct": Rate("n_events", "n", "low_pct", "high_pct")},
        statistics={"predicted_pct": Statistic("n", decimals=1)},
        vertices=Vertices("n"),
        policy=policy,
        title=f"Calibration of the boosted trees, {landmark_name(landmark).lower()}",
        notes=["Predictions for patients that the model had not seen, in bins of at least ten people."],
    )
    return Picture(
        "calibration",
        released,
        calibration_curve,
        f"Of those told p %, how many got there? {landmark_name(landmark)}, boosted trees, unseen patients.",
        "Scatter of observed against predicted percentages with intervals, beside the diagonal of perfect agreement.",
    )


def _decision(found: Forecast, landmark: int, policy: str) -> Picture:
    part = found.benefit[found.benefit["landmark"].eq(landmark)]
    models = thin_curve(part, reached="n_flagged", by=["model"], whole="n", policy=policy)
    benefit = printed_benefit(models["model_benefit"], models["n"], models["n_flagged"], models["threshold"], policy)
    models = models.assign(strategy=models["model"].map(model_name), net_benefit=benefit)
    one = part[part["model"].eq(BOOSTED)]
    all_of_them = printed_benefit(one["treat_all"], one["n"], one["n"], one["threshold"], policy)
    everyone = one.assign(strategy="Act on everyone", net_benefit=all_of_them, n_flagged=np.nan)
    nobody = one.assign(strategy="Act on nobody", net_benefit=one["treat_none"], n_flagged=np.nan)
    events = found.curve[found.curve["landmark"].eq(landmark)].groupby("model")["n_events"].sum()
    table = pd.concat([models, everyone, nobody], ignore_index=True)
    table = table.assign(n_events=table["model"].map(events))
    table = table.assign(threshold_pct=(table["threshold"] * 100).round().astype(int))
    released = release(
        table[["strategy", "threshold_pct", "n", "n_events", "n_flagged", "net_benefit"]],
        labels=["strategy", "threshold_pct"],
        counts=["n", "n_events"],
        statistics={"net_benefit": Statistic("n", "n_events", decimals=3)},
        vertices=Vertices("n_flagged", ("strategy",), whole="n"),
        policy=policy,
        title=f"Decision curve, {landmark_name(landmark).lower()}",
        notes=[
            "Net benefit: true positives a person, less false positives weighted by the odds of the threshold, from rounded "
            "counts. A "
            "threshold is left out where it flags nearly the same people as the one before, nearly nobody, or nearly all."
        ],
    )
    return Picture(
        "decision_curve",
        released,
        decision_curve,
        f"Net benefit of acting on each model over a range of thresholds. {landmark_name(landmark)}.",
        "Line chart: one line a strategy, from acting on everyone to acting on nobody.",
    )


def _importance(found: Forecast, landmark: int, policy: str) -> Picture:
    part = found.importance[found.importance["landmark"].eq(landmark)]
    released = release(
        part[["word", "n", "mean_abs_log_odds"]],
        labels=["word"],
        counts=["n"],
        statistics={"mean_abs_log_odds": Statistic("n", decimals=3)},
        policy=policy,
        title=f"What moves the predictions, {landmark_name(landmark).lower()}",
        notes=["Mean absolute Shapley value of the boosted trees in log-odds, features gathered under plain words."],
    )
    return Picture(
        "importance",
        released,
        partial(bars, label="word", value="mean_abs_log_odds", x_label="Mean absolute contribution, log-odds"),
        f"How much each group of features moves the predictions on average. {landmark_name(landmark)}. It says what "
        "the model uses, not what causes recovery.",
        "Bar chart: feature groups by how much they move predictions, largest first.",
    )


def _planned(found: Forecast) -> list[str]:
    if found.needed.empty:
        return []
    short = found.needed[~found.needed["enough"]]
    rule = f"Riley's criteria, for a regression with as many parameters and an anticipated AUROC of {ANTICIPATED_AUROC:.2f}"
    if short.empty:
        return [f"{rule}, are met at every landmark; boosted trees need more."]
    where = ", ".join(landmark_name(int(one)).lower() for one in short["landmark"])
    return [f"{rule}, are not met {where}: read the figures there as a pilot."]


def _acting(found: Forecast, settings: PrognosisSettings, policy: str) -> list[Table]:
    part = found.acting[found.acting["model"].eq(BOOSTED)] if len(found.acting) else found.acting
    if part.empty:
        return []
    wide = part.pivot_table(index=["landmark", "n", "n_events", "n_flagged"], columns="metric", values="value")
    table = wide.reset_index().rename(columns={"n_events": "n_unfavourable"})
    hits = (table["sensitivity"] * table["n_unfavourable"]).round()
    table = table.assign(landmark=table["landmark"].map(landmark_name), n_flagged_rightly=hits.fillna(0).astype(int))
    released = release(
        table[["landmark", "n", "n_unfavourable", "n_flagged", "n_flagged_rightly"]],
        labels=["landmark"],
        counts=["n", "n_unfavourable", "n_flagged", "n_flagged_rightly"],
        rates={
            "flag_rate_pct": Rate("n_flagged", "n"),
            "sensitivity_pct": Rate("n_flagged_rightly", "n_unfavourable"),
            "ppv_pct": Rate("n_flagged_rightly", "n_flagged"),
        },
        policy=policy,
        title=f"What would flagging at a probability of {settings.threshold:.2f} of an unfavourable ending do?",
        notes=[
            "Boosted trees, unseen patients. Number needed to review for one right flag: 100 divided by the last column. "
            "Flagged but not rightly: these did well later. Once flags are acted on that is no count of false alarms."
        ],
    )
    return [Table("at_threshold", released)]


def _privacy(found: Forecast) -> str:
    worst = max(found.membership.values(), key=lambda attack: attack.auroc)
    return (
        f"Somebody who tried to tell from a model's errors whether a person had taught it would be right with an AUROC of "
        f"{worst.auroc:.2f} at the worst landmark (.50 is chance; above .60 a model should not be kept)."
    )


def _answer(released: Released, metrics: pd.DataFrame) -> str:
    alone = [model_name(str(name)) for name in metrics["model"].unique() if str(name).endswith(ALONE)]
    return pathways_answer(released, model=model_name(BOOSTED), beside=alone)


def _headline(released: Released, metrics: pd.DataFrame) -> tuple[KeyFigure, ...]:
    # the first landmark: at later ones many courses have all but ended, and a high figure is no forecast
    first = landmark_name(int(metrics["landmark"].min()))
    rows = released.table
    places = rows.index[rows["landmark"].eq(first) & rows["model"].eq(model_name(BOOSTED))]
    return tuple(
        KeyFigure(
            f"AUROC {first.lower()}", cell(released, int(place), "auroc"), interval(released, int(place), "auroc")
        )
        for place in places
    )


def _tracked(metrics: pd.DataFrame) -> dict[str, float]:
    kept = metrics[metrics["metric"].isin(SHOWN) & metrics["model"].ne(NO_SHAPE)]
    return {
        f"prognosis/{row['model']}/{str(row['validation']).replace(' ', '_')}/{row['metric']}/landmark_{row['landmark']}": (
            float(row["value"])
        )
        for row in kept.to_dict("records")
    }


def _method(found: Forecast, settings: PrognosisSettings) -> Step:
    timed = BY_TIME in set(found.validation.metrics["validation"])
    later = (
        ", and by time: trained on earlier and tested on later quarters, of which every referral had been followed for at "
        f"least {settings.horizon_weeks} weeks"
        if timed
        else ""
    )
    foretold = found.joint is not None and found.joint.taught is not None and found.joint.taught.scores is not None
    scores = " Intervals of later scores are split conformal [@lei_2018]." if foretold else ""
    return Step(
        "Prediction",
        f"What was predicted: {found.target.rule}. It was predicted at each landmark (0 is intake) from what was known then, "
        "by gradient-boosted trees [@chen_guestrin_2016] with and without sensitive attributes, a penalised logistic regression, one variable "
        "alone, and the prevalence; each gives a probability. No predictor was chosen by its association with the outcome. "
        "Numbers were rounded to bands; categories of few training rows count as unknown; a missing number stays missing "
        "for the trees, and takes the training median for the regression, with a column that says so. Depth and learning "
        "rate of the trees were fixed beforehand; their number was found by early stopping and the penalty by "
        "cross-validation, both among training patients. Nothing was weighted or resampled against class imbalance. Models "
        f"were judged on patients they had not seen ({settings.folds} folds by patient{later}), by AUROC, Brier score "
        "[@brier_1950], calibration [@van_calster_2016; @austin_steyerberg_2019] and net benefit [@vickers_elkin_2006]; "
        f"intervals are from {settings.resamples} bootstrap resamples of patients. "
        "Contributions are Shapley values [@lundberg_2020]. How many people a regression would need was planned after Riley "
        f"and others [@riley_2019].{scores}",
    )
