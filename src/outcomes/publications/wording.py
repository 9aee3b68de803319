"""How is a released cell said in print? One place for thousands, minus signs, intervals, and what is hidden."""

import math
from collections import Counter

import pandas as pd

from outcomes.disclosure.seal import Column, Released
from outcomes.errors import DisclosureError
from outcomes.reference.groups import groupings
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy

NOT_APPLICABLE = "–"
MINUS = "−"
_ABBREVIATIONS = {
    "phq9": "PHQ-9",
    "gad7": "GAD-7",
    "wsas": "WSAS",
    "auc": "AUC",
    "auroc": "AUROC",
    "n": "n",
    "sd": "SD",
    "ci": "CI",
    "pct": "(%)",
}


_HEADINGS = {
    "gap_points": "Gap (points)",
    "gap_others_points": "Gap to all others (points)",
    "reference_events": "Events, reference",
    "reference_n": "n, reference",
    "others_events": "Events, all others",
    "others_n": "n, all others",
}


def require_released(table: object) -> Released:
    """Let nothing but a sealed table through.

    Parameters
    ----------
    table : object
        What somebody wants to publish.

    Returns
    -------
    Released
        The same object, its seal verified.

    Raises
    ------
    DisclosureError
        If it is not a `Released`, or its seal is broken.
    """
    if not isinstance(table, Released):
        raise DisclosureError(
            f"only released tables can be published, got {type(table).__name__}; it has to pass disclosure.gate.release"
        )
    return table.verify()


def column_of(released: Released, name: str) -> Column:
    """Find how a column is to be read.

    Parameters
    ----------
    released : Released
        The table.
    name : str
        One of its columns.

    Returns
    -------
    Column
        Its declaration.

    Raises
    ------
    DisclosureError
        If the table has no such column.
    """
    for column in released.columns:
        if column.name == name:
            return column
    has = ", ".join(column.name for column in released.columns)
    raise DisclosureError(f"table {released.title!r} has no column {name!r}; it has {has}")


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """Write a number for print.

    Parameters
    ----------
    value : float
        The number; NaN is a dash.
    decimals : int
        Places after the point.
    signed : bool
        Write a plus before positive numbers, as for differences.

    Returns
    -------
    str
        With a comma between thousands and a true minus sign.

    Examples
    --------
    >>> number(12345.0, 0), number(-1.25, 1), number(2.0, 1, signed=True)
    ('12,345', '−1.2', '+2.0')
    """
    if math.isnan(value):
        return NOT_APPLICABLE
    written = f"{abs(value):,.{decimals}f}"
    nought = not written.strip("0.,")
    sign = "" if nought else MINUS if value < 0 else "+" if signed else ""
    return sign + written


def cell(released: Released, row: int, name: str) -> str:
    """Write one cell for print.

    Parameters
    ----------
    released : Released
        The table.
    row : int
        Row, from 0.
    name : str
        Column.

    Returns
    -------
    str
        The label, the number, the reason why it is hidden, or a dash where it does not apply.
    """
    column = column_of(released, name)
    value = released.table[name].iloc[row]
    if column.kind == "label":
        return "" if pd.isna(value) else str(value)
    reason = released.reasons.get((row, name))
    return reason if reason else number(float(value), column.decimals, signed=column.kind == "gap")


def interval(released: Released, row: int, name: str) -> str:
    """Write the interval of one cell for print.

    Parameters
    ----------
    released : Released
        The table.
    row : int
        Row, from 0.
    name : str
        Column that has bounds.

    Returns
    -------
    str
        Such as "45.1 to 52.3"; a dash where there is none.
    """
    column = column_of(released, name)
    if column.low is None or column.high is None:
        return NOT_APPLICABLE
    low, high = (float(released.table[bound].iloc[row]) for bound in (column.low, column.high))
    if math.isnan(low) or math.isnan(high):
        return NOT_APPLICABLE
    signed = column.kind == "gap"
    return f"{number(low, column.decimals, signed=signed)} to {number(high, column.decimals, signed=signed)}"


def heading(name: str) -> str:
    """Write the name of a column for people.

    Parameters
    ----------
    name : str
        Column name.

    Returns
    -------
    str
        Words; known abbreviations in their usual form, per cent in brackets.

    Examples
    --------
    >>> heading("rate_pct"), heading("phq9_first"), heading("n")
    ('Rate (%)', 'PHQ-9 first', 'n')
    """
    if name in _HEADINGS:
        return _HEADINGS[name]
    parts = [_ABBREVIATIONS.get(part, part) for part in name.split("_")]
    if parts[0] not in _ABBREVIATIONS.values():
        parts[0] = parts[0][:1].upper() + parts[0][1:]
    return " ".join(parts)


def breakdown_title(key: str) -> str:
    """Write what people are grouped by.

    Parameters
    ----------
    key : str
        Key of a grouping, or any other column or words.

    Returns
    -------
    str
        The grouping's title, else the column's heading, else the words as they are.

    Examples
    --------
    >>> breakdown_title("service"), breakdown_title("Ethnic group and service")
    ('Service', 'Ethnic group and service')
    """
    known = groupings()
    if key in known:
        return known[key].title
    return heading(key) if key == key.lower() else key


def rounding_statement(policy: DisclosurePolicy) -> str:
    """Say how the counts of a table were made safe.

    Parameters
    ----------
    policy : DisclosurePolicy
        The rule in force.

    Returns
    -------
    str
        One or two sentences.
    """
    if policy.rounding == "midpoint":
        half, base = policy.base // 2, policy.base
        said = (
            f"Counts are rounded to the middle of steps of {base} (0, {half}, {half + base}, {half + 2 * base} …); "
            f"percentages and their intervals are computed from the rounded counts. As the numerator of a percentage, "
            f"{half} stands for 0 to {base}, likewise at the upper end: none and all are never shown."
        )
    else:
        rounded = f", others are rounded to the nearest {policy.base}" if policy.rounding == "nearest" else ""
        of = "rounded" if policy.rates_from == "rounded" else "unrounded"
        said = f"Counts below {policy.threshold} are withheld{rounded}; percentages are computed from the {of} counts."
    return said


def footnotes(released: Released) -> list[str]:
    """Say what a reader must know to read the table.

    Parameters
    ----------
    released : Released
        The table.

    Returns
    -------
    list of str
        Its own notes, the disclosure rule, the method of its intervals, and how many cells are hidden and why.
    """
    said = [*released.notes, rounding_statement(disclosure_policy(released.policy))]
    kinds = {column.kind for column in released.columns if column.low is not None}
    if "rate" in kinds:
        said.append("Intervals of percentages: Wilson, 95 %.")
    if "gap" in kinds:
        said.append("Intervals of differences: Newcombe, 95 %.")
    for reason, cells in sorted(Counter(hidden.reason for hidden in released.hidden).items()):
        said.append(f"{cells} {'cell is' if cells == 1 else 'cells are'} not shown: {reason}.")
    return said
