"""Riley's criteria against the R program pmsampsize 1.1.3."""

import pytest

from outcomes.errors import ConfigError
from outcomes.prognosis.sample_size import needed_sample, r2_from_auroc


def test_published_example_with_r2():
    found = needed_sample(24, 0.174, r2_cox_snell=0.288)
    assert found.by_criterion == (623, 662, 221)
    assert found.n == 662


def test_published_example_with_area():
    # pmsampsize simulates a million people to get R2 = .1207; here it is integrated, hence the small difference
    assert r2_from_auroc(0.70, 0.50) == pytest.approx(0.1207, abs=2e-4)
    assert needed_sample(30, 0.50, auroc=0.70).n == pytest.approx(2084, abs=5)
    assert needed_sample(30, 0.50, r2_cox_snell=0.1207).n == pytest.approx(2084, abs=1)


def test_more_parameters_need_more_people():
    sizes = [needed_sample(k, 0.3, auroc=0.75).n for k in (10, 20, 40)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_parameters": 0, "prevalence": 0.3, "auroc": 0.7}, "n_parameters must be at least 1"),
        ({"n_parameters": 5, "prevalence": 0.3}, "exactly one of"),
        ({"n_parameters": 5, "prevalence": 0.3, "auroc": 0.5}, "auroc must be above .5"),
        ({"n_parameters": 5, "prevalence": 0.3, "r2_cox_snell": 0.9}, "r2_cox_snell must lie between 0 and 0.7053"),
    ],
)
def test_impossible_plans_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        needed_sample(**arguments)
