"""What pages say of records, limits and codes is what the package holds."""

import re
from itertools import takewhile
from pathlib import Path
from types import FunctionType

import pytest

from outcomes import errors
from outcomes.disclosure.attack import NODES
from outcomes.flags.page import LISTS_UP_TO, SHEETS_UP_TO
from outcomes.library.meanings import MEANINGS
from outcomes.prognosis.privacy import LIMIT
from outcomes.publications import figures, grids, subtype_figures
from outcomes.reference.figures import england, england_years
from outcomes.reference.governance import opt_out_rule
from outcomes.reference.groups import groupings
from outcomes.reference.instruments import instruments
from outcomes.reference.policies import DEFAULT_POLICY, disclosure_policies
from outcomes.reference.thresholds import Threshold

ROOT = Path(__file__).parents[2]
WORDS = {"at_least": "{} or more", "above": "above {}"}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """Give the cells of the table whose header begins with these words."""
    after = text[text.index(heading) :].splitlines()[2:]
    lines = takewhile(lambda line: line.startswith("|"), after)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def key_of(cell: str) -> str:
    """Give the word between back ticks."""
    return re.findall(r"`(\w+)`", cell)[0]


def threshold_in_words(found: Threshold) -> str:
    return WORDS[found.direction].format(f"{found.value:f}")


def test_the_table_of_instruments_is_that_of_the_records() -> None:
    told = {key_of(row[0]): row for row in rows(page("docs/reference.md"), "| instrument | items")}
    held = instruments()
    assert set(told) == set(held)
    for key, (_, items, span, caseness, change, _verified) in told.items():
        one = held[key]
        assert int(items) == len(one.items), key
        low, high = re.findall(r"\d+", span)[:2]
        assert (float(low), float(high)) == (float(one.minimum), float(one.maximum)), key
        for words, known in ((caseness, one.caseness), (change, one.reliable_change)):
            if known is None:
                assert words in {"none", "not known"}, key
            else:
                assert words == threshold_in_words(known), key


def test_an_instrument_is_called_verified_only_where_all_of_it_is() -> None:
    for row in rows(page("docs/reference.md"), "| instrument | items"):
        one = instruments()[key_of(row[0])]
        limits = [limit for limit in (one.caseness, one.reliable_change) if limit is not None]
        if row[5] == "yes":
            assert one.verified, one.key
            assert all(limit.verified for limit in limits), one.key
        if row[5].startswith("thresholds"):
            assert not all(limit.verified for limit in limits), one.key


def test_every_policy_and_no_other_is_told() -> None:
    told = {key_of(row[0]): row[0] for row in rows(page("docs/disclosure.md"), "| policy | counts")}
    assert set(told) == set(disclosure_policies())
    assert [key for key, words in told.items() if "default" in words] == [DEFAULT_POLICY]


def test_every_grouping_can_be_named() -> None:
    text = page("docs/fairness.md")
    section = text[text.index("## What can be named") : text.index("`intersections`")]
    assert set(re.findall(r"`(\w+)`", section)) - {"between_services", "outcome_by_year"} == set(groupings())


def test_every_rule_of_an_intake_is_told() -> None:
    named = set(re.findall(r"`([a-z_]+)`", page("docs/intake.md")))
    assert set(MEANINGS) - named <= {"contact_after_discharge"}  # has a meaning; nothing counts it
    ruled = {
        rule for row in rows(page("docs/intake.md"), "| rule | what becomes") for rule in re.findall(r"`(\w+)`", row[0])
    }
    assert ruled <= set(MEANINGS)


def test_exit_codes_are_those_of_the_errors() -> None:
    text = page("README.md")
    listed = " ".join(text[text.index("Exit codes: ") :].split("\n\n")[0].split())
    told = {int(code) for code in re.findall(r"(?:Exit codes: |, )(\d+) ", listed)}
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.OutcomesError)]
    assert {one.exit_code for one in kinds} <= told
    assert told - {one.exit_code for one in kinds} == {0, 10, 130}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docs/disclosure.md", f"cannot answer within {NODES:,} nodes"),
        ("docs/tracking.md", f"is at most {LIMIT:.2f}".replace("0.", ".")),
        ("docs/prognosis.md", f"above {LIMIT:.2f} is too much".replace("0.", ".")),
        ("docs/flags.md", f"up to {SHEETS_UP_TO} open referrals; a list up to {LISTS_UP_TO:,}"),
        ("docs/bring_your_own_data.md", f"older than {opt_out_rule().longest_age_days} days"),
        ("docs/reference.md", f"totals for {england_years()[0]} to {england_years()[-1]}"),
    ],
)
def test_a_limit_that_a_page_tells_is_the_one_that_is_held(name: str, words: str) -> None:
    assert words in " ".join(page(name).split())


def test_published_figures_of_the_simulated_service_are_england_s() -> None:
    told = {row[0]: float(row[1]) for row in rows(page("docs/simulated_service.md"), "| figure | published")}
    table = england(england_years()[-1], "total").set_index("measure")["rate_pct"]
    for words in ("recovery", "reliable recovery", "reliable improvement", "reliable deterioration"):
        assert told[words] == pytest.approx(float(table[words.replace(" ", "_")])), words


def is_a_public_function_of_its_own(one: object) -> bool:
    return isinstance(one, FunctionType) and one.__module__ == subtype_figures.__name__ and one.__name__[0] != "_"


def test_every_figure_and_arrangement_of_the_page_can_be_drawn() -> None:
    drawn = [key_of(row[0]) for row in rows(page("docs/publications.md"), "| figure | columns")]
    of_states = {name for name, one in vars(subtype_figures).items() if is_a_public_function_of_its_own(one)}
    assert set(drawn) == set(figures.__all__) | of_states
    text = page("docs/publications.md")
    section = text[text.index("## Arrangements of tables") : text.index("## The page")]
    for name in re.findall(r"`(\w+)` \(", section):
        assert hasattr(grids, name), name
