"""An experiment file is read whole, or everything that is wrong with it is said at once."""

import tomllib
from pathlib import Path

import pytest
from small_study import FROM_FILES, INVENTED

from outcomes.errors import ConfigError
from outcomes.studies.experiment import Experiment, parse_experiment, read_experiment
from outcomes.studies.sections import (
    fairness,
    flags,
    measures,
    prognosis,
    publications,
    registry,
    section,
    source,
    study,
    subtypes,
    survey,
)

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
WRONG = [  # what is replaced, by what, what is said
    ('name = "small"', 'name = "Small study"', r"study\.name: String should match pattern"),
    ("seed = 11", "seed = -1", r"study\.seed: .*greater than or equal to 0, got -1"),
    ("seed = 11", 'seed = "11x"', r"study\.seed: .*valid integer"),
    ("[flags]", "[flag]", r"flag: unknown key; see docs/experiments\.md"),
    ("starts = 3", "starts = 3\nstart = 4", r"subtypes\.start: unknown key"),
    ("starts = 3", "starts = 0", r"subtypes\.starts: .*greater than or equal to 1, got 0"),
    ("starts = 3", "starts = 3\nchosen = 2", r"subtypes: .*needs chosen_reason"),
    ("folds = 3", "folds = 1", r"prognosis\.folds"),
    ("resamples = 100", "resamples = 10", r"prognosis\.resamples"),
    ('kind = "reliable_recovery"', 'kind = "cure"', r"prognosis\.target\.kind: .*got 'cure'"),
    ('kind = "reliable_recovery"', 'kind = "remission"', r"needs instrument, at_most and from_occasion"),
    ('kind = "reliable_recovery"', 'kind = "recovery", at_most = 2', r"belong to 'remission', not to 'recovery'"),
    ('kind = "invented"', 'kind = "identified"', r"a source with \[source\.simulate\] is kind = 'invented'"),
    ('kind = "invented"', 'kind = "secret"', r"source\.kind: .*'identified', 'anonymised' or 'invented'"),
    ("patients = 500", "patients = 5", r"source\.simulate\.patients"),
    ('reason = "invented for a test"', "", r"source\.reason: Field required"),
    ('title = "A small invented service"', 'title = ""', r"study\.title"),
]


SECTIONS = [fairness, flags, measures, prognosis, publications, registry, source, study, subtypes, survey]


def read(place, text):
    return read_experiment(place.write(text))


def test_what_was_written_is_what_is_read(place):
    experiment = read(place, INVENTED)
    assert experiment.study.seed == 11
    assert experiment.source.simulate.patients == 500
    assert experiment.measures.edition == "nhs_talking_therapies_v2_1"
    assert experiment.fairness.by == ("gender", "deprivation_quintile")


@pytest.mark.parametrize("module", SECTIONS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_setting_of_every_section_is_explained_and_nothing_else_is_taken(module):
    settings = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, section.Section) and kind is not section.Section
    ]
    assert settings
    for kind in settings:
        assert kind.model_config["extra"] == "forbid"
        assert kind.model_config["frozen"]
        unexplained = [name for name, field in kind.model_fields.items() if not field.description]
        assert unexplained == []


def test_every_section_of_the_file_has_its_module():
    named = {module.__name__.rpartition(".")[2] for module in SECTIONS}
    assert set(Experiment.model_fields) == named


def test_an_absent_section_is_a_step_not_taken(place):
    experiment = read(place, INVENTED.split("[subtypes]", maxsplit=1)[0])
    assert (experiment.subtypes, experiment.prognosis, experiment.fairness, experiment.flags) == (None,) * 4


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=[new for _, new, _ in WRONG])
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(place, old, new, said):
    assert old in INVENTED
    with pytest.raises(ConfigError, match=said):
        read(place, INVENTED.replace(old, new, 1))


def test_a_section_that_must_be_there_is_named(place):
    text = "[source]" + INVENTED.split("[source]")[1]
    with pytest.raises(ConfigError, match=r"1 fault\n  \[study\] is missing; every experiment file has this section"):
        read(place, text)


def test_every_fault_is_said_at_once(place):
    text = INVENTED.replace("folds = 3", "folds = 1").replace("starts = 3", "begin = 3").replace("seed = 11", "")
    with pytest.raises(ConfigError, match=r"experiment\.toml: 3 faults\n") as caught:
        read(place, text)
    assert len(str(caught.value).splitlines()) == 4


def test_a_file_that_is_not_there_is_said_by_name(place):
    with pytest.raises(ConfigError, match=r"'none\.toml' cannot be read \(No such file or directory\); give the path"):
        read_experiment(place.root / "none.toml")


def test_a_folder_is_no_experiment(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        read_experiment(tmp_path)


def test_a_file_that_is_not_toml_is_refused_with_the_line(place):
    with pytest.raises(ConfigError, match=r"'experiment\.toml' is not valid TOML: .*line 2"):
        read(place, '[study]\nname = "small\n')


def test_a_file_in_another_encoding_is_refused(place):
    path = place.write("")
    path.write_bytes('[study]\ntitle = "Qualität"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8 text; save it as UTF-8"):
        read_experiment(path)


def test_settings_cannot_be_changed_after_they_were_read(place):
    with pytest.raises(ValueError, match="frozen"):
        read(place, FROM_FILES).study.seed = 3


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_experiments_that_are_shipped_can_be_read(path):
    experiment = parse_experiment(tomllib.loads(path.read_text(encoding="utf-8")), name=path.name)
    assert isinstance(experiment, Experiment)
    assert experiment.study.name == path.stem
    assert experiment.study.question.endswith("?")
