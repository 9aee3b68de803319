"""Waits, steps and therapies by group in the report."""

from outcomes.studies.chapters.groups_received import received_blocks


def test_waits_steps_and_therapies_are_shown_with_the_groups_down_and_the_offers_across(materials):
    blocks, table = received_blocks(materials.episodes, ["gender"], "midpoint6", edition=materials.edition.key)
    assert [block.name for block in blocks[1:]] == ["waits_and_steps_by_group", "therapies_by_group"]
    grid = blocks[1].arrange(blocks[1].released)
    assert grid.header[:3] == ("", "Within 6 weeks", "Within 18 weeks")
    assert grid.rows[0][0].text == "Gender"
    started = materials.episodes["days_waited"].notna().sum()
    assert table.loc[table["received"].eq("Within 6 weeks"), "n"].sum() == started


def test_where_no_day_is_known_nothing_is_shown(materials):
    unknown = materials.episodes.assign(
        days_waited=float("nan"), days_first_to_second=float("nan"), highest_step=None, therapy=None
    )
    assert received_blocks(unknown, ["gender"], "midpoint6")[0] == []
