"""The tables of cases in the manual are the tests: here they are read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "measures.md"
Cases = list[dict[str, str]]


@pytest.fixture(scope="session")
def manual() -> Callable[[str], Cases]:
    """Read a marked table of docs/measures.md: a list of rows, each heading to cell."""

    def read(name: str) -> Cases:
        after = MANUAL.read_text(encoding="utf-8").split(f"<!-- cases: {name} -->")[1].strip()
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in after.split("\n\n")[0].splitlines()
        ]
        return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]

    return read


@pytest.fixture
def many() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two thousand invented episodes with every kind of gap, and their occasions with items."""
    rng = np.random.default_rng(11)
    n, visits = 2_000, 5
    keys = pd.DataFrame(
        {"pseudonym": [f"p{i // 2:05d}" for i in range(n)], "referral": [f"r{i:05d}" for i in range(n)]}
    )
    episodes = keys.assign(
        problem_descriptor=pd.array(rng.choice(["F320", "F411", "F401", "F42", "G933", ""], n), dtype="str"),
        completed=rng.random(n) < 0.8,
        open=False,
        end_day=pd.array(rng.integers(20, 60, n), dtype="Int32"),
        end_reason=rng.choice(["46", "47", "96", ""], n),
        gender=rng.choice(["Female", "Male", "Not known"], n),
        disability=rng.choice(["Hearing", "Hearing;Sight", "No disability"], n),
    )
    occasions = keys.loc[keys.index.repeat(visits)].reset_index(drop=True)
    occasions["occasion"] = np.tile(np.arange(1, visits + 1), n)
    occasions["day"] = pd.array(occasions["occasion"] * 9 - 9, dtype="Int32")
    level = np.repeat(rng.normal(1.4, 0.8, n), visits) - 0.2 * occasions["occasion"].to_numpy()
    for key, items in (("phq9", 9), ("gad7", 7), ("spin", 17), ("cfq", 11)):
        for number in range(1, items + 1):
            answers = np.clip(np.rint(level + rng.normal(0, 0.8, len(level))), 0, 3)
            answers[rng.random(len(answers)) < 0.01] = np.nan
            occasions[f"{key}_{number}"] = pd.array(answers, dtype="Int8")
    return episodes, occasions.sample(frac=1, random_state=3).reset_index(drop=True)
