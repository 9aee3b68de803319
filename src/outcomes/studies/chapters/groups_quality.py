"""Can a group believe the model's probabilities, and does knowing the group change anything? Tables and curves."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Released, Statistic, Vertices, release
from outcomes.fairness.miscalibration import FEWEST_AT_POINT, calibration_by_group
from outcomes.fairness.models import Predictions, model_breakdown, net_benefit
from outcomes.publications.figures.groups import calibration_multiples
from outcomes.publications.grids import under_headings
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.groups_beyond import breakdown_title

Block = str | Table | Picture
BELIEVED = partial(
    under_headings,
    by="breakdown",
    headings={
        "calibration_in_the_large": "In the large",
        "calibration_slope": "Slope",
        "calibration_error": "Calibration error",
        "net_benefit": "Net benefit",
    },
    leave_out=("event_rate_pct",),
)
COUNTS = ("true_positives", "false_positives", "n")
COUNTED = ("flagged", "true_positives")
BESIDE = partial(
    under_headings,
    by="breakdown",
    headings={
        "flag_rate_pct": "Flagged, with (%)",
        "flag_rate_without_pct": "without (%)",
        "tpr_pct": "TPR, with (%)",
        "tpr_without_pct": "without (%)",
        "auroc": "AUROC, with",
        "auroc_without": "without",
        "calibration_error": "Calibration error, with",
        "calibration_error_without": "without",
    },
    leave_out=(*COUNTED, *(f"{name}_without" for name in COUNTED), "event_rate_pct"),
)


def believed_table(
    by_group: pd.DataFrame, printed: pd.DataFrame, policy: str, threshold: float, *, only: tuple[str, str]
) -> Table:
    """Show calibration and net benefit by group.

    Parameters
    ----------
    by_group
        As `fairness.models.model_breakdown` gives it, with landmark and breakdown named.
    printed
        The same rows with the counts that are printed: the net benefit is made of them.
    policy
        Disclosure policy.
    threshold
        At which somebody would be flagged.
    only
        The column of the landmark, and the landmark that the page shows.

    Returns
    -------
    Table
        In the large, slope, debiased calibration error and net benefit of each group.
    """
    names = ["calibration_in_the_large", "calibration_low", "calibration_high", "calibration_slope"]
    names += ["calibration_error", "net_benefit"]
    labels = [only[0], "breakdown", "group"]
    benefit = [
        net_benefit(dict(zip(COUNTS, row, strict=True)), threshold)
        for row in printed[list(COUNTS)].itertuples(index=False, name=None)
    ]
    released = release(
        by_group.assign(net_benefit=benefit)[[*labels, "n", "events", *names]],
        labels=labels,
        counts=["n", "events"],
        rates={"event_rate_pct": Rate("events", "n")},
        statistics={
            "calibration_in_the_large": Statistic("n", "events", "calibration_low", "calibration_high", 2),
            "calibration_slope": Statistic("n", "events", decimals=2),
            "calibration_error": Statistic("n", "events", decimals=3),
            "net_benefit": Statistic("n", "events", decimals=3),
        },
        policy=policy,
        title="Can each group believe the probabilities, and would acting on them help it?",
        notes=[
            "In the large: log-odds, above 0 more happened than was predicted. Slope: 1 is right, below 1 too extreme. "
            "Calibration error: root mean square distance of probabilities from shares, less what chance makes of it, so "
            f"that small groups do not look worse by their size. Net benefit at a threshold of {threshold:.0%}: true "
            "positives a person, less false positives weighted by the odds of the threshold, from printed counts."
        ],
    )
    return Table("model_calibration_by_group", released, partial(BELIEVED, only=only))


def calibration_picture(rows: pd.DataFrame, by: str, told: Predictions, policy: str) -> Picture | None:
    """Draw one small calibration curve for each group.

    Parameters
    ----------
    rows
        One row a prediction, out of fold, with the column `by`.
    by
        A grouping.
    told
        Which columns hold event and probability.
    policy
        Disclosure policy.

    Returns
    -------
    Picture or None
        None where no group has enough people for a curve.
    """
    table = calibration_by_group(rows, by, event=told.event, probability=told.probability)
    if table.empty:
        return None
    title = breakdown_title(by).lower()
    released: Released = release(
        table,
        labels=["group", "point"],
        counts=["n", "events"],
        rates={"observed_pct": Rate("events", "n", "low_pct", "high_pct")},
        statistics={"predicted_pct": Statistic("n", decimals=0)},
        vertices=Vertices("n"),
        policy=policy,
        title=f"Predicted and observed by {title}",
        notes=[f"Each point stands for as many people; groups with fewer than {2 * FEWEST_AT_POINT} have no curve."],
    )
    return Picture(
        "calibration_by_group",
        released,
        calibration_multiples,
        f"What was predicted and what happened, by {title}; bars are 95 % intervals, the line is perfect agreement.",
        "Small multiples: a panel a group, observed share over predicted share, beside the line of perfect agreement.",
    )


def beside_without(
    with_it: pd.DataFrame, without: pd.DataFrame, by: list[str], told: Predictions, policy: str
) -> tuple[Table, pd.DataFrame]:
    """Set the model beside one that never learnt from the sensitive attributes, group by group.

    Parameters
    ----------
    with_it, without
        One row a prediction of the same people by both models.
    by
        Breakdowns.
    told
        Columns and threshold.
    policy
        Disclosure policy.

    Returns
    -------
    Table, DataFrame
        For the report; true counts.
    """
    shown = ["flagged", "true_positives", "auroc", "calibration_error"]
    both = {
        "": model_breakdown(with_it, by, told),
        "_without": model_breakdown(without, by, told),
    }
    keys = ["breakdown", "group"]
    other = both["_without"][[*keys, *shown]].rename(columns={name: f"{name}_without" for name in shown})
    internal = both[""][[*keys, "n", "events", *shown]].merge(other, on=keys, validate="one_to_one")
    counts = ["n", "events", *COUNTED, *(f"{name}_without" for name in COUNTED)]
    rates = {"event_rate_pct": Rate("events", "n")} | {
        f"{name}{which}_pct": Rate(f"{part}{which}", whole)
        for name, part, whole in (("flag_rate", "flagged", "n"), ("tpr", "true_positives", "events"))
        for which in both
    }
    released = release(
        internal.assign(breakdown=internal["breakdown"].map(breakdown_title)),
        labels=keys,
        counts=counts,
        rates=rates,
        statistics={
            f"{name}{which}": Statistic("n", "events", decimals=decimals)
            for name, decimals in (("auroc", 2), ("calibration_error", 3))
            for which in both
        },
        policy=policy,
        title="The boosted trees with and without the sensitive attributes, group by group",
        notes=[
            "Without: gender, ethnicity, religion and the like were never learnt from, which does not make a model blind to "
            "them (other answers go with them) and does not make it fairer by itself."
        ],
    )
    return Table("model_without_sensitive", released, BESIDE), internal
