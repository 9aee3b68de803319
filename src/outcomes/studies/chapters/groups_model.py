"""Does the model serve every group as well? At each landmark, judged by two criteria, with a ledger of remedies."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Statistic, release
from outcomes.fairness.abstention import abstention_gaps
from outcomes.fairness.gaps import Tolerance
from outcomes.fairness.mitigation import AS_IS, CONSTRAINED, EQUAL_CHANCE, RECALIBRATED, ledger, widest_gaps
from outcomes.fairness.model_gaps import model_gaps
from outcomes.fairness.models import Predictions, model_breakdown
from outcomes.prognosis.plan import ONE_CHANCE
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.publications.grids import under_headings
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.elsewhere import landmark_name
from outcomes.studies.chapters.groups_abstention import NAME, abstention_blocks, abstention_table
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.chapters.groups_quality import believed_table, beside_without, calibration_picture
from outcomes.studies.chapters.printed import printed_counts
from outcomes.studies.forecast import BOOSTED, Forecast
from outcomes.studies.materials import Materials

KEY = ["pseudonym", "referral"]
Block = str | Table | Picture
WITHOUT = f"{BOOSTED}_without_sensitive"
EVENT = Predictions("unfavourable", "probability_unfavourable", 0.5)
COUNTS = ["n", "events", "non_events", "flagged", "true_positives", "false_positives"]
MODELS = partial(
    under_headings,
    by="breakdown",
    headings={
        "flag_rate_pct": "Flagged (%)",
        "tpr_pct": "TPR (%)",
        "fpr_pct": "FPR (%)",
        "ppv_pct": "PPV (%)",
    },
    leave_out=("non_events", "flagged", "true_positives", "false_positives", "event_rate_pct", "non_event_rate_pct"),
)
RATES = {  # the first two so that "nobody had it" and "everybody had it" are not printed of a group
    "event_rate_pct": Rate("events", "n"),
    "non_event_rate_pct": Rate("non_events", "n"),
    "flag_rate_pct": Rate("flagged", "n", "flag_rate_low", "flag_rate_high"),
    "tpr_pct": Rate("true_positives", "events", "tpr_low", "tpr_high"),
    "fpr_pct": Rate("false_positives", "non_events", "fpr_low", "fpr_high"),
    "ppv_pct": Rate("true_positives", "flagged", "ppv_low", "ppv_high"),
}
JUDGED = partial(
    under_headings,
    by="breakdown",
    headings={
        "gap_points": "Gap (points)",
        "gap_others_points": "To everyone else (points)",
        "simultaneous_low": "All at once, from",
        "simultaneous_high": "to",
        "n_to_decide": "n to decide",
    },
    leave_out=("events", "event_rate_pct"),
)
GAPS = ["gap_points", "gap_low", "gap_high", "gap_others_points", "gap_others_low", "gap_others_high"]
GAPS += ["simultaneous_low", "simultaneous_high", "n_to_decide"]
REMEDIES = partial(
    under_headings,
    by="remedy",
    headings={"tpr_pct": "TPR (%)"},
    leave_out=("event_rate_pct", "true_positives"),
)
REMEDY_KEYS = {  # as a tracked metric names them
    AS_IS: "none",
    RECALIBRATED: "recalibrated_by_group",
    EQUAL_CHANCE: "thresholds_by_group",
    CONSTRAINED: "constrained_training",
}
LANDMARK = "landmark"
LEVEL = 0.95


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
        One row a referral at risk: unfavourable (three-valued; the target where it is itself the adverse ending,
        otherwise missing it), probability_unfavourable, landmark, and the breakdowns.
    """
    told = found.validation.predictions
    kept = told[told["model"].eq(model) & told["validation"].eq(BY_PATIENT)]
    chosen = kept[kept["landmark"].eq(kept["landmark"].max() if landmark is None else landmark)]
    rows = chosen.merge(materials.episodes[[*KEY, *by]], on=KEY)
    happened, chance = rows["outcome"].astype("boolean"), rows["probability"]
    if not found.target.adverse:
        happened, chance = ~happened, 1 - chance
    return rows.assign(**{EVENT.event: happened, EVENT.probability: chance})


