"""A folder appears whole or not at all, whatever stops the writing."""

import stat

import pytest

from outcomes.errors import AccessError
from outcomes.studies.workspace import Workspace, staged


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(final, word="new", **options):
    with staged(final, **options) as folder:
        (folder / "page.html").write_text(word)


def test_a_folder_appears_with_all_that_was_written(tmp_path):
    write(tmp_path / "report")
    assert names(tmp_path) == ["report"]
    assert names(tmp_path / "report") == ["page.html"]


def test_nothing_is_under_the_final_name_while_it_is_written(tmp_path):
    with staged(tmp_path / "report") as folder:
        (folder / "page.html").write_text("half")
        assert names(tmp_path) == [".report.partial"]


def stopped(folder, stop):
    (folder / "page.html").write_text("half")
    raise stop


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, SystemExit])
def test_what_is_stopped_leaves_the_old_folder_and_nothing_else(tmp_path, stop):
    write(tmp_path / "report", "old")
    with pytest.raises(stop), staged(tmp_path / "report") as folder:
        stopped(folder, stop)
    assert names(tmp_path) == ["report"]
    assert (tmp_path / "report" / "page.html").read_text() == "old"


def test_the_new_folder_replaces_the_old_one_whole(tmp_path):
    write(tmp_path / "report", "old")
    (tmp_path / "report" / "left.txt").write_text("of the old one")
    write(tmp_path / "report")
    assert names(tmp_path / "report") == ["page.html"]
    assert (tmp_path / "report" / "page.html").read_text() == "new"


def test_what_a_killed_run_left_is_cleaned_by_the_next(tmp_path):
    (tmp_path / ".report.partial").mkdir()
    (tmp_path / ".report.partial" / "half.html").write_text("half")
    write(tmp_path / "report")
    assert names(tmp_path) == ["report"]
    assert names(tmp_path / "report") == ["page.html"]


def test_a_folder_put_aside_by_a_killed_run_comes_back_before_the_next_fails(tmp_path):
    write(tmp_path / "report", "old")
    (tmp_path / "report").rename(tmp_path / ".report.old")
    with pytest.raises(ValueError, match="again"), staged(tmp_path / "report"):
        raise ValueError("again")
    assert (tmp_path / "report" / "page.html").read_text() == "old"
    assert names(tmp_path) == ["report"]


def test_a_private_folder_is_for_its_owner_only(tmp_path):
    write(tmp_path / "care", private=True)
    assert stat.S_IMODE((tmp_path / "care").stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_an_access_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AccessError, match=r"cannot write beside 'report' \(.*\); check the folder's permissions"):
        write(tmp_path / "file" / "report")


def test_studies_do_not_share_a_library_but_share_the_tracked_runs(tmp_path):
    one, other = (Workspace(tmp_path, tmp_path / "reports", name) for name in ("one", "other"))
    assert len({one.library, one.vault, one.feed, other.library, other.vault, other.feed}) == 6
    assert one.mlflow == other.mlflow
    assert not one.vault.is_relative_to(one.library)
