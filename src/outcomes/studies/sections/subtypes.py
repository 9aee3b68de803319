"""How latent states are looked for."""

from typing import Literal

from pydantic import Field, model_validator

from outcomes.studies.sections.section import Section


class SubtypeSettings(Section):
    """Which items the latent states are looked for in, how many states are compared, and how hard to look."""

    instruments: tuple[str, ...] = ("phq9", "gad7")
    """Whose items."""
    states: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """Numbers of states that are compared; BIC (persons) chooses."""
    chosen: int | None = None
    """Overrides the choice; needs `chosen_reason`."""
    chosen_reason: str | None = None
    """Why; the report prints it."""
    starts: int = Field(default=50, ge=1, le=1000)
    """Random starts for each number of states."""
    emissions: Literal["nominal", "ordinal", "graded"] = "nominal"
    """Free response probabilities, or ordered ones by adjacent categories or by cumulative logits."""

    stability_resamples: int = Field(default=20, ge=0, le=5000)
    """Bootstrap samples of patients behind the stability of states and the intervals of moves; 0 leaves them out."""
    cross_validation_folds: int = Field(default=0, ge=0, le=20)
    """Folds of patients in which each number of states foretells the others; 0 leaves it out, 5 takes some minutes."""
    lr_bootstrap: int = Field(default=0, ge=0, le=5000)
    """Simulated data sets for the likelihood-ratio test of one more state than chosen; 0 leaves it out, 99 is usual."""
    measurement_by: tuple[str, ...] = ()
    """Groupings by which it is tested whether people in the same state answer alike; minutes each for large feeds."""
    measurement_simulations: int = Field(default=0, ge=0, le=5000)
    """Simulated data sets behind the p-value of that test; 0 takes chi-squared."""
    endings: bool = True
    """Whether the states are found again with the recorded endings as data, as a check of missing at random."""
    step_days: int = Field(default=7, ge=0, le=90)
    """Days of a step where the states are found again by time instead of by questionnaire; 0 leaves this check out."""
    families: bool = True
    """Whether trajectory classes, growth mixtures and k-means stand beside the latent states."""

    @model_validator(mode="after")
    def _at_least_two_folds(self) -> "SubtypeSettings":
        if self.cross_validation_folds == 1:
            raise ValueError("cross_validation_folds must be 0 or at least 2, got 1")
        return self

    @model_validator(mode="after")
    def _override_has_a_reason(self) -> "SubtypeSettings":
        if self.chosen is not None and not self.chosen_reason:
            raise ValueError("chosen overrides the choice by BIC and needs chosen_reason, which the report prints")
        return self
