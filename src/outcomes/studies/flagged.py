"""What may a model learn from once its flags are shown? What happened before, and where nobody saw them."""

import numpy as np
from numpy.typing import NDArray

from outcomes.flags.use import untouched_until
from outcomes.studies.materials import Materials


def flags_until(materials: Materials) -> NDArray[np.float64] | None:
    """Say until which day of each referral nothing can have been changed by a model's flags.

    Parameters
    ----------
    materials
        Settings and episodes.

    Returns
    -------
    ndarray of float, shape (n_episodes,), or None
        As `outcomes.flags.use.untouched_until` gives it; None where no model's flags are shown.

    Raises
    ------
    DataError
        If a service that is said to be silent is not in the feed.
    """
    flags = materials.opened.experiment.flags
    if flags is None or flags.model is None:
        return None
    return untouched_until(materials.episodes, flags.model.shown_from, silent_services=flags.model.silent_services)
