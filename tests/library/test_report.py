"""A report says in words what every rule means, and is cut where nobody would read on."""

import pandas as pd


def test_every_rule_of_a_report_has_a_meaning():
    import re
    from pathlib import Path

    import outcomes
    from outcomes.library.relations import RELATION_RULES
    from outcomes.library.report import MEANINGS
    from outcomes.reference.code_cleaning import RULES

    root = Path(outcomes.__file__).parent
    text = (root / "tables" / "cells.py").read_text()
    named = set(re.findall(r'fault="([a-z_]+)"', text)) | set(RULES) | set(RELATION_RULES)
    named |= set(re.findall(r'refused\("([a-z_]+)"', (root / "sources" / "delimited.py").read_text()))
    assert named <= set(MEANINGS)


def test_a_long_report_is_cut_and_says_so(place, feed):
    contacts = feed["contacts"].assign(contact_date="x")
    report = place.ingest(feed | {"contacts": pd.concat([contacts.head(27), feed["contacts"].tail(1)])})
    assert report.summary()["count"].tolist() == [27]
    assert "date_malformed" in report.text()
    assert "not a date in the declared format" in report.text()
