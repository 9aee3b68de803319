"""What must a reader know before using a model? Its card: for whom, how good, for whom less, what it gives away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from outcomes.prognosis.probast import provenance

FOR_A_PERSON = "_to be filled by a person_"
NEVER = (
    "It predicts a course of treatment in groups of people alike; it does not diagnose, triage, or decide who gets "
    "treatment, and none of its numbers says anything about suicide or self-harm (NICE NG225)."
)
PERSONAL = (
    "Models count as personal data: this one is kept, and erased, as the library that taught it, and is not to be "
    "published."
)


@dataclass(frozen=True)
class Card:
    """The facts of a model card.

    Parameters
    ----------
    title : str
        Of the study.
    target : str
        What is predicted, in words.
    data : mapping
        Snapshot, kind of source, statement under which the data were read.
    people : mapping
        Lines only people can fill: intended use, intended users, not for, owner, review by; blank stays visible.
    performance : DataFrame
        One row a landmark: aggregates with intervals.
    groups : DataFrame or None
        Performance by group, if it was looked at.
    privacy : DataFrame
        One row a landmark: membership AUC and smallest leaf.
    gates : sequence of tuple of str
        Name, colour, sentence.
    checks : DataFrame
        `outcomes.prognosis.probast.pre_checks`.
    limits : sequence of str
        What else must be known.
    """

    title: str
    target: str
    data: Mapping[str, str]
    people: Mapping[str, str]
    performance: pd.DataFrame
    privacy: pd.DataFrame
    gates: Sequence[tuple[str, str, str]]
    checks: pd.DataFrame
    groups: pd.DataFrame | None = None
    limits: Sequence[str] = field(default=())

    @property
    def blanks(self) -> tuple[str, ...]:
        """Lines that a person has not filled."""
        return tuple(name for name, text in self.people.items() if not text.strip())

    def markdown(self) -> str:
        """Write the card.

        Returns
        -------
        str
            Markdown; the same facts give the same text.

        References
        ----------
        Mitchell M et al. (2019). Model cards for model reporting. FAT* '19, 220-229.
        """
        groups = "Not looked at in this run." if self.groups is None or self.groups.empty else _table(self.groups)
        parts = [
            f"# Model card: {self.title}",
            f"What is foretold: {self.target}.",
            "## Use",
            _list({name: text.strip() or FOR_A_PERSON for name, text in self.people.items()}),
            NEVER,
            "## Data",
            _list(self.data),
            "## How good it is, for people it had not seen",
            _table(self.performance),
            "## For whom",
            groups,
            "## What it gives away",
            _table(self.privacy),
            "Membership AUC: how well an attacker who knows somebody's features and ending can tell whether they "
            "taught the model; .5 is a coin flip. " + PERSONAL,
            "## Gates",
            _list({name: f"{colour}: {sentence}" for name, colour, sentence in self.gates}),
            "## Sources of bias (PROBAST+AI), as far as a run can tell",
            _table(self.checks.assign(the_run_knows=self.checks["the_run_knows"].replace("", FOR_A_PERSON))),
            provenance(),
            "## Limits",
            "\n".join(f"- {limit}" for limit in self.limits),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def _list(values: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}**: {text}" for name, text in values.items())


def _table(frame: pd.DataFrame) -> str:
    names = [str(name).replace("_", " ") for name in frame]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3g}"
    return str(value).replace("|", "/").replace("\n", " ")
