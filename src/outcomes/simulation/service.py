"""What would a whole service's feed look like, if we knew the truth? `simulate` invents one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.simulation.feed import Calendar, contacts_table, referral_table, responses_table, sittings
from outcomes.simulation.items import ItemProcess
from outcomes.simulation.pathway import NOT_ASSESSED, Arrivals, Round, Rows, run_round
from outcomes.simulation.people import People, draw, people
from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.severity import SeverityProcess
from outcomes.simulation.states import StateProcess
from outcomes.simulation.truth import truth_tables
from outcomes.simulation.world import World, service_regions, therapists_for, world

_STREAMS = ("people", "world", "arrivals", "pathway", "items", "feed", "regions")
_MOST_REFERRALS = 4
_TRAUMA = "F431"


@dataclass(frozen=True)
class SimulatedService:
    """An invented service: the tables that a feed would hold, and the truth beside them.

    Parameters
    ----------
    patients, referrals, contacts, responses : DataFrame
        Feed tables: text as a provider writes it; items of `responses` are Int8 with missing values.
    truth : dict of DataFrame
        What no feed holds: see `outcomes.simulation.truth`.
    settings : ServiceSettings
        How the service was made.
    seed : int
        The seed: the same settings and seed give the same tables.
    """

    patients: pd.DataFrame
    referrals: pd.DataFrame
    contacts: pd.DataFrame
    responses: pd.DataFrame
    truth: dict[str, pd.DataFrame]
    settings: ServiceSettings
    seed: int


@dataclass(frozen=True)
class _Descriptors:
    """Problem descriptors of the referrals of one round."""

    code: NDArray[np.object_]
    severity: NDArray[np.float64]
    anxiety: NDArray[np.float64]
    therapy_low: NDArray[np.object_]
    therapy_high: NDArray[np.object_]


def simulate(settings: ServiceSettings, *, seed: int) -> SimulatedService:
    """Invent a whole service: its feed, and the truth beside it.

    Parameters
    ----------
    settings : ServiceSettings
        Size, dates, item process and invented numbers.
    seed : int
        Seed of all chance, not negative.

    Returns
    -------
    SimulatedService
        Feed tables and truth.

    Examples
    --------
    >>> service = simulate(ServiceSettings(n_patients=50), seed=1)
    >>> len(service.patients)
    50
    >>> bool(service.referrals["patient_id"].isin(service.patients["patient_id"]).all())
    True
    """
    streams = dict(
        zip(_STREAMS, map(np.random.default_rng, np.random.SeedSequence(seed).spawn(len(_STREAMS))), strict=True)
    )
    who = people(settings, streams["people"])
    place = world(settings, streams["world"])
    rounds, descriptors, therapists = _rounds(settings, who, place, streams)
    patient = np.concatenate([one.arrivals.patient for one in rounds])
    columns = {
        "patient_id": who.codes["patient_id"].to_numpy(object)[patient],
        "episode_id": np.char.mod("E%08d", streams["feed"].permutation(len(patient)) + 1).astype(object),
        "service_id": np.char.mod("S%03d", place.home[patient] + 1).astype(object),
        "therapist_id": np.char.mod("T%05d", therapists + 1).astype(object),
        "problem_descriptor": np.concatenate([one.code for one in descriptors]),
    }
    sat = sittings(rounds)
    referrals = referral_table(rounds, columns, settings, streams["feed"])
    responses, kept = responses_table(sat, referrals, settings, streams["feed"])
    therapies = {
        "low": np.concatenate([one.therapy_low for one in descriptors]),
        "high": np.concatenate([one.therapy_high for one in descriptors]),
    }
    contacts = contacts_table(sat, rounds, referrals, therapies=therapies, settings=settings, rng=streams["feed"])
    truth = truth_tables(
        settings, who, place, rounds=rounds, sat=sat, kept=kept, columns=columns | therapies | {"therapist": therapists}
    )
    regions = service_regions(len(place.service_effect), streams["regions"])
    patients = who.codes.assign(region=pd.Series(regions[place.home], dtype="str"))
    return SimulatedService(
        patients=patients.sort_values("patient_id", ignore_index=True),
        referrals=referrals.sort_values("episode_id", ignore_index=True),
        contacts=contacts.sort_values(["episode_id", "contact_date"], kind="stable", ignore_index=True),
        responses=responses.sort_values(["episode_id", "session_date"], kind="stable", ignore_index=True),
        truth=truth,
        settings=settings,
        seed=seed,
    )


def _process(settings: ServiceSettings, rng: np.random.Generator) -> ItemProcess:
    if settings.item_process == "states":
        return StateProcess(settings.numbers.states, rng)
    return SeverityProcess(settings.numbers.severity, rng)


def _rounds(
    settings: ServiceSettings, who: People, place: World, streams: dict[str, np.random.Generator]
) -> tuple[list[Round], list[_Descriptors], Rows]:
    # First referrals, then those who come back, until nobody does.
    calendar, rng = Calendar(settings), streams["arrivals"]
    patient = np.arange(settings.n_patients)
    received = rng.integers(0, calendar.last_received_day + 1, settings.n_patients)
    carried = np.zeros(settings.n_patients)
    rounds: list[Round] = []
    descriptors: list[_Descriptors] = []
    therapists: list[Rows] = []
    while len(patient) and len(rounds) < _MOST_REFERRALS:
        problem = _descriptors(settings, len(patient), rng)
        therapist = therapists_for(place.home[patient], place, rng)
        arrivals = _arrivals(settings, who, place, patient, received, carried, problem, therapist)
        done = run_round(settings, arrivals, _process(settings, streams["items"]), streams["pathway"])
        rounds.append(done)
        descriptors.append(problem)
        therapists.append(therapist)
        population = settings.numbers.population
        gap = 1 + np.rint(rng.exponential(population.repeat_gap_days, len(patient))).astype(np.int64)
        again = (rng.random(len(patient)) < population.repeat_probability) & (
            done.discharge_day + gap <= calendar.last_received_day
        )
        patient, received = patient[again], (done.discharge_day + gap)[again]
        carried = np.where(done.ending == NOT_ASSESSED, 0.0, population.repeat_carries * done.last_burden)[again]
    return rounds, descriptors, np.concatenate(therapists)


def _descriptors(settings: ServiceSettings, n: int, rng: np.random.Generator) -> _Descriptors:
    kinds = settings.numbers.population.descriptor
    drawn = draw(np.array([kind.share for kind in kinds.values()]), n, rng)
    code, severity, anxiety = np.empty(n, dtype=object), np.empty(n), np.empty(n)
    high = np.empty(n, dtype=object)
    therapies = settings.numbers.therapies
    for position, (name, kind) in enumerate(kinds.items()):
        rows = np.flatnonzero(drawn == position)
        code[rows] = np.array(kind.codes, dtype=object)[rng.integers(0, len(kind.codes), len(rows))]
        severity[rows], anxiety[rows] = kind.severity, kind.anxiety
        shares = therapies.high_trauma if name == _TRAUMA else therapies.high_anxiety
        shares = therapies.high_depression if kind.anxiety <= 0 else shares
        high[rows] = _codes(shares, len(rows), rng)
    return _Descriptors(code, severity, anxiety, _codes(therapies.low, n, rng), high)


def _codes(shares: dict[str, float], n: int, rng: np.random.Generator) -> NDArray[np.object_]:
    return np.array(list(shares), dtype=object)[draw(np.array(list(shares.values())), n, rng)]


def _families(settings: ServiceSettings, therapy: NDArray[np.object_]) -> Rows:
    families = list(settings.numbers.response.effects)
    position = {code: families.index(family) for code, family in settings.numbers.therapies.family.items()}
    return np.array([position[code] for code in therapy], dtype=np.intp)


def _arrivals(  # noqa: PLR0917  everything planted in a referral meets here
    settings: ServiceSettings, who: People, place: World, patient: Rows, received: Rows, carried: NDArray[np.float64],
    problem: _Descriptors, therapist: Rows,
) -> Arrivals:  # fmt: skip
    planted = {name: who.planted[name].to_numpy()[patient] for name in ("severity", "response", "access", "drop_out")}
    response, classes = settings.numbers.response, place.response_class[patient]
    return Arrivals(
        patient=patient,
        received=received,
        severity=planted["severity"] + carried + problem.severity,
        anxiety=planted["severity"] + carried + problem.anxiety,
        access=planted["access"],
        drop_out=planted["drop_out"],
        response=planted["response"]
        + np.array(response.class_effects)[classes]
        + place.personal_effect[patient]
        + place.service_effect[place.home[patient]]
        + place.therapist_effect[therapist],
        worsening=np.array(response.class_worsening)[classes] - planted["response"],
        family_low=_families(settings, problem.therapy_low),
        family_high=_families(settings, problem.therapy_high),
    )
