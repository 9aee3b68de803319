"""What would a paper's methods section say? Steps in words, their sources, settings and versions."""

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from outcomes.publications.references import known
from outcomes.publications.wording import rounding_statement
from outcomes.reference.policies import disclosure_policy

PACKAGES = (
    "outcomes", "numpy", "pandas", "scipy", "scikit-learn", "statsmodels", "numba", "xgboost", "xgboost-cpu", "shap",
    "matplotlib",
)  # fmt: skip
CITED = re.compile(r" \[@([a-z0-9_]+(?:; @[a-z0-9_]+)*)\]")  # as pandoc writes it: " [@one_2001; @other_2002]"


@dataclass(frozen=True)
class Step:
    """One step of the method.

    Parameters
    ----------
    heading : str
        Such as "Outcomes".
    text : str
        Sentences, as they could stand in a paper; " [@key]" or " [@key; @other]" cites the bibliography in its place.
    cites : tuple of str
        Keys of the bibliography that support all of them: cited at the end.
    """

    heading: str
    text: str
    cites: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all that is cited, in order."""
        inside = [key.removeprefix("@") for keys in CITED.findall(self.text) for key in keys.split("; ")]
        return tuple(dict.fromkeys([*inside, *self.cites]))


def methods_text(
    title: str,
    steps: Sequence[Step],
    *,
    policy: str,
    settings: Mapping[str, str],
    packages: Sequence[str] = PACKAGES,
) -> str:
    """Write the methods of a study in Markdown, with numbered references, settings and software versions.

    Parameters
    ----------
    title : str
        The study.
    steps : sequence of Step
        In the order in which they were taken.
    policy : str
        Key of the disclosure policy of the released tables.
    settings : mapping of str to str
        What was set, by name: snapshot, seed, folds, numbers of starts.
    packages : sequence of str
        Distributions whose versions are stated, where installed.

    Returns
    -------
    str
        Markdown; no date in it, so that a repeated run gives the same text.

    Raises
    ------
    ConfigError
        If a step cites a source that is not in the bibliography, or the policy is not known.
    """
    every = [*steps, _disclosure(policy)]
    cited = cited_keys(steps, policy)
    numbers = {source.key: place for place, source in enumerate(known(cited), start=1)}
    parts = [f"# Methods: {title}", *(f"## {step.heading}\n\n{_numbered(step, numbers)}" for step in every)]
    parts.append("## Settings\n\n" + _listed(settings))
    parts.append("## Software\n\n" + _listed(software_versions(packages)))
    references = "\n".join(f"{place}. {source.citation()}" for place, source in enumerate(known(cited), start=1))
    return "\n\n".join([*parts, f"## References\n\n{references}"]) + "\n"


def cited_keys(steps: Sequence[Step], policy: str) -> list[str]:
    """List the sources that a methods text cites, in the order in which it does.

    Parameters
    ----------
    steps : sequence of Step
        Steps of the method.
    policy : str
        Key of the disclosure policy, whose sources are cited last.

    Returns
    -------
    list of str
        Keys of the bibliography, each once.

    Raises
    ------
    ConfigError
        If the policy is not known.
    """
    return list(dict.fromkeys(key for step in (*steps, _disclosure(policy)) for key in step.keys))


def _disclosure(policy: str) -> Step:
    rule = disclosure_policy(policy)
    said = f"Tables were released under the policy “{rule.name}”. {rounding_statement(rule)}"
    return Step("Disclosure control", said, tuple(key.strip() for key in rule.source.split(";")))


def software_versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Say which versions are at work.

    Parameters
    ----------
    packages : sequence of str
        Names of distributions.

    Returns
    -------
    dict
        Python first, then each distribution that is installed.
    """
    found = {"Python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _numbered(step: Step, numbers: Mapping[str, int]) -> str:
    def marks(keys: Sequence[str]) -> str:
        return f" [{', '.join(str(numbers[key]) for key in keys)}]" if keys else ""

    text = CITED.sub(lambda found: marks([key.removeprefix("@") for key in found[1].split("; ")]), step.text)
    return text + marks(step.cites)


def _listed(values: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in values.items()) or "- none"
