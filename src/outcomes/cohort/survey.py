"""How were the people of a survey drawn? Weight, stratum and sampling unit of each, for weighted figures only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError, DataError
from outcomes.tables.feed import SURVEY

WEIGHT, STRATUM, UNIT, CYCLE = (column.name for column in SURVEY)
ONE_CYCLE: Final = ""
BETWEEN: Final = "\x1f"


@dataclass(frozen=True)
class SurveyDesign:
    """How people were drawn.

    Attributes
    ----------
    people : DataFrame
        One row a person: pseudonym, weight (of one cycle, divided by the number of cycles), and, where strata and units
        are known, stratum and unit, which no two cycles or strata share. Patient level: it never leaves.
    cycles : int
        Cycles that were put together.
    """

    people: pd.DataFrame
    cycles: int

    @property
    def clustered(self) -> bool:
        """Whether strata and sampling units are known."""
        return "unit" in self.people

    @property
    def freedom(self) -> int:
        """Degrees of freedom of an error: sampling units less strata; people less one where units are not known."""
        if not self.clustered:
            return max(len(self.people) - 1, 0)
        return int(self.people["unit"].nunique() - self.people["stratum"].nunique())


def holds_survey(tables: Mapping[str, pd.DataFrame]) -> bool:
    """Say whether the library holds survey weights.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's tables.

    Returns
    -------
    bool
        True where the patients have the column.
    """
    return "patients" in tables and WEIGHT in tables["patients"]


def survey_design(tables: Mapping[str, pd.DataFrame]) -> SurveyDesign:
    """Say how each person of a survey was drawn.

    Weights of several cycles are divided by their number, so that together they stand for the population once. A
    sampling unit is numbered within its stratum and a stratum within its cycle.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's patients and referrals.

    Returns
    -------
    SurveyDesign
        In the order of the patients.

    Raises
    ------
    ConfigError
        If there are no weights, or only one of stratum and unit.
    DataError
        If somebody has no weight, no stratum or no unit, all weights are 0, or somebody has several referrals.

    References
    ----------
    Johnson CL et al. (2013). National Health and Nutrition Examination Survey: analytic guidelines, 1999-2010. Vital
    and Health Statistics 2 (161).

    Examples
    --------
    >>> people = pd.DataFrame({"pseudonym": ["a", "b"], "survey_weight": [30.0, 10.0], "survey_cycle": ["1", "2"]})
    >>> sent = pd.DataFrame({"pseudonym": ["a", "b"], "referral": ["x", "y"]})
    >>> survey_design({"patients": people, "referrals": sent}).people["weight"].tolist()
    [15.0, 5.0]
    """
    if not holds_survey(tables):
        raise ConfigError(
            f"this feed holds no survey weights; map {WEIGHT} (and {STRATUM}, {UNIT}, {CYCLE} where there are any) in "
            "[source.columns.patients], or take [survey] out"
        )
    patients = tables["patients"].reset_index(drop=True)
    design = [name for name in (STRATUM, UNIT) if name in patients]
    if len(design) == 1:
        raise ConfigError(f"a survey's design needs {STRATUM} and {UNIT}; map both or neither")
    several = int(tables["referrals"]["pseudonym"].duplicated().sum())
    needed = [WEIGHT, *design, *([CYCLE] if CYCLE in patients else [])]
    _complete(patients, needed, several)
    cycle = patients[CYCLE] if CYCLE in patients else pd.Series(ONE_CYCLE, index=patients.index)
    cycles = int(cycle.nunique())
    people = {"pseudonym": patients["pseudonym"], "weight": patients[WEIGHT].astype(float) / cycles}
    if design:
        people["stratum"] = cycle.str.cat(patients[STRATUM], sep=BETWEEN)
        people["unit"] = people["stratum"].str.cat(patients[UNIT], sep=BETWEEN)
    return SurveyDesign(pd.DataFrame(people), cycles)


def _complete(patients: pd.DataFrame, needed: list[str], several: int) -> None:
    faults = [
        f"{name}: {blank:,} of {len(patients):,} people have none (rule never_blank_in_a_survey)"
        for name in needed
        if (blank := int(patients[name].isna().sum()))
    ]
    weight = patients[WEIGHT].to_numpy(dtype=float, na_value=np.nan)
    if not faults and not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
        faults.append(f"{WEIGHT}: weights must be finite, 0 or more, and not all of them 0")
    if several:
        faults.append(f"referrals: {several:,} people have more than one (rule asked_once_in_a_survey)")
    if faults:
        raise DataError("; ".join(faults))
