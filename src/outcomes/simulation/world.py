"""Who treats whom, and how well would each person do? Services, therapists and lasting personal traits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.reference.groups import grouping
from outcomes.simulation.people import draw
from outcomes.simulation.settings import ServiceSettings

Floats = NDArray[np.float64]
REGIONAL = "Y"  # organisation codes of NHS England's regions begin with it; their statistical codes do not


@dataclass(frozen=True)
class World:
    """Services, therapists (with their effects) and personal traits.

    Shapes: `service_effect` (n_services,), `therapist_effect` and `therapist_service` (n_therapists,), others
    (n_patients,).
    """

    service_effect: Floats
    therapist_effect: Floats
    therapist_service: NDArray[np.intp]
    home: NDArray[np.intp]
    response_class: NDArray[np.intp]
    personal_effect: Floats


def world(settings: ServiceSettings, rng: np.random.Generator) -> World:
    """Draw the services, the therapists and each person's lasting traits.

    Parameters
    ----------
    settings : ServiceSettings
        Size and invented numbers.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    World
        What lasts while patients come and go.
    """
    n, population, response = settings.n_patients, settings.numbers.population, settings.numbers.response
    n_services = max(2, round(n / population.patients_per_service))
    sizes = rng.dirichlet(np.full(n_services, 6.0))
    n_therapists = max(2 * n_services, round(n / population.patients_per_therapist))
    spare = draw(sizes, n_therapists - n_services, rng)
    therapist_service = np.sort(np.concatenate([np.arange(n_services), spare]))
    return World(
        service_effect=population.service_sd * _centred(n_services, rng),
        therapist_effect=population.therapist_sd * _centred(n_therapists, rng),
        therapist_service=therapist_service,
        home=draw(sizes, n, rng),
        response_class=draw(np.array(response.class_shares), n, rng),
        personal_effect=response.person_sd * rng.standard_normal(n),
    )


def _centred(n: int, rng: np.random.Generator) -> Floats:
    # Effects are relative to the service at hand: exactly centred, with a spread of exactly one.
    drawn = rng.standard_normal(n)
    centred: Floats = (drawn - drawn.mean()) / drawn.std()
    return centred


def service_regions(n_services: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """Put each service in one of the seven NHS England regions; people live in the region of their service.

    Parameters
    ----------
    n_services : int
        How many services.
    rng : numpy.random.Generator
        Source of chance; a stream of its own, so that nothing else that is drawn depends on it.

    Returns
    -------
    ndarray of object, shape (n_services,)
        Organisation codes of regions; no region comes again before every other one has come as often.
    """
    codes = [code for code in grouping("region").codes if code.startswith(REGIONAL)]
    drawn = [rng.permutation(codes) for _ in range(-(-n_services // len(codes)))]
    return np.concatenate(drawn)[:n_services].astype(object)


def therapists_for(services: NDArray[np.intp], place: World, rng: np.random.Generator) -> NDArray[np.intp]:
    """Give each referral one of its service's therapists, each equally likely.

    Parameters
    ----------
    services : ndarray of int, shape (n,)
        Service of each referral.
    place : World
        The therapists.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of int, shape (n,)
        Positions of therapists.
    """
    counts = np.bincount(place.therapist_service, minlength=len(place.service_effect))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return starts[services] + np.floor(rng.random(len(services)) * counts[services]).astype(np.intp)
