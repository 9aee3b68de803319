"""What would a paper's methods section say? Steps in words their sources, settings and versions."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from outcomes.errors import ConfigError
from outcomes.publications.wording import rounding_statement
from outcomes.reference.bibliography import Source, sources
from outcomes.reference.policies import disclosure_policy

PACKAGES = (
    "outcomes", "numpy", "pandas", "scipy", "scikit-learn", "statsmodels", "numba", "xgboost", "xgboost-cpu", "shap",
    "matplotlib",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of the method.

    Parameters
    ----------
    heading : str
        Such as "Outcomes".
    text : str
        Sentences, as they could stand in a paper.
    cites : tuple of str
        Keys of the bibliography that support them.
    """

    heading: str
    text: str
    cites: tuple[str, ...] = ()


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
    numbers = {source.key: place for place, source in enumerate(_known(cited), start=1)}
    parts = [f"# Methods: {title}"]
    for step in every:
        marks = f" [{', '.join(str(numbers[key]) for key in step.cites)}]" if step.cites else ""
        parts.append(f"## {step.heading}\n\n{step.text}{marks}")
    parts.append("## Settings\n\n" + _listed(settings))
    parts.append("## Software\n\n" + _listed(software_versions(packages)))
    references = "\n".join(f"{place}. {source.citation()}" for place, source in enumerate(_known(cited), start=1))
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
    return list(dict.fromkeys(key for step in (*steps, _disclosure(policy)) for key in step.cites))


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


def bibtex(keys: Sequence[str]) -> str:
    """Write sources for a reference manager.

    Parameters
    ----------
    keys : sequence of str
        Keys of the bibliography.

    Returns
    -------
    str
        One `@misc` entry a source, in the order asked for.

    Raises
    ------
    ConfigError
        If a key is not in the bibliography.
    """
    return "\n".join(_entry(source) for source in _known(keys))


def _known(keys: Sequence[str]) -> list[Source]:
    every = sources()
    strangers = [key for key in keys if key not in every]
    if strangers:
        raise ConfigError(f"not in the bibliography: {', '.join(strangers)}; add it to reference/bibliography.toml")
    return [every[key] for key in keys]


def _listed(values: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in values.items()) or "- none"


def _entry(source: Source) -> str:
    fields = {
        "author": source.authors,
        "title": f"{{{source.title}}}",
        "howpublished": source.where,
        "year": str(source.year),
        "url": source.link,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{source.key},\n" + ",\n".join(lines) + "\n}\n"
