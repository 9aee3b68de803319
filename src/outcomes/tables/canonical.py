"""What does the library hold? Pseudonyms, day offsets, bands and codes; no date, no identifier."""

from dataclasses import replace
from functools import cache
from typing import Final

from outcomes.errors import ConfigError
from outcomes.reference.instruments import instruments
from outcomes.tables.column import Column, Table
from outcomes.tables.feed import SURVEY, demographic_columns, feed_table, item_columns

PSEUDONYM: Final = Column(
    name="pseudonym", type="id", meaning="keyed pseudonym of the person", pattern="[0-9a-f]{32}", required=True
)
REFERRAL: Final = Column(
    name="referral", type="id", meaning="keyed pseudonym of the referral", pattern="[0-9a-f]{32}", required=True
)
OCCASION: Final = Column(
    name="occasion",
    type="integer",
    meaning="number of the sitting in order of time, or the feed's own number",
    minimum=0,
    required=True,
)
DAY: Final = Column(
    name="day", type="integer", meaning="days since day zero of the referral; missing where undated", unit="days"
)


def _kept(table: str, *names: str) -> tuple[Column, ...]:
    # Feed columns that enter as they are.
    return tuple(feed_table(table).column(name) for name in names)


def _patients() -> Table:
    band = Column(name="age_band", type="word", meaning="age group on day zero of the first referral")
    return Table("patients", "One row a person: who comes?", (PSEUDONYM, *_banded(), band, *SURVEY), ("pseudonym",))


def _banded() -> tuple[Column, ...]:
    # Demographic columns; a number enters as the label of its band.
    return tuple(
        column
        if column.type == "code"
        else Column(name=column.name, type="word", meaning=f"{column.meaning.split(';')[0]}, band")
        for column in demographic_columns()
    )


def _referrals() -> Table:
    columns = (
        PSEUDONYM,
        REFERRAL,
        Column(name="service", type="word", meaning="code of the service"),
        Column(name="therapist", type="id", meaning="keyed pseudonym of the therapist", pattern="[0-9a-f]{32}"),
        *_kept("referrals", "referral_source", "problem_descriptor"),
        Column(
            name="quarter",
            type="word",
            meaning="calendar quarter in which the referral was received",
            pattern="[0-9]{4}Q[1-4]",
        ),
        Column(
            name="end_day", type="integer", meaning="day the referral was closed; missing while it is open", unit="days"
        ),
        replace(feed_table("referrals").column("end_code"), name="end_reason"),
        Column(
            name="last_seen_day", type="integer", meaning="day of the extract: nothing is known after it", unit="days"
        ),
    )
    return Table(
        "referrals",
        "One row a request for help: when, where, why, and how did it end?",
        columns,
        ("pseudonym", "referral"),
    )


def _contacts() -> Table:
    columns = (
        PSEUDONYM,
        REFERRAL,
        Column(name="contact_number", type="integer", meaning="1, 2, 3 ... in order of day", minimum=1, required=True),
        DAY,
        *_kept("contacts", "attendance", "planned", "appointment_type", "medium", "therapy", "step"),
    )
    return Table(
        "contacts",
        "One row an appointment: was it kept, and what was it for?",
        columns,
        ("pseudonym", "referral", "contact_number"),
    )


def _occasions() -> Table:
    items = tuple(column for column in item_columns() if column.type == "integer")
    return Table(
        "occasions",
        "One row a sitting: what was answered to each question?",
        (PSEUDONYM, REFERRAL, OCCASION, DAY, *items),
        ("pseudonym", "referral", "occasion"),
    )


def _scores() -> Table:
    columns = (
        PSEUDONYM,
        REFERRAL,
        OCCASION,
        DAY,
        Column(
            name="instrument",
            type="code",
            meaning="key of the questionnaire",
            codes=tuple(instruments()),
            required=True,
        ),
        Column(name="total", type="number", meaning="total as recorded", unit="points", required=True),
    )
    return Table(
        "scores",
        "One row a total that came without its items: how high was it?",
        columns,
        ("pseudonym", "referral", "occasion", "instrument"),
    )


@cache
def library_tables() -> dict[str, Table]:
    """Say which tables the library holds.

    Returns
    -------
    dict
        Name to declaration: patients, referrals, contacts, occasions, scores.
    """
    return {table.name: table for table in (_patients(), _referrals(), _contacts(), _occasions(), _scores())}


def library_table(name: str) -> Table:
    """Say what is in one table of the library.

    Parameters
    ----------
    name : str
        "patients", "referrals", "contacts", "occasions" or "scores".

    Returns
    -------
    Table
        Its declaration.

    Raises
    ------
    ConfigError
        If the library has no such table.
    """
    tables = library_tables()
    if name not in tables:
        raise ConfigError(f"table {name!r} is not part of the library; it has {', '.join(tables)}")
    return tables[name]
