"""The caseload page does not hang on research: opted-out people are in care, and in nothing else."""

import json
import stat
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from small_study import FROM_FILES, Place, ran
from small_study import identified as of_people

from outcomes.errors import AccessError, ConfigError, DataError
from outcomes.flags.foretold import Foretold
from outcomes.studies import caseload
from outcomes.studies.caseload import Asked, known_course, learn_course, write_caseload
from outcomes.studies.erasing import erase_people
from outcomes.studies.materials import prepare
from outcomes.studies.opening import open_study

SHORT = FROM_FILES.split("[subtypes]", maxsplit=1)[0] + '[fairness]\nby = ["gender"]\n[flags]\n'
IDENTIFIED = of_people(SHORT)


def today(back=0):
    return datetime.now(tz=UTC).date() - timedelta(days=back)


def listed(place, numbers, day=None):
    """Write an answer of the opt-out check as it comes: MESH name, trailing commas, line feeds."""
    path = place.root / f"X26HC036-{day or today():%d%m%y}-0001.dat"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{number},\n" for number in numbers).encode())
    return path


def people(feed):
    """Who is in the feed, and who of them has an open referral."""
    patients = pd.read_csv(feed / "patients.csv", dtype=str, keep_default_na=False)
    referrals = pd.read_csv(feed / "referrals.csv", dtype=str, keep_default_na=False)
    waiting = referrals.loc[referrals["discharge_date"].eq(""), "patient_id"]
    return patients.assign(open=patients["patient_id"].isin(waiting)), referrals


def split(feed):
    """Let every tenth person opt out, at least two of them on the caseload."""
    patients, referrals = people(feed)
    gone = [
        *patients.loc[patients["open"], "patient_id"].head(2),
        *patients.loc[~patients["open"], "patient_id"].head(13),
    ]
    return patients, referrals, gone


