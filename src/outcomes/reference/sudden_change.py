"""When is a change between two sessions sudden? Published criteria as records."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import FOLDER, read_key, read_toml

DEFAULT_CRITERIA: Final = "tang_derubeis_1999"


@dataclass(frozen=True, slots=True)
class SuddenChangeCriteria:
    """Criteria for a sudden gain (or, mirrored, a sudden loss) between two neighbouring sessions.

    Parameters
    ----------
    key, name : str
        Short key and full name.
    smallest_share : Decimal
        The change must be at least this share of the score before it.
    window : int
        Sessions before and after that are compared.
    minimum_scores : int
        Scores needed in each window.
    two_sided_alpha : Decimal
        The critical t value has this two-sided level, at n_before + n_after - 2 degrees of freedom.
    critical_decimals : int
        Decimals to which the critical value is rounded, as in the published 2.776.
    reversal_share : Decimal
        A gain is reversed when this share of it is lost again later.
    first_change_uses : str
        Which reliable-change index makes a change large enough: "reliable_change" of the instrument.
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where something in it is not confirmed.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    smallest_share: Decimal
    window: int
    minimum_scores: int
    two_sided_alpha: Decimal
    critical_decimals: int
    reversal_share: Decimal
    first_change_uses: str
    source: str
    verified: bool
    notes: str


@cache
def sudden_change_criteria(key: str = DEFAULT_CRITERIA) -> SuddenChangeCriteria:
    """Say what makes a change sudden.

    Parameters
    ----------
    key : str, default "tang_derubeis_1999"
        Key of the criteria.

    Returns
    -------
    SuddenChangeCriteria
        The frozen record.

    Raises
    ------
    ConfigError
        If no criteria have this key.
    """
    path = FOLDER / "sudden_change" / f"{key}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml")))
        raise ConfigError(f"criteria {key!r} are not known; known are {known}")
    top = read_toml(path)
    criteria = SuddenChangeCriteria(
        key=read_key(top, path),
        name=top.text("name"),
        smallest_share=top.decimal("smallest_share"),
        window=top.whole("window"),
        minimum_scores=top.whole("minimum_scores"),
        two_sided_alpha=top.decimal("two_sided_alpha"),
        critical_decimals=top.whole("critical_decimals"),
        reversal_share=top.decimal("reversal_share"),
        first_change_uses=top.text("first_change_uses"),
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes", ""),
    )
    top.done()
    return criteria
