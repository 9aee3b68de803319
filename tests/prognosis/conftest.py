"""A small invented service in the shape of the library's tables, with a known truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from outcomes.prognosis.timeline import Courses


@dataclass(frozen=True)
class Invented:
    courses: Courses
    target: pd.Series
    outcomes: pd.DataFrame


def invent(n: int = 400, seed: int = 0, *, sessions: int = 8) -> Invented:
    """Severity falls at a speed of one's own; who falls faster recovers more often; some leave early, some are open."""
    rng = np.random.default_rng(seed)
    patient = np.array([f"p{number:05d}" for number in rng.permutation(n) // 1])
    patient[: n // 20] = patient[n // 20 : 2 * (n // 20)]  # some come back
    referral = np.array([f"r{number:05d}" for number in range(n)])
    severity, speed = rng.normal(0.4, 1.0, n), rng.normal(0.25, 0.25, n)
    length = rng.integers(1, sessions + 1, n)
    wait = rng.integers(5, 60, n)
    rows = np.repeat(np.arange(n), length)
    number = np.concatenate([np.arange(one) for one in length])
    level = severity[rows] - speed[rows] * number + rng.normal(0, 0.4, rows.size)
    cuts = np.array([-1.0, 0.3, 1.4])

    def answers(n_items: int) -> np.ndarray:
        shown = level[:, None] + rng.normal(0, 0.7, (rows.size, n_items))
        return (shown[:, :, None] > cuts).sum(axis=2).astype(float)

    items = {"phq9": answers(9), "gad7": answers(7)}
    for values in items.values():
        values[rng.random(values.shape) < 0.01] = np.nan
    keys = {"pseudonym": patient[rows], "referral": referral[rows], "occasion": number + 1}
    day = pd.array(wait[rows] + 7 * number + rng.integers(0, 3, rows.size), dtype="Int32")
    columns = {
        f"{key}_{place + 1}": pd.array(values[:, place], dtype="Int8")
        for key, values in items.items()
        for place in range(values.shape[1])
    }
    occasions = pd.DataFrame({**keys, "day": day, **columns})
    totals = pd.DataFrame({**keys, "day": day, **{key: values.sum(axis=1) for key, values in items.items()}})
    totals["phq9_n_imputed"] = 0
    still_open = rng.random(n) < 0.1
    last = np.cumsum(length) - 1
    end_day = pd.array(wait + 7 * length + 14, dtype="Int32")
    end_day[still_open] = pd.NA
    episodes = pd.DataFrame(
        {
            "pseudonym": patient,
            "referral": referral,
            "service": rng.choice(["A", "B", "C"], n),
            "quarter": rng.choice(["2022Q1", "2022Q2", "2022Q3", "2022Q4", "2023Q1", "2023Q2"], n),
            "end_day": end_day,
            "open": still_open,
            "started": pd.array(np.ones(n, dtype=bool), dtype="boolean"),
            "completed": pd.array(length >= 2, dtype="boolean"),
            "treatment_contacts": length,
            "end_reason": "46",
            "gender": rng.choice(["Female", "Male", "Not stated"], n),
            "age_band": rng.choice(["18 to 25", "26 to 64"], n),
            "employment": rng.choice(["Employed", "Unemployed"], n),
        }
    )
    contacts = pd.DataFrame(
        {
            "pseudonym": patient[rows],
            "referral": referral[rows],
            "contact_number": number + 1,
            "day": day,
            "attendance": rng.choice(["5", "5", "5", "3"], rows.size),
            "appointment_type": "03",
            "step": np.where(number < 3, "low", "high"),
        }
    )
    first = totals["phq9"].to_numpy()[last - length + 1]
    final = totals["phq9"].to_numpy()[last]
    recovered = pd.array((final < 10) & (first >= 10), dtype="boolean")
    recovered[length < 2] = pd.NA
    table = pd.DataFrame(
        {
            "pseudonym": patient,
            "referral": referral,
            "reliable_recovery": recovered,
            "not_at_caseness": pd.array(np.nan_to_num(first) < 4, dtype="boolean"),
        }
    )
    target = pd.Series(recovered).mask(pd.Series(still_open)).astype("boolean")
    target = target.mask(target.isna() & pd.Series(~still_open), other=False)
    return Invented(Courses(episodes, occasions, totals, contacts), target, table)


@pytest.fixture(scope="session")
def invented() -> Invented:
    return invent()
