"""How is a code read that a system has padded, shortened or lower-cased? By named rules; the rest stays unread.

Real extracts carry "2", "2 ", " 2", "02", "2.0" and "x" for one code. Each rule has a name, and a record lists the
rules that its codes need, so that a report can say which were applied. A rule is used only where its result is legal.
"""

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.loader import Entry

SEPARATOR: Final = ";"


def _restore_lost_zero(code: str) -> str:
    return f"0{code}" if code.isdigit() and len(code) == 1 else code


RULES: Final = MappingProxyType[str, Callable[[str], str]](
    {
        "strip_blanks": str.strip,
        "upper_case": str.upper,
        "drop_decimal_point_zero": lambda code: code.removesuffix(".0"),
        "restore_lost_zero": _restore_lost_zero,
        "drop_leading_zeros": lambda code: code.lstrip("0") or code[:1],
        "drop_dots": lambda code: code.replace(".", ""),
    }
)


def read_rules(entry: Entry) -> tuple[str, ...]:
    """Read which cleaning rules a record's codes need.

    Parameters
    ----------
    entry : Entry
        The record's table, with `cleaning`, a list of rule names.

    Returns
    -------
    tuple of str
        The names in order of application.

    Raises
    ------
    ConfigError
        If a rule has no such name.
    """
    names = entry.texts("cleaning", ("strip_blanks",))
    unknown = [name for name in names if name not in RULES]
    if unknown:
        raise ConfigError(f"{entry.where}: cleaning rule {unknown[0]!r} is not known; known are {', '.join(RULES)}")
    return names


def clean_code(code: str, legal: Iterable[str], rules: Sequence[str]) -> str | None:
    """Say which legal code is meant.

    Parameters
    ----------
    code : str
        A code as a system wrote it.
    legal : iterable of str
        The legal codes (a set or a mapping for speed).
    rules : sequence of str
        Names of the cleaning rules, applied one after the other until the code is legal.

    Returns
    -------
    str or None
        The legal code; None where the rules do not lead to one.

    Examples
    --------
    >>> clean_code(" 2", {"02": "treatment"}, ["strip_blanks", "restore_lost_zero"])
    '02'
    """
    if code in legal:
        return code
    for rule in rules:
        code = RULES[rule](code)
        if code in legal:
            return code
    return None


def per_distinct_value(values: pd.Series, translate: Callable[[str], str | None], *, blank: str | None) -> pd.Series:
    """Translate a column by looking at each distinct value once.

    Parameters
    ----------
    values : Series
        Codes; missing and blank ones become `blank`.
    translate : callable
        From a text to its translation; None means missing.
    blank : str or None
        What a missing or blank value becomes; None leaves it missing.

    Returns
    -------
    Series of str
        Same index and name as `values`.
    """
    places, distinct = pd.factorize(values, use_na_sentinel=True)
    words: list[str | None] = []
    for value in distinct:
        text = str(value)
        words.append(translate(text) if text.strip() else blank)
    words.append(blank)  # place -1: missing
    taken = np.array(words, dtype=object)[places]
    return pd.Series(taken, index=values.index, name=values.name, dtype="str")
