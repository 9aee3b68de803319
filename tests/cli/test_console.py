"""Progress is one line a finished step for a log, and a bar a step for somebody who watches."""

import io

from rich.console import Console
from rich.progress import Progress

from outcomes.cli import console
from outcomes.cli.console import StepBars, StepLines, progress


def test_a_log_gets_one_line_a_finished_step(capsys):
    lines = StepLines()
    for done in range(4):
        lines("Fitting", done, 3)
    captured = capsys.readouterr()
    assert captured.err == "  Fitting: 3 of 3\n"
    assert captured.out == ""


def test_a_watcher_gets_one_bar_a_step():
    with Progress(console=Console(file=io.StringIO())) as bars:
        show = StepBars(bars)
        show("Fitting", 1, 3)
        show("Writing", 0, 1)
        show("Fitting", 3, 3)
        assert [(task.description, task.completed, task.total) for task in bars.tasks] == [
            ("Fitting", 3, 3),
            ("Writing", 0, 1),
        ]


def test_without_a_terminal_there_are_lines(monkeypatch):
    monkeypatch.setattr(console.sys, "stderr", io.StringIO())
    with progress() as show:
        assert isinstance(show, StepLines)


def test_with_a_terminal_there_are_bars(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(console.sys, "stderr", Terminal())
    with progress() as show:
        assert isinstance(show, StepBars)
