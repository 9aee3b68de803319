"""What becomes of rows that share a key: a table of cases, and the law that order does not matter."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.library.resolve import joined, resolve

# key, a, b, version, old -> state; every block is one pool
CASES = """
k 1 . 0 new | accepted
k 1 . 0 new | same_row

k 1 . 0 new | accepted                 # complete each other
k . 2 0 new | accepted

k 1 2 0 old | accepted
k 1 . 0 new | adds_nothing             # said by the older row

k 1 2 0 old | accepted
k 1 2 0 new | same_row

k 1 . 0 new | contradicts_another_row
k 2 . 0 new | contradicts_another_row

k 1 . 0 old | contradicts_another_row  # a contradiction withdraws the older row as well
k 2 . 0 new | contradicts_another_row

k 1 . 1 old | superseded
k 2 . 2 new | accepted

k 1 . 2 old | accepted
k 2 . 1 new | superseded               # an old version that arrives late

k 1 . 2 old | contradicts_another_row
k 2 . 2 new | contradicts_another_row
k 3 . 1 new | superseded

k 1 . 0 new | accepted
j 2 . 0 new | accepted                 # another key

. 1 . 0 new | contradicts_another_row  # blanks are equal keys
. 2 . 0 new | contradicts_another_row
"""


def pool(lines):
    rows = [[None if cell == "." else cell for cell in line.split("|")[0].split()] for line in lines]
    frame = pd.DataFrame(rows, columns=["key", "a", "b", "_version", "_old"]).astype("str")
    return frame.assign(_old=frame["_old"].eq("old"))


def test_cases():
    for block in CASES.strip().split("\n\n"):
        lines = [line.split("#")[0] for line in block.split("\n")]
        expected = [line.split("|")[1].strip() for line in lines]
        assert resolve(pool(lines), ["key"], ["a", "b"]).tolist() == expected, block


CELL = st.sampled_from([None, "1", "2"])
ROWS = st.lists(st.tuples(st.sampled_from(["k", "j"]), CELL, CELL, st.sampled_from(["0", "1"])), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 5))
def test_what_rows_say_together_does_not_depend_on_their_order(rows, seed):
    frame = pd.DataFrame(rows, columns=["key", "a", "b", "_version"]).astype("str").assign(_old=False)

    def said(pool):
        states = resolve(pool.reset_index(drop=True), ["key"], ["a", "b"])
        kept = pool.reset_index(drop=True)[states.eq("accepted")]
        whole = joined(kept[["key", "a", "b"]], ["key"]).sort_values("key")
        return whole.fillna("blank").to_numpy().tolist()

    first = said(frame)
    assert said(frame.sample(frac=1, random_state=seed)) == first
    assert said(pd.concat([frame, frame])) == first
    half = np.arange(len(frame)) % 2 == 0
    assert said(pd.concat([frame[half].assign(_old=True), frame[~half]])) == first


@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_accepted_rows_never_contradict_each_other(rows):
    frame = pd.DataFrame(rows, columns=["key", "a", "b", "_version"]).astype("str").assign(_old=False)
    kept = frame[resolve(frame, ["key"], ["a", "b"]).eq("accepted")]
    assert (kept.groupby("key")[["a", "b"]].nunique() <= 1).all().all()
