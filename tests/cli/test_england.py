"""`outcomes england` says what it does, and a wrong year is one readable sentence."""

from outcomes.cli import england
from outcomes.cli.app import main


def test_help_has_an_example(capsys):
    assert england.england.__doc__
    assert main(["england", "--help"]) == 0
    assert "outcomes england --year 2022-23" in " ".join(capsys.readouterr().out.split())


def test_a_year_without_figures_is_a_wrong_parameter(tmp_path, capsys):
    assert main(["england", "--year", "1999-00", "--reports", str(tmp_path)]) == 2
    assert "there are 2017-18" in " ".join(capsys.readouterr().err.split())
