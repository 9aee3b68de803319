"""How near do models come to the best on the invented service itself?

``python benchmarks/service_filter.py [taught] [judged] [particles]`` (patients who teach, patients who are judged).

Who knew the model that invented the service, but saw only what was answered and done so far, could do no better than
filter: many possible courses of each patient (particles) move by the simulator's own rules, are weighed by the answers,
the steps and having stayed, and drawn anew; then each is played to its end. The filter knows the patient's groups and
therapies, but neither hidden states nor the patient's, therapist's and service's own effects, over which it averages.
Nobody is censored (the extract is two years after the last referral), first referrals and those treated from the first
contact only. Models learn from the patients of another draw of the service. So few particles cost the filter a
little: the AUROC of either half of them is printed beside that of all.
"""

import sys
from datetime import date

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.kernel.intervals import auc
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.prognosis.features import features_of
from outcomes.prognosis.models import BoostedTrees, PenalisedLogistic
from outcomes.prognosis.targets import ended_target
from outcomes.prognosis.timeline import KEY, Courses, sittings
from outcomes.reference.rules import rule_edition
from outcomes.simulation.canonical import canonical_tables
from outcomes.simulation.items import ITEM_COLUMNS
from outcomes.simulation.pathway import HIGH, LOW, below_caseness, logistic, treatment_effects
from outcomes.simulation.service import SimulatedService, simulate
from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.states import StateProcess

LANDMARKS = (0, 1, 2, 3, 4)
WELL_FROM = 4  # as the simulator: the first session after which a course may end early
N_PHQ9 = 9
AT_ONCE = 500  # patients filtered together


def drawn(n: int, seed: int) -> tuple[SimulatedService, Courses, pd.Series]:
    """An invented service whose courses are all over, its tables, and who recovered reliably."""
    settings = ServiceSettings(n_patients=n, item_process="states", extract_date=date(2025, 3, 31))
    service = simulate(settings, seed=seed)
    tables = canonical_tables(service)
    every = episodes(tables)
    scored = totals(tables["occasions"], ("phq9", "gad7"))
    found = outcomes(every, scored, edition=rule_edition(), contacts=tables["contacts"], courses="completed")
    return service, Courses(every, tables["occasions"], scored, tables["contacts"]), ended_target(every, found).values


