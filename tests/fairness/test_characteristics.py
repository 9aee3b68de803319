"""Table 1: counts, shares, means and spreads against pandas, and released as it says."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.characteristics import characteristics

PEOPLE = pd.DataFrame(
    {
        "arm": ["a", "a", "b", "b", "b"],
        "place": ["x", None, "x", "y", "y"],
        "score": [1.0, 3.0, 5.0, np.nan, 7.0],
    }
)


def test_counts_shares_means_and_spreads():
    found = characteristics(PEOPLE, group="arm", categories={"place": "Place"}, numbers={"score": "Score"})
    found = found.set_index(["group", "characteristic", "level"])
    assert found.loc[("b", "Place", "y"), ["n", "of"]].tolist() == [2, 3]
    assert found.loc[("a", "Place", "y"), "n"] == 0
    assert found.loc[("a", "Place", "Not known"), "share_pct"] == 50
    score = found.loc[("b", "Score, mean (SD)", "")]
    assert (score["n"], score["mean"], score["sd"]) == (2, 6.0, pytest.approx(np.sqrt(2)))
    assert found.loc[("Everyone", "People", ""), "n"] == 5


def test_every_group_has_every_level():
    found = characteristics(PEOPLE, group="arm", categories={"place": "Place"}, numbers={})
    assert found.groupby("group")["level"].apply(list).map(tuple).nunique() == 1


def test_an_absent_column_is_refused():
    with pytest.raises(ConfigError, match="not in the table: age"):
        characteristics(PEOPLE, categories={}, numbers={"age": "Age"})
