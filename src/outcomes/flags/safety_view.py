"""What does a reader see of the safety answers? The first section of the page, and a line for each person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from outcomes.flags.naming import NOBODY, day_zeros, labels
from outcomes.flags.safety import ABOVE_ZERO, NOT_KNOWN, ZERO
from outcomes.flags.words import when

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import date

    from outcomes.flags.report import CaseloadReport


def safety_sentences(safety: pd.DataFrame, zeros: Mapping[Hashable, date]) -> dict[Hashable, tuple[str, ...]]:
    """Say in words what is known of each referral's safety questions.

    Parameters
    ----------
    safety
        From `safety.safety_answers`.
    zeros
        Date of receipt by referral, where known.

    Returns
    -------
    dict
        Referral to sentences, one a question; without any score.
    """
    said: dict[Hashable, list[str]] = defaultdict(list)
    for row in safety.to_dict("records"):
        said[row["referral"]].append(f"{row['question']}: {safety_state(row, zeros.get(row['referral']))}")
    return {referral: tuple(words) for referral, words in said.items()}


def safety_state(row: Mapping[Hashable, Any], day_zero: date | None) -> str:
    """Say one safety answer in words.

    Parameters
    ----------
    row
        One row of `safety.safety_answers`.
    day_zero
        The referral's date of receipt, or None.

    Returns
    -------
    str
        Such as "above zero, 12 May 2025".
    """
    if row["state"] == NOT_KNOWN:
        last = row["last_known_day"]
        return f"{NOT_KNOWN}." if pd.isna(last) else f"{NOT_KNOWN}; last answered {when(last, day_zero)}."
    dated = f"{row['state']}, {when(row['day'], day_zero)}"
    later = {"zero": "; zero on a later form", "blank": "; left blank on a later form"}
    return f"{dated}{later.get(row['later'], '')}."


@dataclass(frozen=True)
class Prompt:
    """One answer above zero: who, with whom, which question, when, and what came later."""

    label: str
    therapist: str
    question: str
    when_words: str
    later: str


@dataclass(frozen=True)
class SafetyView:
    """What the first section of the page shows."""

    prompts: tuple[Prompt, ...]
    earlier: tuple[Prompt, ...]
    unknown: tuple[tuple[str, str, str], ...]
    n_zero: int
    n_people: int


LATER_WORDS = {"zero": "A later form says zero", "blank": "A later form left it blank", "": "Nothing later"}


def safety_view(report: CaseloadReport) -> SafetyView:
    """Arrange the safety answers for the first section: above zero, not known, zero.

    Parameters
    ----------
    report
        From `report.caseload_report`.

    Returns
    -------
    SafetyView
        Prompts in the window, and earlier ones that nobody has answered since, by therapist and label; people not
        known; how many answered zero to everything asked.
    """
    names, zeros = labels(report.caseload), day_zeros(report.caseload)
    who = report.caseload.set_index("referral")["therapist"].astype("string").fillna(NOBODY)
    prompts: list[Prompt] = []
    earlier: list[Prompt] = []
    unknown: list[tuple[str, str, str]] = []
    for row in report.safety.to_dict("records"):
        referral = row["referral"]
        label, therapist, zero = names[referral], str(who[referral]), zeros.get(referral)
        if row["state"] == ABOVE_ZERO:
            dated = when(row["day"], zero)
            (prompts if row["recent"] else earlier).append(
                Prompt(label, therapist, row["question"], dated, LATER_WORDS[row["later"]])
            )
        elif row["state"] == NOT_KNOWN:
            last = row["last_known_day"]
            words = "never answered" if pd.isna(last) else f"last answered {when(last, zero)}"
            unknown.append((therapist, label, f"{row['question']}: {words}"))
    states = report.safety.groupby("referral")["state"].agg(set)
    return SafetyView(
        prompts=tuple(sorted(prompts, key=_place)),
        earlier=tuple(sorted(earlier, key=_place)),
        unknown=tuple(sorted(unknown)),
        n_zero=int(sum(found == {ZERO} for found in states)),
        n_people=len(report.caseload),
    )


def _place(prompt: Prompt) -> tuple[str, str, str]:
    return prompt.therapist, prompt.label, prompt.question
