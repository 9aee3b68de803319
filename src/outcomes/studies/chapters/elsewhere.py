"""Do the predictions hold elsewhere and later? Missing values side by side, optimism, other services, updating, drift."""

from outcomes.prognosis.splits import BY_PATIENT, BY_TIME
from outcomes.prognosis.updating import AS_IT_IS, SHIFTED, STRETCHED, recalibrate
from outcomes.studies.forecast import BOOSTED, Forecast

FEWEST = 10  # people with and without the ending below which nothing is said of updating
AS_THEY_ARE, IMPUTED = "penalised_logistic", "imputed_logistic"
UPDATED = {
    AS_IT_IS: "can be used as they are",
    SHIFTED: "need their level shifted",
    STRETCHED: "need their level shifted and their spread stretched or shrunk",
}


def beyond(found: Forecast) -> list[str]:
    """Say what becomes of the predictions with other treatment of missing values, elsewhere and later.

    Parameters
    ----------
    found
        The prognosis step.

    Returns
    -------
    list of str
        One sentence or two for each comparison that was asked for; what was not asked for is named with its setting.
    """
    return [*_missing(found), *_corrected(found), *_updated(found), *_elsewhere(found)]


def landmark_name(landmark: int) -> str:
    """Name a landmark in words.

    Parameters
    ----------
    landmark
        0 is intake.

    Returns
    -------
    str
        Such as "After session 2".
    """
    return "At intake" if landmark == 0 else f"After session {landmark}"


def _missing(found: Forecast) -> list[str]:
    metrics = found.validation.metrics
    areas = metrics[metrics["metric"].eq("auroc") & metrics["validation"].eq(BY_PATIENT)]
    wide = areas.pivot_table(index="landmark", columns="model", values="value")
    if not {AS_THEY_ARE, IMPUTED} <= set(wide):
        return [
            "Missing answers are used as they are: trees send them down a branch of their own, the regression has a "
            "column that says so. Imputed copies beside them are made where `imputations` is set."
        ]
    apart = (wide[IMPUTED] - wide[AS_THEY_ARE]).dropna()
    return [
        "Missing answers were treated in two ways side by side: used as they are, with a column that says that they are "
        "missing, and filled in several times by what else was known. The AUROC of the regression on filled-in copies "
        f"differs by {apart.min():+.3f} to {apart.max():+.3f} over the landmarks."
    ]


def _corrected(found: Forecast) -> list[str]:
    if found.corrected.empty:
        return []
    rows = found.corrected[found.corrected["metric"].eq("auroc")]
    area = rows.sort_values("landmark").to_dict("records")[-1]
    return [
        f"{landmark_name(int(area['landmark']))}, judged on the very people who taught it, the model has an AUROC of "
        f"{area['apparent']:.3f}; {area['optimism']:.3f} of it is optimism (from {int(area['n_resamples'])} repetitions of "
        f"all learning on resampled patients), which leaves {area['corrected']:.3f}."
    ]


def _updated(found: Forecast) -> list[str]:
    told = found.validation.predictions
    late = told[told["validation"].eq(BY_TIME) & told["model"].eq(BOOSTED)]
    verdicts: dict[str, list[str]] = {}
    for landmark, part in late.groupby("landmark", sort=True):
        if min(part["outcome"].sum(), (1 - part["outcome"]).sum()) >= FEWEST:
            how = recalibrate(part["outcome"].astype(int), part["probability"]).how
            verdicts.setdefault(how, []).append(landmark_name(int(str(landmark))).lower())
    if not verdicts:
        return []
    words = "; ".join(f"{', '.join(where)} they {UPDATED[how]}" for how, where in verdicts.items())
    return [
        "Updating: by likelihood-ratio tests on the later period, the boosted trees' probabilities learnt from the earlier "
        f"one are judged thus: {words}."
    ]


def _elsewhere(found: Forecast) -> list[str]:
    sentences = []
    if len(found.moved):
        gone = found.moved[found.moved["moved"]]
        words = ", ".join(gone["meaning"].drop_duplicates().head(5))
        sentences.append(
            f"Between the quarters that taught and those that were judged, {gone['feature'].nunique()} of "
            f"{found.moved['feature'].nunique()} features changed visibly" + (f": {words}." if words else ".")
        )
    held = found.services[found.services["model"].eq(BOOSTED)] if len(found.services) else found.services
    if len(held):
        last = held[held["landmark"].eq(held["landmark"].max())].set_index("metric")
        where = landmark_name(int(held["landmark"].max())).lower()
        area, slope = last.loc["auroc"], last.loc["calibration_slope"]
        sentences.append(
            f"Each service left out in turn, {where}: pooled AUROC {area['value']:.3f} (95 % {area['low']:.3f} to "
            f"{area['high']:.3f}; a further service is to be expected between {area['predicted_low']:.3f} and "
            f"{area['predicted_high']:.3f}), calibration slope {slope['value']:.2f} ({slope['low']:.2f} to "
            f"{slope['high']:.2f}; further service {slope['predicted_low']:.2f} to {slope['predicted_high']:.2f})."
        )
    return sentences
