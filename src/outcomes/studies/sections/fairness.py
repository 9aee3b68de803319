"""By which groups results are broken down, and what they are adjusted for."""

from pydantic import Field

from outcomes.studies.sections.section import Section


class FairnessSettings(Section):
    """By which groups the outcomes and the models are broken down, and which gap is tolerated."""

    by: tuple[str, ...]
    """Keys of groupings; the page on fairness lists them."""
    tolerance_points: float = Field(default=5.0, gt=0, le=50)
    """Largest gap, in percentage points, that counts as within tolerance; declared before looking."""
    case_mix: tuple[str, ...] = ("phq9_first", "anxiety_first", "long_term_condition", "deprivation_quintile")
    """What differences are adjusted for, as far as the feed holds it; all known at the start."""
    intersections: tuple[tuple[str, str], ...] = ()
    """Pairs of groupings whose groups are crossed, such as gender by deprivation; declared before looking."""
    remedies_by: str | None = None
    """A grouping for which remedies of the model are tried, with a ledger of who gains and who loses."""
