"""What a service may and may not declare."""

from dataclasses import replace

import pytest

from outcomes.errors import ConfigError
from outcomes.flags.settings import FlagSettings, Link, ModelPermission, permit_model

WHOLE = ModelPermission("1.0", "ab" * 32, "identified", "recovery", 0.2, "V-1", "officer", "D-129", "D-160", "MD-1")


def test_by_default_only_rules_flag():
    assert FlagSettings().model is None
    assert FlagSettings().rules == ("deterioration", "not_on_track", "no_contact")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rules": ("model",)}, "rules must be some of"),
        ({"rules": ()}, "got none"),
        ({"instruments": ()}, "instruments must name"),
        ({"weeks_without_contact": 0}, "weeks_without_contact must be 1 or more, got 0"),
        ({"blank_questionnaires": -1}, "blank_questionnaires must be"),
        ({"course_minimum_people": 0}, "course_minimum_people must be"),
        ({"safety_window_days": 0}, "safety_window_days must be"),
    ],
)
def test_wrong_settings_are_quoted(wrong, message):
    with pytest.raises(ConfigError, match=message):
        FlagSettings(**wrong)


@pytest.mark.parametrize(
    "name",
    ["version", "sha256", "silent_validation", "clinical_safety_officer", "dcb0129", "dcb0160", "device_position"],
)
def test_each_line_of_a_permission_must_be_filled_in(name):
    with pytest.raises(ConfigError, match=name):
        replace(WHOLE, **{name: ""})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trained_on": "dreams"}, "trained_on must be"),
        ({"outcome": "suicide"}, "outcome must be"),
        ({"flag_below": 1}, "flag_below"),
    ],
)
def test_wrong_permissions_are_quoted(wrong, message):
    with pytest.raises(ConfigError, match=message):
        replace(WHOLE, **wrong)


def test_permission_is_given_only_for_its_kind():
    invented = replace(WHOLE, trained_on="invented")
    assert permit_model(FlagSettings(model=WHOLE), "identified") is WHOLE
    assert permit_model(FlagSettings(model=invented), "invented") is invented
    for kind in ("identified", "anonymised"):
        with pytest.raises(ConfigError, match="can't be switched on"):
            permit_model(FlagSettings(model=invented), kind)
    with pytest.raises(ConfigError, match="no model is switched on"):
        permit_model(FlagSettings(), "identified")
    with pytest.raises(ConfigError, match="kind must be"):
        permit_model(FlagSettings(model=WHOLE), "real")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://example.org", "", "data:text/html,x"])
def test_guidance_is_an_https_address(address):
    with pytest.raises(ConfigError, match="https"):
        Link("Sleep", address)
