"""The widest gap stands beside what shuffled labels give; patients keep their label."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.largest import largest_gaps


def people(rates, n, seed):
    generator = np.random.default_rng(seed)
    groups = np.repeat([f"group {i}" for i in range(len(rates))], n)
    well = generator.random(groups.size) < np.repeat(rates, n)
    return pd.DataFrame(
        {
            "pseudonym": [f"p{i}" for i in range(groups.size)],
            "service": groups,
            "well": pd.array(well, dtype="boolean"),
        }
    )


def test_many_small_groups_without_a_difference_have_a_wide_gap_that_is_no_finding():
    table = people([0.5] * 7, 20, seed=3)
    (row,) = largest_gaps(table, ["service"], "well", n_permutations=200, generator=np.random.default_rng(0)).to_dict(
        "records"
    )
    assert row["null_median"] > 20
    assert row["gap_points"] < row["null_high"]
    assert row["p_value"] > 0.05


def test_a_planted_gap_is_found_and_named():
    table = people([0.5, 0.5, 0.3], 300, seed=4)
    (row,) = largest_gaps(table, ["service"], "well", n_permutations=199, generator=np.random.default_rng(0)).to_dict(
        "records"
    )
    assert row["lowest"] == "group 2"
    assert row["gap_points"] > row["null_high"]
    assert row["p_value"] == 1 / 200


def test_repeats_of_one_patient_widen_the_null():
    one = people([0.5] * 4, 30, seed=5)
    repeated = pd.concat([one] * 5, ignore_index=True)
    narrow = largest_gaps(one, ["service"], "well", n_permutations=100, generator=np.random.default_rng(1))
    same = largest_gaps(repeated, ["service"], "well", n_permutations=100, generator=np.random.default_rng(1))
    assert same["null_median"].iloc[0] == pytest.approx(narrow["null_median"].iloc[0])


def test_refusals():
    table = people([0.5, 0.5], 5, seed=1)
    generator = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="needs the column pseudonym"):
        largest_gaps(table.drop(columns="pseudonym"), ["service"], "well", n_permutations=1, generator=generator)
    with pytest.raises(ConfigError, match="not in the table: better"):
        largest_gaps(table, ["service"], "better", n_permutations=1, generator=generator)
