"""The invented service against the published one: every figure within its tolerance, over five seeds, nothing raked."""

import pandas as pd
import pytest

from outcomes.simulation.settings import ServiceSettings
from outcomes.studies.calibration import calibration

SEEDS = (101, 202, 303, 404, 505)
KEYS = ["measure", "breakdown", "label", "unit"]
STRICT = ("recovery", "reliable_improvement", "reliable_recovery", "reliable_deterioration")


def test_the_study_names_every_figure_and_its_tolerance() -> None:
    figures = calibration(ServiceSettings(n_patients=1500), seed=1)
    assert len(figures) >= 25
    assert not figures.duplicated(KEYS).any()
    assert figures[["published", "simulated", "tolerance"]].notna().all(axis=None)
    strict = figures[figures["measure"].isin(STRICT) & figures["unit"].eq("percent")]
    assert set(strict["measure"]) == set(STRICT)
    assert strict["tolerance"].eq(1.0).all()
    moments = figures[figures["unit"].isin(["mean", "sd"])]
    assert len(moments) == 8
    assert moments["tolerance"].eq(0.3).all()


@pytest.fixture(scope="module", params=SEEDS)
def figures(request: pytest.FixtureRequest) -> pd.DataFrame:
    return calibration(ServiceSettings(n_patients=100_000), seed=request.param)


@pytest.mark.slow
def test_published_and_simulated_figures_agree(figures: pd.DataFrame) -> None:
    shown = figures[[*KEYS, "published", "simulated", "difference", "tolerance", "within"]].round(2)
    print(shown.to_string(index=False))  # noqa: T201  the table is what a reader of the test log wants to see
    assert len(figures) >= 25
    outside = figures.loc[~figures["within"], [*KEYS, "published", "simulated", "tolerance"]]
    assert outside.empty, outside.to_string()


@pytest.mark.slow
def test_the_process_without_subtypes_is_a_like_service() -> None:
    settings = ServiceSettings(n_patients=30_000, item_process="severity")
    figures = calibration(settings, seed=1).set_index(["measure", "unit"])
    rates = figures.loc[[(measure, "percent") for measure in STRICT]]
    assert rates["difference"].abs().max() < 5.0, rates.to_string()
    moments = figures[figures.index.get_level_values("unit").isin(["mean", "sd"])]
    assert moments["difference"].abs().max() < 1.3, moments.to_string()