class Particles:
    """Possible courses of some patients: arrays of shape (patients * particles,), patients in blocks."""

    def __init__(self, settings: ServiceSettings, known: pd.DataFrame, each: int, rng: np.random.Generator) -> None:
        self.numbers, self.rng, self.each, self.n = settings.numbers, rng, each, len(known)
        self.known = {name: np.repeat(known[name].to_numpy(), each) for name in known}
        size = self.n * each
        population, response = settings.numbers.population, settings.numbers.response
        kind = rng.choice(
            len(response.class_shares), size, p=np.array(response.class_shares) / sum(response.class_shares)
        )
        spread = np.sqrt(response.person_sd**2 + population.therapist_sd**2 + population.service_sd**2)
        self.response = (
            self.known["response"] + np.array(response.class_effects)[kind] + spread * rng.standard_normal(size)
        )
        self.worsening = np.array(response.class_worsening)[kind] - self.known["response"]
        self.process = StateProcess(settings.numbers.states, rng)
        self.process.start(self.known["severity"], self.known["anxiety"])
        self.shape, self.first_burden = self.process.shape(), self.process.burden(np.arange(size))
        self.ends_at, self.step = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        self.log_weight = np.zeros(size)
        edges = [self._logs(self.process.phq9), self._logs(self.process.gad7)]
        self.log_phq9, self.log_gad7 = edges

    @staticmethod
    def _logs(at_least: np.ndarray) -> np.ndarray:
        shape = (*at_least.shape[:2], 1)
        return np.log(-np.diff(np.concatenate([np.ones(shape), at_least, np.zeros(shape)], axis=2), axis=2))

    def hear(self, answers: np.ndarray) -> None:
        """Weigh by the answers of each patient, shape (patients, 16), NaN where there was none."""
        for items, table, state in (
            (answers[:, :N_PHQ9], self.log_phq9, self.process.state),
            (answers[:, N_PHQ9:], self.log_gad7, self.process.anxiety),
        ):
            there = ~np.isnan(items)
            code = np.nan_to_num(items).astype(np.int64)
            each = np.stack([table[:, item, code[:, item]].T for item in range(items.shape[1])], axis=2)
            log = np.where(there[:, None, :], each, 0.0)  # patients, states, items
            self.log_weight += log.sum(axis=2)[np.arange(self.n).repeat(self.each), state]

    def weigh(self, probability: np.ndarray) -> None:
        """Weigh by how probable it was what happened."""
        self.log_weight += np.log(np.maximum(probability, 1e-12))

    def draw_anew(self) -> None:
        """Draw particles by their weight (systematic), and weigh all alike."""
        weight = self.log_weight.reshape(self.n, self.each)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        reached = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
        block = np.arange(self.n)[:, None]
        wanted = (self.rng.random((self.n, 1)) + np.arange(self.each)) / self.each
        chosen = np.searchsorted((np.minimum(reached, 1.0) + block).ravel(), (wanted + block).ravel())
        chosen = np.minimum(chosen, (block * self.each + self.each - 1).repeat(self.each))
        self.take(chosen)
        self.log_weight = np.zeros(len(chosen))

    def take(self, chosen: np.ndarray) -> None:
        """Keep these particles."""
        for name in ARRAYS:
            setattr(self, name, getattr(self, name)[chosen])
        for name in HIDDEN:
            setattr(self.process, name, getattr(self.process, name)[chosen])
        self.known = {name: values[chosen] for name, values in self.known.items()}

    def plan(self, rows: np.ndarray) -> np.ndarray:
        """After the first session: chance of high intensity at the second."""
        course = self.numbers.course
        odds = course.high_second + course.high_second_per_burden * self.process.burden(rows)
        return np.where(self.step[rows] == HIGH, 1.0, logistic(odds))

    def lengths(self, rows: np.ndarray, begun: int) -> None:
        """Draw the planned end of a step."""
        course = self.numbers.course
        high = self.step[rows] == HIGH
        draws = [
            self.rng.integers(low, most + 1, len(rows)) for low, most in (course.high_sessions, course.low_sessions)
        ]
        self.ends_at[rows] = begun + np.where(high, *draws)

    def advance(self, rows: np.ndarray, number: int) -> None:
        """Move to a session."""
        response = self.numbers.response
        high = self.step[rows] == HIGH
        family = np.where(high, self.known["family_high"][rows], self.known["family_low"][rows])
        rate = (
            self.response[rows]
            + response.early_gain * np.exp(-response.early_decay * (number - 2))
            + response.burden_effect * self.first_burden[rows]
            + response.high_intensity * high
            + treatment_effects(response)[family, self.shape[rows]]
        )
        self.process.advance(rows, rate, self.worsening[rows])

    def chances(self, rows: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """After a session: chance of dropping out, whether the plan ends here, chance of stepping up, of going on."""
        course, burden = self.numbers.course, self.process.burden(rows)
        drop = logistic(course.drop_out + course.drop_out_per_burden * burden + self.known["drop_out"][rows])
        at_end = self.ends_at[rows] <= number
        up = logistic(course.step_up + course.step_up_per_burden * burden)
        up = np.where(self.step[rows] == LOW, up, 0.0)
        well = logistic(course.well_end + course.well_end_per_burden * burden) if number >= WELL_FROM else 0.0 * burden
        stay = np.where(at_end, up, 1.0 - well) * (number < course.sessions_cap)
        return drop, at_end, up, stay

    def leaving(self, below: np.ndarray) -> np.ndarray:
        """After the first session: chance of leaving."""
        funnel = self.numbers.funnel
        odds = funnel.leave_after_first + funnel.leave_after_first_per_burden * self.process.burden(
            np.arange(len(below))
        )
        gaps = self.known["drop_out"] - self.known["access"]
        return logistic(odds + funnel.leave_below_caseness * below + gaps)


def play(now: Particles, number: int, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Share of the particles of each patient that end in reliable recovery, played on from a session."""
    size = now.n * now.each
    rng, sessions = now.rng, np.full(size, number)
    active, gone_at = np.arange(size), np.zeros(size, dtype=bool)
    if number == 1:
        below = np.repeat(below_caseness(first.astype(np.int8)), now.each)
        stays = rng.random(size) >= now.leaving(below)
        active = active[stays]
        high = rng.random(len(active)) < now.plan(active)
        now.step[active] = np.where(high, HIGH, LOW)
        now.lengths(active, 1)
    at = number
    while len(active):
        if at > 1:
            drop, at_end, _, stay = now.chances(active, at)
            goes_on = (rng.random(len(active)) >= drop) & (rng.random(len(active)) < stay)
            ups = active[goes_on & at_end]
            now.step[ups] = HIGH
            now.lengths(ups, at)
            active = active[goes_on]
        at += 1
        now.advance(active, at)
        sessions[active], gone_at[active] = at, True
    answers = np.repeat(last, now.each, axis=0).astype(float)
    moved = np.flatnonzero(gone_at)
    answers[moved] = now.process.answer(moved)
    return recovered(np.repeat(first, now.each, axis=0), answers, sessions).reshape(now.n, now.each)


def recovered(first: np.ndarray, last: np.ndarray, sessions: np.ndarray) -> np.ndarray:
    """Reliable recovery of a course of at least two sessions, by the rules of the edition."""
    rules = rule_edition()
    one, two = ((a[:, :N_PHQ9].sum(axis=1), a[:, N_PHQ9:].sum(axis=1)) for a in (first, last))
    changes = [rules.reliable_change(key) for key in ("phq9", "gad7")]
    better = np.any([change.met(a - b) for change, a, b in zip(changes, one, two, strict=True)], axis=0)
    worse = np.any([change.met(b - a) for change, a, b in zip(changes, one, two, strict=True)], axis=0)
    case, well = ~below_caseness(first.astype(np.int8)), below_caseness(last.astype(np.int8))
    return case & well & better & ~worse & (sessions > 1)


def observed(service: SimulatedService) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """What is known of each first referral that is treated from the first contact, and its answers and steps.

    Known are referral, planted shifts of the groups, descriptor and carried severity, both therapies. Answers
    are of shape (referrals, sessions, 16), steps (referrals, sessions), `seen` says how many sessions in a row were
    answered completely enough to be a questionnaire.
    """
    truth, patients = service.truth["referrals"], service.truth["patients"].set_index("patient_id")
    contacts = service.contacts[service.contacts["attendance"].eq("5")]
    first = contacts.groupby("episode_id", sort=False).first()
    whole = first.index[first["appointment_type"].eq("03")]
    received = service.referrals.set_index("episode_id")["received_date"]
    order = truth.assign(received=truth["episode_id"].map(received)).sort_values(["received", "episode_id"])
    known = order.drop_duplicates("patient_id")
    known = known[known["episode_id"].isin(whole)].sort_values("episode_id", ignore_index=True)
    families = list(service.settings.numbers.response.effects)
    code = {therapy: families.index(name) for therapy, name in service.settings.numbers.therapies.family.items()}
    table = pd.DataFrame(
        {
            "severity": known["planted_severity"],
            "anxiety": known["planted_anxiety"],
            "access": known["planted_access"],
            "drop_out": known["planted_drop_out"],
            "response": known["patient_id"].map(patients["response"]),
            "family_low": known["therapy_low"].map(code),
            "family_high": known["therapy_high"].map(code),
        }
    )
    most = max(LANDMARKS) + 1
    place = pd.Series(np.arange(len(known)), index=known["episode_id"])
    attended = contacts[contacts["episode_id"].isin(place.index)]
    number = attended.groupby("episode_id").cumcount()
    steps = np.full((len(known), most), -1)
    kept = number < most
    steps[place[attended["episode_id"]].to_numpy()[kept], number[kept]] = np.where(
        attended["step"][kept].eq("high"), HIGH, LOW
    )
    dates = attended.assign(number=number)[["episode_id", "contact_date", "number"]]
    sat = service.responses.merge(
        dates, left_on=["episode_id", "session_date"], right_on=["episode_id", "contact_date"]
    )
    sat = sat[sat["number"] < most]
    answers = np.full((len(known), most, 16), np.nan)
    answers[place[sat["episode_id"]].to_numpy(), sat["number"]] = sat[list(ITEM_COLUMNS)].to_numpy(
        float, na_value=np.nan
    )
    complete = ~np.isnan(answers).any(axis=2)
    seen = np.where(complete.all(axis=1), most, complete.argmin(axis=1))
    return known[["patient_id", "episode_id"]].join(table), {"answers": answers, "steps": steps, "seen": seen}


def filtered(service: SimulatedService, each: int, seed: int) -> pd.DataFrame:
    """Probability of reliable recovery at each landmark, by all particles and by either half of them."""
    known, data = observed(service)
    rng = np.random.default_rng(seed)
    parts = []
    for begin in range(0, len(known), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        numbers = known.drop(columns=["patient_id", "episode_id"]).iloc[part]
        block = {name: values[part] for name, values in data.items()}
        there = np.flatnonzero(block["seen"] > 0)
        parts += _block(
            service,
            known["episode_id"].iloc[part].to_numpy()[there],
            numbers.iloc[there],
            {name: values[there] for name, values in block.items()},
            each,
            rng,
        )
    return pd.concat(parts, ignore_index=True)


def _block(  # noqa: PLR0917  who, what was seen, how many particles
    service, names, numbers, data, each, rng
) -> list[pd.DataFrame]:
    now = Particles(service.settings, numbers.reset_index(drop=True), each, rng)
    course, parts = now.numbers.course, []
    rows = np.arange(now.n * each)
    low = logistic(
        np.log(course.low_first / (1 - course.low_first)) + course.low_first_per_burden * now.process.burden(rows)
    )
    now.step = np.repeat(data["steps"][:, 0], each)
    now.weigh(np.where(now.step == LOW, low, 1 - low))
    for landmark in LANDMARKS:
        number = landmark + 1
        now.hear(data["answers"][:, landmark])
        now.draw_anew()
        saved = _copy(now)
        hits = play(now, number, data["answers"][:, 0], data["answers"][:, landmark])
        half = each // 2
        parts.append(
            pd.DataFrame(
                {
                    "referral": names,
                    "landmark": landmark,
                    "filter": hits.mean(axis=1),
                    "first_half": hits[:, :half].mean(axis=1),
                    "second_half": hits[:, half:].mean(axis=1),
                }
            )
        )
        _restore(now, saved)
        if landmark == max(LANDMARKS):
            break
        on = (data["seen"] > number) & (data["steps"][:, number] >= 0)
        names, data = names[on], {name: values[on] for name, values in data.items()}
        _keep(now, on)
        rows = np.arange(now.n * each)
        after = np.repeat(data["steps"][:, number], each)
        if number == 1:
            below = np.repeat(below_caseness(data["answers"][:, 0].astype(np.int8)), each)
            high = now.plan(rows)
            now.weigh((1 - now.leaving(below)) * np.where(after == HIGH, high, 1 - high))
            now.step = after
            now.lengths(rows, 1)
        else:
            drop, at_end, up, stay = now.chances(rows, number)
            changed = after != now.step
            now.weigh((1 - drop) * np.where(changed, at_end * up, np.where(at_end, 0.0, stay)))
            now.step = after
            risen = np.flatnonzero(changed)
            now.lengths(risen, number)
        now.draw_anew()
        rows = np.arange(now.n * each)
        now.advance(rows, number + 1)
    return parts


ARRAYS = ("response", "worsening", "shape", "first_burden", "ends_at", "step", "log_weight")
HIDDEN = ("state", "anxiety", "_started", "_proneness")


def _copy(now: Particles) -> dict[str, np.ndarray]:
    kept = {name: getattr(now, name).copy() for name in ARRAYS}
    return kept | {name: getattr(now.process, name).copy() for name in HIDDEN}


def _restore(now: Particles, saved: dict[str, np.ndarray]) -> None:
    for name, values in saved.items():
        setattr(now.process if name in HIDDEN else now, name, values)


def _keep(now: Particles, on: np.ndarray) -> None:
    chosen = np.flatnonzero(np.repeat(on, now.each))
    now.n = int(on.sum())
    now.take(chosen)


def compare(n: int, judged_n: int, *, each: int = 300, seed: int = 1) -> pd.DataFrame:
    """Teach on one draw of the service, judge on another beside the filter; one row a landmark."""
    _, teaching, taught = drawn(n, seed)
    service, judging, truth = drawn(judged_n, seed + 1)
    told = filtered(service, each, seed)
    filled = [sittings(one) for one in (teaching, judging)]
    rows = []
    for landmark in LANDMARKS:
        tables = [features_of(one, landmark, filled=sat) for one, sat in zip((teaching, judging), filled, strict=True)]
        y = [
            table.keys.merge(
                one.episodes[KEY].astype("str").assign(y=target.to_numpy(float, na_value=np.nan)), on=KEY, how="left"
            )["y"]
            for table, one, target in zip(tables, (teaching, judging), (taught, truth), strict=True)
        ]
        here = told[told["landmark"].eq(landmark)]
        beside = tables[1].keys.assign(y=y[1]).merge(here, on="referral", how="left")
        judged = beside["y"].notna() & beside["filter"].notna()
        known = y[0].notna()
        for name, model in (("boosted_trees", BoostedTrees()), ("penalised_logistic", PenalisedLogistic())):
            model.fit(tables[0].frame[known], y[0][known].astype(int), groups=tables[0].keys["pseudonym"][known])
            beside[name] = model.predict_proba(tables[1].frame)[:, 1]
        part = beside[judged]
        happened = part["y"].to_numpy(bool)
        area = {
            name: auc(happened, part[name].to_numpy())
            for name in ("filter", "boosted_trees", "penalised_logistic", "first_half", "second_half")
        }
        low, high = _difference(part, rng=np.random.default_rng(seed))
        rows.append(
            {"landmark": landmark, "n": len(part), "n_recovered": int(happened.sum())}
            | {name: float(one.value) for name, one in area.items()}
            | {
                "short_of": float(area["filter"].value - area["boosted_trees"].value),
                "low": low,
                "high": high,
                "filter_mean": part["filter"].mean(),
                "share": happened.mean(),
            }
        )
    return pd.DataFrame(rows)


def _difference(part: pd.DataFrame, *, rng: np.random.Generator, resamples: int = 200) -> tuple[float, float]:
    found = []
    for _ in range(resamples):
        one = part.iloc[rng.integers(0, len(part), len(part))]
        happened = one["y"].to_numpy(bool)
        found.append(
            auc(happened, one["filter"].to_numpy()).value - auc(happened, one["boosted_trees"].to_numpy()).value
        )
    low, high = np.quantile(np.array(found, dtype=float), [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]] + [30_000, 6_000, 250][len(sys.argv) - 1 :]
    pd.set_option("display.width", 250, "display.max_columns", 30)
    print(compare(given[0], given[1], each=given[2]).round(4).to_string(index=False))
