"""What is true in an invented service, and never in a feed? States, classes, effects, gaps, probabilities."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.feed import Calendar, Sittings
from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.pathway import ENDINGS, Round, treatment_effects
from outcomes.simulation.people import GAPS, People, planted_gaps
from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.states import StateProcess
from outcomes.simulation.world import World

_SHAPES = np.array(["none", "cognitive-affective", "somatic"], dtype=object)


def truth_tables(
    settings: ServiceSettings,
    who: People,
    place: World,
    *,
    rounds: list[Round],
    sat: Sittings,
    kept: NDArray[np.bool_],
    columns: dict[str, NDArray[Any]],
) -> dict[str, pd.DataFrame]:
    """List what is true in an invented service.

    Parameters
    ----------
    settings : ServiceSettings
        How it was made.
    who, place : People, World
        Patients, services and therapists.
    rounds : list of Round
        What happened.
    sat, kept : Sittings, ndarray of bool
        All attended contacts, and which of them have a row in the feed's responses.
    columns : dict of ndarray
        Identifiers, therapies and therapist position of each referral.

    Returns
    -------
    dict of DataFrame
        `patients` (planted shifts), `referrals` (class, effects, ending), `occasions` (state or severity and the
        probabilities of each ending that were used after it), `therapists`, `services`, `gaps`, `treatment_effects`,
        and with hidden states `item_probabilities` and `states`.
    """
    tables = {
        "patients": _patients(who, place, settings),
        "referrals": _referrals(settings, place, rounds, columns),
        "occasions": _occasions(settings, sat, kept, columns),
        "therapists": pd.DataFrame(
            {
                "therapist_id": np.char.mod("T%05d", np.arange(len(place.therapist_effect)) + 1),
                "service_id": np.char.mod("S%03d", place.therapist_service + 1),
                "log_rate_effect": place.therapist_effect,
            }
        ),
        "services": pd.DataFrame(
            {
                "service_id": np.char.mod("S%03d", np.arange(len(place.service_effect)) + 1),
                "log_rate_effect": place.service_effect,
            }
        ),
        "gaps": planted_gaps()[["column", "code", "label", *GAPS]],
        "treatment_effects": _effects(settings),
    }
    if settings.item_process == "states":
        tables["item_probabilities"] = _item_probabilities(settings)
        tables["states"] = _states(settings)
    return tables


def _patients(who: People, place: World, settings: ServiceSettings) -> pd.DataFrame:
    names = np.array(settings.numbers.response.classes, dtype=object)
    return pd.concat(
        [
            who.codes[["patient_id"]],
            who.planted,
            pd.DataFrame({"response_class": names[place.response_class], "personal_effect": place.personal_effect}),
        ],
        axis=1,
    ).sort_values("patient_id", ignore_index=True)


def _referrals(
    settings: ServiceSettings, place: World, rounds: list[Round], columns: dict[str, NDArray[Any]]
) -> pd.DataFrame:
    joined = {
        name: np.concatenate([getattr(one.arrivals, name) for one in rounds])
        for name in ("patient", "severity", "anxiety", "access", "drop_out", "response", "worsening")
    }
    shape = np.concatenate([one.shape for one in rounds])
    names = np.array(settings.numbers.response.classes, dtype=object)
    frame = pd.DataFrame(
        {
            "patient_id": columns["patient_id"],
            "episode_id": columns["episode_id"],
            "response_class": names[place.response_class[joined.pop("patient")]],
            "therapist_effect": place.therapist_effect[columns["therapist"]],
            **{f"planted_{name}": values for name, values in joined.items()},
            "started_as": _SHAPES[shape],
            "therapy_low": columns["low"],
            "therapy_high": columns["high"],
            "ending": np.array(ENDINGS, dtype=object)[np.concatenate([one.ending for one in rounds])],
        }
    )
    effects = treatment_effects(settings.numbers.response)
    for position, family in enumerate(settings.numbers.response.effects):
        frame[f"effect_of_{family}"] = effects[position, shape]
    return frame.sort_values("episode_id", ignore_index=True)


def _occasions(
    settings: ServiceSettings, sat: Sittings, kept: NDArray[np.bool_], columns: dict[str, NDArray[Any]]
) -> pd.DataFrame:
    calendar = Calendar(settings)
    here = sat.day <= calendar.extract_day
    frame = pd.DataFrame(
        {
            "patient_id": columns["patient_id"][sat.referral[here]],
            "episode_id": columns["episode_id"][sat.referral[here]],
            "session_date": calendar.dates(sat.day[here]),
            "session": sat.number[here],
            "in_feed": kept[here],
        }
    )
    frame = pd.concat([frame, sat.truth.loc[here].reset_index(drop=True)], axis=1)
    return frame.sort_values(["episode_id", "session"], ignore_index=True)


def _effects(settings: ServiceSettings) -> pd.DataFrame:
    effects = treatment_effects(settings.numbers.response)
    families = list(settings.numbers.response.effects)
    return pd.DataFrame(effects, columns=list(_SHAPES)).assign(family=families)[["family", *_SHAPES]]


def _item_probabilities(settings: ServiceSettings) -> pd.DataFrame:
    process = StateProcess(settings.numbers.states, np.random.default_rng(0))
    parts = []
    for chain, cumulative, items in (
        ("state", process.phq9, ITEM_COLUMNS[: process.phq9.shape[1]]),
        ("anxiety_state", process.gad7, ITEM_COLUMNS[process.phq9.shape[1] :]),
    ):
        edges = np.concatenate(
            [np.ones((*cumulative.shape[:2], 1)), cumulative, np.zeros((*cumulative.shape[:2], 1))], axis=2
        )
        probability = -np.diff(edges, axis=2)
        index = np.indices(probability.shape).reshape(3, -1)
        parts.append(
            pd.DataFrame(
                {
                    "chain": chain,
                    "state": index[0],
                    "item": np.array(items, dtype=object)[index[1]],
                    "response": index[2],
                    "probability": probability.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _states(settings: ServiceSettings) -> pd.DataFrame:
    numbers = settings.numbers.states
    frame = pd.DataFrame(
        {
            "state": range(len(numbers.names)),
            "name": numbers.names,
            "shape": numbers.shape,
            "initial": numbers.initial,
            "improve": numbers.improve,
            "worsen": numbers.worsen,
            "lateral": numbers.lateral,
        }
    )
    for kind in ("improve_to", "worsen_to", "lateral_to"):
        for position, column in enumerate(np.array(getattr(numbers, kind)).T):
            frame[f"{kind}_{position}"] = column
    return frame