def model_tables(  # noqa: PLR0917  what, of whom, by what; then the two declarations
    materials: Materials,
    found: Forecast,
    by: list[str],
    tolerance: Tolerance,
    threshold: float,
    references: Mapping[str, str] | None = None,
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
    references
        Breakdown to reference group, where no grouping declares it.

    Returns
    -------
    dict of DataFrame
        `model_by_group`, `model_gaps` and `abstention_by_group`, each with a column `landmark`. Simultaneous bounds of
        the latter two hold at once for all their gaps to a reference or to a probability. Internal: true counts.
    """
    told = Predictions(EVENT.event, EVENT.probability, threshold)
    declared = {} if references is None else references
    broken = []
    for landmark in sorted(found.validation.predictions["landmark"].unique()):
        rows = predicted(materials, found, by, int(landmark))
        if not rows.empty:
            broken.append(model_breakdown(rows, by, told).assign(landmark=int(landmark)))
    silent = abstention_table(materials, found, by, tolerance, declared)
    judged = _judged(broken, tolerance, declared, LEVEL)
    size = family_size(judged, silent)
    if size:
        level = 1 - (1 - LEVEL) / size
        together = _judged(broken, tolerance, declared, level)
        judged = judged.assign(simultaneous_low=together["gap_low"], simultaneous_high=together["gap_high"])
        silent = silent.assign(**abstention_gaps(silent, level=level))
    return {"model_by_group": _stacked(broken), "model_gaps": judged, NAME: silent}


def family_size(*tables: pd.DataFrame) -> int:
    """Count the comparisons that are looked at together.

    Parameters
    ----------
    tables
        With gap_points; missing where nothing is compared.

    Returns
    -------
    int
        Gaps to a reference group, or between what was predicted and what happened.
    """
    return sum(int(table["gap_points"].notna().sum()) for table in tables if len(table))


def _judged(
    broken: list[pd.DataFrame], tolerance: Tolerance, references: Mapping[str, str], level: float
) -> pd.DataFrame:
    return _stacked(
        [
            model_gaps(table, tolerance, references=references, level=level).assign(landmark=table["landmark"].iloc[0])
            for table in broken
        ]
    )


def model_blocks(  # noqa: PLR0917  what was found, how it is let out, what was declared
    tables: dict[str, pd.DataFrame],
    policy: str,
    found: Forecast,
    threshold: float,
    tolerance: Tolerance,
    references: Mapping[str, str] | None = None,
) -> list[Block]:
    """Show the model by group: the last landmark on the page, every landmark in the files.

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
    references
        Breakdown to reference group, where no grouping declares it.

    Returns
    -------
    list of str and Table
        For the report.
    """
    by_group, silent = tables["model_by_group"], tables[NAME]
    declared = {} if references is None else references
    size = family_size(tables["model_gaps"], silent)
    last = (LANDMARK, landmark_name(int(by_group[LANDMARK].max())))
    table = _named(by_group[[LANDMARK, "breakdown", "group", *COUNTS, "auroc", "auroc_low", "auroc_high"]])
    printed = printed_counts(by_group, COUNTS, RATES, policy)
    released = release(
        table,
        labels=[LANDMARK, "breakdown", "group"],
        counts=COUNTS,
        rates=RATES,
        statistics={
            "auroc": Statistic("n", "events", "auroc_low", "auroc_high", 2),
        },
        policy=policy,
        title=f"The boosted trees by group, at a threshold of {threshold:.0%}",
        notes=[
            f"The event is the unfavourable ending: {'' if found.target.adverse else 'not '}{found.target.rule}. TPR: of those it happens to, how many would "
            "be flagged; FPR: of the others; PPV: of those flagged, to how many it happens; AUROC with DeLong's interval. "
            "The page shows the last landmark, the file all of them. Equal error rates and calibration within groups cannot both hold "
            "where the groups differ in how often the event happens, so both are shown."
        ],
    )
    return [
        "The same model by group, at the last landmark, for patients it had not seen. Who needs help should have the "
        "same chance to be noticed in every group.",
        Table("model_by_group", released, partial(MODELS, only=last)),
        believed_table(_named(by_group), _named(printed), policy, threshold, only=last),
        *_verdicts(by_group, _gaps_for_print(printed, tolerance, declared, size), last, policy, (tolerance, size)),
        *abstention_blocks(silent, policy, tolerance, declared, size),
    ]


def _gaps_for_print(
    printed: pd.DataFrame, tolerance: Tolerance, references: Mapping[str, str], size: int
) -> pd.DataFrame:
    broken = [part for _, part in printed.groupby(LANDMARK, sort=True)]
    usual = _judged(broken, tolerance, references, LEVEL)
    together = _judged(broken, tolerance, references, 1 - (1 - LEVEL) / max(size, 1))
    return usual.assign(simultaneous_low=together["gap_low"], simultaneous_high=together["gap_high"])


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


def _named(table: pd.DataFrame) -> pd.DataFrame:
    names = {"breakdown": table["breakdown"].map(breakdown_title), LANDMARK: table[LANDMARK].map(landmark_name)}
    return table.assign(**names).reset_index(drop=True)


def _verdicts(
    by_group: pd.DataFrame,
    gaps: pd.DataFrame,
    last: tuple[str, str],
    policy: str,
    declared: tuple[Tolerance, int],
) -> list[Block]:
    tolerance, size = declared
    said = gaps["verdict"].value_counts()
    counted = ", ".join(f"{count} {verdict}" for verdict, count in said.items())
    labels = [LANDMARK, "breakdown", "group", "criterion", "verdict"]
    rows = [LANDMARK, "breakdown", "group"]
    table = gaps[[*labels, *GAPS]].merge(by_group[[*rows, "n", "events"]], on=rows, validate="many_to_one")
    released = release(
        _named(table[[*labels, "n", "events", *GAPS]]),
        labels=labels,
        counts=["n", "events"],
        rates={"event_rate_pct": RATES["event_rate_pct"]},
        statistics={
            "gap_points": Statistic("n", "events", "gap_low", "gap_high", 1),
            "gap_others_points": Statistic("n", "events", "gap_others_low", "gap_others_high", 1),
            "simultaneous_low": Statistic("n", "events", decimals=1),
            "simultaneous_high": Statistic("n", "events", decimals=1),
            "n_to_decide": Statistic("n", "events", decimals=0),
        },
        policy=policy,
        title="Is the model as good for every group? Two criteria and their verdicts",
        notes=[
            "Equal opportunity: true-positive rate against the reference group, and against everyone else. Calibration: "
            f"observed less predicted share within the group. Tolerance {tolerance.points:g} points; fewer than "
            f"{tolerance.minimum_events} events get no verdict. All at once: intervals that hold together with 95 % for the "
            f"{size} comparisons of the model between groups, abstention and every landmark among them. All of it is computed "
            "from the printed counts. The page shows the last landmark, the file all of them."
        ],
    )
    words = f"Over all landmarks, groups and both criteria: {counted}."
    return [words, Table("model_gaps", released, partial(JUDGED, only=last))]


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
    rows = predicted(materials, found, [by])
    other = predicted(materials, found, [], model=ONE_CHANCE)[[*KEY, told.probability]]
    trained = {CONSTRAINED: ONE_CHANCE} if len(other) else {}
    if trained:
        beside = other.rename(columns={told.probability: ONE_CHANCE})
        rows = rows.merge(beside, on=KEY, how="left", validate="one_to_one")
    table = ledger(rows, by, told, trained=trained)
    counts = ["n", "events", "flagged", "true_positives", "newly_flagged", "no_longer_flagged"]
    counts += ["needs_gained", "needs_lost"]
    released = release(
        table[["remedy", "group", *counts]],
        labels=["remedy", "group"],
        counts=counts,
        rates={
            "event_rate_pct": Rate("events", "n"),
            "tpr_pct": Rate("true_positives", "events", "tpr_low", "tpr_high"),
        },
        policy=policy,
        title=f"Remedies by {breakdown_title(by).lower()}: who gains and who loses",
        notes=[
            f"Against the model {AS_IS}. Needs: people with the unfavourable ending. One chance to be noticed: of those it "
            "happens to, as large a share is to be flagged in every group. Recalibration and thresholds were "
            "learnt on one half of the patients and judged on the other; the constrained model was trained and judged in "
            "the same folds as the model beside it, without sensitive attributes."
        ],
    )
    words = (
        "Remedies are experiments here; none is in use. Recalibrating and a threshold in each group use the group when "
        "somebody is judged, which a service must decide and may not be allowed to do. Training under the constraint uses "
        "it while the model learns and never again."
    )
    return [words, Table("remedies", released, REMEDIES)], table


def remedy_metrics(table: pd.DataFrame) -> dict[str, float]:
    """Give the numbers that runs are compared by: the widest gap in the chance to be noticed under each remedy.

    Parameters
    ----------
    table
        The ledger.

    Returns
    -------
    dict of str to float
        `fairness/remedies/<remedy>/widest_tpr_gap_points`, where two groups are large enough.
    """
    found = widest_gaps(table)
    return {f"fairness/remedies/{REMEDY_KEYS[name]}/widest_tpr_gap_points": gap for name, gap in found.items()}


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
