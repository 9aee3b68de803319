"""Where does a name stand? Once: a table that repeats the keys of another one keeps their places in it.

Keyed names do not compress, and an occasion would repeat two of them. A table that borrows says the row of the lender
in whose part it finds them; keys that the lender does not have stay where they are. Who reads a table sees the names.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from outcomes.library.parts import ROWS_PER_PART

PLACE: Final = "_place"
BETWEEN: Final = "\x1f"
NAMED: Final = ("pseudonym", "referral")
LOCAL: Final = ("patient_id", "episode_id")
LENDERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "referrals": ("patients", NAMED[:1]),
    "contacts": ("referrals", NAMED),
    "occasions": ("referrals", NAMED),
    "scores": ("referrals", NAMED),
    "ledger_patients": ("people", LOCAL[:1]),
    "referral_names": ("people", ("patient_id", "pseudonym")),
    "ledger_referrals": ("referral_names", LOCAL),
    "ledger_contacts": ("referral_names", LOCAL),
    "ledger_responses": ("referral_names", LOCAL),
}


def lender_of(table: str, columns: Mapping[str, Collection[str]]) -> dict[str, Any] | None:
    """Say from which table a table borrows its keys.

    Parameters
    ----------
    table : str
        The one that may borrow.
    columns : mapping of str to collection of str
        Every table of the same manifest to its columns.

    Returns
    -------
    dict or None
        `table` and `columns`, as the manifest says it; None where it keeps its keys itself.
    """
    lender, keys = LENDERS.get(table, ("", ()))
    if lender not in columns or not set(keys) <= set(columns[table]) & set(columns[lender]):
        return None
    return {"table": lender, "columns": list(keys)}


def in_order(tables: Collection[str]) -> list[str]:
    """Put lenders before those who borrow from them.

    Parameters
    ----------
    tables : collection of str
        Names of tables.

    Returns
    -------
    list of str
        The same.
    """

    def steps(table: str) -> int:
        return 1 + steps(LENDERS[table][0]) if table in LENDERS else 0

    return sorted(tables, key=lambda table: (steps(table), table))


def families(tables: Collection[str]) -> Iterator[list[str]]:
    """Gather tables that lend each other keys: they are parted alike, or none of them.

    Parameters
    ----------
    tables : collection of str
        Names of tables.

    Yields
    ------
    list of str
        Lenders first.
    """
    roots: dict[str, list[str]] = {}
    for table in in_order(tables):
        root = table
        while root in LENDERS:
            root = LENDERS[root][0]
        roots.setdefault(root, []).append(table)
    yield from roots.values()


def parted(rows: Mapping[str, int]) -> frozenset[str]:
    """Say which tables are kept in parts by person: those of a family in which one is large.

    Parameters
    ----------
    rows : mapping of str to int
        Table to its rows.

    Returns
    -------
    frozenset of str
        Their names.
    """
    large = [family for family in families(rows) if max(rows[table] for table in family) > ROWS_PER_PART]
    return frozenset(table for family in large for table in family)


def _keys(table: pa.Table, columns: Collection[str]) -> pa.Array:
    # Identifiers have no control characters, so two keys never make the same text.
    texts = [table.column(name).cast(pa.large_string()).combine_chunks() for name in columns]
    return pc.binary_join_element_wise(*texts, pa.scalar(BETWEEN, pa.large_string()))


def lend(table: pa.Table, lender: pa.Table, columns: Collection[str]) -> pa.Table:
    """Put places in the lender for keys.

    Parameters
    ----------
    table : pyarrow.Table
        A part of the table that borrows.
    lender : pyarrow.Table
        The same part of the one that lends.
    columns : collection of str
        The keys.

    Returns
    -------
    pyarrow.Table
        With `_place` first; a key that was found is missing, any other stays.
    """
    place = pc.index_in(_keys(table, columns), value_set=_keys(lender, columns), skip_nulls=True)
    kept = {
        name: pc.if_else(pc.is_valid(place), pa.scalar(None, pa.string()), table.column(name))
        if name in columns
        else table.column(name)
        for name in table.column_names
    }
    return pa.table({PLACE: place.cast(pa.int32()), **kept})


def restored(table: pa.Table, lender: pa.Table, columns: Collection[str]) -> pa.Table:
    """Put keys for places in the lender: the table as it was before `lend`.

    Parameters
    ----------
    table : pyarrow.Table
        As `lend` returned it.
    lender : pyarrow.Table
        The same part of the one that lends.
    columns : collection of str
        The keys.

    Returns
    -------
    pyarrow.Table
        Without `_place`.
    """
    place = table.column(PLACE).combine_chunks()
    lent = {name: lender.column(name).combine_chunks().take(place) for name in columns}
    return pa.table(
        {
            name: _either(table.column(name), lent[name]) if name in lent else table.column(name)
            for name in table.column_names
            if name != PLACE
        }
    )


def _either(kept: pa.ChunkedArray, lent: pa.Array) -> pa.Array | pa.ChunkedArray:
    return lent if kept.null_count == len(kept) else pc.coalesce(kept, pa.chunked_array([lent]))
