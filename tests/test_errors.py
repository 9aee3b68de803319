"""Each kind of error has its own exit code, which the manual names, and a text that is shown as it stands."""

import inspect
from pathlib import Path

import pytest

from outcomes import errors

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
