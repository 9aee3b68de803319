"""What is new since the last report."""

import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.flags.changes import changes_since, gone_since

NOW = pd.DataFrame({"referral": list("abcde"), "status": ["flag", "flag", "no flag", "cannot score", "no flag"]})
BEFORE = pd.DataFrame({"referral": list("abcdz"), "status": ["flag", "no flag", "flag", "flag", "no flag"]})


def test_news_one_case_each():
    news = changes_since(NOW, BEFORE).set_index("referral")["news"]
    assert news.to_dict() == {
        "a": "",
        "b": "newly flagged",
        "c": "no longer flagged",
        "d": "no longer flagged",
        "e": "new on the caseload",
    }
    assert gone_since(NOW, BEFORE) == 1


def test_without_a_last_report_there_is_no_news():
    assert changes_since(NOW, None)["news"].eq("").all()
    assert gone_since(NOW, None) == 0


def test_an_incomplete_last_report_is_refused():
    with pytest.raises(DataError, match=r"last report: missing column\(s\) status"):
        changes_since(NOW, BEFORE[["referral"]])
