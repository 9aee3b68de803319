"""Published conventions of stability, each side of each limit."""

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.stability import stability_limits


@pytest.mark.parametrize(
    ("similarity", "words"),
    [
        (0.0, "not to be trusted"),
        (0.599, "not to be trusted"),
        (0.6, "a pattern, members doubtful"),
        (0.749, "a pattern, members doubtful"),
        (0.75, "stable"),
        (0.85, "highly stable"),
        (1.0, "highly stable"),
        (float("nan"), "cannot be judged"),
    ],
)
def test_each_side_of_each_limit(similarity, words):
    assert stability_limits().judgement(similarity) == words


def test_the_record_has_its_sources():
    limits = stability_limits()
    assert limits.dissolved == 0.5
    assert limits.prediction_strength_from == 0.8
    assert "hennig_2007" in limits.source


def test_unknown_limits_are_refused():
    with pytest.raises(ConfigError, match="'guess' are not known; known are hennig_2007"):
        stability_limits("guess")
