"""The window of a transfer line has two sides: what is stated on the outgoing stands on the incoming one (TW-43)."""

from functools import cache
from typing import Any

from sqlalchemy import Update, func, select, update

from stockline.operations.lines import SourceLine, line_by_id, sides_of
from stockline.operations.locks import lock_line
from stockline.operations.reservation.bound_numbers import bound_transfers
from stockline.operations.windows.changes import write_difference
from stockline.operations.windows.dates import date_listed_rows
from stockline.operations.windows.drafts import forget, of_window, take_rows
from stockline.rules.transfer_window import beside_carried
from stockline.rules.window import COMBINATION, ITEM, LINE, ROWS
from stockline.schema.ledger import POSITIONS
from stockline.schema.reservations import SUPPLY, link
from stockline.schema.windows import window_row
from stockline.store.database import Transaction


def complete_incoming(transaction: Transaction, parameters: dict[str, Any]) -> None:
    """Complete the rows of a list for an incoming side by what it carries: what is to be handled, and dates."""
    transaction.execute(_complete(), parameters)


@cache
def _complete() -> Update:
    beside, row = beside_carried(), window_row.c
    handle = func.coalesce(row.handle, beside.c.marked)
    return (
        update(window_row)
        .where(*ROWS, row.row == beside.c.row)
        .values(
            handle=handle,
            invoice=handle,
            expires=func.coalesce(row.expires, beside.c.known_expires),
            warranty=func.coalesce(row.warranty, beside.c.known_warranty),
        )
    )


def mirror(transaction: Transaction, line: SourceLine, parameters: dict[str, Any]) -> None:
    """Write the rows of the window of a transfer's outgoing side to its incoming side too; other windows have none.

    Until something is shipped it is to handle the same; then what it was to handle before, of what is in transit.
    """
    if line.kind != "transfer" or line.is_incoming:
        return
    _, arriving = sides_of(transaction, line)
    own = parameters | {"line": arriving.id, "numbered_from": transaction.next_number() * POSITIONS}
    date_listed_rows(transaction, arriving, own | {"first": 1, "last": POSITIONS})
    if line.handled:
        transaction.execute(_KEEP_HANDLE, own)
    write_difference(transaction, arriving, own, handled=arriving.handled != 0)
    hand_on(transaction, arriving)


def hand_on(transaction: Transaction, line: SourceLine) -> None:
    """Numbers a supply has given to the outgoing sides bound to it stand on their incoming sides, and go on (IN-8)."""
    if line.side is SUPPLY:
        for leaving in transaction.execute(_BOUND_TRANSFERS, {"item": line.item.id, "line": line.id}).scalars().all():
            mirror_carried(transaction, line.item.id, leaving)


def mirror_carried(transaction: Transaction, item_id: int, line_id: int) -> None:
    """Write the numbers an outgoing side carries to its incoming side, and on to what is bound to it (IN-8)."""
    leaving = line_by_id(transaction, item_id, line_id)
    if leaving is not None:
        lock_line(transaction, leaving)
        window = transaction.next_number()
        parameters = of_window(leaving, window)
        take_rows(transaction, leaving, parameters)
        mirror(transaction, leaving, parameters)
        forget(transaction, item_id, window)


_BOUND_TRANSFERS = bound_transfers(link.c.item_id == ITEM, SUPPLY.line_id == LINE)

_numbered = [getattr(SUPPLY, name) == window_row.c[name] for name in COMBINATION]
_handle = (
    select(func.coalesce(func.sum(SUPPLY.handle), 0))
    .where(link.c.item_id == ITEM, SUPPLY.line_id == LINE, *_numbered)
    .scalar_subquery()
)
_KEEP_HANDLE = update(window_row).where(*ROWS).values(handle=_handle, invoice=_handle)
