"""What is written can be read back, is the same for the same seed, and keeps the truth apart."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.simulation.service import SimulatedService, simulate
from outcomes.simulation.settings import ServiceSettings
from outcomes.simulation.writer import FEED_TABLES, write_feed


@pytest.mark.parametrize("dirty", [False, True])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, dirty: bool) -> None:
    for name in ("one", "two"):
        write_feed(simulate(ServiceSettings(n_patients=150), seed=9), tmp_path / name, dirty=dirty)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 10
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_what_is_written_can_be_read_back(service: SimulatedService, tmp_path: Path) -> None:
    write_feed(service, tmp_path)
    for name in FEED_TABLES:
        table = getattr(service, name)
        text = pd.read_csv(tmp_path / f"{name}.csv", dtype="str", keep_default_na=False)
        assert text.columns.tolist() == table.columns.tolist()
        assert len(text) == len(table)
        assert b"\r" not in (tmp_path / f"{name}.csv").read_bytes()
    back = pd.read_csv(tmp_path / "responses.csv", dtype={"phq9_9": "Int8"})["phq9_9"]
    assert back.isna().tolist() == service.responses["phq9_9"].isna().tolist()
    assert back.sum() == service.responses["phq9_9"].sum()
    truth = pd.read_parquet(tmp_path / "truth" / "occasions.parquet")
    assert len(truth) == len(service.truth["occasions"])


def test_the_note_says_what_the_folder_is(service: SimulatedService, tmp_path: Path) -> None:
    write_feed(service, tmp_path)
    text = (tmp_path / "feed.toml").read_text(encoding="utf-8")
    note = tomllib.loads(text)
    assert "evidence about patients" in text
    assert (note["kind"], note["seed"], note["n_patients"], note["dirty"]) == ("invented", 11, 3000, False)
    assert note["rows"]["responses"] == len(service.responses)


def test_a_clean_feed_leaves_no_old_dirt_behind(tmp_path: Path) -> None:
    made = simulate(ServiceSettings(n_patients=60), seed=1)
    write_feed(made, tmp_path, dirty=True)
    assert (tmp_path / "truth" / "dirt.csv").is_file()
    write_feed(made, tmp_path)
    assert not (tmp_path / "truth" / "dirt.csv").exists()


def test_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written to folder 'taken'"):
        write_feed(simulate(ServiceSettings(n_patients=5), seed=1), tmp_path / "taken")
