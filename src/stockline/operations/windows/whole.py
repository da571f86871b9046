"""The numbers of a source line given whole: its window opened, made exactly these rows, and closed.

Rows are staged, checked by the rules of `rules.window`, and written as the difference to what the line carries (TW-18).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, or_, update

from stockline.operations.lines import SourceLine
from stockline.operations.locks import hold_line
from stockline.operations.lookups.summaries import stock_for
from stockline.operations.new_numbers import note_new_numbers
from stockline.operations.numbers import bring_numbers
from stockline.operations.windows.changes import write_difference
from stockline.operations.windows.close import closed
from stockline.operations.windows.dates import date_listed_rows, date_rules
from stockline.operations.windows.drafts import make_way, of_window, require_tracked
from stockline.operations.windows.rows import bare_serials, stage_rows, stage_serials
from stockline.operations.windows.transfers import complete_incoming, hand_on, mirror
from stockline.operations.windows.warranty import take_warranties
from stockline.results import TrackingRow, WindowClosed
from stockline.rules.framework import enforce
from stockline.rules.transfer_window import INCOMING_LIST
from stockline.rules.window import (
    ALL_ROWS,
    APPLICATION,
    LISTED_ROWS,
    ROWS,
    handled_combinations,
    handled_row_missing,
    same_combination,
    serial_quantity_not_one,
)
from stockline.schema.windows import window_row
from stockline.store.database import Transaction


def track(
    transaction: Transaction, name: str, rows: Sequence[TrackingRow], abandoned_before: dt.datetime
) -> WindowClosed:
    """Open the window of a line, make its rows exactly these, and close it (TW-9 to TW-19)."""
    line = hold_line(transaction, name)
    require_tracked(line)
    make_way(transaction, line, abandoned_before)
    return track_line(transaction, line, rows)


def track_line(
    transaction: Transaction, line: SourceLine, rows: Sequence[TrackingRow], *, keeps_warranty: bool = False
) -> WindowClosed:
    """The same for a line that is held already, and of which no window is open.

    `keeps_warranty`: rows without a warranty date take that of the stock they are about.
    """
    require_tracked(line)
    window = transaction.next_number()
    parameters = of_window(line, window) | ALL_ROWS
    serials = bare_serials(line, rows)
    if serials is None:
        _stage_readable(transaction, line, rows, parameters)
    else:
        stage_serials(transaction, line, window, serials)
    bring_numbers(transaction, line, parameters)
    if line.is_incoming:
        complete_incoming(transaction, parameters)
    if line.handled:
        _take_over_handled(transaction, parameters)
    if line.is_incoming:
        enforce(transaction, INCOMING_LIST, parameters)
    else:
        _check_rows(transaction, line, [] if serials else rows, parameters)
    date_listed_rows(transaction, line, parameters)
    if keeps_warranty or line.renumbers:
        take_warranties(transaction, stock_for(line), parameters)
    note_new_numbers(transaction, line, parameters)
    answer = closed(transaction, line, parameters)
    warnings = write_difference(transaction, line, parameters, handled=line.handled != 0)
    mirror(transaction, line, parameters)
    hand_on(transaction, line)
    transaction.execute(_CLEAR, parameters)
    return replace(answer, warnings=[*answer.warnings, *warnings])


def _stage_readable(
    transaction: Transaction, line: SourceLine, rows: Sequence[TrackingRow], parameters: dict[str, Any]
) -> None:
    unreadable = stage_rows(transaction, line, parameters["window"], rows)
    if unreadable:
        enforce(transaction, [serial_quantity_not_one], parameters)  # comes first, whichever row it is (IN-4)
        unreadable.refuse()


def _check_rows(
    transaction: Transaction, line: SourceLine, rows: Sequence[TrackingRow], parameters: dict[str, Any]
) -> None:
    """Enforce the rules on rows; `rows` is empty where no rule about numbers and quantities can bite."""
    enforce(transaction, LISTED_ROWS if rows else [handled_row_missing], parameters)
    if any(row.apply_to is not None or row.apply_from is not None for row in rows):
        enforce(transaction, APPLICATION, parameters)
    enforce(transaction, date_rules(line), parameters)


_CLEAR = delete(window_row).where(*ROWS)


def _take_over_handled(transaction: Transaction, parameters: dict[str, Any]) -> None:
    """Note on the rows of a line what of them has been handled, and the defaults that follow from it (TW-14)."""
    historic = handled_combinations()
    row = window_row.c
    handle = func.coalesce(row.handle, row.quantity - historic.c.handled)
    invoice = func.coalesce(row.invoice, historic.c.handled + handle - historic.c.invoiced)
    known = update(window_row).where(*ROWS, same_combination(historic, window_row))
    done = {"handled": historic.c.handled, "invoiced": historic.c.invoiced}
    transaction.execute(known.values(handle=handle, invoice=invoice, **done), parameters)
    handle = func.coalesce(row.handle, row.quantity)
    new = update(window_row).where(*ROWS, or_(row.handle.is_(None), row.invoice.is_(None)))
    transaction.execute(new.values(handle=handle, invoice=func.coalesce(row.invoice, handle)), parameters)
