"""The command line: parse, call one study, return an exit code. Heavy imports wait until a command needs them."""

from outcomes.cli.app import main

__all__ = ["main"]
