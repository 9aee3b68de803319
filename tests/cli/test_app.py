"""The command line: quick help with examples, one exit code a kind of error, no foreign message, nothing half done."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from small_study import FROM_FILES, INVENTED
from typer.exceptions import Abort
from typer.main import get_command

from outcomes import __version__, cli
from outcomes.cli import care, library, main, models, options, pages, runs, study
from outcomes.cli.app import EXIT_CODES, app
from outcomes.errors import AccessError, ConfigError, DataError, DisclosureError, NotConverged, OutcomesError
from outcomes.library.roles import create_keys
from outcomes.studies import feed as feed_study
from outcomes.studies import opening, whole
from outcomes.studies import pages as served_pages

HEAVY = {"pandas", "numpy", "sklearn", "xgboost", "mlflow", "matplotlib", "shap", "scipy", "numba", "pydantic"}


def leaves(group, before=()):
    """Every command with its full name: "run", "runs compare"."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*before, name))
        else:
            yield " ".join((*before, name)), command


COMMANDS = dict(leaves(get_command(app)))
SHORT = FROM_FILES.split("[subtypes]", maxsplit=1)[0] + "[flags]\n"
CELL = "1985-02-30 Q7SENTINEL"


def asked(place, *words, text=SHORT):
    """Run one command in a place of its own and give its exit code."""
    experiment = str(place.write(text))
    folders = ["--workspace", str(place.workspace)]
    if words[0] in {"run", "flags"}:
        folders += ["--reports", str(place.reports)]
    return main([words[0], experiment, *map(str, words[1:]), *folders])


def test_help_answers_without_heavy_imports():
    code = (
        "import sys; from outcomes.cli import main; code = main(['--help']); "
        f"print(code, sorted({HEAVY} & set(sys.modules)))"
    )
    started = time.process_time()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert time.process_time() - started < 5
    assert all(name.split()[0] in done.stdout for name in COMMANDS)


def test_help_documents_every_exit_code(capsys):
    main(["--help"])
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", capsys.readouterr().out).split())
    assert " ".join(EXIT_CODES.split()) in said
    for error in (ConfigError, DataError, AccessError, DisclosureError, NotConverged, OutcomesError):
        assert f" {error.exit_code} " in EXIT_CODES


@pytest.mark.parametrize("reader", [study, library, care, models, runs, pages])
def test_every_module_of_commands_is_registered(reader):
    assert reader.__name__.rpartition(".")[2] in cli.__all__
    assert any(command.callback.__module__ == reader.__name__ for command in COMMANDS.values())


@pytest.mark.parametrize("shared", ["Keys", "Root", "Reports", "Processes", "SourceFolder", "Allowlist"])
def test_an_option_that_commands_share_is_spelled_and_explained_in_one_place(shared):
    (info,) = getattr(options, shared).__metadata__
    spelling = info.param_decls[0] if info.param_decls else info.default
    helps = {
        parameter.help for command in COMMANDS.values() for parameter in command.params if spelling in parameter.opts
    }
    assert helps == {info.help}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_with_an_example_and_its_options(name):
    command = COMMANDS[name]
    assert command.help.strip().endswith(".") or "(" in command.help
    assert re.match(rf"Example: `outcomes {name}\b", command.epilog)
    options = [option for option in command.params if option.name != "help"]
    undocumented = [option.name for option in options if not getattr(option, "help", None)]
    assert undocumented == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_example_can_be_parsed(name):
    words = COMMANDS[name].epilog.split("`")[1].split()
    context = COMMANDS[name].make_context(name, words[1 + len(name.split()) :])
    assert context.params


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"outcomes {__version__}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["run"], "Missing argument"),
        (["run", "x.toml", "--speed"], "No such option: --speed"),
        (["run", "x.toml", "--processes", "0"], "greater than or equal to 1"),
        (["simulate", "x", "--patients", "many"], "should be a valid integer"),
        (["simulate", "x", "--patients", "3"], "greater than or equal to 20"),
        (["simulate", "x", "--patients", "900001"], "less than or equal to 900000"),
    ],
)
def test_a_wrong_word_is_code_2_with_what_to_do(words, said, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "see `outcomes --help`" in captured.err
    assert captured.out == ""


def test_a_wrong_item_process_is_code_2(tmp_path, capsys):
    assert main(["simulate", str(tmp_path / "feed"), "--patients", "20", "--item-process", "magic"]) == 2
    assert "magic" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[study\n", "is not valid TOML"),
        (SHORT.replace("seed = 11", "seeds = 11"), "study.seeds: unknown key"),
        (SHORT.replace("[flags]", "[flag]"), "flag: unknown key"),
    ],
)
@pytest.mark.parametrize("command", ["run", "ingest", "measures", "flags", "verify"])
def test_a_wrong_experiment_is_code_2_in_every_command(place, command, text, said, capsys):
    assert asked(place, command, text=text) == 2
    assert said in capsys.readouterr().err
    assert not place.workspace.exists()


