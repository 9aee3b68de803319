"""Who came, and how far: counts that only fall, shares that follow from them."""

import pandas as pd
import pytest

from outcomes.studies.chapters.people import people_chapter


@pytest.fixture(scope="module")
def chapter(materials):
    return people_chapter(materials, policy="midpoint6", by="gender")


def test_every_step_of_the_funnel_counts_fewer_or_as_many(chapter, tables, materials):
    reached = tables(chapter)["funnel"]
    assert reached["n"].astype(int).is_monotonic_decreasing
    assert chapter.internal["funnel"]["n"].iloc[0] == len(materials.episodes)
    assert reached["stage"].tolist()[-1] == "Recovered"


def test_the_referrals_are_counted_with_those_who_came_twice(chapter, materials):
    assert chapter.metrics["people/referrals"] == len(materials.episodes)
    assert len(materials.episodes) > materials.episodes["pseudonym"].nunique()


def test_table_one_has_a_column_for_each_group_and_one_for_everyone(chapter, tables):
    one = tables(chapter)["table_one"]
    assert {"Everyone", "Female", "Male"} <= set(one["group"])
    people = one[one["characteristic"].eq("People")].set_index("group")["n"].astype(int)
    assert people["Everyone"] >= people.drop("Everyone").max()
    assert "Gender" not in set(one["characteristic"])


def test_percentages_that_rounding_would_make_are_left_out_of_table_one(chapter, tables):
    one = tables(chapter)["table_one"]
    parts = one[one["level"].ne("") & one["n"].notna()]
    size = one[one["characteristic"].eq("People")].set_index("group")["n"].astype(int)
    small = parts["group"].map(size).lt(60)
    assert small.any()
    assert (~small).any()
    assert parts.loc[small, "share_pct"].isna().all()
    assert parts.loc[~small, "share_pct"].notna().any()


def test_a_policy_that_does_not_round_keeps_every_percentage(materials):
    unrounded = people_chapter(materials, policy="threshold10", by="gender")
    notes = next(
        block.released.notes for block in unrounded.section.blocks if getattr(block, "name", "") == "table_one"
    )
    assert not any("rounding alone" in note for note in notes)


def test_a_step_that_the_feed_cannot_tell_is_left_out(materials, tables):
    unknown = pd.array([None] * len(materials.episodes), dtype="boolean")
    known = materials.episodes.assign(completed=unknown, started=unknown, assessed=unknown)
    bare = type(materials)(**{**vars(materials), "episodes": known})
    stages = people_chapter(bare, policy="midpoint6", by=None).internal["funnel"]["stage"].tolist()
    assert not {"Assessed", "Started treatment", "Completed a course"} & set(stages)
    assert "Referral ended" in stages
