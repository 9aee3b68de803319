"""No split parts a patient."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.cohort.splits import leave_one_out, patient_folds, temporal_split
from outcomes.errors import ConfigError, DataError


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=12, max_size=40), st.integers(0, 9))
def test_folds_never_part_a_patient_and_are_balanced(people, seed):
    rows = pd.Series([*people, *"abcd"])
    folds = patient_folds(rows, 3, seed)
    per_person = pd.DataFrame({"who": rows, "fold": folds}).groupby("who")["fold"]
    assert (per_person.nunique() == 1).all()
    sizes = per_person.first().value_counts().reindex(range(3), fill_value=0)
    assert sizes.max() - sizes.min() <= 1


def test_folds_depend_on_people_and_seed_only():
    rows = pd.Series(list("abcdefgh"))
    folds = dict(zip(rows, patient_folds(rows, 4, 1), strict=True))
    turned = pd.Series(list("hhggffeeddccbbaa"))
    assert dict(zip(turned, patient_folds(turned, 4, 1), strict=True)) == folds
    assert any(dict(zip(rows, patient_folds(rows, 4, seed), strict=True)) != folds for seed in range(2, 6))


@pytest.mark.parametrize("n_folds", [1, 4])
def test_the_number_of_folds_is_limited(n_folds):
    with pytest.raises(ConfigError, match="n_folds must be between 2 and the number of patients"):
        patient_folds(pd.Series(["a", "b", "c"]), n_folds, 0)


def test_a_blank_patient_is_an_error():
    with pytest.raises(DataError, match="1 rows are blank"):
        patient_folds(pd.Series(["a", None, "b"]), 2, 0)


def test_time_splits_leave_returning_patients_out_of_training():
    people = pd.Series(list("aabbcd"))
    quarters = pd.Series(["2021Q1", "2022Q1", "2021Q1", "2021Q2", "2022Q3", None], dtype="str")
    train, test = temporal_split(people, quarters, test_from="2022Q1")
    assert train.tolist() == [False, False, True, True, False, False]
    assert test.tolist() == [False, True, False, False, True, False]


@pytest.mark.parametrize(("test_from", "word"), [("2030Q1", "test"), ("2000Q1", "train")])
def test_an_empty_part_is_an_error(test_from, word):
    with pytest.raises(ConfigError, match=f"leaves nobody to {word} on"):
        temporal_split(pd.Series(["a", "b"]), pd.Series(["2021Q1", "2022Q1"], dtype="str"), test_from=test_from)


def test_leaving_one_service_out():
    people = pd.Series(list("abca"))
    services = pd.Series(["S1", "S1", "S2", "S2"], dtype="str")
    found = {group: (train.tolist(), test.tolist()) for group, train, test in leave_one_out(people, services)}
    assert found["S1"] == ([False, False, True, False], [True, True, False, False])
    assert found["S2"] == ([False, True, False, False], [False, False, True, True])
    assert not any(np.any(np.array(train) & np.array(test)) for train, test in found.values())
