"""The barest SQL that writes the rows of a posting: the same tables and indexes, one transaction, commit included.

The rows are those Stockline wrote, given to another item: nothing is computed, checked or looked up.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Table, select, text

from stockline.schema.ledger import POSITIONS, application, ledger_entry, open_entry
from stockline.schema.reservations import tracking_specification
from stockline.schema.stock import serial
from stockline.store.database import Database, Transaction
from stockline.store.dialect import Rows

RECEIVED = (ledger_entry, open_entry, tracking_specification, serial)
ISSUED = (ledger_entry, application, tracking_specification)


FAR = 10_000_000
"""Added to an item's id: the item whose rows are written bare."""


def received_rows(database: Database, item_id: int, posting: int) -> list[Rows]:
    """The rows a receipt left behind, as rows of another item."""
    return _rows(database, item_id, posting, RECEIVED)


def issued_rows(database: Database, item_id: int, posting: int) -> list[Rows]:
    """The rows an issue left behind, as rows of another item."""
    return _rows(database, item_id, posting, ISSUED)


def _rows(database: Database, item_id: int, posting: int, tables: Sequence[Table]) -> list[Rows]:
    first, last = posting * POSITIONS, (posting + 1) * POSITIONS - 1
    entry = {
        ledger_entry: ledger_entry.c.id,
        open_entry: open_entry.c.entry_id,
        tracking_specification: tracking_specification.c.entry_id,
        application: application.c.outbound_id,
    }

    def read(transaction: Transaction) -> list[Rows]:
        found = []
        for table in tables:
            of_posting = serial.c.last_batch_id == posting if table is serial else entry[table].between(first, last)
            query = select(table).where(table.c.item_id == item_id, of_posting)
            found.append(barest_rows(transaction, table, transaction.execute(query).all()))
        return found

    return database.read(read)


def barest_rows(transaction: Transaction, table: Table, rows: Sequence[Any]) -> Rows:
    """Rows of a table as rows of another item, ready to be written bare."""
    return _barest(table, [_moved(table, row, transaction) for row in rows])


def _moved(table: Table, row: Any, transaction: Transaction) -> tuple[Any, ...]:
    values = []
    for column, value in zip(table.columns, row, strict=True):
        plain = transaction.dialect.date_value(value) if isinstance(value, date) else value
        values.append(plain + FAR if column.name == "item_id" else plain)
    return tuple(values)


def _barest(table: Table, rows: list[tuple[Any, ...]]) -> Rows:
    """The rows with as little to send as possible: nothing that is blank, and once what is the same number in all."""
    same: dict[str, int] = {}
    sent: list[int] = []
    for place, column in enumerate(table.columns):
        values = {row[place] for row in rows}
        alike = next(iter(values)) if len(values) == 1 else None
        if isinstance(alike, int):
            same[column.name] = alike
        elif values not in ({None}, {""}) or column.primary_key:
            sent.append(place)
    columns = [table.columns[place].name for place in sent]
    return Rows(table, same, columns, [tuple(row[place] for place in sent) for row in rows])


def write(database: Database, rows: list[Rows]) -> None:
    """Write the rows of a receipt: COPY on PostgreSQL, executemany on SQLite."""
    database.write(lambda transaction: _copy(transaction, rows))


def _copy(transaction: Transaction, rows: list[Rows]) -> None:
    for some in rows:
        transaction.dialect.copy(transaction.connection, some)


_CLOSE = text("DELETE FROM open_entry WHERE item_id = :item")
_UNLINK = text(
    "UPDATE serial SET stock_line_id = NULL, last_direction = -1, last_batch_id = :posting"
    " WHERE item_id = :item AND stock_line_id IS NOT NULL"
)


def issue(database: Database, rows: list[Rows], item_id: int, posting: int) -> None:
    """Write the rows of an issue, close what it took and unlink its serials: all there are of the item."""

    def work(transaction: Transaction) -> None:
        _copy(transaction, rows)
        transaction.execute(_CLOSE, {"item": item_id + FAR})
        transaction.execute(_UNLINK, {"item": item_id + FAR, "posting": posting})

    database.write(work)


def forget(database: Database, item_id: int) -> None:
    """Remove the rows written bare."""

    def work(transaction: Transaction) -> None:
        for table in {*RECEIVED, *ISSUED}:
            transaction.execute(table.delete().where(table.c.item_id == item_id + FAR))

    database.write(work)
