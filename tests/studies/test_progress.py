"""Progress is told to whoever listens; the silent listener keeps nothing."""

from outcomes.studies.progress import Progress, silent


def test_silence_takes_what_every_listener_takes():
    listener: Progress = silent
    assert listener("a step", 1, 2) is None
