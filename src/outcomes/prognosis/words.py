"""Which plain words explain a column to somebody at a desk? They come from the reference."""

from dataclasses import dataclass
from functools import cache

from outcomes.reference.instruments import Instrument, instruments

# Protected characteristics (Equality Act 2010) and what stands in for social position.
SENSITIVE = frozenset(
    {
        "gender",
        "age_band",
        "ethnic_group_5",
        "ethnic_group_16",
        "race_hispanic_origin_us",
        "deprivation_decile",
        "deprivation_quintile",
        "region",
        "education_us",
        "poverty_income_ratio_us",
        "disability",
        "religion",
        "sexual_orientation",
    }
)
FINE_STEP = 0.25  # band of totals that have decimals


@dataclass(frozen=True)
class Wording:
    """Group word ("sleep"), label ("too little or too much sleep"), whether it asks about safety, band width."""

    word: str
    label: str
    safety: bool = False
    step: float = 1.0


@cache
def wording(column: str) -> Wording:
    """Say by which word and label a column of items or totals is explained.

    Parameters
    ----------
    column : str
        "phq9_3" (an item) or "phq9" (a total); anything else is explained by its own name.

    Returns
    -------
    Wording
        From the reference; of an unknown column, the name itself.

    Examples
    --------
    >>> wording("phq9_3").word
    'sleep'
    """
    known = instruments()
    if column in known:
        return _of_total(known[column])
    key = column.rpartition("_")[0]
    if key in known:
        for item in known[key].items:
            if item.column == column:
                return Wording(item.word, item.label, item.safety)
    plain = column.replace("_", " ")
    return Wording(plain, plain)


def _of_total(instrument: Instrument) -> Wording:
    step = 1.0 if instrument.decimals == 0 else FINE_STEP
    return Wording(f"{instrument.short_name} total", f"{instrument.short_name} total score", step=step)
