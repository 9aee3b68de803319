"""What holds a model back from use? Four conditions, each with what was measured; one not judged stays shut."""

from dataclasses import dataclass

PRIVACY = "privacy"
GATES = ("calibration", "fairness", PRIVACY, "completeness")
GREEN, RED, UNJUDGED = "green", "red", "not judged"


@dataclass(frozen=True)
class Gate:
    """One condition of use.

    Parameters
    ----------
    name : str
        One of `GATES`.
    passed : bool or None
        None where it could not be judged, which does not open it.
    sentence : str
        What was measured, against what.
    """

    name: str
    passed: bool | None
    sentence: str

    @property
    def colour(self) -> str:
        """Green, red, or not judged."""
        return UNJUDGED if self.passed is None else GREEN if self.passed else RED
