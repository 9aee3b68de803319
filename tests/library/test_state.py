"""Library and vault are committed by one file."""

import pandas as pd
import pytest

from outcomes.library.state import NOTHING, State, commit, open_stores


def stores(root):
    return open_stores(root / "library", root / "vault", None)


def put(both, before, number):
    frame = pd.DataFrame({"pseudonym": ["a"], "n": pd.array([number], "Int8")})
    return commit(
        both,
        before,
        tables={"t": frame},
        facts={"kind": "invented", "key": "k"},
        vault={"v": frame},
        extract_day=number,
    )


def test_the_head_names_both_and_keeps_the_history(tmp_path):
    both = stores(tmp_path)
    with both.library.writing(), both.vault.writing():
        first = put(both, State(NOTHING, {}, None), 1)
        second = put(both, State(both.library.head(), {}, 1), 2)
    head = both.library.head()
    assert head["current"] == second != first
    assert [entry["snapshot"] for entry in head["history"]] == [first, second]
    assert both.vault.manifest(head["vault"])["extract_day"] == 2


def test_nothing_new_is_not_committed(tmp_path):
    both = stores(tmp_path)
    with both.library.writing(), both.vault.writing():
        put(both, State(NOTHING, {}, None), 1)
        before = (tmp_path / "library" / "HEAD").stat().st_mtime_ns
        put(both, State(both.library.head(), {}, 1), 1)
    assert (tmp_path / "library" / "HEAD").stat().st_mtime_ns == before


def test_a_stop_before_the_head_leaves_the_old_state(tmp_path, monkeypatch):
    both = stores(tmp_path)
    with both.library.writing(), both.vault.writing():
        first = put(both, State(NOTHING, {}, None), 1)

        def stop(*_args):
            raise KeyboardInterrupt

        monkeypatch.setattr(both.library, "commit", stop)
        with pytest.raises(KeyboardInterrupt):
            put(both, State(both.library.head(), {}, 1), 2)
    assert both.library.head()["current"] == first
    assert both.library.tables(first)["t"]["n"].tolist() == [1]
