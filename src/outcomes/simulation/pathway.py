"""What happens to one round of referrals? Waiting, assessment, sessions, steps, leaving; all people at once."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from outcomes.reference.instruments import instrument
from outcomes.simulation.items import N_PHQ9, Floats, ItemProcess
from outcomes.simulation.people import draw
from outcomes.simulation.settings import Course, Response, ServiceSettings

Ints = NDArray[np.int64]
Rows = NDArray[np.intp]

NOT_ASSESSED, NOT_TAKEN_ON, AFTER_FIRST, WELL_AFTER_FIRST, DROPPED_OUT, COMPLETED = range(6)
ENDINGS = ("not_assessed", "not_taken_on", "after_first", "well_after_first", "dropped_out", "completed")
LOW, HIGH = 0, 1
_WELL_FROM = 4  # the first session after which a course may end early because the person is well


@dataclass(frozen=True)
class Arrivals:
    """One round of referrals: everything that is known or planted before the first contact, one element a referral."""

    patient: Rows
    received: Ints
    severity: Floats
    anxiety: Floats
    access: Floats
    drop_out: Floats
    response: Floats
    worsening: Floats
    family_low: Rows
    family_high: Rows


@dataclass
class Sessions:
    """What happened at every attended contact, one list entry a session number; `referral` points into the arrivals."""

    referral: list[Rows] = field(default_factory=list)
    number: list[Ints] = field(default_factory=list)
    day: list[Ints] = field(default_factory=list)
    previous_day: list[Ints] = field(default_factory=list)
    step: list[Ints] = field(default_factory=list)
    items: list[NDArray[np.int8]] = field(default_factory=list)
    probability_drop_out: list[Floats] = field(default_factory=list)
    probability_completion: list[Floats] = field(default_factory=list)
    truth: list[dict[str, NDArray[np.generic]]] = field(default_factory=list)


@dataclass(frozen=True)
class Round:
    """One round of referrals and its sessions; days count from the first day of the window."""

    arrivals: Arrivals
    sessions: Sessions
    ending: Ints
    treats_first: NDArray[np.bool_]
    last_day: Ints
    discharge_day: Ints
    last_burden: Floats
    shape: NDArray[np.int8]


def logistic(log_odds: Floats) -> Floats:
    """Turn log odds into probabilities.

    Parameters
    ----------
    log_odds : ndarray
        Any shape.

    Returns
    -------
    ndarray
        Probabilities of the same shape.
    """
    return 1.0 / (1.0 + np.exp(-log_odds))


class _Running:
    """The people of a round who are being seen; arrays over the assessed, `active` shrinks as they leave."""

    def __init__(
        self, settings: ServiceSettings, arrivals: Arrivals, process: ItemProcess, rng: np.random.Generator
    ) -> None:
        self.numbers, self.arrivals, self.process, self.rng = settings.numbers, arrivals, process, rng
        n, funnel = len(arrivals.patient), settings.numbers.funnel
        self.ending = np.full(n, NOT_ASSESSED, dtype=np.int64)
        seen = rng.random(n) < logistic(funnel.assessed + arrivals.access)
        self.referral = np.flatnonzero(seen)
        m = len(self.referral)
        wait = np.maximum(1, np.rint(rng.lognormal(funnel.wait_log_mean, funnel.wait_log_sd, m))).astype(np.int64)
        self.day = arrivals.received[self.referral] + wait
        self.previous = arrivals.received[self.referral].copy()
        self.treats_first = rng.random(m) < funnel.first_contact_treats
        self.step = np.zeros(m, dtype=np.int64)
        self.ends_at = np.zeros(m, dtype=np.int64)
        self.pause = np.zeros(m)
        self.active = np.arange(m)
        self.sessions = Sessions()
        process.start(arrivals.severity[self.referral], arrivals.anxiety[self.referral])
        self.shape = process.shape()
        self.first_burden = process.burden(self.active)

    def sit(self, number: int) -> tuple[NDArray[np.int8], Floats]:
        # The active answer; returns items and burdens.
        rows, sessions = self.active, self.sessions
        items = self.process.answer(rows)
        sessions.referral.append(self.referral[rows])
        sessions.number.append(np.full(len(rows), number, dtype=np.int64))
        sessions.day.append(self.day[rows].copy())
        sessions.previous_day.append(self.previous[rows].copy())
        sessions.step.append(self.step[rows].copy())
        sessions.items.append(items)
        sessions.truth.append(self.process.truth(rows))
        return items, self.process.burden(rows)

    def note_endings(self, drop_out: Floats, completion: Floats) -> None:
        """Keep the probability of each ending after this session, as it was used."""
        self.sessions.probability_drop_out.append(drop_out)
        self.sessions.probability_completion.append(completion)

    def leave(self, gone: NDArray[np.bool_], ending: NDArray[np.int64]) -> None:
        """Close the referrals of those who are gone, and keep the others active."""
        self.ending[self.referral[self.active[gone]]] = ending[gone]
        self.active = self.active[~gone]


def _first_contact(run: _Running) -> None:
    funnel, course, rng = run.numbers.funnel, run.numbers.course, run.rng
    burden = run.process.burden(run.active)
    low = logistic(np.log(course.low_first / (1 - course.low_first)) + course.low_first_per_burden * burden)
    run.step[:] = np.where(rng.random(len(burden)) < low, LOW, HIGH)
    items, burden = run.sit(1)
    below = below_caseness(items)
    gaps = run.arrivals.drop_out[run.referral[run.active]] - run.arrivals.access[run.referral[run.active]]
    odds = funnel.leave_after_first + funnel.leave_after_first_per_burden * burden + funnel.leave_below_caseness * below
    leaving = logistic(odds + gaps)
    run.note_endings(leaving, np.zeros(len(leaving)))
    treated = run.treats_first[run.active]
    ending = np.where(below, WELL_AFTER_FIRST, AFTER_FIRST)
    run.leave(rng.random(len(leaving)) < leaving, np.where(treated, ending, NOT_TAKEN_ON))


def below_caseness(items: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Say whether both totals are below their cut-offs.

    Parameters
    ----------
    items : ndarray of int8, shape (n, 16)
        Complete answers, PHQ-9 then GAD-7.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where neither questionnaire is at caseness.
    """
    phq9, gad7 = instrument("phq9").caseness, instrument("gad7").caseness
    if phq9 is None or gad7 is None:
        return np.zeros(len(items), dtype=np.bool_)
    return ~phq9.met(items[:, :N_PHQ9].sum(axis=1)) & ~gad7.met(items[:, N_PHQ9:].sum(axis=1))


