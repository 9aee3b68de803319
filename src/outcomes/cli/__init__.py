"""The command line: parse, call one study, return an exit code. Heavy imports wait until a command needs them."""

from outcomes.cli import care, library, pages, study  # each adds its commands to the app, in the order of the help
from outcomes.cli.app import main

__all__ = ["care", "library", "main", "pages", "study"]
