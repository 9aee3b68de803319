"""Services hold therapists, and referrals stay within their service."""

import numpy as np

from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.world import therapists_for, world


def test_every_service_has_a_therapist_and_referrals_stay_inside() -> None:
    place = world(ServiceSettings(n_patients=8000), np.random.default_rng(1))
    assert set(place.therapist_service) == set(range(len(place.service_effect)))
    given = therapists_for(place.home, place, np.random.default_rng(2))
    assert (place.therapist_service[given] == place.home).all()
    assert len(np.unique(given)) == len(place.therapist_effect)


def test_effects_have_the_declared_spread() -> None:
    settings = ServiceSettings(n_patients=100_000)
    place = world(settings, np.random.default_rng(1))
    declared = settings.numbers.population.therapist_sd
    assert abs(place.therapist_effect.std() / declared - 1) < 0.1
    shares = np.bincount(place.response_class) / settings.n_patients
    np.testing.assert_allclose(shares, settings.numbers.response.class_shares, atol=0.01)
