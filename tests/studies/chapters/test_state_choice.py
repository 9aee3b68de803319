"""The criteria side by side take the printed number of people, and no other can be told from them."""

from dataclasses import replace

import numpy as np
import pytest

from outcomes.publications.page import Picture
from outcomes.studies.chapters.printed import people_of
from outcomes.studies.chapters.state_choice import choice_picture, choice_table, criteria_for_print


def test_the_printed_criteria_tell_the_printed_number_of_people(states):
    table = criteria_for_print(states, "midpoint6")
    people = np.ceil(states.model.n_persons_ / 6) * 6 - 3
    assert people != states.model.n_persons_
    for name in ("bic", "icl"):
        apart = table[name] - states.selection.table[name]
        wanted = table["n_parameters"] * np.log(people / states.model.n_persons_)
        assert apart.to_numpy() == pytest.approx(wanted.to_numpy())
    told = people_of(table["bic"], table["log_likelihood"], table["n_parameters"])
    assert told.tolist() == [people] * len(table)
    assert table["aic"].equals(states.selection.table["aic"])


def test_a_reader_of_the_printed_table_finds_the_printed_people(states):
    shown = choice_table(states, "midpoint6").table
    told = np.exp((shown["bic"] + 2 * shown["log_likelihood"]) / shown["parameters"])
    people = shown["people"].iloc[0]
    error = people * 0.15 / shown["parameters"].min()  # both are printed to one decimal
    assert (told - people).abs().max() <= error


def test_one_number_of_states_has_no_curve(states):
    single = replace(states.selection, table=states.selection.table.head(1))
    assert choice_picture(replace(states, selection=single), "midpoint6") == []
    assert isinstance(choice_picture(states, "midpoint6")[0], Picture)
