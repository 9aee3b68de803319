"""Each kind of error has its own exit code, which the manual names, and a text that is shown as it stands."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from outcomes import errors
from outcomes.prognosis.crew import Crew

ROOT = Path(__file__).resolve().parents[1]
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.OutcomesError)]


def test_no_two_kinds_share_an_exit_code() -> None:
    codes = {kind.__name__: kind.exit_code for kind in KINDS}
    assert len(set(codes.values())) == len(codes)
    assert not {0, 1, 130} & set(codes.values()), "done, Python's own and Ctrl-C are taken"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_readme_names_every_exit_code(kind: type[errors.OutcomesError]) -> None:
    sentence = (ROOT / "README.md").read_text(encoding="utf-8").split("Exit codes:")[1].split("\n\n")[0]
    assert str(kind.exit_code) in sentence


def test_the_text_is_shown_as_it_stands() -> None:
    with pytest.raises(errors.OutcomesError, match=r"^n must be 2, got 1$"):
        raise errors.ConfigError("n must be 2, got 1")


def test_a_kept_fit_that_did_not_converge_is_a_warning_not_an_error() -> None:
    assert issubclass(errors.NotConvergedWarning, UserWarning)
    assert not issubclass(errors.NotConvergedWarning, errors.OutcomesError)


def test_the_place_of_a_failure_is_ours_and_not_that_of_a_file_beside_us(tmp_path: Path) -> None:
    beside = tmp_path / "outcomes" / "beside.py"  # whoever clones this project has such a folder above the tests
    beside.parent.mkdir()
    beside.write_text("def fail(*_):\n    raise ValueError('secret')\n", encoding="utf-8")
    room: dict[str, Any] = {}
    exec(compile(beside.read_text(encoding="utf-8"), str(beside), "exec"), room)  # noqa: S102  three lines of ours
    with pytest.raises(ValueError, match="secret") as alone:
        room["fail"]()
    assert errors.place_of(alone.value) == "a library"
    with pytest.raises(ValueError, match="secret") as through_us:
        Crew().map(room["fail"], [1])
    assert errors.place_of(through_us.value).startswith("crew.py, line ")
