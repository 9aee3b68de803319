"""How many states? The criteria side by side, from the number of people that is printed."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Released, Statistic, release
from outcomes.publications.page import Picture, Table
from outcomes.publications.subtype_figures import selection_curves
from outcomes.studies.chapters.printed import on_printed_people
from outcomes.studies.states import States

Blocks = list[str | Table | Picture]
CRITERIA = {"aic": "AIC", "bic": "BIC", "sample_size_adjusted_bic": "Adjusted BIC", "icl": "ICL"}


def criteria_for_print(states: States, policy: str) -> pd.DataFrame:
    """Give the comparison of numbers of states with criteria that take the printed number of people as n.

    Parameters
    ----------
    states
        The subtypes step.
    policy
        Disclosure policy.

    Returns
    -------
    DataFrame
        The selection's table; AIC knows no n and stays as it is.
    """
    table, people = states.selection.table, int(states.model.n_persons_)
    shown = {
        name: on_printed_people(
            table[name], table["n_parameters"], people, policy, adjusted=name == "sample_size_adjusted_bic"
        )
        for name in ("bic", "sample_size_adjusted_bic", "icl")
    }
    return table.assign(**shown)


def choice_table(states: States, policy: str) -> Released:
    """Show the numbers of states side by side.

    Parameters
    ----------
    states
        The subtypes step.
    policy
        Disclosure policy.

    Returns
    -------
    Released
        Likelihood, criteria from the printed number of people, smallest state, entropy, starts.
    """
    table = criteria_for_print(states, policy)
    shown = pd.DataFrame(
        {
            "states": table["k"].astype(int).astype(str),
            "people": int(states.model.n_persons_),
            "log_likelihood": table["log_likelihood"],
            "parameters": table["n_parameters"].astype(float),
            "aic": table["aic"],
            "bic": table["bic"],
            "adjusted_bic": table["sample_size_adjusted_bic"],
            "icl": table["icl"],
            "smallest_state": table["smallest_state"],
            "entropy_r2": table["entropy_r2"],
            "starts_at_best": [
                f"{best} of {finished}"
                for best, finished in zip(table["starts_at_best"], table["n_finished"], strict=True)
            ],
            "converged": table["converged"].map({True: "yes", False: "no"}),
            "chosen": table["chosen"].map({True: "chosen", False: ""}),
        }
    )
    return release(
        shown,
        labels=["states", "starts_at_best", "converged", "chosen"],
        counts=["people"],
        statistics={
            name: Statistic("people", decimals=decimals)
            for name, decimals in (
                ("log_likelihood", 1),
                ("parameters", 0),
                ("aic", 1),
                ("bic", 1),
                ("adjusted_bic", 1),
                ("icl", 1),
                ("smallest_state", 2),
                ("entropy_r2", 2),
            )
        },
        policy=policy,
        title="How many states?",
        notes=[
            "BIC counts referrals with at least one answer as n, as printed; adjusted BIC a smaller n; ICL adds the uncertainty of the "
            "states. Smallest state: its share of questionnaires. Starts at best: finished starts that ended within "
            "0.01 log units of the best."
        ],
    )


def choice_picture(states: States, policy: str) -> Blocks:
    """Draw the criteria by number of states.

    Parameters
    ----------
    states
        What the subtypes step found.
    policy
        Disclosure policy.

    Returns
    -------
    list
        One picture; nothing where one number alone was tried.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    table = states.selection.table
    if len(table) < 2:  # noqa: PLR2004  a curve has two points
        return []
    people = int(states.model.n_persons_)
    table = criteria_for_print(states, policy)
    rows = [
        {"states": str(int(k)), "criterion": word, "people": people, "above_best": float(value - table[name].min())}
        for name, word in CRITERIA.items()
        for k, value in zip(table["k"], table[name], strict=True)
    ]
    released = release(
        pd.DataFrame(rows),
        labels=["states", "criterion"],
        counts=["people"],
        statistics={"above_best": Statistic("people", decimals=1)},
        policy=policy,
        title="Criteria by number of states",
        notes=["Distance of each criterion from its own smallest value."],
    )
    return [
        Picture(
            "selection_curves",
            released,
            partial(selection_curves, chosen=str(states.selection.chosen)),
            "How far each number of states is from the best one, by four criteria; 0 is the best. Criteria disagree: BIC "
            "counts people, ICL asks besides that people can be put into states with certainty.",
            "Line chart: criteria by number of states; the chosen number is marked.",
        )
    ]
