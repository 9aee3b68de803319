"""Short declarations mean what the long ones say."""

import pytest

from outcomes.disclosure.layout import Gap, Rate, Statistic, layout
from outcomes.errors import DisclosureError


def test_short_forms_are_read():
    declared = layout(
        ["group"],
        ["x", "n"],
        {"rate": ("x", "n"), "other": ("x", "n", "low", "high"), "gap": Gap("x", "n", "x", "n")},
        {"mean": "n", "auc": ("n", "x"), "sd": Statistic("n", decimals=1)},
    )
    assert declared.rates["rate"] == Rate("x", "n")
    assert declared.rates["other"] == Rate("x", "n", "low", "high")
    assert declared.statistics["mean"] == Statistic("n")
    assert declared.statistics["auc"] == Statistic("n", "x")
    assert list(declared.names()) == ["group", "x", "n", "rate", "other", "low", "high", "gap", "mean", "auc", "sd"]


def test_the_events_of_a_statistic_must_be_counted():
    with pytest.raises(DisclosureError, match="not declared as counts: events"):
        layout(["group"], ["n"], {}, {"auc": ("n", "events")})
