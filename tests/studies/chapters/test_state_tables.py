"""What was found is kept, what was not is not there, and no table has a row a patient."""

from dataclasses import replace

from outcomes.studies.chapters.state_tables import judgement_tables
from outcomes.studies.judgement import Judgement


def test_what_was_found_is_kept_and_nothing_else(states):
    found = judgement_tables(states)
    assert {"state_stability", "shape_residuals", "model_families", "growth_classes", "implied_outcomes"} <= set(found)
    assert "weighted_classes" not in found  # no survey
    assert found["growth_classes"].equals(states.judgement.growth.errors)
    people = len(states.trajectories.keys)
    assert all("pseudonym" not in table and len(table) > 0 for table in found.values())
    assert all(len(table) < people for name, table in found.items() if name != "probabilities")


def test_without_a_judgement_there_is_no_table(states):
    assert judgement_tables(replace(states, judgement=Judgement())) == {}
