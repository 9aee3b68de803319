"""What is predicted, after which sessions, and how it is judged."""

from typing import Literal

from pydantic import Field, model_validator

from outcomes.studies.sections.section import Section


class TargetSettings(Section):
    """What is predicted."""

    kind: Literal[
        "reliable_recovery", "recovery", "reliable_improvement", "reliable_deterioration", "dropped_out", "remission"
    ]
    """Name of the outcome."""
    instrument: str | None = None
    """For remission: which total."""
    at_most: int | None = Field(default=None, ge=0)
    """For remission: the highest total that counts as remission."""
    from_occasion: int | None = Field(default=None, ge=0)
    """For remission: the last occasion must be this one or later."""

    @model_validator(mode="after")
    def _remission_is_complete(self) -> "TargetSettings":
        parts = (self.instrument, self.at_most, self.from_occasion)
        if self.kind == "remission" and any(part is None for part in parts):
            raise ValueError("kind = 'remission' needs instrument, at_most and from_occasion")
        if self.kind != "remission" and any(part is not None for part in parts):
            raise ValueError(f"instrument, at_most and from_occasion belong to 'remission', not to {self.kind!r}")
        return self


class PrognosisSettings(Section):
    """Which ending is predicted, after which sessions, with how many folds and resamples."""

    target: TargetSettings
    """What is predicted."""
    landmarks: tuple[int, ...] = (0, 1, 2, 3, 4)
    """After which occasions; 0 is intake."""
    folds: int = Field(default=5, ge=2, le=20)
    """Folds of patients."""
    resamples: int = Field(default=500, ge=100, le=10_000)
    """Bootstrap resamples of patients for every interval."""
    clock: Literal["order", "number"] = "order"
    """Whether a landmark counts filled questionnaires, or is the feed's own session number."""
    use_states: bool = True
    """Whether filtered state probabilities are features, refitted inside every training fold."""
    joint_endings: bool = True
    """Whether every way to end, with its change of scores, is foretold too, and what to expect of each open case."""
    horizon_weeks: int = Field(default=24, ge=1, le=104)
    """How far ahead the ways to end are foretold."""
    interval_weeks: int = Field(default=6, ge=1)
    """In which steps; must divide the horizon."""
    ending_folds: int = Field(default=3, ge=2, le=20)
    """Folds of patients in which they are judged."""
    probability_resamples: int = Field(default=5, ge=0, le=200)
    """Refits on resampled patients for the interval of each probability; below 2 it is blank."""
    score_level: float = Field(default=0.8, gt=0, lt=1)
    """Share of later scores that their intervals are to cover."""
    leave_services_out: bool = False
    """Whether each service is left out in turn, pooled with a prediction interval."""
    optimism_resamples: int = Field(default=0, ge=0, le=500)
    """Bootstrap refits by which the apparent performance is corrected; 0 takes none."""
    imputations: int = Field(default=0, ge=0, le=50)
    """Imputed copies in which the regression is fitted, beside missing values as they are; 0 makes none."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Probability of an unfavourable ending at which a patient would be flagged."""

    @model_validator(mode="after")
    def _whole_intervals(self) -> "PrognosisSettings":
        if self.horizon_weeks % self.interval_weeks:
            raise ValueError("interval_weeks must divide horizon_weeks")
        return self
