"""What a chapter hands on: what is printed, what stays inside, which numbers are tracked, how it was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from outcomes.publications.methods import Step
from outcomes.publications.page import KeyFigure, Section


@dataclass(frozen=True)
class Chapter:
    """One question of the report.

    Parameters
    ----------
    section
        Words, released tables and pictures.
    internal
        Aggregates with true counts, for the tracked run and the service itself; never a patient row.
    metrics
        Numbers to compare runs by, under names that all runs share.
    steps
        Paragraphs of the methods text.
    key_figures
        Numbers for the top of the page.
    """

    section: Section
    internal: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    key_figures: tuple[KeyFigure, ...] = ()


def title_of(key: str) -> str:
    """Write a key as a heading.

    Parameters
    ----------
    key
        Such as ``reliable_recovery``.

    Returns
    -------
    str
        Such as ``Reliable recovery``.

    Examples
    --------
    >>> title_of("reliable_recovery")
    'Reliable recovery'
    """
    return key.replace("_", " ").capitalize()
