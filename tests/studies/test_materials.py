"""What the steps work on: episodes, scores and outcomes of one research view."""

import pytest
from small_study import FROM_FILES

from outcomes.errors import ConfigError, DataError
from outcomes.studies.materials import prepare
from outcomes.studies.opening import open_study


def prepared(place, feed, text):
    return prepare(open_study(place.request(text, source=feed), fresh=True))


def test_one_outcome_row_a_referral_and_one_score_row_a_sitting(materials):
    assert materials.episodes["referral"].is_unique
    assert materials.outcomes["referral"].tolist() == materials.episodes["referral"].tolist()
    assert len(materials.totals) == len(materials.occasions)
    assert materials.instruments == ("phq9", "gad7")


def test_trajectories_hold_the_items_of_the_wanted_instruments(materials):
    assert materials.trajectories(("gad7",)).columns == tuple(f"gad7_{number}" for number in range(1, 8))
    assert len(materials.trajectories(("phq9", "gad7")).columns) == 16


def test_items_that_the_feed_does_not_hold_are_named(materials):
    with pytest.raises(DataError, match="the feed does not hold these questions"):
        materials.trajectories(("wsas",))


def test_without_contacts_nobody_is_known_to_have_completed(place, copied):
    (copied / "contacts.csv").unlink()
    without = prepared(place, copied, FROM_FILES)
    assert without.contacts is None
    assert without.episodes["completed"].isna().all()
    assert without.outcomes["paired"].any()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('by = ["gender", "deprivation_quintile"]', 'by = ["gender", "star_sign"]', r"fairness\.by: .* star_sign"),
        ('table_one_by = "gender"', 'table_one_by = "treatment_arm"', r"publications\.table_one_by: .* treatment_arm"),
        ("[subtypes]", '[measures]\nedition = "v9"\n[subtypes]', "v9"),
        ("[subtypes]", '[measures]\ninstruments = ["mood"]\n[subtypes]', "mood"),
    ],
)
def test_what_is_not_known_is_said_before_anything_is_fitted(place, feed, old, new, said):
    assert old in FROM_FILES
    with pytest.raises(ConfigError, match=said):
        prepared(place, feed, FROM_FILES.replace(old, new))


def test_both_faults_of_grouping_are_said_at_once(place, copied):
    (copied / "patients.csv").unlink()
    with pytest.raises(ConfigError, match=r"fairness\.by: .*; publications\.table_one_by: .*Take them out, or map"):
        prepared(place, copied, FROM_FILES)
