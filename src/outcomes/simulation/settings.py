"""Which numbers does the invented service use? Sizes and dates by argument; the invented ones from `invented.toml`."""

import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from outcomes.errors import ConfigError

ITEM_PROCESSES = ("states", "severity")
"""`states`: hidden states with a cognitive-affective/somatic split; `severity`: continuous severity, no subtypes."""

_INVENTED = Path(__file__).with_name("invented.toml")

Numbers = tuple[float, ...]
Matrix = tuple[Numbers, ...]


class _Section(BaseModel):
    """A table of `invented.toml`: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Descriptor(_Section):
    """A problem descriptor: its codes, its share of the assessed, and how those who carry it start."""

    codes: tuple[str, ...]
    share: float
    severity: float
    anxiety: float


class Population(_Section):
    """Who comes, to whom, how often (invented beside the published shares)."""

    deprivation_tilt: dict[str, float]
    employment_shares: dict[str, float]
    disability_share: float
    disability_codes: tuple[str, ...]
    service_sd: float
    therapist_sd: float
    patients_per_therapist: int
    patients_per_service: int
    repeat_probability: float
    repeat_gap_days: float
    repeat_carries: float
    descriptor: dict[str, Descriptor]


class Funnel(_Section):
    """From referral to a course: log odds, waits (log days), and what is missing."""

    assessed: float
    first_contact_treats: float
    leave_after_first: float
    leave_after_first_per_burden: float
    leave_below_caseness: float
    wait_log_mean: float
    wait_log_sd: float
    second_log_mean: float
    second_log_sd: float
    week_days: int
    week_extra_days: float
    missed_per_session: float
    missed_codes: dict[str, float]
    discharge_days_completed: float
    discharge_days_left: float
    never_again: float
    first_occasion_missing: float
    occasion_missing: float
    occasion_incomplete: float
    incomplete_item_missing: float
    descriptor_without_assessment: float
    usual_medium: float
    medium_shares: dict[str, float]
    source_shares: dict[str, float]


class Course(_Section):
    """Steps, lengths and endings: log odds, and their change with the burden (1 = ten points on both totals)."""

    low_first: float
    low_first_per_burden: float
    high_second: float
    high_second_per_burden: float
    low_sessions: tuple[int, int]
    high_sessions: tuple[int, int]
    step_up: float
    step_up_per_burden: float
    drop_out: float
    drop_out_per_burden: float
    well_end: float
    well_end_per_burden: float
    sessions_cap: int


class Response(_Section):
    """How unequal people are in getting better: log multipliers of the rate of improvement."""

    classes: tuple[str, ...]
    class_shares: Numbers
    class_effects: Numbers
    class_worsening: Numbers
    person_sd: float
    burden_effect: float
    early_gain: float
    early_decay: float
    high_intensity: float
    effects: dict[str, Numbers]


class Therapies(_Section):
    """Therapy codes with their shares, and the family that decides their effect."""

    low: dict[str, float]
    high_depression: dict[str, float]
    high_anxiety: dict[str, float]
    high_trauma: dict[str, float]
    family: dict[str, str]


class Endings(_Section):
    """End codes with their shares, by the way in which a referral ended."""

    not_assessed: dict[str, float]
    not_taken_on: dict[str, float]
    after_first: dict[str, float]
    well_after_first: dict[str, float]
    dropped_out: dict[str, float]
    completed: dict[str, float]


class States(_Section):
    """The hidden-state item process: locations of items, hazards and where they lead."""

    names: tuple[str, ...]
    shape: tuple[str, ...]
    anxiety_names: tuple[str, ...]
    cuts: Numbers
    phq9_locations: Matrix
    gad7_locations: Matrix
    initial: Numbers
    initial_anxiety: Matrix
    improve: Numbers
    worsen: Numbers
    lateral: Numbers
    improve_to: Matrix
    worsen_to: Matrix
    lateral_to: Matrix
    anxiety_improve: Numbers
    anxiety_worsen: Numbers
    anxiety_pull: float
    anxiety_trait: float
    anxiety_follows_better: float
    anxiety_follows_worse: float


class Severity(_Section):
    """The continuous item process: one severity a person, no subtypes, items that persist on their own."""

    phq9_loadings: Numbers
    phq9_easiness: Numbers
    gad7_loadings: Numbers
    gad7_easiness: Numbers
    cuts: Numbers
    own_sd: float
    drift_sd: float
    drift_persistence: float
    start_mean: float
    start_sd: float
    anxiety_start_mean: float
    anxiety_start_sd: float
    start_correlation: float
    gain: float
    gain_sd: float
    pace: float
    pace_worse: float
    gain_anxiety_sd: float
    wobble_sd: float
    wobble_persistence: float


class Invented(_Section):
    """Every invented number of the simulated service; none was estimated from patients."""

    population: Population
    funnel: Funnel
    course: Course
    response: Response
    therapies: Therapies
    endings: Endings
    states: States
    severity: Severity


def invented(path: Path = _INVENTED) -> Invented:
    """Read the invented numbers that a file declares.

    Parameters
    ----------
    path : Path
        A TOML file with the tables of `invented.toml`; by default the one of the package.

    Returns
    -------
    Invented
        The numbers, checked and frozen.

    Raises
    ------
    ConfigError
        If the file is not TOML, lacks a number or holds an unknown one; all faults are named together.
    """
    try:
        return Invented.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{path.name} is not TOML: {fault}") from None
    except ValidationError as fault:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors())
        raise ConfigError(f"{path.name}: {faults}") from None


@dataclass(frozen=True)
class ServiceSettings:
    """How large an invented service, over which years, with which item process.

    Parameters
    ----------
    n_patients : int
        People who ask for help at least once.
    item_process : str
        `states` (hidden states with a cognitive-affective/somatic split) or `severity` (continuous, no subtypes).
    first_received, last_received : date
        The window in which referrals arrive.
    extract_date : date
        The day on which the feed is drawn: later contacts do not exist yet, undischarged referrals are open.
    numbers : Invented
        The invented numbers.

    Raises
    ------
    ConfigError
        If a size, a date order or the item process is not possible.
    """

    n_patients: int = 5000
    item_process: str = "states"
    first_received: date = date(2021, 4, 1)
    last_received: date = date(2023, 3, 31)
    extract_date: date = date(2023, 5, 31)
    numbers: Invented = field(default_factory=invented, repr=False)

    def __post_init__(self) -> None:
        if self.n_patients < 1:
            raise ConfigError(f"n_patients must be at least 1, got {self.n_patients}")
        if self.n_patients > 900_000:  # noqa: PLR2004  as many NHS test numbers exist
            raise ConfigError(f"n_patients must be at most 900,000 (NHS test numbers run out), got {self.n_patients:,}")
        if self.item_process not in ITEM_PROCESSES:
            raise ConfigError(f"item_process must be one of {', '.join(ITEM_PROCESSES)}, got {self.item_process!r}")
        if not self.first_received <= self.last_received <= self.extract_date:
            raise ConfigError("dates must run first_received <= last_received <= extract_date")
