"""What is a feature, and what is a table of them? Nothing in it may be known later than its landmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from outcomes.errors import ConfigError


@dataclass(frozen=True)
class Feature:
    """One column: what it means, in which unit, when it becomes known (landmark), and the word it is explained by."""

    name: str
    meaning: str
    unit: str
    known_at: int
    word: str
    sensitive: bool = False


@dataclass(frozen=True)
class FeatureTable:
    """Features of everyone at risk at a landmark.

    `frame` (one row a referral, float columns and text columns for categories), `keys` (pseudonym, referral, same
    rows), `catalogue` (one `Feature` a column, same order), `landmark`, `counts` (who was left out, and why).
    """

    frame: pd.DataFrame
    keys: pd.DataFrame
    catalogue: tuple[Feature, ...]
    landmark: int
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        late = [feature.name for feature in self.catalogue if feature.known_at > self.landmark]
        if late:
            raise ConfigError(
                f"{', '.join(late)} is known at {max(f.known_at for f in self.catalogue)}, later than landmark "
                f"{self.landmark}: take it out, or predict from a later landmark"
            )
        if tuple(self.frame.columns) != tuple(feature.name for feature in self.catalogue):
            raise ConfigError("every feature needs an entry in the catalogue, in the order of the columns")

    def without_sensitive(self) -> "FeatureTable":
        """Give the same table without the sensitive attributes.

        Returns
        -------
        FeatureTable
            Fewer columns, same rows.
        """
        kept = tuple(feature for feature in self.catalogue if not feature.sensitive)
        return replace(self, frame=self.frame[[feature.name for feature in kept]], catalogue=kept)

    def with_features(self, frame: pd.DataFrame, catalogue: Sequence[Feature]) -> "FeatureTable":
        """Give the same table with further columns.

        Parameters
        ----------
        frame : DataFrame
            New columns, same rows in the same order.
        catalogue : sequence of Feature
            One entry a new column.

        Returns
        -------
        FeatureTable
            More columns, same rows; a feature that is known later than the landmark is refused.
        """
        wider = pd.concat([self.frame, frame.set_axis(self.frame.index)], axis="columns")
        return replace(self, frame=wider, catalogue=(*self.catalogue, *catalogue))

    def described(self) -> pd.DataFrame:
        """Say what each column is.

        Returns
        -------
        DataFrame
            name, meaning, unit, known_at, word, sensitive.
        """
        return pd.DataFrame([vars(feature) for feature in self.catalogue])
