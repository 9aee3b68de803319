"""Editions of the outcome rules: dated, complete, and never silently changed."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.codelists import code_list
from outcomes.reference.instruments import instrument
from outcomes.reference.loader import FOLDER
from outcomes.reference.rules import DescriptorRule, edition_of, read_edition, rule_edition, rule_editions
from outcomes.reference.thresholds import Threshold


def test_registry_and_folder_hold_the_same_editions() -> None:
    assert set(rule_editions()) == {path.stem for path in (FOLDER / "rules").glob("*.toml")}


@pytest.mark.parametrize(
    ("descriptor", "measure"),
    [
        ("F320", None), ("F411", None), ("F412", None), ("F402", None), ("", None),
        ("F400", "mobility_alone"), ("F401", "spin"), ("F410", "pdss"), ("F42", "oci"), ("F421", "oci"),
        ("F431", "pcl5"), ("F452", "hai"), ("f40.1 ", "spin"), ("G933", "cfq"), ("K580", "ibs_sss"),
        ("83482000", "biq"), ("723916001", "phq15"),
    ],
)  # fmt: skip
def test_problem_and_its_anxiety_measure(descriptor: str, measure: str | None) -> None:
    rule = rule_edition().descriptor_rule(descriptor)
    assert (rule.instrument if rule else None) == measure


def test_the_longest_prefix_decides() -> None:
    general = DescriptorRule("F40", "PanicDisorder", "pdss")
    edition = replace(rule_edition(), descriptor_rules=(general, *rule_edition().descriptor_rules))
    found = [edition.descriptor_rule(code) for code in ("F401", "F408")]
    assert [rule.instrument for rule in found if rule] == ["spin", "pdss"]


def test_the_token_of_a_rule_is_the_token_of_its_instrument() -> None:
    for edition in rule_editions().values():
        for rule in edition.descriptor_rules:
            assert instrument(rule.instrument).adsm_token == rule.token
            assert code_list("problem_descriptor").find(rule.prefix) is not None


def test_post_traumatic_stress_was_judged_on_another_measure_before_2020() -> None:
    old = rule_edition("iapt_v1_5").descriptor_rule("F431")
    assert old is not None
    assert old.instrument == "iesr"
    assert not rule_edition("iapt_v1_5").verified


def test_recovery_divides_by_finished_less_not_at_caseness() -> None:
    for edition in rule_editions().values():
        assert dict(edition.denominators) == {
            "reliable_improvement": "finished",
            "reliable_deterioration": "finished",
            "no_reliable_change": "finished",
            "recovery": "finished_less_not_at_caseness",
            "reliable_recovery": "finished_less_not_at_caseness",
        }


def test_editions_follow_each_other_without_overlap() -> None:
    order = [rule_edition(key) for key in ("iapt_v1_5", "nhs_talking_therapies_v2_0", "nhs_talking_therapies_v2_1")]
    for before, after in pairwise(order):
        assert before.valid_to is not None
        assert after.valid_from is not None
        assert (after.valid_from - before.valid_to).days == 1


def test_a_user_may_answer_for_a_threshold_and_the_edition_stays_as_it_was() -> None:
    edition = rule_edition()
    own = Threshold(Decimal(50), "at_least", verified=False, source="outcomes_definition")
    changed = edition.with_threshold("ibs_sss", "reliable_change", own)
    assert edition.reliable_change("ibs_sss") is None
    assert changed.reliable_change("ibs_sss") is own
    assert changed.caseness("ibs_sss") == instrument("ibs_sss").caseness
    with pytest.raises(ConfigError, match="kind must be"):
        edition.with_threshold("ibs_sss", "cutoff", own)


def test_an_edition_is_accepted_as_record_key_or_nothing() -> None:
    assert edition_of(None) is edition_of("nhs_talking_therapies_v2_1") is edition_of(rule_edition())
    with pytest.raises(ConfigError, match="'v9' is not known"):
        edition_of("v9")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lowest = 29", "lowest = 30", "without gap"),
        ('recovery = "finished_less', 'recovery = "at_caseness_less', "denominators must be among"),
        ('instrument = "spin"', 'instrument = "spun"', "'spun' is not known"),
        ("minimum_scores = 2", "", "'minimum_scores' is missing"),
        ('source = "', 'source = "nobody; ', "'nobody' is not in the bibliography"),
        ('key = "', 'key = "x', "must equal the name"),
    ],
)
def test_a_faulty_edition_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (FOLDER / "rules" / "nhs_talking_therapies_v2_1.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "nhs_talking_therapies_v2_1.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_edition(path)


def test_an_edition_can_carry_its_own_thresholds(tmp_path: Path) -> None:
    text = (FOLDER / "rules" / "iapt_v1_5.toml").read_text(encoding="utf-8")
    own = '\n[[thresholds]]\ninstrument = "gad7"\nkind = "caseness"\nvalue = 10\nsource = "spitzer_2006"\n'
    path = tmp_path / "iapt_v1_5.toml"
    path.write_text(text + own, encoding="utf-8")
    edition = read_edition(path)
    limit = edition.caseness("gad7")
    assert limit is not None
    assert limit.value == 10
    assert edition.caseness("phq9") == instrument("phq9").caseness
