"""What the tests of this room share: a desk on which caseloads are made up, an expected course, a whole service."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that the desk is found in pytest's importlib mode

from made_up import Desk, expected_course, service


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture(scope="session")
def course():
    return expected_course()


@pytest.fixture(scope="session")
def whole_service():
    return service


@pytest.fixture(autouse=True)
def _control_off(request, monkeypatch):
    """Take away the control that a test proves, when `test_hazards.py` asks for it."""
    if os.environ.get("OUTCOMES_CONTROLS_OFF"):
        from controls_off import SWITCHES

        SWITCHES[request.node.originalname](monkeypatch)
