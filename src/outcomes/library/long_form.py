"""How do answers in long form become sittings? So that both forms of a feed meet the same rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from outcomes.library.typed import FAULTY, ROW, TEXT, VERSION, TypedRows, series
from outcomes.reference.instruments import instruments
from outcomes.tables.cells import Reading, read_cells
from outcomes.tables.feed import SITTING, TOTAL, feed_table

NOT_WORD: Final = re.compile(r"[^a-z0-9_]")
MEMBER: Final = "_member"


@dataclass(frozen=True, slots=True)
class Sittings:
    """Long answers as wide rows.

    Parameters
    ----------
    frame : DataFrame
        As `TypedRows.frame` of wide responses; `_row` is a running number.
    faults : DataFrame
        `row` (record number of the answer), `rule`, `column`.
    members : DataFrame
        `row` (record number) and `_member` (running number of the sitting it went into; -1 for faulty and repeated
        answers) and `repeated`.
    notes : mapping of (str, str) to int
        Mending, as for wide rows.
    """

    frame: pd.DataFrame
    faults: pd.DataFrame
    members: pd.DataFrame
    notes: Mapping[tuple[str, str], int]


def _instrument_key(text: str) -> str:
    plain = NOT_WORD.sub("", text.strip().lower())
    return plain if plain in instruments() else NOT_WORD.sub("", plain.replace("_", ""))


def _columns(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    # Wide column of each answer, and the rule that is broken where there is none.
    legal = set(feed_table("responses").names)
    pairs = rows[["instrument", "item"]].drop_duplicates()
    column, fault = {}, {}
    for instrument, item in pairs.itertuples(index=False):
        key = _instrument_key(str(instrument))
        number = str(item).strip().lower().removesuffix(".0")
        name = f"{key}_{TOTAL}" if number == TOTAL else f"{key}_{number.lstrip('0')}"
        column[instrument, item] = name if name in legal else ""
        fault[instrument, item] = (
            "" if name in legal else ("unknown_item" if key in instruments() else "unknown_instrument")
        )
    both = list(zip(rows["instrument"], rows["item"], strict=True))
    return pd.Series([column.get(pair, "") for pair in both], index=rows.index), pd.Series(
        [fault.get(pair, "") for pair in both], index=rows.index
    )


def _values(
    rows: pd.DataFrame, columns: pd.Series, reading: Reading
) -> tuple[pd.DataFrame, pd.DataFrame, dict[tuple[str, str], int]]:
    # Typed answers and their faults, column by column.
    table = feed_table("responses")
    answers = pd.Series(np.nan, index=rows.index)
    faults, notes = [], {}
    for name, members in rows.groupby(columns, sort=True).groups.items():
        if not name:
            continue
        column = table.column(str(name))
        cells = read_cells(column, pa.chunked_array([pa.array(rows.loc[members, "response"], pa.string())]), reading)
        answers.loc[members] = series(cells.values, column).to_numpy(dtype=float, na_value=np.nan)
        broken = cells.faults != ""
        faults.append(
            pd.DataFrame(
                {"row": rows.loc[members, ROW].to_numpy()[broken], "rule": cells.faults[broken], "column": str(name)}
            )
        )
        notes.update({(str(name), rule): count for rule, count in cells.notes.items()})
    found = pd.concat(faults, ignore_index=True) if faults else pd.DataFrame({"row": [], "rule": [], "column": []})
    return pd.DataFrame({"value": answers}), found, notes


def to_sittings(typed: TypedRows, reading: Reading) -> Sittings:
    """Turn answers in long form into sittings.

    Parameters
    ----------
    typed : TypedRows
        Rows of the answers table.
    reading : Reading
        The feed's missing codes.

    Returns
    -------
    Sittings
        Wide rows, and where every answer went.
    """
    rows = typed.frame[~typed.frame[FAULTY]].reset_index(drop=True)
    columns, unknown = _columns(rows)
    values, broken, notes = _values(rows, columns, reading)
    lost = unknown.ne("").to_numpy()
    strange = pd.DataFrame({"row": rows.loc[lost, ROW], "rule": unknown[lost], "column": "instrument"})
    faults = pd.concat([typed.faults, strange, broken], ignore_index=True).astype(
        {"row": np.int64, "rule": TEXT, "column": TEXT}
    )
    good = ~np.isin(rows[ROW].to_numpy(), faults["row"].to_numpy())
    answers = rows[good].assign(column=columns[good], value=values.loc[good, "value"]).reset_index(drop=True)
    whole = _gather(answers, faults, {**typed.notes, **notes}, typed)
    return replace(whole, frame=pd.concat([whole.frame, _faulty_safety(typed, faults, reading)], ignore_index=True))


def _faulty_safety(typed: TypedRows, faults: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    # Answers to safety questions that stand in faulty rows, as wide rows marked faulty: they still reach a clinician.
    rows = typed.frame[typed.frame[ROW].isin(faults["row"])].reset_index(drop=True)
    columns, _ = _columns(rows)
    alarming = [item.column for one in instruments().values() for item in one.items if item.safety]
    rows = rows[columns.isin(alarming)]
    place = [name for name in SITTING if name in rows]
    values, _, _ = _values(rows, columns[rows.index], reading)
    wide = rows[[*place, VERSION, ROW]].assign(**{FAULTY: True})
    for name in alarming:
        wide[name] = values["value"].where(columns[rows.index].eq(name)).astype("Int8")
    return wide[[name for name in wide if name not in alarming or wide[name].notna().any() or name in set(columns)]]


def _gather(
    answers: pd.DataFrame, faults: pd.DataFrame, notes: Mapping[tuple[str, str], int], typed: TypedRows
) -> Sittings:
    place = [name for name in SITTING if name in answers]
    repeated = answers.duplicated([*place, VERSION, "column", "value"]).to_numpy()
    kept = answers[~repeated]
    layer = kept.groupby([*place, VERSION, "column"], dropna=False, sort=False).cumcount()
    member = kept.assign(layer=layer).groupby([*place, VERSION, "layer"], dropna=False, sort=False).ngroup()
    first = ~member.duplicated().to_numpy()
    frame = kept.loc[first, [*place, VERSION]].set_axis(member[first].to_numpy()).sort_index()
    wide = pd.DataFrame({"member": member, "column": kept["column"], "value": kept["value"]}).pivot(
        index="member", columns="column", values="value"
    )
    table = feed_table("responses")
    for name in [name for name in table.names if name in wide.columns]:
        column = table.column(name)
        cells = wide[name].reindex(frame.index)
        frame[name] = cells.astype("Int8") if column.type == "integer" else cells.astype(float)
    frame = frame.reset_index(drop=True)
    frame[ROW] = np.arange(len(frame), dtype=np.int64)
    frame[FAULTY] = False
    numbers = typed.frame[ROW].to_numpy()
    went = pd.Series(-1, index=numbers)
    went.loc[kept[ROW].to_numpy()] = member.to_numpy()
    again = np.isin(numbers, answers.loc[repeated, ROW].to_numpy())
    return Sittings(frame, faults, pd.DataFrame({"row": numbers, MEMBER: went.to_numpy(), "repeated": again}), notes)