def twin(place):
    return json.loads((place.report / "care" / "caseload.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def identified(tmp_path_factory, feed):
    """A study of an identified source in which one in ten opted out."""
    place = Place(tmp_path_factory.mktemp("identified"))
    patients, referrals, gone = split(feed)
    allowed = patients.loc[~patients["patient_id"].isin(gone), "nhs_number"]
    options = {"source": feed, "keys": place.keys(project=True), "allowlist": listed(place, allowed)}
    return ran(place, IDENTIFIED, **options), referrals, gone


def test_who_opted_out_is_on_the_caseload_and_in_no_research_output(identified):
    study, referrals, gone = identified
    kept = referrals[~referrals["patient_id"].isin(gone)]
    metrics = json.loads((study.report / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["people/referrals"] == len(kept) < len(referrals)
    assert "15 of 150 people are not on it and were left out" in study.page
    caseload_page = (study.report / "care" / "caseload.html").read_text(encoding="utf-8")
    assert all(person in caseload_page for person in gone[:2])
    safety = {row["person"]: row["safety"] for row in twin(study)["open_referrals"]}
    assert all(safety[person][0].startswith("PHQ-9 question 9: ") for person in gone[:2])
    assert twin(study)["counts"]["open"] == int(referrals["discharge_date"].eq("").sum())


def test_nothing_outside_care_and_vault_holds_an_identifier(identified):
    study, referrals, _ = identified
    words = {word.encode() for word in {*referrals["patient_id"], *referrals["episode_id"]}}
    files = [path for path in study.root.rglob("*") if path.is_file()]
    apart = {study.report / "care", study.workspace / "small" / "vault"}
    outside = [path for path in files if not any(path.is_relative_to(place) for place in apart)]
    assert len(outside) > 10
    for path in outside:
        assert not any(word in path.read_bytes() for word in words), path.name


def test_the_key_lies_where_it_was_put_for_its_owner_only(identified):
    key = identified[0].root / "keys" / "steward" / "pseudonym.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def flags_without_research(place, feed):
    """Bring a feed in whose research reading is barred, and ask for the caseload."""
    lines = write_caseload(place.request(IDENTIFIED, source=feed, keys=place.keys(project=True))).lines
    return lines, (place.report / "care" / "caseload.html").read_text(encoding="utf-8")


def test_without_an_allowlist_research_stops_and_care_goes_on(place, feed):
    with pytest.raises(AccessError, match="no opt-out allowlist is registered: research may read nobody"):
        ran(place, IDENTIFIED, source=feed, keys=place.keys(project=True))
    assert not place.reports.exists()
    lines, page = flags_without_research(place, feed)
    assert "The expected course is not in use: no opt-out allowlist is registered" in lines[-1]
    assert "open =" in lines[1]
    assert "xpected course" in page
    assert stat.S_IMODE((place.report / "care").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (place.report / "care").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (today(22), "the opt-out allowlist is 22 days old, 21"),
        (today(-3), "dated in the future"),
    ],
)
def test_an_allowlist_of_another_day_stops_research_and_not_care(place, feed, day, said):
    path = listed(place, people(feed)[0]["nhs_number"], day)
    with pytest.raises(AccessError, match=said):
        ran(place, IDENTIFIED, source=feed, keys=place.keys(project=True), allowlist=path)
    lines, _ = flags_without_research(place, feed)
    assert said in lines[-1]


@pytest.mark.parametrize("numbers", [[], ["9999999999"]], ids=["empty", "nobody"])
def test_an_allowlist_of_nobody_stops_research(place, feed, numbers):
    with pytest.raises(AccessError, match=r"the list is empty|allows nobody"):
        ran(place, IDENTIFIED, source=feed, keys=place.keys(project=True), allowlist=listed(place, numbers))


def test_a_missing_allowlist_file_is_said_by_name(place, feed):
    with pytest.raises(AccessError, match=r"gone_010125\.dat: the list cannot be read"):
        ran(place, IDENTIFIED, source=feed, keys=place.keys(project=True), allowlist=place.root / "gone_010125.dat")


def test_an_identified_source_without_a_key_is_not_taken_in(place, feed):
    for ask in (lambda **options: ran(place, IDENTIFIED, **options), lambda **options: ask_flags(place, **options)):
        with pytest.raises(AccessError, match="key"):
            ask(source=feed)
    assert not place.reports.exists()


def ask_flags(place, **options):
    return write_caseload(place.request(IDENTIFIED, **options))


def test_a_second_page_says_what_changed_since_the_first(place, feed):
    first = write_caseload(place.request(SHORT, source=feed)).lines
    again = write_caseload(place.request(SHORT)).lines
    assert first[1] == again[1]
    assert first[0].endswith("caseload.html")
    page = (place.report / "care" / "caseload.html").read_text(encoding="utf-8")
    assert "since the last" in page.lower()


def test_a_dry_run_counts_and_writes_nothing(place, feed):
    done = write_caseload(place.request(SHORT, source=feed), asked=Asked(dry_run=True))
    assert "open =" in done.lines[0]
    assert "Dry run: nothing was written." in done.lines
    assert done.receipt is None
    assert not place.reports.exists()


def test_a_team_has_a_folder_of_its_own_and_nobody_else_in_it(place, feed):
    referrals = people(feed)[1]
    service = referrals["service_id"].iloc[0]
    write_caseload(place.request(SHORT, source=feed), asked=Asked(team=service))
    told = json.loads((place.report / f"care-{service}" / "caseload.json").read_text(encoding="utf-8"))
    open_there = referrals["service_id"].eq(service) & referrals["discharge_date"].eq("")
    assert told["counts"]["open"] == int(open_there.sum()) > 0
    with pytest.raises(ConfigError, match="--team 'nowhere': nobody on the caseload has this service"):
        write_caseload(place.request(SHORT), asked=Asked(team="nowhere"))


def test_each_report_has_an_audit_line_with_counts_and_a_hash_and_nobody(place, feed, monkeypatch):
    said = []
    monkeypatch.setattr(caseload, "note_access", lambda _, *words, **line: said.append({"words": words, **line}))
    done = write_caseload(place.request(SHORT, source=feed))
    read, report = said  # the care view was read; a report was written
    assert read["words"] == ("flags", "direct care")
    assert done.receipt.digest in report["words"][1]
    assert report["counts"]["files"] == len(done.receipt.files)
    assert report["counts"]["open"] == twin(place)["counts"]["open"]
    assert not any(person in repr(said) for person in people(feed)[0]["patient_id"])


def test_without_an_audit_line_there_is_no_report(place, feed, monkeypatch):
    def refuse(*_, **__):
        raise AccessError("the audit log cannot be written")

    monkeypatch.setattr(caseload, "noted", refuse)
    with pytest.raises(AccessError, match="audit log"):
        write_caseload(place.request(SHORT, source=feed))
    assert not (place.report / "care").exists()


MODEL = """
[flags.model]
version = "1.0"
sha256 = "{sha}"
trained_on = "{kind}"
outcome = "reliable_recovery"
flag_below = 0.3
silent_validation = "SV-1"
clinical_safety_officer = "A. N. Other"
dcb0129 = "CSC-1"
dcb0160 = "CSC-2"
device_position = "MD-1"
shown_from = 2020-01-01
"""


@pytest.mark.parametrize(("told", "words"), [(False, "its answers are not there"), (True, "")])
def test_a_model_that_is_switched_on_and_missing_is_said_and_has_its_own_exit_code(place, feed, told, words):
    text = SHORT + MODEL.format(sha="ab" * 32, kind="invented")
    request = place.request(text, source=feed)
    foretold = None
    if told:
        write_caseload(request)
        referrals = [row["referral"] for row in twin(place)["open_referrals"]]
        endings = pd.DataFrame({"referral": referrals, "ending": "reliable_recovery", "probability": 0.1})
        foretold = Foretold("ab" * 32, "invented", pd.Timestamp("2023-01-01").date(), endings)
    done = write_caseload(place.request(text), foretold=foretold) if told else write_caseload(request)
    assert done.rules_only is not told
    page = (place.report / "care" / "caseload.html").read_text(encoding="utf-8")
    assert ("<strong>Rules only.</strong>" in page) is not told
    assert words in " ".join(done.lines)
    if told:
        assert "Low chance." in page


@pytest.mark.parametrize(
    "limit", ["shown_from = 2023-12-01", 'shown_from = 2020-01-01\nsilent_services = ["{services}"]'],
    ids=["before its day", "in silent services"],
)  # fmt: skip
def test_where_a_models_flags_are_not_shown_the_pages_go_by_the_rules_and_nothing_is_amiss(place, feed, limit):
    services = '", "'.join(sorted(people(feed)[1]["service_id"].unique()))
    model = MODEL.replace("shown_from = 2020-01-01", limit.replace("{services}", services))
    write_caseload(place.request(SHORT, source=feed))
    referrals = [row["referral"] for row in twin(place)["open_referrals"]]
    endings = pd.DataFrame({"referral": referrals, "ending": "reliable_recovery", "probability": 0.1})
    foretold = Foretold("ab" * 32, "invented", pd.Timestamp("2023-01-01").date(), endings)
    done = write_caseload(place.request(SHORT + model.format(sha="ab" * 32, kind="invented")), foretold=foretold)
    page = (place.report / "care" / "caseload.html").read_text(encoding="utf-8")
    assert not done.rules_only
    assert "Low chance." not in page
    assert "<strong>Rules only.</strong>" not in page


def test_a_broken_record_of_what_was_done_never_stops_the_pages(place, feed):
    text = SHORT + 'handled = "nowhere.csv"\n'
    done = write_caseload(place.request(text, source=feed))
    assert "How the flags are used is not shown" in " ".join(done.lines)
    assert (place.report / "care" / "caseload.html").is_file()


def test_the_page_is_that_of_the_day_asked_for(place, feed):
    write_caseload(place.request(SHORT, source=feed), as_of="2022-09-30")
    kept = twin(place)
    assert kept["as_of"] == "2022-09-30"
    referrals = people(feed)[1]
    begun = referrals["received_date"].le("2022-09-30")
    ended = referrals["discharge_date"].ne("") & referrals["discharge_date"].le("2022-09-30")
    assert kept["counts"]["open"] == int((begun & ~ended).sum()) > 0


def test_a_day_after_the_feed_is_refused(place, feed):
    with pytest.raises(ConfigError, match="2030-01-01"):
        write_caseload(place.request(SHORT, source=feed), as_of="2030-01-01")
    assert not (place.report / "care").exists()


@pytest.mark.parametrize("word", ["31/03/2023", "yesterday", "2023-02-30", ""])
def test_a_day_that_is_none_is_refused_before_anything_is_read(place, word):
    with pytest.raises(ConfigError, match="--as-of must be a date as YYYY-MM-DD, got"):
        write_caseload(place.request(SHORT), as_of=word)


def test_an_experiment_without_flags_has_no_caseload(place, feed):
    with pytest.raises(ConfigError, match=r"the experiment has no \[flags\] section; add one, it may be empty"):
        write_caseload(place.request(SHORT.replace("[flags]", ""), source=feed))


def test_a_feed_without_referrals_has_no_caseload_and_its_report_is_made_all_the_same(place, copied):
    (copied / "referrals.csv").unlink()
    study = ran(place, SHORT, source=copied)
    assert study.record.caseload[0].startswith("No caseload page: referrals: column therapist_id is missing")
    assert "report.html" in {path.name for path in place.report.iterdir()}
    assert not (place.report / "care").exists()
    with pytest.raises(DataError, match="this is no care view"):
        write_caseload(place.request(SHORT))


def test_the_course_is_learnt_from_ended_referrals_of_every_measure(place, feed):
    materials = prepare(open_study(place.request(SHORT, source=feed), fresh=True))
    course = learn_course(materials)
    assert set(course["instrument"]) == {"phq9", "gad7"}
    pd.testing.assert_frame_equal(known_course(materials), course)


def test_a_course_that_cannot_be_learnt_leaves_the_page_without_it(monkeypatch):
    def refuse(_):
        raise DataError("too few")

    monkeypatch.setattr(caseload, "learn_course", refuse)
    assert known_course(None) is None


def test_who_was_erased_from_research_stays_on_the_page_while_care_is_open_and_is_nowhere_else(place, feed):
    """One whose care is open, one whose care has ended; both asked for erasure, after a page had been written."""
    patients, referrals, gone = split(feed)
    treated, ended = gone[0], gone[-1]
    place.keys(project=True)
    numbers = listed(place, patients["nhs_number"])
    options = {"keys": place.keys(), "source": feed, "allowlist": numbers}
    before = open_study(place.request(IDENTIFIED, **options), fresh=True).view.tables
    write_caseload(place.request(IDENTIFIED, keys=place.keys()))
    told = erase_people(place.request(IDENTIFIED, keys=place.keys()), [treated, ended])
    assert (told.facts["in_care"], told.facts["pages_removed"]) == (1, ["reports/small/care"])
    assert "write them again" in " ".join(told.lines())
    again = open_study(place.request(IDENTIFIED, **options), fresh=True).view.tables
    assert len(again["patients"]) == len(before["patients"]) - 2
    assert len(again["referrals"]) == len(before["referrals"]) - referrals["patient_id"].isin([treated, ended]).sum()
    write_caseload(place.request(IDENTIFIED, keys=place.keys()))
    shown = {row["person"] for row in twin(place)["open_referrals"]}
    assert treated in shown
    assert len(shown) == people(feed)[0]["open"].sum()
    words = [
        row
        for name in ("patient_id", "nhs_number")
        for row in patients.set_index("patient_id", drop=False).loc[[treated, ended], name]
    ]
    apart = {place.report / "care", place.root / f"{numbers.name}"}
    for path in (one for one in place.root.rglob("*") if one.is_file()):
        if not any(path.is_relative_to(one) for one in apart):
            assert not any(word.encode() in path.read_bytes() for word in words), path.name
    assert ended not in (place.report / "care" / "caseload.html").read_text(encoding="utf-8")
    kept = erase_people(place.request(IDENTIFIED, keys=place.keys()), ())
    assert kept.facts["people"] == 0
