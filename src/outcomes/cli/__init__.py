"""The command line: parse, call one study, return an exit code. Heavy imports wait until a command needs them."""

# Each adds its commands to the app; what a study needs first comes first in the help.
from outcomes.cli import care, england, erasing, keys, library, models, pages, release, runs, study
from outcomes.cli.app import main

__all__ = ["care", "england", "erasing", "keys", "library", "main", "models", "pages", "release", "runs", "study"]
