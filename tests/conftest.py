"""What every test may use: where the shared data lie, where they are there at all."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Return the folder beside the project that holds real data and other people's numbers, or skip."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not there: tests against real data and outside numbers are left out")
    return folder
