"""A model becomes the one in use only through its gates, and is read only if it is the one that was registered."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from outcomes.errors import AccessError, ConfigError, GateError
from outcomes.tracking.gates import GATES, Gate
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.registry import CHALLENGER, CHAMPION, Registry, Version

Make = Callable[..., Subject]
NAME = "demo_study.session_2"
FILE = "landmark_2.json"
REASON = "agreed for a silent trial on 2026-01-05"


def gates(**passed: bool | None) -> list[Gate]:
    return [Gate(name, passed.get(name, True), f"{name} as measured") for name in GATES]


@pytest.fixture
def registry(store: Path) -> Registry:
    return Registry(MlflowStore(store))


@pytest.fixture
def fitted(store: Path, subject: Make) -> Callable[..., str]:
    def fit(weight: float = 1.0, **settings: object) -> str:
        with tracker(subject(**settings), store=store) as run:
            run.model(FILE, json.dumps({"weight": weight}))
        return run.run_id

    return fit


def register(registry: Registry, run_id: str, **given: object) -> Version:
    facts = {"study": "demo_study", "landmark": 2, "snapshot": "5f" * 32, "source_kind": "invented"}
    return registry.register(NAME, **{"run_id": run_id, "file": FILE, "gates": gates(), "facts": facts, **given})


def test_the_newest_version_is_the_challenger_and_nobody_is_champion_by_itself(registry, fitted):
    first, second = register(registry, fitted(1.0)), register(registry, fitted(2.0))
    assert (first.version, second.version) == (1, 2)
    assert {one.version: one.aliases for one in registry.versions()} == {1: (), 2: (CHALLENGER,)}
    with pytest.raises(AccessError, match=r"no champion of 'demo_study\.session_2'; registered models: demo_study"):
        registry.load(NAME)


def test_a_version_tells_its_run_its_gates_and_its_facts(registry, fitted):
    made = register(registry, run := fitted())
    assert (made.run_id, made.file, made.name) == (run, FILE, NAME)
    assert made.gates == tuple(gates())
    assert made.facts == {"study": "demo_study", "landmark": "2", "snapshot": "5f" * 32, "source_kind": "invented"}


def test_the_same_model_of_the_same_data_is_not_registered_twice(registry, fitted):
    register(registry, fitted(1.0))
    register(registry, fitted(2.0))
    again = register(registry, fitted(2.0, seed=5))
    assert again.version == 2
    assert len(registry.versions(NAME)) == 2


def test_promoted_through_green_gates_it_is_what_a_service_loads(registry, fitted):
    register(registry, fitted(1.0))
    champion = registry.promote(NAME)
    assert CHAMPION in champion.aliases
    assert json.loads(registry.load(NAME)) == {"weight": 1.0}
    register(registry, fitted(2.0))
    assert json.loads(registry.load(NAME)) == {"weight": 1.0}
    registry.promote(NAME, 2)
    assert json.loads(registry.load(NAME)) == {"weight": 2.0}
    assert [one.aliases for one in registry.versions()] == [(), (CHALLENGER, CHAMPION)]


@pytest.mark.parametrize("gate", ["calibration", "fairness", "completeness"])
@pytest.mark.parametrize(("passed", "colour"), [(False, "red"), (None, "not judged")])
def test_a_gate_that_is_not_green_holds_promotion_back(registry, fitted, gate, passed, colour):
    register(registry, fitted(), gates=gates(**{gate: passed}))
    with pytest.raises(GateError, match=rf"may not be used: {gate} is {colour} \({gate} as measured\); mend it"):
        registry.promote(NAME)
    assert registry.versions()[0].aliases == (CHALLENGER,)


def test_a_reason_opens_a_gate_and_stays_with_the_version(registry, fitted):
    register(registry, fitted(), gates=gates(fairness=False))
    registry.promote(NAME, despite=REASON)
    assert registry.find(NAME, CHAMPION).despite == REASON


def test_a_model_that_gives_members_away_is_not_even_registered_without_a_reason(registry, fitted):
    with pytest.raises(GateError, match=r"not registered: privacy is red \(privacy as measured\)"):
        register(registry, fitted(), gates=gates(privacy=False))
    assert registry.versions() == ()
    assert register(registry, fitted(), gates=gates(privacy=False), despite=REASON).despite == REASON


@pytest.mark.parametrize("reason", ["x", "because", "         ."])
def test_a_reason_must_say_something(registry, fitted, reason):
    run = fitted()
    with pytest.raises(ConfigError, match="a reason needs 10 characters"):
        register(registry, run, despite=reason)
    register(registry, run)
    with pytest.raises(ConfigError, match="a reason needs 10 characters"):
        registry.promote(NAME, despite=reason)


def test_every_gate_must_have_been_asked(registry, fitted):
    with pytest.raises(ConfigError, match=r"with the gates calibration, fairness, privacy, completeness, got privacy"):
        register(registry, fitted(), gates=[Gate("privacy", passed=True, sentence="as measured")])


def test_a_flipped_byte_is_noticed_before_anything_is_registered_or_used(registry, fitted, store):
    run = fitted()
    register(registry, run)
    registry.promote(NAME)
    (file,) = (store / "artifacts").rglob(FILE)
    whole = bytearray(file.read_bytes())
    whole[3] ^= 1
    file.write_bytes(bytes(whole))
    for attempt in (lambda: registry.load(NAME), lambda: registry.promote(NAME), lambda: register(registry, run)):
        with pytest.raises(AccessError, match="not the one that was recorded"):
            attempt()
    assert len(registry.versions()) == 1


def test_half_a_registration_leaves_nothing(registry, fitted):
    with pytest.raises(AccessError, match=r"has no file 'models/other\.json'"):
        register(registry, fitted(), file="other.json")
    assert registry.versions() == ()


def test_a_champion_made_past_the_gates_on_another_page_is_not_loaded(registry, fitted, store):
    register(registry, fitted(), gates=gates(calibration=False))
    MlflowStore(store).client.set_registered_model_alias(NAME, CHAMPION, "1")
    with pytest.raises(GateError, match="may not be used: calibration is red"):
        registry.load(NAME)
    registry.promote(NAME, despite=REASON)
    assert json.loads(registry.load(NAME)) == {"weight": 1.0}
