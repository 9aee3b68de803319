"""Which published thresholds judged these courses, and is each confirmed? To be printed where they decide."""

import pandas as pd

from outcomes.reference.instruments import instrument
from outcomes.reference.rules import RuleEdition, edition_of
from outcomes.reference.thresholds import Threshold


def _said(limit: Threshold | None) -> tuple[str, bool, str]:
    if limit is None:
        return "not known", False, ""
    return limit.words(), limit.verified, limit.source


def thresholds_used(outcomes: pd.DataFrame, *, edition: RuleEdition | str | None = None) -> pd.DataFrame:
    """List the thresholds behind a table of outcomes, with how sure each is.

    Parameters
    ----------
    outcomes : DataFrame
        As `outcomes.outcomes` returns it: reads finished and anxiety_measure.
    edition : RuleEdition or str, optional
        The rules by which it was judged, with their overrides; by default the current edition.

    Returns
    -------
    DataFrame
        One row a measure and kind, the depression measure first: instrument, name, kind ("caseness" or
        "reliable_change"), threshold (in words; "not known" where none is published), verified (bool), n_courses
        (finished courses judged on the measure) and source (keys of the bibliography; empty where none).

    Examples
    --------
    >>> judged = pd.DataFrame({"finished": [True, True], "anxiety_measure": ["gad7", "spin"]})
    >>> thresholds_used(judged)[["instrument", "kind", "threshold", "verified"]].iloc[-1].tolist()
    ['spin', 'reliable_change', '10 or more', np.False_]
    """
    rules = edition_of(edition)
    finished = outcomes.loc[outcomes["finished"].to_numpy(dtype=bool)]
    counts = {rules.depression_instrument: len(finished)}
    for key, n in finished["anxiety_measure"].value_counts().sort_index().items():
        counts[str(key)] = int(n)
    rows = []
    for key, n_courses in counts.items():
        for kind, limit in (("caseness", rules.caseness(key)), ("reliable_change", rules.reliable_change(key))):
            words, verified, source = _said(limit)
            rows.append((key, instrument(key).name, kind, words, verified, n_courses, source))
    columns = ["instrument", "name", "kind", "threshold", "verified", "n_courses", "source"]
    return pd.DataFrame(rows, columns=columns)
