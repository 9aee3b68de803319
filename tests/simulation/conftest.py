"""Services that several tests look at; made once."""

import pytest

from outcomes.simulation.service import SimulatedService, simulate
from outcomes.simulation.settings import ServiceSettings


@pytest.fixture(scope="session")
def service() -> SimulatedService:
    return simulate(ServiceSettings(n_patients=3000), seed=11)


@pytest.fixture(scope="session")
def severity_service() -> SimulatedService:
    return simulate(ServiceSettings(n_patients=3000, item_process="severity"), seed=11)


@pytest.fixture(scope="session", params=["states", "severity"])
def either_service(
    request: pytest.FixtureRequest, service: SimulatedService, severity_service: SimulatedService
) -> SimulatedService:
    return service if request.param == "states" else severity_service
