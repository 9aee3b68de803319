"""How did it end, by the state at the first questionnaire? Outcomes, and drop-out corrected for uncertain states."""

from functools import partial

import pandas as pd

from outcomes.cohort.trajectories import ItemTrajectories
from outcomes.disclosure.gate import Rate, release
from outcomes.disclosure.profiles import release_profile
from outcomes.measures.rates import rates
from outcomes.publications.grids import across
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.chapter import title_of
from outcomes.studies.materials import Materials
from outcomes.studies.states import States
from outcomes.subtypes.following import outcome_by_initial_state
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.occupancy import first_states

KEY = ["pseudonym", "referral"]
HEADLINES = ("reliable_improvement", "recovery", "reliable_recovery", "reliable_deterioration")


def outcomes_by_state(materials: Materials, states: States) -> pd.DataFrame | None:
    """Count outcomes by the most probable state at the first questionnaire.

    Parameters
    ----------
    materials
        Episodes and outcomes.
    states
        The chosen model.

    Returns
    -------
    pandas.DataFrame or None
        first_state, measure, numerator, denominator, rate; None where no outcomes are known.
    """
    judged = materials.outcomes
    if judged is None or not judged["paired"].fillna(value=False).any():
        return None
    keys = _first(states.model, states.trajectories)
    rows = judged.merge(keys, on=KEY, how="inner")
    table = rates(rows, ["first_state"], edition=materials.edition)
    return table[table["measure"].isin(HEADLINES)].reset_index(drop=True)


def outcome_blocks(by_state: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    """Print outcomes by first state.

    Parameters
    ----------
    by_state
        From `outcomes_by_state`.
    policy
        Disclosure policy.

    Returns
    -------
    list
        One table.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    table = by_state.assign(
        first_state=by_state["first_state"].astype(int).astype(str), measure=by_state["measure"].map(title_of)
    )
    released = release(
        table[["first_state", "measure", "numerator", "denominator"]],
        labels=["first_state", "measure"],
        counts=["numerator", "denominator"],
        rates={"rate_pct": Rate("numerator", "denominator", "low_pct", "high_pct")},
        policy=policy,
        title="Outcomes by the state at the first questionnaire",
        notes=[
            "Most probable state given the first questionnaire alone. Assignment is not certain, which shrinks "
            "differences between states; and recovery is scored from the same items that define the states."
        ],
    )
    arrange = partial(across, row="first_state", column="measure", value="rate_pct", heading_of_rows="First state")
    return [Table("outcomes_by_first_state", released, arrange)]


def drop_out(materials: Materials, states: States) -> pd.DataFrame | None:
    """Say how probable drop-out is by first state, assigned and corrected for the error of assignment.

    Parameters
    ----------
    materials
        Episodes and outcomes.
    states
        The chosen model.

    Returns
    -------
    pandas.DataFrame or None
        As `subtypes.following.outcome_by_initial_state` gives it; None where nobody's drop-out is known.
    """
    judged = materials.outcomes
    if judged is None or judged["dropped_out"].isna().all():
        return None
    left = states.trajectories.keys.merge(judged[[*KEY, "dropped_out"]], on=KEY, how="left")["dropped_out"]
    return outcome_by_initial_state(
        states.model, states.trajectories, left.to_numpy(dtype=float, na_value=float("nan"))
    )


def drop_out_blocks(left: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    """Print drop-out by first state.

    Parameters
    ----------
    left
        From `drop_out`.
    policy
        Disclosure policy.

    Returns
    -------
    list
        One table.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    wide = left.pivot(index="state", columns="method", values="mean")
    known = left[left["method"].eq("bch") & ~left["outside_range"]].set_index("state")["mean"]
    size = left[left["method"].eq("naive")].set_index("state")["n_expected"]
    table = pd.DataFrame(
        {
            "state": wide.index.astype(str),
            "people": size.round().astype(int).to_numpy(),
            "assigned": wide["naive"].to_numpy(),
            "corrected": known.reindex(wide.index).to_numpy(),
            "by_likelihood": wide["ml"].to_numpy(),
        }
    )
    released = release_profile(
        table,
        labels=["state"],
        expected_n="people",
        probabilities=["assigned", "corrected", "by_likelihood"],
        policy=policy,
        title="Share that drops out, by the state at the first questionnaire",
        notes=[
            "Assigned: people put into their most likely state. Corrected: bias-adjusted three-step estimate (BCH), for "
            "an outcome that is not scored from the items; blank where it falls outside 0 to 1. By likelihood: the same "
            "three steps by maximum likelihood."
        ],
    )
    return [Table("drop_out_by_first_state", released)]


def _first(model: LatentMarkov, sequences: ItemTrajectories) -> pd.DataFrame:
    return sequences.keys.assign(first_state=first_states(model, sequences))
