"""By which rules is a course of therapy judged? Dated editions, so that old reports can be rebuilt."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.instruments import instrument
from outcomes.reference.loader import FOLDER, Entry, read_key, read_toml, record, toml_files
from outcomes.reference.thresholds import Threshold, read_threshold

DEFAULT_EDITION: Final = "nhs_talking_therapies_v2_1"
DENOMINATORS: Final = ("finished", "finished_less_not_at_caseness")


@dataclass(frozen=True, slots=True)
class DescriptorRule:
    """Which anxiety measure belongs to a recorded problem.

    Parameters
    ----------
    prefix : str
        How the problem descriptor begins (ICD-10 without dot, or a whole SNOMED CT code).
    token : str
        Name of the measure in the national data set.
    instrument : str
        Key of the instrument.
    """

    prefix: str
    token: str
    instrument: str


@dataclass(frozen=True, slots=True)
class WaitBand:
    """A band of days, both ends included.

    Parameters
    ----------
    label : str
        Such as "29-56 days".
    lowest : int
        First day of the band.
    highest : int or None
        Last day; None is open.
    """

    label: str
    lowest: int
    highest: int | None


@dataclass(frozen=True, slots=True)
class WaitStandard:
    """A waiting-time standard.

    Parameters
    ----------
    key, label : str
        Such as "six_weeks", "within 6 weeks".
    days : int
        Longest wait that meets it.
    target_pct : int
        Share of finished courses that should meet it, in percent.
    """

    key: str
    label: str
    days: int
    target_pct: int


@dataclass(frozen=True, slots=True)
class RuleEdition:
    """One edition of the outcome rules.

    Parameters
    ----------
    key, name : str
        Short key and full name.
    valid_from, valid_to : date or None
        Period of referrals' discharge that the edition was made for; None is open.
    attended_codes, treatment_appointment_types : tuple of str
        Attendance and appointment codes of a treatment contact.
    excluded_score_appointment_types : tuple of str
        Appointments whose scores are not eligible as first or last (follow-up).
    employment_support_therapies : tuple of str
        Therapy codes that are not therapy.
    minimum_treatment_contacts : int
        Attended treatment contacts of a completed course.
    depression_instrument, anxiety_instrument : str
        The measure that always counts, and the anxiety measure where none is specific.
    descriptor_rules : tuple of DescriptorRule
        Problems with a disorder-specific anxiety measure.
    minimum_scores : int
        Different occasions of one measure that make a pair.
    wait_bands : tuple of WaitBand
        Bands of the wait from referral to first treatment contact.
    wait_standards : tuple of WaitStandard
        National standards.
    second_wait_flags : tuple of int
        Days between first and second contact above which a course is flagged.
    dropped_out_end_codes : tuple of str
        End reasons that mean: ended earlier than the professional planned.
    planned_end_codes : tuple of str
        End reasons that mean: completed as agreed.
    denominators : Mapping of str to str
        Outcome to "finished" or "finished_less_not_at_caseness".
    rate_decimals : int
        Decimals of a published rate in percent, rounded half up.
    days_per_week : int
        For waits in weeks.
    thresholds : Mapping of (str, str) to Threshold
        Overrides of instruments' thresholds: (instrument, "caseness" or "reliable_change").
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where something in it is not confirmed.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    valid_from: date | None
    valid_to: date | None
    attended_codes: tuple[str, ...]
    treatment_appointment_types: tuple[str, ...]
    excluded_score_appointment_types: tuple[str, ...]
    employment_support_therapies: tuple[str, ...]
    minimum_treatment_contacts: int
    depression_instrument: str
    anxiety_instrument: str
    descriptor_rules: tuple[DescriptorRule, ...]
    minimum_scores: int
    wait_bands: tuple[WaitBand, ...]
    wait_standards: tuple[WaitStandard, ...]
    second_wait_flags: tuple[int, ...]
    dropped_out_end_codes: tuple[str, ...]
    planned_end_codes: tuple[str, ...]
    denominators: Mapping[str, str]
    rate_decimals: int
    days_per_week: int
    thresholds: Mapping[tuple[str, str], Threshold]
    source: str
    verified: bool
    notes: str

    @property
    def anxiety_instruments(self) -> tuple[str, ...]:
        """Every instrument that can be a course's anxiety measure, the general one first."""
        specific = [rule.instrument for rule in self.descriptor_rules]
        return tuple(dict.fromkeys([self.anxiety_instrument, *specific]))

    def descriptor_rule(self, descriptor: str) -> DescriptorRule | None:
        """Say which disorder-specific measure belongs to a problem.

        Parameters
        ----------
        descriptor : str
            ICD-10 code (a dot is ignored, as is case) or SNOMED CT code.

        Returns
        -------
        DescriptorRule or None
            The rule with the longest matching prefix; None where the general anxiety measure counts.
        """
        plain = descriptor.strip().upper().replace(".", "")
        fitting = [rule for rule in self.descriptor_rules if plain.startswith(rule.prefix)]
        return max(fitting, key=lambda rule: len(rule.prefix), default=None)

    def caseness(self, key: str) -> Threshold | None:
        """Say at which score an instrument is at caseness under this edition.

        Parameters
        ----------
        key : str
            Key of the instrument.

        Returns
        -------
        Threshold or None
            None where no cut-off could be sourced: outcomes are then not assessable.
        """
        return self.thresholds.get((key, "caseness"), instrument(key).caseness)

    def reliable_change(self, key: str) -> Threshold | None:
        """Say which change of an instrument is reliable under this edition.

        Parameters
        ----------
        key : str
            Key of the instrument.

        Returns
        -------
        Threshold or None
            None where no index could be sourced: outcomes are then not assessable.
        """
        return self.thresholds.get((key, "reliable_change"), instrument(key).reliable_change)

    def with_threshold(self, key: str, kind: str, threshold: Threshold) -> "RuleEdition":
        """Return this edition with one threshold that the user answers for.

        Parameters
        ----------
        key : str
            Key of the instrument.
        kind : str
            "caseness" or "reliable_change".
        threshold : Threshold
            The limit to use.

        Returns
        -------
        RuleEdition
            A new edition; this one stays as it is.

        Raises
        ------
        ConfigError
            If kind is neither of the two.
        """
        if kind not in {"caseness", "reliable_change"}:
            raise ConfigError(f"kind must be 'caseness' or 'reliable_change', got {kind!r}")
        return replace(self, thresholds=MappingProxyType({**self.thresholds, (instrument(key).key, kind): threshold}))


