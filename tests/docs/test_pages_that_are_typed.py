"""What the other pages tell somebody to type or to write down works as it stands."""

import re
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.flags.sealed import read_readers
from outcomes.library.projects import parse_register
from outcomes.library.report import IntakeReport
from outcomes.reference.instruments import read_instrument
from outcomes.reference.rules import rule_edition
from outcomes.studies.experiment import parse_experiment

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted(DOCS.parent.glob("*.md"))]


@cache
def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def run(code: str, known: dict[str, object], page: str) -> dict[str, object]:
    exec(compile(code, page, "exec"), known)  # noqa: S102  the project's own pages
    return known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_said_to_be_toml_is_toml(page):
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        assert tomllib.loads(block)


def test_the_experiment_file_of_bring_your_own_data_is_accepted():
    (block,) = blocks("bring_your_own_data.md", "toml")
    experiment = parse_experiment(tomllib.loads(block), name="my_service.toml")
    assert experiment.study.project == "waits"
    assert experiment.flags is not None
    with pytest.raises(ConfigError, match="colums"):
        parse_experiment(tomllib.loads(block.replace("columns.", "colums.")), name="my_service.toml")


def test_the_register_of_the_page_on_roles_is_accepted():
    (block,) = blocks("roles.md", "toml")
    (project,) = parse_register(block)
    assert project.name == "waits"


def test_sections_of_pages_are_accepted_in_an_experiment_file():
    (whole,) = blocks("bring_your_own_data.md", "toml")
    (source,) = [block for block in blocks("intake.md", "toml") if "submission" in block]
    (model,) = [block for block in blocks("flags.md", "toml") if "[flags.model]" in block]
    content = tomllib.loads(whole)
    content["source"] |= tomllib.loads(source)["source"]
    content["flags"] |= tomllib.loads(model.replace('sha256 = "..."', f'sha256 = "{"0" * 64}"'))["flags"]
    read = parse_experiment(content, name="my_service.toml")
    assert read.source.submission == "whole"
    assert read.flags is not None
    assert read.flags.model is not None
    assert read.flags.model.days_valid == 365


def test_the_readers_of_the_page_on_flags_are_read(tmp_path):
    (block,) = [block for block in blocks("flags.md", "toml") if "[readers]" in block]
    key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"  # from the age specification's own example
    path = tmp_path / "readers.toml"
    path.write_text(block.replace("age1...", key), encoding="utf-8")
    assert set(read_readers(path)) == {"supervisor", "T01"}


def test_the_instrument_of_the_page_on_reference_loads(tmp_path):
    (block,) = blocks("reference.md", "toml")
    path = tmp_path / "mood_thermometer.toml"
    path.write_text(block, encoding="utf-8")
    read = read_instrument(path)
    assert [item.word for item in read.items] == ["mood", "worry"]
    assert read.caseness is not None


def test_a_threshold_of_the_service_goes_into_an_edition():
    (block,) = blocks("reference.md", "python")
    edition = run(block, {}, "reference.md")["edition"]
    assert edition != rule_edition()


def test_the_service_of_the_page_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("simulated_service.md", "python")
    run(block.replace("n_patients=5000", "n_patients=60"), {}, "simulated_service.md")
    found = {
        path.relative_to(tmp_path / "feed").as_posix() for path in (tmp_path / "feed").rglob("*") if path.is_file()
    }
    assert {"patients.csv", "referrals.csv", "contacts.csv", "responses.csv", "feed.toml"} <= found
    truths = re.findall(
        r"^\| `(\w+)`(?:, `(\w+)`)? \| a", (DOCS / "simulated_service.md").read_text("utf-8"), re.MULTILINE
    )
    named = {name for pair in truths for name in pair if name}
    assert {f"truth/{name}.parquet" for name in named} <= found


