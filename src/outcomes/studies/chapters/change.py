"""How did it go? Outcome rates beside England's, effect sizes, and mean scores session by session."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, Released, Statistic, release
from outcomes.measures.change import effect_sizes
from outcomes.measures.rates import rates
from outcomes.measures.service import service_table
from outcomes.measures.sessions import session_means
from outcomes.measures.thresholds_used import thresholds_used
from outcomes.publications.figures.groups import published_beside
from outcomes.publications.figures.pathways import trajectories
from outcomes.publications.grids import across
from outcomes.publications.methods import Step
from outcomes.publications.page import KeyFigure, Picture, Section, Table
from outcomes.publications.wording import cell, interval
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.answers import change_answer
from outcomes.studies.chapters.chapter import Chapter, title_of
from outcomes.studies.materials import Materials

LAST_SESSION = 15
HEADLINES = ("reliable_recovery", "recovery", "reliable_improvement", "reliable_deterioration")


def change_chapter(materials: Materials, *, policy: str) -> Chapter:
    """Say how it went: outcomes, effect sizes, courses.

    Parameters
    ----------
    materials
        Scores and outcomes.
    policy
        Disclosure policy.

    Returns
    -------
    Chapter
        What can be said with the measures that were collected.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    blocks: list[str | Table | Picture] = []
    internal: dict[str, pd.DataFrame] = {}
    metrics: dict[str, float] = {}
    key_figures: list[KeyFigure] = []
    steps: list[Step] = []
    judged, answer = materials.outcomes, ""
    if judged is not None and judged["paired"].fillna(value=False).any():
        answer = _judged(materials, judged, policy, blocks, internal, metrics, key_figures)
        steps.append(_method(materials))
    means = session_means(materials.totals, materials.instruments, last_session=LAST_SESSION)
    internal["session_means"] = means
    if means["session"].max() > 0:
        blocks += _course(means, policy)
    else:
        answer = "Everybody was asked once, so nothing can be said about change."
        blocks.append(answer)
    section = Section("How did it go?", tuple(blocks), answer)
    return Chapter(section, internal, metrics, tuple(steps), tuple(key_figures))


def _judged(  # noqa: PLR0917  the lists of one chapter, filled in its order
    materials: Materials,
    judged: pd.DataFrame,
    policy: str,
    blocks: list[str | Table | Picture],
    internal: dict[str, pd.DataFrame],
    metrics: dict[str, float],
    key_figures: list[KeyFigure],
) -> str:
    finished, sizes = _rate_table(materials, judged), effect_sizes(judged)
    internal |= {"outcome_rates": finished, "effect_sizes": sizes}
    metrics |= {
        f"outcomes/{row['measure']}_pct": float(row["rate_pct"])
        for row in finished.to_dict("records")
        if row["label"] == "All"
    }
    shown = _released(finished, policy)
    places = {str(name): place for place, name in enumerate(finished["measure"])}
    key_figures += [
        KeyFigure(title_of(name), _percent(shown, places[name]), interval(shown, places[name], "rate_pct"))
        for name in HEADLINES
        if name in places
    ]
    beside = "england_rate_pct" in finished
    if beside:
        blocks += _beside_england(finished, policy)
    blocks.append(Table("outcomes", shown))
    blocks += _unverified(judged, materials)
    if len(sizes):
        blocks.append(Table("effect_sizes", _sizes(sizes, policy)))
    return _answer(finished, shown, places)


def _answer(finished: pd.DataFrame, shown: Released, places: Mapping[str, int]) -> str:
    told = next((name for name in HEADLINES if name in places), None)
    if told is None:
        return ""
    row = finished.iloc[places[told]]
    published = float(row.get("england_rate_pct", float("nan")))
    return change_answer(shown, places[told], england_pct=published, year=str(row.get("england_year", "")))


def _unverified(judged: pd.DataFrame, materials: Materials) -> list[str | Table | Picture]:
    used = thresholds_used(judged, edition=materials.edition)
    doubtful = used[~used["verified"]]
    if doubtful.empty:
        return []
    said = "; ".join(
        f"{instrument(row['instrument']).short_name} {title_of(row['kind']).lower()}: {row['threshold']}"
        for row in doubtful.to_dict("records")
    )
    return [f"Thresholds that decide here without being confirmed by a source at hand: {said}."]


def _percent(shown: Released, row: int) -> str:
    return f"{cell(shown, row, 'rate_pct')} %"


