"""An experiment file to vary, the place where it runs, and what came of it."""

from dataclasses import dataclass
from pathlib import Path

from outcomes.studies.opening import Request
from outcomes.studies.whole import StudyRecord, run_study

INVENTED = """
[study]
name = "small"
title = "A small invented service"
question = "Does a small service walk from its feed to the doors?"
seed = 11

[source]
format = "tidy_wide"
kind = "invented"
reason = "invented for a test"
simulate = { patients = 500, seed = 7 }

[subtypes]
states = [2, 3]
starts = 3

[prognosis]
target = { kind = "reliable_recovery" }
landmarks = [0, 2]
folds = 3
resamples = 100

[fairness]
by = ["gender", "deprivation_quintile"]

[flags]

[publications]
table_one_by = "gender"
"""
FROM_FILES = INVENTED.replace("simulate = { patients = 500, seed = 7 }", "seed = 7")


@dataclass
class Place:
    """Where one study lives."""

    root: Path

    def write(self, text):
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / "experiment.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def request(self, text, **options):
        return Request(self.write(text), self.workspace, self.reports, **options)

    @property
    def workspace(self):
        return self.root / "var"

    @property
    def reports(self):
        return self.root / "reports"

    @property
    def report(self):
        return self.reports / "small"


@dataclass
class Ran(Place):
    """A place in which a study has run."""

    record: StudyRecord
    steps: list[tuple[str, int, int]]

    @property
    def feed(self):
        return self.workspace / "small" / "feed"

    @property
    def page(self):
        return (self.report / "report.html").read_text(encoding="utf-8")


def ran(place, text, *, tracking=False, **options):
    """Run a study and keep what it said."""
    steps = []
    record = run_study(place.request(text, **options), progress=lambda *step: steps.append(step), tracking=tracking)
    return Ran(place.root, record, steps)
