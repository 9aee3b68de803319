"""What an analyst sees of runs and models on the terminal, and what is refused."""

import json

import pytest

from outcomes.errors import AccessError, ConfigError, GateError
from outcomes.library.tombstones import Tombstones, intend, settle_beside
from outcomes.studies.tracked import CompareRequest, compare_runs, list_models, list_runs, promote_models
from outcomes.tracking.gates import GATES, Gate
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.registry import Registry

NAME = "prognosis/boosted_trees/by_patient/auroc"
REASON = "agreed for a silent trial on 2026-01-05"


def recorded(workspace, auroc, seed, gate=True):
    store = workspace / "mlflow"
    subject = Subject("small", "Does it run?", "5f" * 32, "invented", "e", "midpoint6", {"seed": seed})
    with tracker(subject, store=store) as run:
        run.metrics({"people/referrals": 500})
        children = {}
        for session in (0, 2):
            with run.child(f"landmark {session}", tags={"landmark": session}) as child:
                child.metrics({NAME: auroc, f"{NAME}_low": auroc - 0.03, f"{NAME}_high": auroc + 0.03})
                child.model(f"landmark_{session}.json", json.dumps({"auroc": auroc, "session": session}))
                children[session] = child.run_id
    registry = Registry(MlflowStore(store))
    for session, run_id in children.items():
        gates = [Gate(name, gate if session else True, "as measured") for name in GATES if name != "privacy"]
        registry.register(
            f"small.session_{session}",
            run_id=run_id,
            file=f"landmark_{session}.json",
            gates=[*gates, Gate("privacy", passed=True, sentence="as measured")],
            facts={"study": "small", "landmark": session, "snapshot": "5f" * 32},
        )
    return run.run_id


@pytest.fixture
def workspace(tmp_path):
    recorded(tmp_path, 0.70, seed=1)
    recorded(tmp_path, 0.74, seed=2, gate=False)
    return tmp_path


def test_runs_are_listed_newest_first_and_by_study(workspace):
    text = list_runs(workspace)
    assert text.count("small") == 2
    assert "landmark" not in text
    with pytest.raises(AccessError, match="no run of 'other' is recorded; studies with runs: small"):
        list_runs(workspace, "other")


def test_a_comparison_names_the_setting_and_the_difference_with_its_interval(workspace, tmp_path):
    runs = [line.split("│")[1].strip() for line in list_runs(workspace).splitlines() if "small" in line]
    text = compare_runs(CompareRequest(workspace, runs[1], runs[0], to=tmp_path / "difference.csv"))
    assert "│ seed " in text
    assert "+0.04" in text
    assert "-0.002426 to +0.08243" in text  # .04 -+ sqrt(2) * .03, two independent intervals
    assert (tmp_path / "difference.csv").read_text().splitlines()[0].startswith("session,metric,a,b,difference")
    same = compare_runs(CompareRequest(workspace, "latest", "small"))
    assert "Every metric that both runs have is the same." in same


def test_a_comparison_is_written_as_markdown_too(workspace, tmp_path):
    compare_runs(CompareRequest(workspace, "latest", "small", everything=True, to=tmp_path / "difference.md"))
    lines = (tmp_path / "difference.md").read_text().splitlines()
    assert lines[0].startswith("| session | metric |")
    assert set(lines[1]) <= set("|- ")
    assert any(NAME in line for line in lines)


def test_all_challengers_become_champions_or_none(workspace):
    with pytest.raises(GateError, match=r"small\.session_2 version 2 may not be used: calibration is red"):
        promote_models(workspace, "small")
    assert "champion" not in list_models(workspace)
    assert promote_models(workspace, "small", session=0) == ("small.session_0: version 2 is the champion",)
    told = promote_models(workspace, "small", despite=REASON)
    assert told[1] == f"small.session_2: version 2 is the champion, despite its gates: {REASON}"
    assert list_models(workspace).count("champion") == 2


def test_an_older_version_can_be_promoted_again(workspace):
    assert promote_models(workspace, "small", session=2, version=1) == ("small.session_2: version 1 is the champion",)


def test_a_model_of_somebody_who_was_erased_is_not_used_again(workspace):
    library = workspace / "small" / "library"
    intend(library, Tombstones(snapshots=frozenset({"5f" * 32})))
    with pytest.raises(AccessError, match="an erasure is under way or was stopped half way"):
        promote_models(workspace, "small", despite=REASON)
    settle_beside(library)
    with pytest.raises(
        AccessError, match=r"held somebody who was erased since .* nothing that was made from it is used"
    ):
        promote_models(workspace, "small", despite=REASON)
    assert "champion" not in list_models(workspace)


def test_wrong_questions_get_a_sentence(workspace, tmp_path):
    with pytest.raises(ConfigError, match=r"--to must end in \.csv or \.md, got 'x\.pdf'"):
        compare_runs(CompareRequest(workspace, "latest", "latest", to=tmp_path / "x.pdf"))
    with pytest.raises(ConfigError, match="no metric of both runs has 'nothing'"):
        compare_runs(CompareRequest(workspace, "latest", "latest", metric="nothing"))
    with pytest.raises(AccessError, match="no registered model of 'other'"):
        promote_models(workspace, "other")
    with pytest.raises(AccessError, match="no registered model of 'small' after session 9"):
        promote_models(workspace, "small", session=9)
    with pytest.raises(AccessError, match="cannot be written"):
        compare_runs(CompareRequest(workspace, "latest", "latest", everything=True, to=tmp_path / "no" / "x.csv"))


@pytest.mark.parametrize("ask", [list_runs, list_models, lambda place: promote_models(place, "small")])
def test_a_workspace_without_runs_says_so(tmp_path, ask):
    with pytest.raises(AccessError, match="no runs are recorded under"):
        ask(tmp_path)


def test_a_store_without_models_says_so(tmp_path):
    subject = Subject("small", "?", "5f" * 32, "invented", "e", "midpoint6", {})
    with tracker(subject, store=tmp_path / "mlflow"):
        pass
    with pytest.raises(AccessError, match="no model is registered yet"):
        list_models(tmp_path)
