"""For each test that the hazard log names: a switch that takes its control away, so that the test must fail.

Run by `test_hazards.py` in a process of its own, with OUTCOMES_CONTROLS_OFF set.
"""

import socket
import sys
from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.flags import (
    chart,
    foretold,
    page,
    paper,
    report,
    roster,
    rules,
    safety,
    safety_view,
    sealed,
    settings,
    sheet,
    standing,
    track_record,
    twin,
    use,
    words,
    writer,
)

SWITCH = "OUTCOMES_CONTROLS_OFF"
NAN = float("nan")


def everywhere(monkeypatch, original, replacement):
    """Put a function in another's place wherever it was imported, in the package and in its tests."""
    ours = [module for key, module in list(sys.modules.items()) if key.startswith(("outcomes.flags", "tests.flags"))]
    ours += [module for key, module in list(sys.modules.items()) if key.startswith("test_")]
    for module in ours:
        for name, value in list(vars(module).items()):
            if value is original:
                monkeypatch.setattr(module, name, replacement)


def instead(original, change):
    """Make a switch that changes what a function returns."""
    return lambda monkeypatch: everywhere(monkeypatch, original, lambda *a, **k: change(original(*a, **k)))


def called(original, change):
    """Make a switch that changes what a function is called with."""
    return lambda monkeypatch: everywhere(monkeypatch, original, lambda *a, **k: original(*change(*a), **k))


def attribute(owner, name, value):
    return lambda monkeypatch: monkeypatch.setattr(owner, name, value)


def both(*switches):
    return lambda monkeypatch: [switch(monkeypatch) for switch in switches]


def on_page(old, new):
    """Make a switch that changes the words of the caseload page."""
    return instead(page.caseload_page, lambda html: html.replace(old, new))


def style(change):
    def switch(monkeypatch):
        text = change(page._style())
        monkeypatch.setattr(page, "_style", lambda: text)

    return switch


def boom(*_):
    raise RuntimeError("not held back")


def plainly(path, content):
    """Write a file the careless way."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return "0" * 64


def fetching(url):
    """Fetch as a careless page maker does, from an address that is nobody's."""
    with socket.socket() as line:
        line.connect(("192.0.2.1", 80))
    raise ValueError(url)


fetching._fail_on_errors = False


def without_escaping(monkeypatch):
    environment = page._environment()
    monkeypatch.setattr(environment, "autoescape", False)
    monkeypatch.setattr(environment, "cache", None)


def lost(forms):
    return forms.assign(answer=pd.array([pd.NA] * len(forms), dtype="Float64"))


def dropped(table):
    return table.iloc[1:].reset_index(drop=True)


def duty_on_page(view_of):
    def view(made):
        more = [safety_view.Prompt(who, "", "", "", "") for who in made.duty["person_as_given"]]
        return replace(view_of(made), prompts=tuple(more))

    return view


def without_model_of_safety(judged):
    return replace(judged, safety=judged.safety.iloc[:0]) if judged.settings.model is not None else judged


def filled(key, points, band=None):
    return key, chart.Points(points.occasions, np.nan_to_num(np.array(points.scores, dtype=float)).tolist()), band


missing_row = both(instead(rules._sorted, dropped), attribute(rules, "_check_partition", lambda *_: None))
no_answers = instead(safety._forms, lost)
zero_for_blank = instead(safety._forms, lambda forms: forms.assign(answer=forms["answer"].fillna(0)))
crowd = instead(standing._with_course, lambda table: table.assign(n=999, upper=table["upper"].fillna(27)))
anything_goes = attribute(rules, "permit_model", lambda declared, kind: declared.model)
careless = instead(writer.write_page, lambda digest: digest)

