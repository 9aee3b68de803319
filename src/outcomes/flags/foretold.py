"""What does a model say about the caseload, and may it be said? Probabilities, reasons and past record, as frames.

The room knows no model: whoever has one hands over frames keyed by referral. Without a recorded permission, or with a
model that is missing, too old, another file, or taught on invented people, the page falls back to rules only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.flags.settings import permit_model
from outcomes.flags.standing import require
from outcomes.flags.words import OUTCOME_WORDS, count, percent, share

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import date

    from outcomes.flags.settings import FlagSettings

ENDING_COLUMNS: Final = ("referral", "ending", "probability")
REASON_COLUMNS: Final = ("referral", "direction", "rank", "word", "reason")
RECORD_COLUMNS: Final = ("ending", "told", "n", "n_true")
MOST_REASONS: Final = 3
FEWEST_TOLD: Final = 20  # people told the same before, below which the page says that it is too few to know

OFF: Final = "off"
IN_USE: Final = "in use"
ABSENT: Final = "absent"
STALE: Final = "too old"
OTHER_FILE: Final = "another file"
REFUSED: Final = "refused"
WHY_RULES_ONLY: Final = {
    ABSENT: "The model is switched on, but its answers are not there.",
    STALE: "The model is too old to be used.",
    OTHER_FILE: "The model is not the one that the service has checked.",
    REFUSED: "The model learned from people who were made up, so it may not judge real ones.",
}


NO_REASONS: Final = pd.DataFrame(columns=list(REASON_COLUMNS))
NO_WORDS: Final = pd.DataFrame(columns=["referral", "words"])
NO_RECORD: Final = pd.DataFrame(columns=list(RECORD_COLUMNS))


@dataclass(frozen=True)
class Foretold:
    """What one model says about the open referrals; all frames are keyed by referral unless said.

    Attributes
    ----------
    sha256
        Hash of the model file; must be the one that the service has recorded.
    trained_on
        Kind of the source of its training data: "identified", "anonymised" or "invented".
    made_on
        Day on which the model was made, or None where nobody knows (then it is too old).
    endings
        referral, ending, probability, and optionally low and high (0 to 1): one row an ending.
    reasons
        referral, direction ("for" or "against" a good ending), rank (1 first), word (the group of questions), reason.
    states
        referral, words: the pattern of symptoms at the last form, in words; never an expected answer.
    cautions
        referral, words: why this person's numbers are to be doubted (outside the training data, a group that the
        model knows badly).
    record
        Not by referral: ending, told (words as `words.share` says them), n, n_true: how often such predictions were
        right, among people whom the model had never seen. From `track_record.track_record`.
    weeks
        How far ahead the endings look, in weeks; None where they have no horizon.
    """

    sha256: str
    trained_on: str
    made_on: date | None
    endings: pd.DataFrame
    reasons: pd.DataFrame = field(default_factory=NO_REASONS.copy)
    states: pd.DataFrame = field(default_factory=NO_WORDS.copy)
    cautions: pd.DataFrame = field(default_factory=NO_WORDS.copy)
    record: pd.DataFrame = field(default_factory=NO_RECORD.copy)
    weeks: int | None = None

    def __post_init__(self) -> None:
        require(self.endings, ENDING_COLUMNS, "endings")
        require(self.reasons, REASON_COLUMNS, "reasons")
        require(self.record, RECORD_COLUMNS, "record")
        known = self.endings["probability"].dropna()
        if not known.between(0, 1).all():
            raise ConfigError("endings.probability must lie between 0 and 1")

    def without(self, referrals: pd.Series) -> Foretold:
        """Take some people's numbers out.

        Parameters
        ----------
        referrals
            Of people about whom nothing is to be said.

        Returns
        -------
        Foretold
            Of everybody else.
        """
        names = ("endings", "reasons", "states", "cautions")
        kept = {name: getattr(self, name).loc[lambda frame: ~frame["referral"].isin(referrals)] for name in names}
        return replace(self, **kept)


def model_use(settings: FlagSettings, foretold: Foretold | None, *, kind: str, as_of: date | None) -> str:
    """Say whether the model's answers may be shown and may flag.

    Parameters
    ----------
    settings
        The service's declaration.
    foretold
        The model's answers, or None when there are none.
    kind
        Kind of the source of the caseload.
    as_of
        The page's date; None leaves the age of the model unjudged.

    Returns
    -------
    str
        "off" (no permission is recorded: rules only is what the service wants), "in use", or why the page falls back
        to rules only: "absent", "too old", "another file", "refused".
    """
    permission = settings.model
    if permission is None:
        return OFF
    if permission.trained_on == "invented" and kind != "invented":
        return REFUSED
    if foretold is None or foretold.endings.empty:
        return ABSENT
    if foretold.trained_on == "invented" and kind != "invented":
        return REFUSED
    if foretold.sha256 != permission.sha256:
        return OTHER_FILE
    old = foretold.made_on is None or (as_of is not None and (as_of - foretold.made_on).days > permission.days_valid)
    return STALE if old else IN_USE


def flagging(foretold: Foretold, settings: FlagSettings, kind: str) -> pd.DataFrame:
    """Arrange the probability that may flag, as `rules.judge` reads it.

    Parameters
    ----------
    foretold
        The model's answers.
    settings
        The service's declaration, with a permission.
    kind
        Kind of the source of the caseload.

    Returns
    -------
    pandas.DataFrame
        referral, `probability_<outcome>`, low, high.

    Raises
    ------
    ConfigError
        If no permission is recorded, or the model may not judge people of this kind.
    """
    outcome = permit_model(settings, kind).outcome
    mine = foretold.endings.loc[foretold.endings["ending"].eq(outcome)].reindex(
        columns=["referral", "probability", "low", "high"]
    )
    return mine.rename(columns={"probability": f"probability_{outcome}"}).reset_index(drop=True)


@dataclass(frozen=True)
class Ending:
    """One ending in words: what, how likely, between what, and how often such words were right."""

    what: str
    told: str
    between: str
    record: str


@dataclass(frozen=True)
class Told:
    """What the page says of one person out of the model: endings, reasons for and against, state, cautions."""

    endings: tuple[Ending, ...] = ()
    speaks_for: tuple[str, ...] = ()
    speaks_against: tuple[str, ...] = ()
    state: str = ""
    cautions: tuple[str, ...] = ()


NOTHING_TOLD: Final = Told()  # also what is said of everybody when there is no model


def told_people(foretold: Foretold | None) -> dict[Hashable, Told]:
    """Say in words what the model says of each person.

    Parameters
    ----------
    foretold
        The model's answers, or None.

    Returns
    -------
    dict
        Referral to words; empty without a model.
    """
    if foretold is None:
        return {}
    record = _record_words(foretold.record)
    endings: dict[Hashable, list[Ending]] = {}
    for row in foretold.endings.to_dict("records"):
        if not pd.isna(row["probability"]):
            endings.setdefault(row["referral"], []).append(_ending(row, record))
    chosen = foretold.reasons.loc[foretold.reasons["rank"].le(MOST_REASONS)].sort_values("rank", kind="stable")
    ways = {way: _gathered(chosen.loc[chosen["direction"].eq(way)], "reason") for way in ("for", "against")}
    states, cautions = _gathered(foretold.states, "words"), _gathered(foretold.cautions, "words")
    return {
        referral: Told(
            endings=tuple(mine),
            speaks_for=ways["for"].get(referral, ()),
            speaks_against=ways["against"].get(referral, ()),
            state=" ".join(states.get(referral, ())),
            cautions=cautions.get(referral, ()),
        )
        for referral, mine in {**{referral: [] for referral in (*states, *cautions)}, **endings}.items()
    }


def _gathered(table: pd.DataFrame, column: str) -> dict[Hashable, tuple[str, ...]]:
    found: dict[Hashable, list[str]] = {}
    for referral, words in zip(table["referral"], table[column], strict=True):
        found.setdefault(referral, []).append(str(words))
    return {referral: tuple(words) for referral, words in found.items()}


def _ending(row: dict[Hashable, Any], record: dict[tuple[str, str], str]) -> Ending:
    name, told = str(row["ending"]), share(row["probability"])
    low, high = row.get("low", math.nan), row.get("high", math.nan)
    between = "" if pd.isna(low) or pd.isna(high) else f"{percent(low)} to {percent(high)} in 100"
    what = OUTCOME_WORDS.get(name, name.replace("_", " "))
    right = record.get((name, told), "Nobody knows yet: too few people were told this before.")
    return Ending(what[:1].upper() + what[1:], told, between, right)


def _record_words(record: pd.DataFrame) -> dict[tuple[str, str], str]:
    # Of how many who were told the same, how many got there.
    words = {}
    for row in record.to_dict("records"):
        if row["n"] >= FEWEST_TOLD:
            people = count(int(row["n"]), "person", "people")
            words[str(row["ending"]), str(row["told"])] = (
                f"Of {people} told this before, it came true for {int(row['n_true'])}."
            )
    return words
