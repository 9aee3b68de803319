"""From the study that taught it to the page of direct care: kept owner-only, read only by its digest."""

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import AccessError
from outcomes.library.lineage import products
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
from outcomes.library.tombstones import Tombstones, intend, settle_beside
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.joint_endings import joint_forecast
from outcomes.studies.kept_model import keep_model, kept_model, place_of, unsure_groups

TODAY = date(2023, 6, 30)
SETTINGS = PrognosisSettings(
    target=TargetSettings(kind="reliable_improvement"),
    landmarks=(0, 1),
    ending_folds=2,
    resamples=100,
    probability_resamples=2,
)


@pytest.fixture(scope="module")
def kept(materials):
    found = joint_forecast(materials, SETTINGS, seed=1)
    return keep_model(materials, found, made_on=TODAY, seed=1)


@pytest.mark.slow
def test_it_is_kept_for_its_owner_only_and_noted_for_erasure(materials, kept):
    workspace = materials.opened.workspace
    place = place_of(workspace, kept)
    assert place.stat().st_mode & 0o077 == 0
    noted = products(Store(workspace.library, key=library_key(workspace.keys)))
    assert [one.what for one in noted if one.place.endswith(place.name)] == ["model"]
    assert not list(place.parent.glob("*.partial"))


@pytest.mark.slow
def test_it_is_read_by_the_digest_that_the_service_recorded(materials, kept):
    found = kept_model(materials.opened.workspace, kept)
    assert found.made_on == TODAY
    assert found.snapshot == materials.opened.view.snapshot
    assert kept_model(materials.opened.workspace, "0" * 64) is None


def test_groups_for_whom_words_were_wrong_are_kept_and_those_for_whom_they_held_are_not():
    rng = np.random.default_rng(4)
    n = 4000
    gender = np.where(rng.random(n) < 0.5, "Female", "Male")
    probability = rng.uniform(0.2, 0.8, n)
    true = np.where(gender == "Male", probability + 0.2, probability)
    past = pd.DataFrame(
        {
            "pseudonym": np.arange(n).astype(str),
            "referral": np.arange(n).astype(str),
            "ending": "recovery",
            "probability": probability,
            "happened": pd.array(rng.random(n) < true, dtype="boolean"),
        }
    )
    people = past[["pseudonym", "referral"]].assign(
        gender=gender, age_band=np.where(np.arange(n) < 50, "Under 18", "26 to 64")
    )
    found = unsure_groups(past.assign(happened=past["happened"]), people, ("gender", "age_band", "religion"))
    assert found.loc[found["by"].eq("gender")].to_dict("records") == [
        {"by": "gender", "group": "Male", "ending": "recovery", "verdict": "off"}
    ]
    assert found.loc[found["group"].eq("Under 18"), "verdict"].tolist() == ["too few"]


@pytest.mark.slow
def test_what_is_known_of_groups_is_kept_without_counts(materials):
    found = joint_forecast(materials, SETTINGS, seed=1)
    digest = keep_model(materials, found, made_on=TODAY, seed=1, by=("gender",))
    unsure = kept_model(materials.opened.workspace, digest).unsure
    assert set(unsure.columns) == {"by", "group", "ending", "verdict"}
    assert set(unsure["verdict"]) <= {"off", "too few"}
    assert len(unsure)  # a small study: too few people stand behind some group


@pytest.mark.slow
def test_a_changed_file_is_not_read(materials, kept):
    place = place_of(materials.opened.workspace, kept)
    whole = place.read_bytes()
    try:
        place.write_bytes(whole.replace(b'"trained_on": "invented"', b'"trained_on": "identified"'))
        assert kept_model(materials.opened.workspace, kept) is None
    finally:
        place.write_bytes(whole)


@pytest.mark.slow
def test_a_model_of_somebody_who_was_erased_is_not_read(materials, kept, tmp_path):
    home = replace(materials.opened.workspace, root=tmp_path)
    place_of(home, kept).parent.mkdir(parents=True)
    shutil.copy(place_of(materials.opened.workspace, kept), place_of(home, kept))
    assert kept_model(home, kept).snapshot == materials.opened.view.snapshot
    intend(home.library, Tombstones(snapshots=frozenset({materials.opened.view.snapshot})))
    settle_beside(home.library)
    with pytest.raises(AccessError, match="held somebody who was erased since"):
        kept_model(home, kept)
