"""Random cohorts of invented people, and the tables that a paper about them would print."""

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Released, release

KEYS = {"gender": ("Female", "Male", "Other"), "ethnic": ("White", "Asian", "Black", "Mixed"), "site": ("A", "B", "C")}
SHARES = {"gender": (0.62, 0.35, 0.03), "ethnic": (0.8, 0.1, 0.06, 0.04), "site": (0.6, 0.3, 0.1)}


def cohort(generator: np.random.Generator, people: int | None = None) -> pd.DataFrame:
    """40 to 400 people with three characteristics, two of them with rare levels, and an outcome."""
    n = people or int(generator.integers(40, 401))
    drawn = {name: generator.choice(list(levels), n, p=SHARES[name]) for name, levels in KEYS.items()}
    return pd.DataFrame(drawn).assign(recovered=generator.random(n) < generator.uniform(0.05, 0.95))


def outcome_by_group(people: pd.DataFrame) -> pd.DataFrame:
    """Events and n for everyone and for each level of each characteristic."""
    rows = []
    for name, levels in KEYS.items():
        rows.append((name, "Everyone", int(people["recovered"].sum()), len(people)))
        for level in levels:
            part = people[people[name].eq(level)]
            rows.append((name, level, int(part["recovered"].sum()), len(part)))
    return pd.DataFrame(rows, columns=["breakdown", "group", "events", "n"])


def cross(people: pd.DataFrame) -> pd.DataFrame:
    """Gender by ethnic group with all totals."""
    table = pd.crosstab(people["gender"], people["ethnic"]).reindex(
        index=list(KEYS["gender"]), columns=list(KEYS["ethnic"]), fill_value=0
    )
    table["Everyone"] = table.sum(axis=1)
    table.loc["Everyone"] = table.sum()
    long = table.stack().rename("n").reset_index()
    return long.astype({"n": int})


def single_pattern(generator: np.random.Generator) -> dict[str, Released]:
    """A complete table of one cell pattern: two to six groups of one person each, some empty ones, and their total."""
    ones, empty = int(generator.integers(2, 7)), int(generator.integers(0, 3))
    counts = [ones, *generator.permutation([1] * ones + [0] * empty).tolist()]
    groups = ["Everyone", *(f"Group {number}" for number in range(1, len(counts)))]
    table = pd.DataFrame({"group": groups, "n": counts})
    return {"rare": release(table, labels=["group"], counts=["n"], title="A rare condition by group")}


def drafts(people: pd.DataFrame, policy: str = "midpoint6") -> dict[str, Released]:
    """Both tables through the gate."""
    rates = {"rate_pct": ("events", "n", "low_pct", "high_pct")}
    return {
        "outcome": release(
            outcome_by_group(people),
            labels=["breakdown", "group"],
            counts=["events", "n"],
            rates=rates,
            policy=policy,
            title="Recovery by group",
        ),
        "cross": release(
            cross(people), labels=["gender", "ethnic"], counts=["n"], policy=policy, title="Gender by ethnic group"
        ),
    }


def starred(people: pd.DataFrame, least: int = 5) -> dict[str, Released]:
    """The cross table as many publish it: small cells starred, everything else and the totals as they are."""
    from dataclasses import replace

    from outcomes.disclosure.seal import Hidden, sealed

    made = drafts(people, "threshold10")["cross"]
    true = cross(people)
    few = true["n"].lt(least) & true["n"].gt(0)
    shown = made.table.assign(n=true["n"].where(~few).astype(float))
    hidden = tuple(Hidden(int(row), "n", "withheld") for row in np.flatnonzero(few))
    return {"cross": sealed(replace(made, table=shown, hidden=hidden))}
