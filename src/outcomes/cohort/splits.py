"""Who trains and who tests? Splits that never part a patient, across referrals and across time."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError

FEWEST_FOLDS: Final = 2


def patient_folds(pseudonyms: pd.Series, n_folds: int, seed: int) -> NDArray[np.int64]:
    """Say which fold each row belongs to, so that all rows of a patient share one.

    Depends on the set of patients and the seed only, not on the order or number of rows; folds differ by at most one
    patient.

    Parameters
    ----------
    pseudonyms : Series of str
        Patient of each row.
    n_folds : int
        At least 2 and at most the number of patients.
    seed : int
        Decides who goes where.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Fold of each row, from 0.

    Raises
    ------
    ConfigError
        If there are fewer than two folds, or fewer patients than folds.
    DataError
        If a pseudonym is missing.
    """
    if pseudonyms.isna().any():
        raise DataError(f"pseudonym: {int(pseudonyms.isna().sum()):,} rows are blank (rule never_blank)")
    places, people = pd.factorize(pseudonyms, sort=True)
    if not FEWEST_FOLDS <= n_folds <= len(people):
        raise ConfigError(
            f"n_folds must be between {FEWEST_FOLDS} and the number of patients ({len(people):,}), got {n_folds}"
        )
    folds = np.random.default_rng(seed).permutation(np.arange(len(people)) % n_folds)
    return folds[places].astype(np.int64)


def temporal_split(
    pseudonyms: pd.Series, quarters: pd.Series, *, test_from: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which rows train and which test, if a model is made before a quarter and used from then on.

    A patient with referrals on both sides is in the test part only: their earlier rows are left out of training.

    Parameters
    ----------
    pseudonyms : Series of str
        Patient of each row.
    quarters : Series of str
        Calendar quarter of receipt, such as "2022Q2"; rows without one are in neither part.
    test_from : str
        First quarter of the test part.

    Returns
    -------
    train, test : ndarray of bool, shape (n_rows,)
        No patient is in both.

    Raises
    ------
    ConfigError
        If one of the two parts is empty.
    """
    known = quarters.notna().to_numpy()
    test = known & quarters.ge(test_from).to_numpy(dtype=bool, na_value=False)
    train = known & ~test & ~pseudonyms.isin(pseudonyms[test]).to_numpy()
    if not train.any() or not test.any():
        raise ConfigError(f"test_from {test_from!r} leaves nobody to {'test' if train.any() else 'train'} on")
    return train, test


def leave_one_out(
    pseudonyms: pd.Series, groups: pd.Series
) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Say which rows train and which test, if one service (or therapist, or year) at a time is new.

    Parameters
    ----------
    pseudonyms : Series of str
        Patient of each row.
    groups : Series of str
        What is left out, such as the service; rows without one are never tested.

    Yields
    ------
    group : str
        The group that is left out.
    train, test : ndarray of bool, shape (n_rows,)
        Test rows are the group's; patients among them are taken out of training wherever else they were seen.
    """
    for group in sorted(groups.dropna().unique()):
        test = groups.eq(group).to_numpy(dtype=bool, na_value=False)
        train = ~test & ~pseudonyms.isin(pseudonyms[test]).to_numpy()
        yield str(group), train, test
