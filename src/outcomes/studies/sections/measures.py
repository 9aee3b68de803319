"""Which rules score and judge."""

from typing import Literal

from outcomes.studies.sections.section import Section


class MeasureSettings(Section):
    """Which outcome rules, how missing items are treated, and which instruments are scored."""

    edition: str = "nhs_talking_therapies_v2_1"
    """A dated rule edition of `outcomes.reference`."""
    missing_items: Literal["strict", "prorate"] = "strict"
    """Any missing item = no score, or the mean of the others where the instrument's rule allows it."""
    instruments: tuple[str, ...] = ("phq9", "gad7")
    """Keys of instruments to score."""
