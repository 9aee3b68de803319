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
    emissions: Literal["nominal", "ordinal"] = "nominal"
    """Free response probabilities, or adjacent-category ordinal ones."""

    @model_validator(mode="after")
    def _override_has_a_reason(self) -> "SubtypeSettings":
        if self.chosen is not None and not self.chosen_reason:
            raise ValueError("chosen overrides the choice by BIC and needs chosen_reason, which the report prints")
        return self
