"""An experiment file to vary, the place where it runs, and what came of it."""

import json
from dataclasses import dataclass
from pathlib import Path

from outcomes.library.projects import register_projects
from outcomes.library.roles import create_keys
from outcomes.studies.opening import Request
from outcomes.studies.whole import StudyRecord, run_study
from outcomes.tables.canonical import library_tables

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

    def keys(self, *, project=False):
        """A folder of keys, made when it is first asked for; with a register that lets a project read everything."""
        folder = self.root / "keys"
        if not folder.is_dir():
            create_keys(folder, region="uk")
        if project:
            names = {table: list(one.names) for table, one in library_tables().items()}
            fields = "\n".join(f"{table} = {json.dumps(columns)}" for table, columns in names.items())
            path = self.root / "projects.toml"
            path.write_text(
                f'[[project]]\nname = "small"\npurpose = "tests"\nlegal_basis = "made for tests"\nends = 2099-12-31\n'
                f"tables = {json.dumps(list(names))}\n[project.fields]\n{fields}\n",
                encoding="utf-8",
            )
            library, vault = (self.workspace / "small" / name for name in ("library", "vault"))
            register_projects(path, library=library, vault=vault, keys=folder)
        return folder


def identified(text):
    """The same experiment, of an identified source that is read for a project."""
    return (
        text.replace('kind = "invented"', 'kind = "identified"')
        .replace("\nseed = 7", "")
        .replace("seed = 11", 'seed = 11\nproject = "small"')
    )


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