def test_an_experiment_that_is_not_there_is_code_2(capsys):
    assert main(["run", "nowhere.toml"]) == 2
    assert "'nowhere.toml' cannot be read" in capsys.readouterr().err


def test_a_refused_feed_is_code_3(place, feed, tmp_path, capsys):
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "responses.csv").write_text("person,phq9_1\nP1,2\n")
    (folder / "feed.toml").write_bytes((feed / "feed.toml").read_bytes())
    assert asked(place, "ingest", "--source", folder) == 3
    assert "responses.csv" in capsys.readouterr().err


def test_what_may_not_be_read_is_code_4(place, feed, tmp_path, capsys):
    identified = SHORT.replace('"invented"', '"identified"').replace("\nseed = 7", "")
    keys = tmp_path / "keys"
    create_keys(keys, region="uk")
    assert asked(place, "run", "--source", feed, text=identified) == 4
    assert "key" in capsys.readouterr().err
    assert asked(place, "run", "--source", feed, "--keys", keys, text=identified) == 4
    assert "no opt-out allowlist is registered" in capsys.readouterr().err
    stale = tmp_path / "X26HC036-010120-0001.dat"
    stale.write_text("9996558401,\n")
    assert asked(place, "run", "--source", feed, "--keys", keys, "--allowlist", stale, text=identified) == 4
    assert "days old" in capsys.readouterr().err
    assert asked(place, "flags", "--keys", keys, text=identified) == 0
    captured = capsys.readouterr()
    assert "The expected course is not in use" in captured.out
    assert asked(place, "verify", "--keys", keys, text=identified) == 0


def test_a_library_that_is_not_there_is_code_4(place, capsys):
    assert asked(place, "verify") == 4
    assert "nothing was taken in yet" in capsys.readouterr().err
    assert main(["ui", "--workspace", str(place.workspace)]) == 4
    assert "no runs are recorded" in capsys.readouterr().err


def test_a_day_after_the_feed_is_code_2(place, feed, capsys):
    assert asked(place, "flags", "--source", feed, "--as-of", "2030-01-01") == 2
    assert "2030-01-01" in capsys.readouterr().err


def test_each_command_does_what_it_says(place, feed, capsys):
    assert asked(place, "ingest", "--source", feed) == 0
    assert "Library snapshot" in capsys.readouterr().out
    assert asked(place, "measures") == 0
    assert "Recovery" in capsys.readouterr().out.replace("recovery", "Recovery")
    assert asked(place, "flags") == 0
    assert "caseload.html" in capsys.readouterr().out
    assert asked(place, "verify") == 0
    assert "every part has the hash that names it" in capsys.readouterr().out


@pytest.mark.slow
def test_a_study_without_tracking_leaves_no_store(place, feed, capsys):
    assert asked(place, "run", "--source", feed, "--no-tracking", "--processes", "1") == 0
    captured = capsys.readouterr()
    assert "report.html" in captured.out
    assert "MLflow" not in captured.out
    assert "Writing the report: 2 of 2" in captured.err
    assert not (place.workspace / "mlflow").exists()


def test_the_invented_feed_is_written(tmp_path, capsys):
    assert main(["simulate", str(tmp_path / "feed"), "--patients", "20", "--seed", "3", "--dirty"]) == 0
    assert "20 patients" in capsys.readouterr().out
    assert (tmp_path / "feed" / "truth").is_dir()


def fail(error):
    def study(*_, **__):
        raise error

    return study


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("wrong"), 2),
        (DataError("wrong"), 3),
        (AccessError("wrong"), 4),
        (DisclosureError("wrong"), 5),
        (NotConverged("wrong"), 6),
    ],
)
def test_every_error_of_ours_is_one_message_and_its_code(place, monkeypatch, capsys, error, code):
    monkeypatch.setattr(whole, "run_study", fail(error))
    assert asked(place, "run") == code
    assert capsys.readouterr().err == "outcomes: wrong\n"


