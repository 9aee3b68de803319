"""The record of one file cannot be changed once it is made."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest

from outcomes.library.inputs import Input


def test_the_record_is_frozen_and_has_no_members_unless_said():
    one = Input("responses", "responses", Path("x.csv"), "abc", 3, 0, (), "", pd.DataFrame(), pd.DataFrame(), {})
    assert one.members is None
    with pytest.raises(FrozenInstanceError):
        one.rows = 4
