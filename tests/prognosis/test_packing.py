"""Models without pickles."""

import json

import numpy as np
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.models import BoostedTrees, OneVariable, PenalisedLogistic, Prevalence
from outcomes.prognosis.multiclass import MulticlassTrees
from outcomes.prognosis.packing import KINDS, pack, unpack

MODELS = [BoostedTrees(max_rounds=30), PenalisedLogistic(penalties=(0.01, 0.1)), OneVariable("score"), Prevalence()]
SEVERAL = [MulticlassTrees]  # of several classes: tested in test_multiclass


@pytest.fixture(scope="module")
def rows():
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"score": rng.integers(0, 28, 300) * 1.0, "gender": rng.choice(["Female", "Male"], 300)})
    frame.loc[:20, "score"] = np.nan
    return frame, (rng.random(300) < 0.3 + 0.02 * frame["score"].fillna(10)).to_numpy()


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.kind)
def test_there_and_back_gives_the_same_bits(rows, model):
    frame, outcome = rows
    fitted = type(model)(**model.get_params()).fit(frame, outcome)
    packed = pack(fitted)
    back = unpack(packed.content, packed.sha256)
    assert back.predict_proba(frame).tobytes() == fitted.predict_proba(frame).tobytes()
    assert back.get_params() == fitted.get_params()
    assert back.classes_.tolist() == [False, True]
    assert pack(back).sha256 == packed.sha256
    again = pack(type(model)(**model.get_params()).fit(frame, outcome))
    assert again.sha256 == packed.sha256


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.kind)
def test_one_byte_flipped_is_refused(rows, model):
    packed = pack(type(model)(**model.get_params()).fit(*rows))
    for place in (0, len(packed.content) // 2, len(packed.content) - 1):
        changed = bytearray(packed.content)
        changed[place] ^= 1
        with pytest.raises(DataError, match="its SHA-256 is not the one recorded at training"):
            unpack(bytes(changed), packed.sha256)


def test_other_files_are_refused():
    import hashlib

    content = json.dumps({"format": "something else"}).encode()
    with pytest.raises(DataError, match="not of the format"):
        unpack(content, hashlib.sha256(content).hexdigest())


def test_every_estimator_can_be_kept_and_others_not(rows):
    assert {*(type(model) for model in MODELS), *SEVERAL} == set(KINDS.values())

    class Other(Prevalence):
        kind = "other"

    with pytest.raises(ConfigError, match="kind 'other' cannot be kept"):
        pack(Other().fit(*rows))
    assert issubclass(Other, Forecaster)


def test_no_pickle_inside(rows):
    content = pack(BoostedTrees(max_rounds=5).fit(*rows)).content
    document = json.loads(content)
    assert document["kind"] == "boosted_trees"
    assert b"pickle" not in content
