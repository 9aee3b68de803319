"""The caseload command: what it passes on, and an exit code of its own when a page had to do without its model."""

import pytest

from outcomes.cli import care
from outcomes.cli.app import STOPPED, main
from outcomes.errors import OutcomesError
from outcomes.studies import caseload
from outcomes.studies.caseload import CaseloadDone


@pytest.mark.parametrize(("rules_only", "code"), [(False, 0), (True, care.RULES_ONLY)])
def test_rules_only_has_a_code_of_its_own(monkeypatch, tmp_path, capsys, rules_only, code):
    asked = {}

    def write(request, **options):
        asked.update(options, file=request.experiment.name)
        return CaseloadDone(("3 open = 1 flag + 1 no flag + 1 cannot score",), rules_only)

    monkeypatch.setattr(caseload, "write_caseload", write)
    words = ["flags", str(tmp_path / "x.toml"), "--as-of", "2023-03-31", "--team", "S1", "--dry-run", "--pdf"]
    assert main(words) == code
    assert "3 open = 1 flag" in capsys.readouterr().out
    assert (asked["file"], asked["as_of"], asked["asked"].team) == ("x.toml", "2023-03-31", "S1")
    assert asked["asked"].dry_run
    assert asked["asked"].paper


def test_the_code_is_nobody_elses():
    others = {kind.exit_code for kind in (OutcomesError, *OutcomesError.__subclasses__())}
    assert care.RULES_ONLY not in others | {0, STOPPED}