def _rate_table(materials: Materials, judged: pd.DataFrame) -> pd.DataFrame:
    if materials.contacts is None:
        return rates(judged, edition=materials.edition).assign(label="All")
    return service_table(materials.episodes, judged, edition=materials.edition)


def _released(finished: pd.DataFrame, policy: str) -> Released:
    table = pd.DataFrame(
        {
            "measure": finished["measure"].map(title_of)
            + finished["label"].map(lambda label: "" if label == "All" else f": {label}"),
            "numerator": finished["numerator"],
            "denominator": finished["denominator"],
        }
    )
    return release(
        table,
        labels=["measure"],
        counts=["numerator", "denominator"],
        rates={"rate_pct": Rate("numerator", "denominator", "low_pct", "high_pct")},
        policy=policy,
        title="Outcomes",
        notes=[
            "Recovery and reliable recovery: of finished courses less those known not to be at caseness at the start. "
            "Reliable improvement, deterioration and no reliable change: of all finished courses; courses without two "
            "scores stay in and count as failures."
        ],
    )


def _beside_england(finished: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    known = finished[finished["england_rate_pct"].notna() & finished["label"].eq("All")]
    year = str(known["england_year"].iloc[0])
    table = known[["measure", "numerator", "denominator"]].assign(
        measure=known["measure"].map(title_of), england=known["england_rate_pct"], england_n=known["denominator"]
    )
    shown = release(
        table[["measure", "numerator", "denominator", "england"]],
        labels=["measure"],
        counts=["numerator", "denominator"],
        rates={"rate_pct": Rate("numerator", "denominator", "low_pct", "high_pct")},
        statistics={"england": Statistic("denominator", decimals=1)},
        policy=policy,
        title=f"Outcomes beside England {year}",
        notes=[f"England {year}: NHS England, annual report, Open Government Licence v3.0."],
    )
    return [
        Picture(
            "beside_england",
            shown,
            partial(published_beside, ours="rate_pct", published="england", published_name=f"England {year}"),
            f"Outcome rates of this service beside England's published rates of {year}.",
            "Dot chart: each outcome rate of this service with its interval, beside the national rate.",
        )
    ]


def _sizes(sizes: pd.DataFrame, policy: str) -> Released:
    columns = ["mean_first", "sd_first", "mean_last", "sd_last", "mean_change", "effect_size"]
    table = sizes.assign(measure=sizes["measure"].map(lambda key: instrument(key).short_name))
    return release(
        table[["measure", "n", *columns]],
        labels=["measure"],
        counts=["n"],
        statistics={name: Statistic("n") for name in columns},
        policy=policy,
        title="First and last scores of finished courses",
        notes=["Effect size: mean change over the standard deviation of the first score."],
    )


def _course(means: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    table = means.assign(measure=means["instrument"].map(lambda key: instrument(key).short_name))
    shown = release(
        table[["measure", "session", "n", "mean", "low", "high"]],
        labels=["measure", "session"],
        counts=["n"],
        statistics={"mean": Statistic("n", low="low", high="high")},
        policy=policy,
        title="Mean score at each session among those who answered",
        notes=["Session 0 is the first scored questionnaire. Those who stopped are not in later means."],
    )
    return [
        "The lines below describe, at each session, the people who were still there to answer. They are not the course "
        "that one person can expect.",
        Picture(
            "course",
            shown,
            partial(trajectories, y="mean", by="measure", x_label="Session", y_label="Mean score"),
            "Mean score at each session among those who answered, with 95 % intervals.",
            "Line chart: the mean score at each session among those who answered, one line a measure.",
        ),
        Table(
            "course", shown, partial(across, row="session", column="measure", value="mean", heading_of_rows="Session")
        ),
    ]


def _method(materials: Materials) -> Step:
    asked = [instrument(key) for key in materials.instruments]
    names = ", ".join(f"{one.name} [@{one.source.replace('; ', '; @')}]" for one in asked)
    missing = materials.opened.experiment.measures.missing_items
    how = "a questionnaire with a missing item has no score" if missing == "strict" else "missing items were prorated"
    return Step(
        "Outcomes",
        f"{names} were scored from items; {how}. Outcomes follow {materials.edition.name}: caseness, recovery, "
        "reliable change and their denominators as in the national reports; rates are rounded half up; intervals are Wilson's "
        "at 95 % [@wilson_1927].",
        tuple(key.strip() for key in materials.edition.source.split(";")),
    )