def _uniform(limits: tuple[int, int], size: int, rng: np.random.Generator) -> Ints:
    return rng.integers(limits[0], limits[1] + 1, size)


def _plan(run: _Running) -> None:
    """Before the second session: stay low, go on high, or go straight from low to high; and for how many sessions."""
    course, rng, rows = run.numbers.course, run.rng, run.active
    burden = run.process.burden(rows)
    odds = course.high_second + course.high_second_per_burden * burden
    high = (run.step[rows] == HIGH) | (rng.random(len(rows)) < logistic(odds))
    run.step[rows] = np.where(high, HIGH, LOW)
    lengths = np.where(
        high, _uniform(course.high_sessions, len(rows), rng), _uniform(course.low_sessions, len(rows), rng)
    )
    run.ends_at[rows] = 1 + lengths


def _next_day(run: _Running, number: int) -> None:
    funnel, rng, rows = run.numbers.funnel, run.rng, run.active
    if number == 2:  # noqa: PLR2004  the second session has its own wait
        gap = np.maximum(funnel.week_days - 1, rng.lognormal(funnel.second_log_mean, funnel.second_log_sd, len(rows)))
    else:
        gap = funnel.week_days + rng.exponential(funnel.week_extra_days, len(rows)) + run.pause[rows]
    run.previous[rows] = run.day[rows]
    run.day[rows] += np.rint(gap).astype(np.int64)
    run.pause[rows] = 0.0


def _move(run: _Running, number: int) -> None:
    response, rows = run.numbers.response, run.active
    who = run.referral[rows]
    early = response.early_gain * np.exp(-response.early_decay * (number - 2))
    high = run.step[rows] == HIGH
    family = np.where(high, run.arrivals.family_high[who], run.arrivals.family_low[who])
    shaped = treatment_effects(response)[family, run.shape[rows]]
    start = response.burden_effect * run.first_burden[rows]
    rate = run.arrivals.response[who] + early + start + response.high_intensity * high + shaped
    run.process.advance(rows, rate, run.arrivals.worsening[who])


