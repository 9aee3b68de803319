"""The service's outcome rates beside England's, as a text for the terminal."""

from io import StringIO

import pandas as pd
from rich.console import Console
from rich.table import Table

from outcomes.errors import ConfigError
from outcomes.measures.service import service_table as beside_england
from outcomes.studies.materials import prepare
from outcomes.studies.opening import Request, open_study
from outcomes.studies.progress import Progress, silent

WIDTH = 110


def service_table(request: Request, *, progress: Progress = silent) -> str:
    """Print the service's table beside England's: numerator, denominator, rate, interval.

    Parameters
    ----------
    request
        What was asked.
    progress
        Told how far the work is.

    Returns
    -------
    str
        A table for the terminal. Internal: true counts.

    Raises
    ------
    ConfigError
        If the experiment is wrong or scores no measure of the outcome rules.
    DataError
        If the feed is refused.
    AccessError
        If research may not read the feed.
    """
    materials = prepare(open_study(request, fresh=False, progress=progress, command="measures"), progress=progress)
    if materials.outcomes is None:
        raise ConfigError("this experiment scores neither PHQ-9 nor an anxiety measure, so there are no outcome rates")
    table = beside_england(materials.episodes, materials.outcomes, edition=materials.edition)
    year = table["england_year"].iloc[0]
    shown = Table(
        title=f"Outcomes of finished courses, beside England {year} ({materials.edition.name})",
        caption=f"{materials.opened.view.statement} 95 % Wilson intervals. Internal: counts are not rounded.",
    )
    shown.add_column("measure")
    for heading in ("numerator", "denominator", "rate %", "95 % interval", f"England {year} %"):
        shown.add_column(heading, justify="right")
    for row in table.to_dict("records"):
        label = str(row["measure"]).replace("_", " ") + ("" if row["label"] == "All" else f": {row['label']}")
        shown.add_row(
            label,
            f"{row['numerator']:,}",
            f"{row['denominator']:,}",
            _number(row["rate_pct"]),
            f"{_number(row['low_pct'])} to {_number(row['high_pct'])}",
            _number(row["england_rate_pct"]),
        )
    page = StringIO()
    Console(file=page, width=WIDTH).print(shown)
    return page.getvalue()


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.1f}"