SWITCHES = {
    # somebody is missing
    "test_three_groups_add_up_to_the_roster": missing_row,
    "test_a_thousand_open_referrals_add_up": missing_row,
    "test_numbers_add_up_on_the_page": missing_row,
    "test_filter_works_without_any_script": style(lambda css: css.replace("@media screen", "@media speech")),
    # a safety answer is lost
    "test_answers_one_case_a_line": no_answers,
    "test_alone_in_an_otherwise_blank_form": no_answers,
    "test_a_form_without_a_day_is_never_hidden": no_answers,
    "test_duty_list_holds_answers_that_may_belong_to_somebody_else": instead(safety.duty_list, lambda t: t.iloc[:0]),
    "test_safety_answers_survive": attribute(report, "_with_failure", boom),
    "test_a_model_never_changes_a_safety_answer": instead(report._judged, without_model_of_safety),
    "test_a_model_that_calms_hides_no_safety_answer": instead(report._judged, without_model_of_safety),
    # it stands with the wrong person
    "test_nobody_gets_somebody_elses_answer": instead(
        safety._forms, lambda forms: forms.assign(answer=forms["answer"].max())
    ),
    "test_duty_answers_are_never_on_the_caseload_page": lambda monkeypatch: monkeypatch.setattr(
        page, "safety_view", duty_on_page(safety_view.safety_view)
    ),
    # calm, blanks, strata
    "test_what_every_page_says": on_page("No notice does not mean no risk.", ""),
    "test_a_blank_is_not_a_zero": zero_for_blank,
    "test_without_phq9_everybody_is_not_known": zero_for_blank,
    "test_blank_forms_are_crosses_not_zeros": called(chart.chart, filled),
    "test_safety_section_says_when_and_never_how_much": on_page("above zero", "above zero (high)"),
    "test_no_answer_is_printed_as_a_number": instead(safety.safety_answers, lambda t: t.assign(answer=3)),
    "test_every_sentence_can_be_read_at_twelve": instead(
        words.sentence, lambda said: f"Notwithstanding considerable heterogeneity of individual trajectories, {said}"
    ),
    # models
    "test_by_default_only_rules_flag": lambda monkeypatch: monkeypatch.setattr(
        settings.FlagSettings.__init__, "__defaults__", (*settings.FlagSettings.__init__.__defaults__[:-1], "a model")
    ),
    "test_each_line_of_a_permission_must_be_filled_in": attribute(
        settings.ModelPermission, "__post_init__", lambda _: None
    ),
    "test_a_model_of_invented_people_never_judges_real_ones": anything_goes,
    "test_when_a_model_is_heard": instead(foretold.model_use, lambda _: foretold.IN_USE),
    "test_without_its_model_the_page_falls_back_to_rules_and_says_so": instead(
        foretold.model_use, lambda _: foretold.OFF
    ),
    # too few
    "test_too_few_people_behind_the_course_is_said_and_not_used": crowd,
    "test_beyond_the_end_of_the_course_nobody_is_there_to_compare_with": crowd,
    # the wrong reader
    "test_each_therapist_gets_exactly_that_caseload": attribute(
        page, "_with", lambda table, _: pd.Series(data=True, index=table.index)
    ),
    "test_files_can_be_read_by_their_owner_only": attribute(writer, "OWNER_ONLY", 0o644),
    "test_receipt_holds_hashes_and_counts_and_nobody": attribute(
        report.CaseloadReport, "counts", property(lambda _: {"open": 3, "X-ann": 1})
    ),
    "test_each_file_is_encrypted_to_its_own_reader_and_nothing_lies_in_the_clear": lambda monkeypatch: everywhere(
        monkeypatch, sealed.sealed, lambda content, *_: content
    ),
    "test_one_file_a_person_holds_exactly_that_person": attribute(page, "for_reader", lambda made, _: made),
    # half a report
    "test_killed_half_way_leaves_the_old_file_and_a_rerun_finishes": lambda monkeypatch: everywhere(
        monkeypatch, writer.write_page, plainly
    ),
    "test_a_full_disk_leaves_nothing_behind": lambda monkeypatch: everywhere(monkeypatch, writer.write_page, plainly),
    # hostile text
    "test_hostile_strings_do_nothing_anywhere": without_escaping,
    "test_policy_allows_the_pages_own_style_and_nothing_else": attribute(page, "POLICY", "default-src 'unsafe-inline'"),
    "test_no_cell_of_the_csv_is_a_formula": lambda monkeypatch: monkeypatch.setattr(
        twin, "FORMULA", twin.re.compile("(?!)")
    ),
    "test_no_therapist_code_becomes_a_path": lambda monkeypatch: everywhere(
        monkeypatch, writer.file_name, lambda code: code
    ),
    "test_nothing_is_fetched": lambda monkeypatch: monkeypatch.setattr(paper, "Refusal", lambda: fetching),
    # not understood
    "test_the_pages_own_words_can_be_read_at_twelve": on_page(
        "It may be wrong.", "Methodological heterogeneity notwithstanding, interpretability remains circumscribed."
    ),
    "test_page_is_quiet_and_fits_and_can_be_used_by_everyone": on_page("<h1>", '<img src="data:,"><h1>'),
    "test_paper_holds_everybody_and_every_reason": style(lambda css: css + "@media print { .row { display: none; } }"),
    "test_words_hold_every_score_and_the_expected_range": instead(chart.in_words, lambda _: "A chart."),
    # the dead, and those who have moved
    "test_nobody_is_flagged_who_is_not_here": attribute(
        rules, "STAGES", ("deceased", "transferred", "in treatment", "waiting")
    ),
    "test_somebody_who_died_is_deceased_on_every_referral": attribute(roster, "LEFT_STAGES", {}),
    "test_who_moved_or_died_of_late_is_listed_apart": attribute(roster, "LEFT_STAGES", {}),
    # printed chances
    "test_words_that_are_wrong_for_a_group_are_found_in_that_group_only": instead(
        track_record.doubtful_groups, lambda table: table.iloc[:0]
    ),
    "test_people_of_a_group_for_whom_numbers_did_not_hold_are_told_so_and_nobody_else": instead(
        track_record.group_cautions, lambda table: table.iloc[:0]
    ),
    "test_about_seven_in_ten_is_seven_in_ten_in_nine_of_ten_cells": instead(
        track_record.track_record, lambda table: table.assign(holds=False)
    ),
    "test_words_that_few_were_told_before_say_so": attribute(foretold, "FEWEST_TOLD", 0),
    # after go-live
    "test_outcomes_after_flags_are_no_error_rates_and_no_labels": lambda monkeypatch: everywhere(
        monkeypatch, use.untouched_until, lambda episodes, *_, **__: np.full(len(episodes), np.inf)
    ),
    "test_a_real_rise_is_never_traded_away": attribute(
        use, "CONTACT_RULES", frozenset({*settings.RULES, "no_questionnaire"})
    ),
    "test_few_scores_and_old_forms_are_doubts": attribute(sheet, "_doubts", lambda *_: ()),
}