def treatment_effects(response: Response) -> Floats:
    """Say how much each family of therapy changes the log rate of improvement.

    Parameters
    ----------
    response : Response
        Holds the effects for those who start cognitive-affective and somatic.

    Returns
    -------
    ndarray, shape (n_families, 3)
        Columns: no symptom shape at the start (always 0), cognitive-affective, somatic.
    """
    return np.array([[0.0, *effects] for effects in response.effects.values()])


def _decide(run: _Running, number: int, burden: Floats) -> None:
    """After a session: drop out, end well, reach the planned end (step up or complete), or go on."""
    course, rng, rows = run.numbers.course, run.rng, run.active
    drop = logistic(course.drop_out + course.drop_out_per_burden * burden + run.arrivals.drop_out[run.referral[rows]])
    at_end = run.ends_at[rows] <= number
    step_up = logistic(course.step_up + course.step_up_per_burden * burden)
    step_up = np.where(run.step[rows] == LOW, step_up, 0.0)
    well = (
        logistic(course.well_end + course.well_end_per_burden * burden) if number >= _WELL_FROM else np.zeros(len(rows))
    )
    stay = np.where(at_end, step_up, 1.0 - well)
    if number >= course.sessions_cap:
        stay = np.zeros(len(rows))
    run.note_endings(drop, (1.0 - drop) * (1.0 - stay))
    dropped = rng.random(len(rows)) < drop
    ended = ~dropped & (rng.random(len(rows)) >= stay)
    _step_up(run, rows[at_end & ~dropped & ~ended], number, course)
    run.leave(dropped | ended, np.where(dropped, DROPPED_OUT, COMPLETED))


def _step_up(run: _Running, rows: Rows, number: int, course: Course) -> None:
    run.step[rows] = HIGH
    run.ends_at[rows] = number + _uniform(course.high_sessions, len(rows), run.rng)
    run.pause[rows] = run.rng.exponential(3 * run.numbers.funnel.week_days, len(rows))


def run_round(settings: ServiceSettings, arrivals: Arrivals, process: ItemProcess, rng: np.random.Generator) -> Round:
    """Let one round of referrals run from arrival to discharge.

    Parameters
    ----------
    settings : ServiceSettings
        Dates and invented numbers.
    arrivals : Arrivals
        The referrals, one element each.
    process : ItemProcess
        How they are from session to session, and what they answer.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Round
        Endings, days, and every session; nothing is cut at the extract date yet.
    """
    run = _Running(settings, arrivals, process, rng)
    _first_contact(run)
    _plan(run)
    number = 1
    while len(run.active):
        number += 1
        _next_day(run, number)
        _move(run, number)
        _, burden = run.sit(number)
        _decide(run, number, burden)
    return _close(run, settings)


def _close(run: _Running, settings: ServiceSettings) -> Round:
    arrivals, rng, funnel = run.arrivals, run.rng, settings.numbers.funnel
    n = len(arrivals.patient)
    last_day = arrivals.received.copy()
    last_day[run.referral] = run.day
    completed = np.isin(run.ending, (COMPLETED, WELL_AFTER_FIRST))
    mean = np.where(completed, funnel.discharge_days_completed, funnel.discharge_days_left)
    delay = np.where(completed, 0, settings.numbers.funnel.week_days) + rng.exponential(mean)
    burden, shape, treats = np.zeros(n), np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.bool_)
    burden[run.referral] = run.process.burden(np.arange(len(run.referral)))
    shape[run.referral] = run.shape
    treats[run.referral] = run.treats_first
    return Round(
        arrivals, run.sessions, run.ending, treats, last_day, last_day + np.rint(delay).astype(np.int64), burden, shape
    )


def end_codes(ending: Ints, settings: ServiceSettings, rng: np.random.Generator) -> NDArray[np.object_]:
    """Draw an end code for each way of ending.

    Parameters
    ----------
    ending : ndarray of int, shape (n,)
        Positions in `ENDINGS`.
    settings : ServiceSettings
        Holds the shares of the codes.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of object, shape (n,)
        End codes as text.
    """
    codes = np.full(len(ending), "", dtype=object)
    for position, name in enumerate(ENDINGS):
        shares: dict[str, float] = getattr(settings.numbers.endings, name)
        rows = np.flatnonzero(ending == position)
        codes[rows] = np.array(list(shares), dtype=object)[draw(np.array(list(shares.values())), len(rows), rng)]
    return codes