def test_a_feed_is_taken_in_and_a_list_registered_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ingesting, registering = blocks("bring_your_own_data.md", "python")
    feed = Path("feed")
    feed.mkdir()
    items = [f"phq9_{n}" for n in range(2, 10)]
    head = ",".join(["ClientNo", "Completed", "PHQ_Q1", *items])
    for year in ("2022", "2023"):
        row = ",".join(["00123", f"03/04/{year}", "2", *["1"] * 8])
        (feed / f"scores_{year}.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    (feed / "people.csv").write_text("patient_id,gender,nhs_number\n00123,2,9990000018\n", encoding="utf-8")
    known = run(ingesting, {}, "bring_your_own_data.md")
    report = known["report"]
    assert isinstance(report, IntakeReport)
    assert report.tally.set_index("file")["accepted"].to_dict() == {
        "scores_2022.csv": 1,
        "scores_2023.csv": 1,
        "people.csv": 1,
    }
    Path("X26HC036_201223_0001.dat").write_text("9990000018,\n", encoding="utf-8")
    Path("objections.txt").write_text("00999\n", encoding="utf-8")
    run(registering, known, "bring_your_own_data.md")


@pytest.fixture
def aggregate():
    return pd.DataFrame(
        {
            "breakdown": ["gender", "gender"],
            "group": ["female", "male"],
            "events": [120, 60],
            "n": [300, 200],
            "rate_pct": [40.0, 30.0],
            "low_pct": [34.6, 24.1],
            "high_pct": [45.6, 36.7],
            "auroc": [0.71, 0.69],
            "auroc_low": [0.65, 0.62],
            "auroc_high": [0.77, 0.76],
        }
    )


def test_tables_leave_through_gate_and_door_as_the_page_says(aggregate):
    gate, _, door = blocks("disclosure.md", "python")
    known = run(gate, {"aggregate": aggregate}, "disclosure.md")
    known |= {"other": known["table"], "snapshot": "s1", "register": (), "key": b"k" * 32}
    run(door, known, "disclosure.md")
    assert known["passage"].entry.study == "my_study"  # type: ignore[attr-defined]


def test_a_report_is_written_as_the_page_says(aggregate, tmp_path):
    gate, *_ = blocks("disclosure.md", "python")
    released = run(gate, {"aggregate": aggregate}, "disclosure.md")["table"]
    (block,) = blocks("publications.md", "python")
    run(
        block.replace("methods_text(...)", '"# Methods"'),
        {"released": released, "folder": tmp_path / "r"},
        "publications.md",
    )
    made = {path.relative_to(tmp_path / "r").as_posix() for path in (tmp_path / "r").rglob("*") if path.is_file()}
    assert {"report.html", "methods.md", "tables/recovery_by_group.csv", "figures/recovery_by_group.svg"} <= made


def test_a_breakdown_is_made_as_the_page_says():
    (block,) = blocks("fairness.md", "python")
    rng = np.random.default_rng(3)
    size = 600
    judged = ("recovery", "reliable_recovery", "reliable_improvement", "reliable_deterioration", "no_reliable_change")
    outcomes = pd.DataFrame(
        {
            "pseudonym": [f"p{n}" for n in range(size)],
            "referral": [f"r{n}" for n in range(size)],
            "finished": True,
            "change_threshold_known": True,
            "caseness_threshold_known": True,
            **{name: pd.array(rng.random(size) < 0.5, dtype="boolean") for name in judged},
            "not_at_caseness": pd.array([False] * size, dtype="boolean"),
            "gender": rng.choice(["Female", "Male"], size),
            "ethnic_group_5": rng.choice(["White", "Mixed"], size),
            "deprivation_quintile": rng.choice(["Quintile 2", "Quintile 3"], size),
            "service": rng.choice(["North", "South"], size),
        }
    )
    table = run(block, {"outcomes": outcomes}, "fairness.md")["table"]
    assert isinstance(table, pd.DataFrame)
    assert set(table["breakdown"]) >= {"gender", "service"}
    assert table.loc[table["group"].eq("North"), "gap_points"].isna().all()
