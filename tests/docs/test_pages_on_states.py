"""What the pages on states tell an analyst to type runs as it stands, on a table of answers."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.subtypes.sequences import sequences

DOCS = Path(__file__).parents[2] / "docs"
ITEMS = [f"phq9_{n}" for n in range(1, 10)]
SMALLER = {  # the same calls, with less looking around
    "range(1, 9)": "range(2, 4)",
    "range(1, 8)": "range(1, 4)",
    "n_resamples=100": "n_resamples=3",
    "LatentMarkov()": "LatentMarkov(n_starts=3)",
    "LatentMarkov(n_jobs=2)": "LatentMarkov(n_starts=3)",
    "LatentMarkov(5)": "LatentMarkov(2, n_starts=3)",
    "GrowthMixture(3": "GrowthMixture(2",
}


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def tables():
    """Give one row an occasion, one row a person, and what the pages take as known."""
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(260), 4)
    ill = rng.random(person.size) < np.where(person % 2, 0.7, 0.2)
    answers = rng.binomial(3, np.where(ill, 0.7, 0.2)[:, None], (person.size, 9))
    occasions = pd.DataFrame(answers, columns=ITEMS).astype("Int8")
    occasions.loc[::11, "phq9_3"] = pd.NA
    occasions.insert(0, "pseudonym", [f"p{n:03d}" for n in person])
    occasions.insert(1, "referral", "r1")
    occasions.insert(2, "occasion", np.tile(np.arange(1, 5), 260))
    people = pd.DataFrame({"female": rng.integers(0, 2, 260), "age": rng.normal(size=260).round(1)})
    sessions = pd.DataFrame(
        {"days_since_last": rng.integers(6, 9, person.size), "session": np.tile(np.arange(1, 5), 260)}
    )
    return {
        "occasions": occasions,
        "data": sequences(occasions, items=ITEMS),
        "people": people,
        "sessions": sessions,
        "some_rows": sessions.head(3),
        "days": np.tile([0, 7, 14, 28], 260),
        "service": np.where(np.arange(260) % 3 == 0, "the one kept out", "another"),
        "endings": np.where(rng.random(260) < 0.5, "completed", "dropped out"),
        "groups": np.where(people["female"].eq(1), "female", "male"),
        "answers": [1, 0, 2, 1, 0, 0, 1, -1, 0],
    }


@pytest.mark.parametrize("page", ["subtypes.md", "trajectory_models.md"])
def test_every_block_runs_in_its_turn(page, tables):
    known = dict(tables)
    found = blocks(page)
    assert len(found) >= 3
    exec("from outcomes.subtypes.latent_markov import LatentMarkov", known)  # noqa: S102  the project's own pages
    if page != "subtypes.md":
        exec("model = LatentMarkov(2, n_starts=3).fit(data); text = model.to_json()", known)  # noqa: S102
    for block in found:
        code = block
        for long, short in SMALLER.items():
            code = code.replace(long, short)
        exec(compile(code, page, "exec"), known)  # noqa: S102
    assert {"subtypes.md": "now", "trajectory_models.md": "states"}[page] in known
