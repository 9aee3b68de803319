"""A frozen growth mixture puts people into classes to the same bits, and holds nobody's total."""

import json

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.frozen import seal
from outcomes.subtypes.growth import GrowthMixture
from outcomes.subtypes.growth_frozen import FORMAT, freeze_growth, thaw_growth


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    person, week = np.repeat(np.arange(80), 5), np.tile(np.arange(5), 80)
    score = 20 - np.where(person < 40, 3, 0) * week + rng.normal(0, 2, 400)
    return pd.DataFrame({"pseudonym": person, "occasion": week, "score": np.rint(score).clip(0).astype(int)})


@pytest.mark.parametrize("effects", ["none", "intercept", "slope"])
@pytest.mark.parametrize("variances", ["shared", "by_class"])
def test_round_trip(table, effects, variances):
    model = GrowthMixture(
        2, degree=1, effects=effects, variances=variances, n_starts=3, search=Search(finished=1, sweeps=300)
    )
    model.fit(table)
    text = model.to_json()
    thawed = GrowthMixture.from_json(text)
    np.testing.assert_array_equal(thawed.classes(table), model.classes(table))
    pd.testing.assert_frame_equal(thawed.curves(), model.curves())
    assert thawed.information_criteria() == model.information_criteria()
    assert thawed.to_json() == text == freeze_growth(model)
    assert {name for name in vars(model) if name.endswith("_")} == {name for name in vars(thawed) if name.endswith("_")}
    new = table[table["pseudonym"].lt(7)]
    np.testing.assert_allclose(thawed.classes(new), model.classes(table)[:7], atol=1e-12)


def test_what_is_no_frozen_growth_mixture_is_refused(table):
    text = GrowthMixture(1, degree=1).fit(table).to_json()
    kept = json.loads(text)
    assert kept["format"] == FORMAT
    with pytest.raises(ConfigError, match="not what its sha256 says"):
        GrowthMixture.from_json(json.dumps(kept | {"path": []}))
    del kept["sha256"], kept["numbers"]
    with pytest.raises(ConfigError, match="damaged: a field is missing or malformed"):
        thaw_growth(seal(kept), GrowthMixture())
    with pytest.raises(ConfigError, match="format 'outcomes growth mixture 1' is needed"):
        GrowthMixture.from_json(json.dumps({"format": "other"}))
