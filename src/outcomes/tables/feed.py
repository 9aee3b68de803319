"""What may a provider send? Demographic columns come from the groupings, item columns from the instruments."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from outcomes.errors import ConfigError
from outcomes.reference.codelists import code_list
from outcomes.reference.groups import PATIENTS, Grouping, groupings
from outcomes.reference.instruments import Instrument, instruments
from outcomes.tables.column import Column, Table

PROBLEM_CLEANING: Final = ("strip_blanks", "upper_case", "drop_dots")
SERVICE_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,29}"
OLDEST_AGE: Final = 130
LARGEST_WEIGHT: Final = 1e10
TOTAL: Final = "total"
TOTAL_SUFFIX: Final = "_total"

PATIENT: Final = Column(
    name="patient_id",
    type="id",
    meaning="the provider's own identifier of a person",
    required=True,
    expected=True,
    identifying=True,
)
SURVEY: Final = (
    Column(
        name="survey_weight",
        type="number",
        meaning="how many people of the population the person stands for in a survey; read by weighted figures only: "
        "no group, no feature, never printed",
        unit="people",
        minimum=0,
        maximum=LARGEST_WEIGHT,
    ),
    Column(
        name="survey_stratum",
        type="word",
        meaning="stratum of a survey's sample in which the person was drawn; read as the weight is",
        pattern=SERVICE_PATTERN,
    ),
    Column(
        name="survey_unit",
        type="word",
        meaning="sampling unit within the stratum: unit 1 of two strata is two units; read as the weight is",
        pattern=SERVICE_PATTERN,
    ),
    Column(
        name="survey_cycle",
        type="word",
        meaning="cycle of a repeated survey: strata of two cycles are two strata, and weights are divided by the "
        "number of cycles; read as the weight is",
        pattern=SERVICE_PATTERN,
    ),
)
EPISODE: Final = Column(
    name="episode_id",
    type="id",
    meaning="the provider's identifier of a referral; without it a person has one",
    identifying=True,
)


def _referral(column: Column) -> Column:
    return Column(name=column.name, type="id", meaning=column.meaning, required=True, expected=True, identifying=True)


def _from_groupings(column: str, group: list[Grouping]) -> Column:
    # One demographic column, legal where any of the groupings that read it says so.
    meaning = " / ".join(one.title.lower() for one in group)
    codes = tuple(dict.fromkeys(code for one in group for code in one.codes))
    bands = [band for one in group for band in one.bands]
    if bands and not codes:
        starts = [float(band.start) for band in bands if band.start is not None]
        ends = [float(band.below) for band in bands if band.below is not None]
        return Column(
            name=column,
            type="number",
            meaning=f"{meaning}; banded before it enters the library",
            minimum=min(starts),
            maximum=max(ends),
        )
    cleaning = tuple(dict.fromkeys(rule for one in group for rule in one.cleaning))
    several = any(one.overlapping for one in group)
    return Column(name=column, type="code", meaning=meaning, codes=codes, cleaning=cleaning, several=several)


def _listed(column: str) -> Column:
    # A code column governed by the code list of the same name.
    one = code_list(column)
    return Column(name=column, type="code", meaning=one.title.lower(), codes=tuple(one.codes), cleaning=one.cleaning)


@cache
def demographic_columns() -> tuple[Column, ...]:
    """List the code columns that a patients table may have: those that a grouping reads.

    Returns
    -------
    tuple of Column
        In the order of their names; the age in years is not among them, because it enters as a band.
    """
    readers: dict[str, list[Grouping]] = {}
    for one in groupings().values():
        if one.table != PATIENTS:
            continue
        readers.setdefault(one.column, []).append(one)
    return tuple(_from_groupings(column, readers[column]) for column in sorted(readers) if column != "age_years")


@cache
def item_columns() -> tuple[Column, ...]:
    """List the item and total columns that a wide responses table may have.

    Returns
    -------
    tuple of Column
        Items and total of every instrument.
    """
    return tuple(column for one in instruments().values() for column in (*_items(one), _total(one)))


def _items(one: Instrument) -> Iterable[Column]:
    for item in one.items:
        yield Column(
            name=item.column,
            type="integer",
            meaning=f"{one.name}, item {item.number}: {item.label}",
            unit="answer code",
            integers=(*item.codes, *item.not_applicable),
        )


def _total(one: Instrument) -> Column:
    return Column(
        name=one.total_column,
        type="number",
        meaning=f"{one.name}: total as recorded",
        unit="points",
        minimum=float(one.minimum),
        maximum=float(one.maximum),
    )


def _patients() -> Table:
    columns = (
        PATIENT,
        Column(
            name="nhs_number", type="id", meaning="NHS number; needed to honour the national opt-out", identifying=True
        ),
        Column(name="birth_date", type="date", meaning="date of birth", identifying=True),
        Column(
            name="birth_year",
            type="integer",
            meaning="year of birth where the date is not sent",
            minimum=1890,
            maximum=2100,
            identifying=True,
        ),
        Column(
            name="age_years",
            type="number",
            meaning="age in years where neither is sent",
            unit="years",
            minimum=0,
            maximum=OLDEST_AGE,
            identifying=True,
        ),
        *demographic_columns(),
        *SURVEY,
    )
    return Table("patients", "One row a person: who comes?", columns, ("patient_id",))


def _referrals() -> Table:
    columns = (
        PATIENT,
        _referral(EPISODE),
        Column(
            name="received_date",
            type="date",
            meaning="day the request for help arrived: day zero",
            required=True,
            expected=True,
            identifying=True,
        ),
        Column(name="service_id", type="word", meaning="code of the service", pattern=SERVICE_PATTERN),
        Column(name="therapist_id", type="id", meaning="identifier of the therapist", identifying=True),
        _listed("referral_source"),
        Column(
            name="problem_descriptor",
            type="code",
            meaning="presenting problem: ICD-10 without dot, or SNOMED CT",
            pattern=r"[A-Z][0-9]{2}[0-9X]{0,2}|[0-9]{6,18}",
            cleaning=PROBLEM_CLEANING,
        ),
        Column(
            name="discharge_date",
            type="date",
            meaning="day the referral was closed; blank while it is open",
            identifying=True,
        ),
        _listed("end_code"),
    )
    return Table(
        "referrals",
        "One row a request for help: when, where, why, and how did it end?",
        columns,
        ("patient_id", "episode_id"),
    )


def _contacts() -> Table:
    columns = (
        PATIENT,
        EPISODE,
        Column(name="contact_id", type="id", meaning="identifier of the contact", identifying=True),
        Column(
            name="contact_date",
            type="date",
            meaning="day of the contact",
            required=True,
            expected=True,
            identifying=True,
        ),
        _listed("attendance"),
        Column(
            name="planned",
            type="code",
            meaning="planned contact: Y or N; an unplanned one took place, so it needs no attendance code",
            codes=("Y", "N"),
            cleaning=("strip_blanks", "upper_case"),
        ),
        _listed("appointment_type"),
        _listed("medium"),
        _listed("therapy"),
        _listed("step"),
    )
    return Table(
        "contacts",
        "One row an appointment: was it kept, and what was it for?",
        columns,
        ("patient_id", "episode_id", "contact_id", "contact_date"),
    )


WHEN: Final = (
    Column(name="session_date", type="date", meaning="day the questionnaire was filled in", identifying=True),
    Column(
        name="day",
        type="integer",
        meaning="days since day zero, where a feed has no dates",
        unit="days",
        minimum=-36_500,
        maximum=36_500,
    ),
    Column(
        name="occasion",
        type="integer",
        meaning="number of the occasion, where a feed has no dates",
        minimum=0,
        maximum=100_000,
    ),
)
SITTING: Final = ("patient_id", "episode_id", "session_date", "day", "occasion")


def _responses() -> Table:
    return Table(
        "responses",
        "One row a sitting: what was answered to each question?",
        (PATIENT, EPISODE, *WHEN, *item_columns()),
        SITTING,
    )


def _answers() -> Table:
    columns = (
        PATIENT,
        EPISODE,
        *WHEN,
        Column(name="instrument", type="word", meaning="which questionnaire", required=True, expected=True),
        Column(name="item", type="word", meaning='number of the question, or "total"', required=True, expected=True),
        Column(name="response", type="word", meaning="answer code, or the total", expected=True),
    )
    return Table("answers", "One row an answer: the responses in long form", columns, (*SITTING, "instrument", "item"))


@cache
def feed_tables() -> dict[str, Table]:
    """Say which tables a feed may have, and which columns in them.

    Returns
    -------
    dict
        Name to declaration: patients, referrals, contacts, responses (wide) and answers (long).
    """
    return {table.name: table for table in (_patients(), _referrals(), _contacts(), _responses(), _answers())}


def feed_table(name: str) -> Table:
    """Say what one table of a feed may contain.

    Parameters
    ----------
    name : str
        "patients", "referrals", "contacts", "responses" or "answers".

    Returns
    -------
    Table
        Its declaration.

    Raises
    ------
    ConfigError
        If a feed has no such table.
    """
    tables = feed_tables()
    if name not in tables:
        raise ConfigError(f"table {name!r} is not part of a feed; a feed has {', '.join(tables)}")
    return tables[name]
