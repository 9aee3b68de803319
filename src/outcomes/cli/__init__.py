"""The command line: parse, call one study, return an exit code. Heavy imports wait until a command needs them."""

from outcomes.cli import care, england, erasing, keys, library, models, pages, release, runs, study
from outcomes.cli.app import app, main

__all__ = [
    "care",
    "england",
    "erasing",
    "keys",
    "library",
    "main",
    "models",
    "pages",
    "release",
    "runs",
    "study",
]

# Who asks for what: the order in which the help shows the commands, each module under its reader.
READERS = (
    ("Analysts", (study, runs, models, pages)),
    ("Authors", (release, england)),
    ("Supervisors and therapists", (care,)),
    ("Data managers and stewards", (library, keys, erasing)),
)


ORDER = {
    module.__name__: (reader, place)
    for place, (reader, module) in enumerate((reader, module) for reader, modules in READERS for module in modules)
}

for _command in app.registered_commands:
    _command.rich_help_panel = ORDER[_command.callback.__module__][0] if _command.callback else None
for _group in app.registered_groups:
    _inside = _group.typer_instance.registered_commands[0] if _group.typer_instance else None
    _group.rich_help_panel = ORDER[_inside.callback.__module__][0] if _inside and _inside.callback else None
app.registered_commands.sort(key=lambda one: ORDER[one.callback.__module__][1] if one.callback else 0)
