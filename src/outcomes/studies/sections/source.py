"""Where the data come from, and how they are written there."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from outcomes.studies.sections.section import Section


class SimulateSettings(Section):
    """An invented service in place of a feed."""

    patients: int = Field(ge=20, le=900_000)
    """How many people."""
    seed: int = Field(ge=0, le=2**31 - 1)
    """Same seed, same bytes."""
    item_process: Literal["states", "severity"] = "states"
    """Hidden states, or one continuous severity without subtypes."""
    dirty: bool = False
    """Whether to add the dirt of real feeds."""


class SourceSettings(Section):
    """Where the data come from, under which rule they may be read, and how their columns are called there."""

    format: Literal["tidy_wide", "tidy_long"] = "tidy_wide"
    """A row a sitting, or a row an answer."""
    kind: Literal["identified", "anonymised", "invented"]
    """Identified data need a key and, for research, an opt-out allowlist."""
    reason: str = Field(min_length=5)
    """Licence, approval or legal basis; printed in the report."""
    path: str | None = None
    """Folder of the files; `--source` wins over it."""
    files: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """File name (or names) of each table: responses, patients, referrals, contacts."""
    columns: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Table by table: canonical column name = the feed's own name."""
    constants: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Table by table: canonical column name = one text for all rows."""
    missing_codes: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """A column, an instrument, or `answers` (all items) = codes that mean missing."""
    versions: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Table by table: file columns that order resubmissions; the newest row is kept."""
    encoding: str = "utf-8"
    """How text files are written; nothing is guessed."""
    delimiter: str = ","
    """Likewise."""
    date_format: str = "%Y-%m-%d"
    """Likewise."""
    extract_date: date | None = None
    """Until when open referrals are known; the latest date of the feed if absent."""
    submission: Literal["additions", "whole"] = "additions"
    """Whether a feed says what is new, or is the whole extract of `extract_date`: then a cut-off one is noticed."""
    seed: int | None = Field(default=None, ge=0)
    """Seed of an invented feed that was written beforehand."""
    simulate: SimulateSettings | None = None
    """Invent a service instead of reading files (kind = "invented")."""

    @model_validator(mode="after")
    def _invented_only_if_simulated(self) -> "SourceSettings":
        if self.simulate is not None and self.kind != "invented":
            raise ValueError(f"a source with [source.simulate] is kind = 'invented', got {self.kind!r}")
        return self
