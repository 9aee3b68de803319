"""Does a released table contradict itself? A total and its parts may differ by the rounding, and by no more."""

from collections.abc import Sequence

import numpy as np

from outcomes.disclosure.seal import Released
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policy


def check_total(released: Released, *, count: str, label: str, total: str, within: Sequence[str] = ()) -> None:
    """Make sure that parts and their printed total can be the same people.

    Parts and total are rounded apart, so they need not add up, and must not be made to: a total forced to the sum would
    undo the rounding. A difference beyond what rounding can cause means that the rows are of different people, and a
    reader would be misled; a total that is told exactly by withheld parts is refused too.

    Parameters
    ----------
    released : Released
        The table.
    count : str
        Count column.
    label : str
        Label column that names the parts and the total.
    total : str
        Label of the total's row.
    within : sequence of str
        Label columns that part the table into blocks, each with its own total.

    Raises
    ------
    DisclosureError
        If a block has no total, the difference is beyond the rounding, or exactly one part is withheld beside its
        total.
    """
    rule = disclosure_policy(released.verify().policy)
    step = rule.base if rule.rounding == "midpoint" else rule.base / 2
    table = released.table
    keys = [tuple(str(table[name].iloc[row]) for name in within) for row in range(len(table))]
    for key in dict.fromkeys(keys):
        rows = np.array([row for row, of in enumerate(keys) if of == key])
        counts = table[count].to_numpy(dtype=float)[rows]
        is_total = table[label].to_numpy(dtype=str)[rows] == total
        if is_total.sum() != 1:
            raise DisclosureError(f"table {released.title!r} needs one row {total!r} in {label} for each block")
        parts, whole = counts[~is_total], float(counts[is_total][0])
        _check_block(released.title, parts, whole, step, rounds=rule.rounding != "none")


def _check_block(title: str, parts: np.ndarray, whole: float, step: float, *, rounds: bool) -> None:
    withheld = np.isnan(parts)
    if withheld.sum() == 1 and not np.isnan(whole) and not rounds:
        raise DisclosureError(f"table {title!r}: one withheld part is the total less the other parts; withhold two")
    if withheld.any() or np.isnan(whole):
        return
    if abs(float(parts.sum()) - whole) > step * (parts.size + 1):
        raise DisclosureError(f"table {title!r}: parts and total differ by more than rounding; not the same people")
