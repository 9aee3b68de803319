"""Disclosure policies are recorded as published."""

from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import source
from outcomes.reference.loader import FOLDER
from outcomes.reference.policies import DEFAULT_POLICY, disclosure_policies, disclosure_policy, read_policy


def test_registry_and_folder_hold_the_same_policies() -> None:
    assert set(disclosure_policies()) == {path.stem for path in (FOLDER / "policies").glob("*.toml")}


def test_the_default_rounds_every_count_and_derives_rates_from_rounded_counts() -> None:
    policy = disclosure_policy()
    assert policy.key == DEFAULT_POLICY == "midpoint6"
    assert (policy.rounding, policy.base, policy.rates_from) == ("midpoint", 6, "rounded")


def test_the_national_rule_stars_counts_under_five_zero_included() -> None:
    policy = disclosure_policy("nhs_talking_therapies")
    assert (policy.threshold, policy.base, policy.rounding) == (5, 5, "nearest")
    assert policy.suppress_zero
    assert (policy.rates_from, policy.rate_decimals, policy.symbol) == ("true", 0, "*")


def test_every_policy_is_dated_and_its_year_is_that_of_a_source() -> None:
    for policy in disclosure_policies().values():
        years = {source(key.strip()).year for key in policy.source.split(";")}
        assert policy.published in years, policy.key
        assert policy.published <= policy.recorded.year


def test_a_vertex_of_a_curve_stands_for_ten_people_under_every_policy() -> None:
    assert {policy.minimum_n_for_a_vertex for policy in disclosure_policies().values()} == {10}


def test_an_unknown_policy_is_an_error_not_a_laxer_default() -> None:
    with pytest.raises(ConfigError, match="'none' is not known"):
        disclosure_policy("none")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rounding = "midpoint"', 'rounding = "floor"', "rounding must be one of"),
        ('rates_from = "rounded"', 'rates_from = "any"', "rates_from must be one of"),
        ("base = 6", "base = 5", "even for midpoint rounding"),
        ("recorded = 2026-11-22", "", "'recorded' is missing"),
        ("minimum_n_for_a_vertex = 10", "minimum_n_for_a_vertex = 0", "minimum_n_for_a_vertex must be"),
        ("threshold = 0", "threshold = -1", "threshold at least 0"),
        ('key = "midpoint6"', 'key = "other"', "must equal the name of the file"),
        ('"opensafely_disclosure', '"nobody', "'nobody' is not in the bibliography"),
    ],
)
def test_a_faulty_policy_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (FOLDER / "policies" / "midpoint6.toml").read_text(encoding="utf-8")
    path = tmp_path / "midpoint6.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_policy(path)
