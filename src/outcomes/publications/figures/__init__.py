"""The figures: each takes a released table and returns a matplotlib figure; it computes nothing and saves nothing."""

from outcomes.publications.figures.flow import flow_diagram
from outcomes.publications.figures.groups import forest, funnel_by_group, published_beside
from outcomes.publications.figures.models import bars, calibration_curve, decision_curve
from outcomes.publications.figures.pathways import funnel, trajectories
from outcomes.publications.figures.subtypes import profile_heat_map, transition_matrix

__all__ = [
    "bars",
    "calibration_curve",
    "decision_curve",
    "flow_diagram",
    "forest",
    "funnel",
    "funnel_by_group",
    "profile_heat_map",
    "published_beside",
    "trajectories",
    "transition_matrix",
]
