"""`outcomes release` says what it does, and a wrong folder is one readable sentence."""

import pytest

from outcomes.cli import release
from outcomes.cli.app import main


def test_help_has_an_example(capsys):
    assert release.release.__doc__
    assert main(["release", "--help"]) == 0
    assert "outcomes release experiments/simulated_service.toml" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("folder", ["nowhere"])
def test_checking_a_folder_that_is_not_there_is_an_access_error(tmp_path, capsys, folder):
    experiment = "experiments/simulated_service.toml"
    code = main(["release", experiment, "--check", str(tmp_path / folder), "--workspace", str(tmp_path / "var")])
    assert code == 4
    assert "no such folder" in capsys.readouterr().err