def _read_waits(top: Entry) -> tuple[tuple[WaitBand, ...], tuple[WaitStandard, ...]]:
    bands: list[WaitBand] = []
    for entry in top.tables("wait_bands"):
        highest = entry.whole("highest") if entry.has("highest") else None
        bands.append(WaitBand(entry.text("label"), entry.whole("lowest"), highest))
        entry.done()
        previous = bands[-2].highest if len(bands) > 1 else -1
        if previous is None or bands[-1].lowest != previous + 1:
            raise ConfigError(f"{entry.where}: wait bands must follow each other without gap")
    standards = []
    for entry in top.tables("wait_standards"):
        standards.append(
            WaitStandard(entry.text("key"), entry.text("label"), entry.whole("days"), entry.whole("target_pct"))
        )
        entry.done()
    return tuple(bands), tuple(standards)


def _read_descriptors(top: Entry) -> tuple[DescriptorRule, ...]:
    rules = []
    for entry in top.tables("descriptors"):
        rules.append(
            DescriptorRule(entry.text("prefix"), entry.text("token"), instrument(entry.text("instrument")).key)
        )
        entry.done()
    return tuple(rules)


def _read_thresholds(top: Entry) -> dict[tuple[str, str], Threshold]:
    found = {}
    for entry in top.tables("thresholds"):
        name = (instrument(entry.text("instrument")).key, entry.text("kind"))
        found[name] = read_threshold(entry, verified=True)
    return found


def read_edition(path: Path) -> RuleEdition:
    """Read one rule file.

    Parameters
    ----------
    path : Path
        A TOML file named after the edition's key.

    Returns
    -------
    RuleEdition
        The frozen record.

    Raises
    ------
    ConfigError
        If a value is missing, misspelt or impossible, or the source is unknown.
    """
    top = read_toml(path)
    bands, standards = _read_waits(top)
    denominators = top.mapping("denominators")
    if not denominators or set(denominators.values()) - set(DENOMINATORS):
        raise ConfigError(f"{path.name}: denominators must be among {DENOMINATORS}")
    edition = RuleEdition(
        key=read_key(top, path),
        name=top.text("name"),
        valid_from=top.day("valid_from"),
        valid_to=top.day("valid_to"),
        attended_codes=top.texts("attended_codes"),
        treatment_appointment_types=top.texts("treatment_appointment_types"),
        excluded_score_appointment_types=top.texts("excluded_score_appointment_types"),
        employment_support_therapies=top.texts("employment_support_therapies"),
        minimum_treatment_contacts=top.whole("minimum_treatment_contacts"),
        depression_instrument=instrument(top.text("depression_instrument")).key,
        anxiety_instrument=instrument(top.text("anxiety_instrument")).key,
        descriptor_rules=_read_descriptors(top),
        minimum_scores=top.whole("minimum_scores"),
        wait_bands=bands,
        wait_standards=standards,
        second_wait_flags=top.wholes("second_wait_flags"),
        dropped_out_end_codes=top.texts("dropped_out_end_codes"),
        planned_end_codes=top.texts("planned_end_codes"),
        denominators=MappingProxyType(denominators),
        rate_decimals=top.whole("rate_decimals"),
        days_per_week=top.whole("days_per_week"),
        thresholds=MappingProxyType(_read_thresholds(top)),
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes", ""),
    )
    top.done()
    return edition


@cache
def rule_editions(folder: Path = FOLDER / "rules") -> dict[str, RuleEdition]:
    """List the editions of the outcome rules that are known.

    Parameters
    ----------
    folder : Path, optional
        Folder with one TOML file an edition; by default the package's own.

    Returns
    -------
    dict
        Key to edition, in alphabetical order.
    """
    return {path.stem: read_edition(path) for path in toml_files(folder)}


def rule_edition(key: str = DEFAULT_EDITION) -> RuleEdition:
    """Say by which rules a course is judged.

    Parameters
    ----------
    key : str, default "nhs_talking_therapies_v2_1"
        Key of the edition.

    Returns
    -------
    RuleEdition
        The frozen record.

    Raises
    ------
    ConfigError
        If no edition has this key.

    Examples
    --------
    >>> rule_edition().descriptor_rule("F40.1").instrument
    'spin'
    """
    return record(rule_editions(), key, "rule edition")


def edition_of(edition: RuleEdition | str | None) -> RuleEdition:
    """Accept an edition, its key, or nothing for the current one.

    Parameters
    ----------
    edition : RuleEdition or str or None
        What a caller passed on.

    Returns
    -------
    RuleEdition
        The frozen record.
    """
    if isinstance(edition, RuleEdition):
        return edition
    return rule_edition(edition) if edition else rule_edition()
