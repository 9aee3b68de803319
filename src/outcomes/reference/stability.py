"""When is a state found again often enough to be trusted? Published conventions of cluster stability as one record."""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import FOLDER, read_key, read_toml

DEFAULT: Final = "hennig_2007"


@dataclass(frozen=True, slots=True)
class StabilityLimits:
    """Limits of the Jaccard similarity of a cluster over resamples, and of prediction strength.

    Parameters
    ----------
    key, name : str
        Short key and full name.
    dissolved : float
        A resample with at most this similarity has not found the state again.
    not_to_be_trusted_below, stable_from, highly_stable_from : float
        Limits of the mean similarity.
    prediction_strength_from : float
        Prediction strength that supports a number of states.
    source : str
        Keys of the bibliography.
    verified : bool
        False where something in it is not confirmed.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    dissolved: float
    not_to_be_trusted_below: float
    stable_from: float
    highly_stable_from: float
    prediction_strength_from: float
    source: str
    verified: bool
    notes: str

    def judgement(self, similarity: float) -> str:
        """Say what a mean similarity means, in words.

        Parameters
        ----------
        similarity : float
            Mean Jaccard similarity; NaN where there is none.

        Returns
        -------
        str
            "not to be trusted", "a pattern, members doubtful", "stable", "highly stable" or "cannot be judged".

        Examples
        --------
        >>> stability_limits().judgement(0.59)
        'not to be trusted'
        """
        if math.isnan(similarity):
            return "cannot be judged"
        if similarity < self.not_to_be_trusted_below:
            return "not to be trusted"
        if similarity < self.stable_from:
            return "a pattern, members doubtful"
        return "stable" if similarity < self.highly_stable_from else "highly stable"


@cache
def stability_limits(key: str = DEFAULT) -> StabilityLimits:
    """Say from which similarity on a state counts as stable.

    Parameters
    ----------
    key : str, default "hennig_2007"
        Key of the record.

    Returns
    -------
    StabilityLimits
        The frozen record.

    Raises
    ------
    ConfigError
        If no record has this key, or its limits do not rise.
    """
    path = FOLDER / "stability" / f"{key}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml")))
        raise ConfigError(f"stability limits {key!r} are not known; known are {known}")
    top = read_toml(path)
    names = ("dissolved", "not_to_be_trusted_below", "stable_from", "highly_stable_from")
    rising = [top.decimal(name) for name in names]
    if rising != sorted(rising) or not Decimal(0) < rising[0] < rising[-1] < Decimal(1):
        raise ConfigError(f"{path.name}: {', '.join(names)} must rise between 0 and 1")
    limits = StabilityLimits(
        read_key(top, path),
        top.text("name"),
        dissolved=float(rising[0]),
        not_to_be_trusted_below=float(rising[1]),
        stable_from=float(rising[2]),
        highly_stable_from=float(rising[3]),
        prediction_strength_from=float(top.decimal("prediction_strength_from")),
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes"),
    )
    top.done()
    return limits
