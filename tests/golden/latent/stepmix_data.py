"""The data behind `stepmix.toml`: invented answers from a seed, and two real files that are read where they lie."""

from pathlib import Path

import numpy as np
import pandas as pd

PEOPLE, CLASSES, ITEMS, ANSWERS, SEED = 600, 3, 6, 4, 20261128
SHARE = np.array([0.5, 0.3, 0.2])


def invented() -> tuple[np.ndarray, np.ndarray]:
    """Draw answers of 600 people of three classes, and a weight of 1 to 4 for each."""
    rng = np.random.default_rng(SEED)
    member = rng.random(PEOPLE)[:, None] > SHARE.cumsum()[:-1]
    kind = member.sum(axis=1)
    at_least = 1 / (1 + np.exp(-(np.array([-2.2, -0.2, 1.6])[:, None] - np.array([-1.0, 0.6, 1.8]))))
    u = rng.random((PEOPLE, ITEMS))
    answers = (u[:, :, None] < at_least[kind][:, None, :]).sum(axis=2)
    return answers.astype(float), 1.0 + rng.integers(0, 4, PEOPLE)


def with_missing(answers: np.ndarray) -> np.ndarray:
    """Take away 15 % of answers at random."""
    gone = np.random.default_rng(SEED + 1).random(answers.shape) < 0.15
    return np.where(gone, np.nan, answers)


def first_sessions(shared: Path) -> np.ndarray:
    """Nine symptoms of people at session 0 who answered all of them."""
    table = pd.read_csv(shared / "data" / "cbasp_sp_sessions" / "sessions.csv")
    return table[table["session"] == 0].drop(columns=["patient", "group", "session"]).dropna().to_numpy(dtype=float)


def survey(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    """PHQ-9 of the first 2,000 adults of NHANES 2005-06 who answered all of it, and weights of mean one."""
    table = pd.read_csv(shared / "data" / "nhanes_phq9" / "nhanes_phq9_2005_2006.csv")
    items = [f"DPQ0{n}0" for n in range(1, 10)]
    table = table[table[items].isin([0, 1, 2, 3]).all(axis=1)].iloc[:2000]
    weights = table["WTMEC2YR"].to_numpy()
    return table[items].to_numpy(dtype=float), weights / weights.mean()
