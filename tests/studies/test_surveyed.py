"""A survey through a whole study: the population's figures beside the sample's, and nobody's weight anywhere."""

import csv
import json

import numpy as np
import pytest
from small_study import Place, ran
from survey_feed import SENTINEL, SURVEY, people, write_survey

from outcomes.cohort.survey import survey_design
from outcomes.errors import ConfigError, DataError
from outcomes.fairness.survey import weighted_shares
from outcomes.studies.materials import prepare
from outcomes.studies.opening import open_study
from outcomes.studies.surveyed import caseness_flags, weighted_caseness, weighted_classes
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.tracking.mlflow_store import MlflowStore


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("survey"))
    return ran(place, SURVEY, tracking=True, source=write_survey(place.root / "feed"))


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("drawn"))
    request = place.request(SURVEY, source=write_survey(place.root / "feed"))
    return prepare(open_study(request, fresh=True))


def rows(study, table):
    with (study.report / "tables" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_weighted_caseness_is_that_of_the_population(survey):
    frame, _ = people()
    total = frame.filter(like="phq9_").sum(axis=1)
    weight, case = frame["w"].to_numpy(), total.ge(10).to_numpy()
    row = rows(survey, "weighted_phq9_at_caseness")[0]
    assert row["group"] == "Everyone"
    assert float(row["raw_pct"]) == pytest.approx(100 * case.mean(), abs=1)
    assert float(row["weighted_pct"]) == pytest.approx(100 * weight @ case / weight.sum(), abs=1.5)
    assert float(row["raw_pct"]) > 1.5 * float(row["weighted_pct"])
    assert float(row["low_pct"]) < float(row["weighted_pct"]) < float(row["high_pct"])
    assert float(row["effective_n"]) == pytest.approx(weight.sum() ** 2 / (weight**2).sum(), abs=6)
    groups = {row["group"] for row in rows(survey, "weighted_phq9_at_caseness")}
    assert groups == {"Everyone", "Female", "Male"}


def test_weighted_classes_are_those_of_the_population(survey):
    frame, ill = people()
    share = 100 * frame["w"].to_numpy() @ ill / frame["w"].sum()
    mild, severe = rows(survey, "weighted_classes")
    assert float(severe["weighted_pct"]) == pytest.approx(share, abs=2.5)
    assert float(severe["raw_pct"]) == pytest.approx(100 * ill.mean(), abs=2.5)
    assert float(mild["weighted_pct"]) + float(severe["weighted_pct"]) == pytest.approx(100, abs=2)
    assert float(severe["design_effect"]) > 0


def test_what_is_of_the_sample_and_what_of_the_population_is_said(survey):
    assert "What is not called weighted, or of the population, describes the people who were asked" in survey.page
    assert "The number of classes was chosen without weights" in survey.page
    assert "PHQ-9 at caseness, population" in survey.page
    methods = (survey.report / "methods.md").read_text(encoding="utf-8")
    assert "weights of 2 cycles were divided by their number" in methods
    assert "20 degrees of freedom" in methods


def test_metrics_of_the_run_are_what_is_printed(survey):
    told = json.loads((survey.report / "metrics.json").read_text(encoding="utf-8"))
    first = rows(survey, "weighted_phq9_at_caseness")[0]
    assert told["survey/phq9_at_caseness/weighted_pct/everyone"] == float(first["weighted_pct"])
    assert {"survey/phq9_at_caseness/weighted_pct/gender/female", "survey/classes/weighted_pct/class_2"} <= set(told)
    store = MlflowStore(survey.workspace / "mlflow")
    kept = store.client.search_runs([one.experiment_id for one in store.client.search_experiments()])
    weighted = {name: value for name, value in told.items() if name.startswith("survey/")}
    assert len(weighted) == 20
    assert weighted.items() <= kept[0].data.metrics.items()


def test_nobodys_weight_is_in_anything_that_was_made(survey):
    made = [path for path in survey.report.rglob("*") if path.is_file()]
    made += [path for path in (survey.workspace / "mlflow").rglob("*") if path.is_file()]
    assert len(made) > 20
    for path in made:
        assert str(SENTINEL).encode() not in path.read_bytes(), path.name
        assert b"survey_stratum" not in path.read_bytes() or path.name.startswith("configuration") or ".db" in path.name


def test_the_figures_are_those_of_weighted_shares(materials):
    design = materials.survey
    assert design.cycles == 2
    assert design.freedom == 20
    drawn = survey_design(materials.opened.view.tables)
    assert drawn.people.equals(design.people)
    found = weighted_caseness(materials, design, ["gender"])["phq9_at_caseness"]
    both = design.people.merge(materials.episodes[["pseudonym", "referral", "gender"]], on="pseudonym")
    flag = caseness_flags(materials, both)["phq9_at_caseness"]
    again = weighted_shares(both.assign(ill=flag), ["gender"], "ill", weight="weight", stratum="stratum", unit="unit")
    assert found.equals(again)


def test_several_occasions_and_single_units_have_a_reason_and_no_table(materials):
    sequences = materials.trajectories(("phq9",))
    model = LatentMarkov(2, n_starts=2).fit(sequences)
    settings = materials.opened.experiment.survey
    alone = materials.survey.people.assign(stratum=materials.survey.people["unit"])
    found = weighted_classes(type(materials.survey)(alone, 2), sequences, model, settings, seed=1)
    assert found.table is None
    assert "40 strata have a single sampling unit" in found.because
    twice = sequences.select(np.repeat(np.arange(5), 2))
    longer = type(sequences)(
        twice.items, twice.starts[::2], twice.keys.iloc[::2], twice.occasion, twice.day, twice.columns
    )
    assert "asked once" in weighted_classes(materials.survey, longer, model, settings, seed=1).because


def test_weights_that_are_held_and_not_used_are_said(place):
    text = SURVEY.replace("[survey]\nresamples = 10\n", "").replace("[subtypes]", "[fairness2]").split("[fairness2]")[0]
    study = ran(place, text, source=write_survey(place.root / "feed"))
    assert "this study does not use them ([survey])" in study.page
    assert not (study.report / "tables" / "weighted_phq9_at_caseness.csv").exists()


def test_a_survey_without_weights_or_with_a_blank_one_is_refused(place):
    feed = write_survey(place.root / "feed", w=None)
    text = SURVEY.replace('survey_weight = "w"\n', "")
    with pytest.raises(ConfigError, match="holds no survey weights; map survey_weight"):
        ran(place, text, source=feed)
    frame, _ = people()
    blank = write_survey(place.root / "other", w=frame["w"].astype(object).where(frame.index != 5, ""))
    elsewhere = Place(place.root / "again")
    with pytest.raises(DataError, match="survey_weight: 1 of 800 people have none") as refused:
        ran(elsewhere, SURVEY, source=blank)
    assert "1000" not in str(refused.value)


def test_an_unknown_key_is_an_error(place):
    with pytest.raises(ConfigError, match=r"survey\.weight: unknown key"):
        ran(place, SURVEY.replace("resamples = 10", 'weight = "w"'), source=place.root)