@pytest.mark.parametrize("error", [ValueError(CELL), KeyError(CELL), OSError(28, CELL), ZeroDivisionError(CELL)])
def test_a_defect_never_shows_a_foreign_message(place, monkeypatch, capsys, error):
    monkeypatch.delenv("OUTCOMES_TRACEBACK", raising=False)
    monkeypatch.setattr(opening, "ingest_feed", fail(error))
    assert asked(place, "ingest") == 70
    captured = capsys.readouterr()
    assert "SENTINEL" not in captured.out + captured.err
    assert "a defect of ours" in captured.err
    assert type(error).__name__ in captured.err


def test_a_defect_inside_a_study_never_shows_a_foreign_message(place, feed, monkeypatch, capsys):
    monkeypatch.setattr(opening, "research_view", fail(ValueError(CELL)))
    assert asked(place, "run", "--source", feed) == 70
    captured = capsys.readouterr()
    assert "SENTINEL" not in captured.out + captured.err
    assert re.search(r"ValueError in opening\.py, line \d+", captured.err)
    assert not place.reports.exists()


def test_where_it_is_safe_the_whole_traceback_is_shown_when_asked_for(place, monkeypatch, capsys):
    monkeypatch.setenv("OUTCOMES_TRACEBACK", "1")
    monkeypatch.setattr(opening, "ingest_feed", fail(ValueError(CELL)))
    assert asked(place, "ingest") == 70
    assert "SENTINEL" in capsys.readouterr().err


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Abort()], ids=["signal", "abort"])
def test_a_stop_is_code_130(place, monkeypatch, capsys, stop):
    monkeypatch.setattr(feed_study, "write_invented_feed", fail(stop))
    assert main(["simulate", str(place.root / "feed")]) == 130
    assert "stopped; nothing half-written is left under a final name" in capsys.readouterr().err


@pytest.fixture
def interruptible():
    """Hear Ctrl-C, here and in what is started from here, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("turned_into", [SystemError("a result with an exception set"), NotConverged("cut short")])
def test_a_stop_that_a_library_turned_into_another_error_is_code_130_too(place, monkeypatch, capsys, turned_into):
    def stopped_in_compiled_code(*_, **__):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise turned_into

    monkeypatch.setattr(feed_study, "write_invented_feed", stopped_in_compiled_code)
    assert main(["simulate", str(place.root / "feed")]) == 130
    assert "stopped; nothing half-written" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_control_c_leaves_nothing_half_done_and_the_next_run_goes_on(place):
    """A real signal to a real process, while it is fitting; then the same command again, on what was left."""
    small = INVENTED.replace("500", "60").split("[prognosis]", maxsplit=1)[0]
    text = small.replace("[2, 3]", "[2, 3, 4, 5, 6, 7, 8]").replace("starts = 3", "starts = 900")
    words = [str(place.write(text)), "--workspace", str(place.workspace), "--reports", str(place.reports)]
    command = [sys.executable, "-c", "import sys; from outcomes.cli import main; sys.exit(main())", "run", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            if line.startswith("  Scoring"):
                break
        time.sleep(1.5)
        os.kill(running.pid, signal.SIGINT)
        said = running.stderr.read()
        assert running.wait(timeout=60) == 130
    assert "outcomes: stopped" in said
    assert "Traceback" not in said
    assert not (place.reports / "small").exists()
    assert asked(place, "run", "--no-tracking", text=small) == 0
    assert sorted(path.name for path in place.reports.iterdir()) == ["small", "small.receipt.json"]


def test_the_pages_of_runs_are_served_on_this_machine_only(tmp_path, monkeypatch, capsys):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_bytes(b"")
    asked_for = []

    def served(command, *, env, check):
        asked_for.append((command, env["MLFLOW_DISABLE_TELEMETRY"], check))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(served_pages.subprocess, "run", served)
    assert main(["ui", "--workspace", str(tmp_path), "--port", "5123"]) == 0
    command, telemetry, _ = asked_for[0]
    assert "127.0.0.1" in command
    assert "5123" in command
    assert telemetry == "true"
    assert "5123" in capsys.readouterr().out
