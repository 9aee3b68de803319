"""Aggregates with true counts that the chapter on states keeps inside, for the tracked run and the service."""

import pandas as pd

from outcomes.studies.states import States
from outcomes.subtypes.uncertainty import standard_errors


def judgement_tables(states: States) -> dict[str, pd.DataFrame]:
    """List what the judgement of the states found, table by table.

    Parameters
    ----------
    states
        What the subtypes step found.

    Returns
    -------
    dict of str to DataFrame
        What was found; what the settings or the data left out is not there. Never a patient's row.
    """
    found = states.judgement
    tables = {
        "weighted_classes": None if states.weighted is None else states.weighted.table,
        "state_stability": None if found.stability is None else found.stability.table,
        "probabilities": None if found.stability is None else standard_errors(states.model, found.stability),
        "split_half": None if found.halves is None else found.halves.table,
        "other_service": None if found.elsewhere is None else found.elsewhere.table,
        "shape_residuals": found.residuals,
        "state_shapes": found.shapes,
        "subtype_moves": found.crossing,
        "held_out_likelihood": found.held_out,
        "model_families": found.families,
        "growth_classes": None if found.growth is None else found.growth.errors,
        "implied_outcomes": found.implied,
        "first_state_odds": found.first_state,
        "states_with_endings": None if found.endings is None else found.endings.table,
        "states_by_time": None if found.steps is None else found.steps.table,
        "endings_by_state": None if found.endings is None else found.endings.endings,
    }
    return {name: table for name, table in tables.items() if table is not None}
