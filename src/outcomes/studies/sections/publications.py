"""Under which policy tables and figures leave."""

from outcomes.studies.sections.section import Section


class PublicationSettings(Section):
    """Under which disclosure policy tables and figures leave, and by which column Table 1 is split."""

    policy: str = "midpoint6"
    """A disclosure policy of `outcomes.reference`."""
    table_one_by: str | None = None
    """A grouping."""
