"""A window of n serials pasted and closed, ours and bare in turn: medians of the ratios.

Bare, pasting writes the rows of the window, and closing writes the entries of the line and deletes these rows.
"""

from uuid import uuid4

from sqlalchemy import Delete, Table, select

import stockline
from bench.bare import FAR, barest_rows, write
from bench.postings import Timings, furnish, timed
from stockline import OrderLine, TrackingRow
from stockline.schema.reservations import link
from stockline.schema.windows import window_row
from stockline.store.database import Database, Transaction, parse_url
from stockline.store.dialect import Rows


def measure(url: str, size: int, rounds: int) -> dict[str, Timings]:
    """Paste `size` serials into a window and close it, `rounds` times, each beside the bare writing of its rows."""
    stock = stockline.open(url)
    database = Database(parse_url(url))
    item, site, item_id = furnish(stock, database)
    timings = {"pasted": Timings(), "closed": Timings()}
    for turn in range(rounds + 1):  # the first turn warms up and is not counted
        order = f"PO-{uuid4().hex[:8]}"
        stock.create_order(order, "purchase", site=site, lines=[OrderLine(item=item, quantity=size)])
        window = stock.open_tracking(f"{order}/1").number
        rows = [TrackingRow(f"{order}{number:08d}") for number in range(size)]
        pasting, _ = timed(lambda: stock.paste_rows(window, rows))  # noqa: B023
        drafted = _rows(database, window_row, item_id)
        drafting, _ = timed(lambda: write(database, [drafted]))  # noqa: B023
        closing, _ = timed(lambda: stock.close_tracking(window))  # noqa: B023
        entries = _rows(database, link, item_id)
        replacing, _ = timed(lambda: _replace(database, entries, item_id))  # noqa: B023
        if turn:
            timings["pasted"].add(pasting, drafting)
            timings["closed"].add(closing, replacing)
        stock.delete_order(order, confirm=True)
        database.write(lambda transaction: transaction.execute(_delete(link, item_id)))
    stock.close()
    database.close()
    return timings


def _rows(database: Database, table: Table, item_id: int) -> Rows:
    """The rows a table has of the item, as rows of another."""
    query = select(table).where(table.c.item_id == item_id)
    return database.read(lambda transaction: barest_rows(transaction, table, transaction.execute(query).all()))


def _replace(database: Database, entries: Rows, item_id: int) -> None:
    def work(transaction: Transaction) -> None:
        transaction.dialect.copy(transaction.connection, entries)
        transaction.execute(_delete(window_row, item_id))

    database.write(work)


def _delete(table: Table, item_id: int) -> Delete:
    return table.delete().where(table.c.item_id == item_id + FAR)
