"""Does the model serve every group as well? At each landmark, judged by two criteria, with a ledger of remedies."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Statistic, release
from outcomes.fairness.gaps import Tolerance
from outcomes.fairness.mitigation import AS_IS, ledger
from outcomes.fairness.model_gaps import model_gaps
from outcomes.fairness.models import Predictions, model_breakdown
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.publications.grids import plain, under_headings
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.chapters.groups_quality import believed_table, beside_without, calibration_picture
from outcomes.studies.forecast import BOOSTED, Forecast
from outcomes.studies.materials import Materials

KEY = ["pseudonym", "referral"]
Block = str | Table | Picture
WITHOUT = f"{BOOSTED}_without_sensitive"
EVENT = Predictions("not_reached", "probability_not_reached", 0.5)
COUNTS = ["n", "events", "flagged", "true_positives"]
MODELS = partial(
    under_headings,
    by="breakdown",
    headings={
        "flag_rate_pct": "Flagged (%)",
        "tpr_pct": "TPR (%)",
        "ppv_pct": "PPV (%)",
    },
    leave_out=("flagged", "true_positives"),
)
JUDGED = partial(under_headings, by="breakdown", headings={"gap_points": "Gap (points)", "n_to_decide": "n to decide"})


def predicted(
    materials: Materials, found: Forecast, by: list[str], landmark: int | None = None, *, model: str = BOOSTED
) -> pd.DataFrame:
    """Join out-of-fold predictions of the unfavourable ending with the groups.

    Parameters
    ----------
    materials
        Episodes.
    found
        The prognosis step.
    by
        Breakdowns.
    landmark
        After which session; the last one if absent.
    model
        Name of the model.

    Returns
    -------
    DataFrame
        One row a referral at risk: not_reached (three-valued), probability_not_reached, landmark, and the breakdowns.
    """
    told = found.validation.predictions
    kept = told[told["model"].eq(model) & told["validation"].eq(BY_PATIENT)]
    chosen = kept[kept["landmark"].eq(kept["landmark"].max() if landmark is None else landmark)]
    rows = chosen.merge(materials.episodes[[*KEY, *by]], on=KEY)
    happened = rows["outcome"].astype("boolean")
    return rows.assign(not_reached=~happened, probability_not_reached=1 - rows["probability"])


def model_tables(
    materials: Materials, found: Forecast, by: list[str], tolerance: Tolerance, threshold: float
) -> dict[str, pd.DataFrame]:
    """Break the model down by group at every landmark, and judge it.

    Parameters
    ----------
    materials
        Episodes.
    found
        The prognosis step.
    by
        Breakdowns.
    tolerance
        Declared before looking.
    threshold
        Probability of the unfavourable ending at which somebody would be flagged.

    Returns
    -------
    dict of DataFrame
        `model_by_group` and `model_gaps`, each with a column `landmark`. Internal: true counts.
    """
    told = Predictions(EVENT.event, EVENT.probability, threshold)
    broken, judged = [], []
    for landmark in sorted(found.validation.predictions["landmark"].unique()):
        rows = predicted(materials, found, by, int(landmark))
        if rows.empty:
            continue
        table = model_breakdown(rows, by, told)
        broken.append(table.assign(landmark=int(landmark)))
        judged.append(model_gaps(table, tolerance).assign(landmark=int(landmark)))
    return {"model_by_group": _stacked(broken), "model_gaps": _stacked(judged)}


def model_blocks(
    tables: dict[str, pd.DataFrame], policy: str, found: Forecast, threshold: float, tolerance: Tolerance
) -> list[Block]:
    """Show the model by group at the last landmark, and every verdict that is not "within".

    Parameters
    ----------
    tables
        Of `model_tables`.
    policy
        Disclosure policy.
    found
        The prognosis step.
    threshold
        Probability at which somebody would be flagged.
    tolerance
        Declared before looking.

    Returns
    -------
    list of str and Table
        For the report.
    """
    last = int(tables["model_by_group"]["landmark"].max())
    by_group = tables["model_by_group"][tables["model_by_group"]["landmark"].eq(last)]
    table = by_group[["breakdown", "group", *COUNTS, "auroc", "auroc_low", "auroc_high"]]
    released = release(
        table.assign(breakdown=table["breakdown"].map(breakdown_title)).reset_index(drop=True),
        labels=["breakdown", "group"],
        counts=COUNTS,
        rates={
            "flag_rate_pct": Rate("flagged", "n"),
            "tpr_pct": Rate("true_positives", "events", "tpr_low", "tpr_high"),
            "ppv_pct": Rate("true_positives", "flagged"),
        },
        statistics={
            "auroc": Statistic("n", "events", "auroc_low", "auroc_high", 2),
        },
        policy=policy,
        title=f"The boosted trees by group, at a threshold of {threshold:.0%}",
        notes=[
            f"The event is the unfavourable ending: not {found.target.rule}. TPR: of those it happens to, how many would "
            "be flagged; AUROC with DeLong's interval. Equal error rates and calibration within groups cannot both hold "
            "where the groups differ in how often the event happens, so both are shown."
        ],
    )
    return [
        "The same model by group, at the last landmark, for patients it had not seen. Who needs help should have the "
        "same chance to be noticed in every group.",
        Table("model_by_group", released, MODELS),
        believed_table(by_group, policy, threshold),
        *_verdicts(tables["model_gaps"], last, policy, tolerance),
    ]


def quality_blocks(
    materials: Materials, found: Forecast, by: list[str], threshold: float, policy: str
) -> tuple[list[Block], dict[str, pd.DataFrame]]:
    """Show calibration curves by group, and the model beside one without the sensitive attributes.

    Parameters
    ----------
    materials
        Episodes.
    found
        The prognosis step.
    by
        Breakdowns; curves are drawn for the first.
    threshold
        Probability at which somebody would be flagged.
    policy
        Disclosure policy.

    Returns
    -------
    blocks, tables
        For the report; true counts by name. The comparison is left out where the other model was not fitted.
    """
    told = Predictions(EVENT.event, EVENT.probability, threshold)
    rows = predicted(materials, found, by)
    blocks: list[Block] = []
    internal: dict[str, pd.DataFrame] = {}
    picture = calibration_picture(rows, by[0], told, policy)
    if picture is not None:
        blocks.append(picture)
    other = predicted(materials, found, by, model=WITHOUT)
    if len(other) == len(rows) > 0:
        table, internal["model_without_sensitive"] = beside_without(rows, other, by, told, policy)
        blocks.append(table)
    return blocks, internal


def _verdicts(gaps: pd.DataFrame, last: int, policy: str, tolerance: Tolerance) -> list[Block]:
    said = gaps["verdict"].value_counts()
    counted = ", ".join(f"{count} {verdict}" for verdict, count in said.items())
    shown = gaps.loc[gaps["landmark"].eq(last)]
    columns = [
        "breakdown",
        "group",
        "criterion",
        "verdict",
        "n",
        "events",
        "gap_points",
        "gap_low",
        "gap_high",
        "n_to_decide",
    ]
    released = release(
        shown[columns].assign(breakdown=shown["breakdown"].map(breakdown_title)).reset_index(drop=True),
        labels=["breakdown", "group", "criterion", "verdict"],
        counts=["n", "events"],
        statistics={
            "gap_points": Statistic("n", "events", "gap_low", "gap_high", 1),
            "n_to_decide": Statistic("n", "events", decimals=0),
        },
        policy=policy,
        title="Is the model as good for every group? Two criteria and their verdicts",
        notes=[
            "Equal opportunity: true-positive rate against the reference group. Calibration: observed less predicted share "
            f"within the group. Tolerance {tolerance.points:g} points; fewer than {tolerance.minimum_events} events get no "
            "verdict."
        ],
    )
    words = f"Over all landmarks, groups and both criteria: {counted}."
    return [words, Table("model_gaps", released, JUDGED)]


def remedy_blocks(
    materials: Materials, found: Forecast, by: str, threshold: float, policy: str
) -> tuple[list[Block], pd.DataFrame]:
    """Show what remedies would do, group by group.

    Parameters
    ----------
    materials
        Episodes.
    found
        The prognosis step.
    by
        The grouping for which remedies are tried.
    threshold
        Probability at which somebody would be flagged.
    policy
        Disclosure policy.

    Returns
    -------
    blocks, table
        For the report; true counts.
    """
    told = Predictions(EVENT.event, EVENT.probability, threshold)
    table = ledger(predicted(materials, found, [by]), by, told)
    counts = ["n", "events", "flagged", "true_positives", "newly_flagged", "no_longer_flagged"]
    counts += ["needs_gained", "needs_lost"]
    released = release(
        table[["remedy", "group", *counts]],
        labels=["remedy", "group"],
        counts=counts,
        rates={"tpr_pct": Rate("true_positives", "events", "tpr_low", "tpr_high")},
        policy=policy,
        title=f"Remedies by {breakdown_title(by).lower()}: who gains and who loses",
        notes=[
            f"Against the model {AS_IS}. Needs: people with the unfavourable ending. Each remedy was learnt on one half of "
            "the patients and judged on the other."
        ],
    )
    words = (
        "Remedies are experiments here; none is in use. Each uses the group when somebody is judged, which a service must "
        "decide and may not be allowed to do."
    )
    return [words, Table("remedies", released, partial(plain, headings={"tpr_pct": "TPR (%)"}))], table


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
