"""Selecting stock for an open window: rows chosen by hand, or the proposal (TW-31, TW-32).

What is selected comes in as new rows; those of a combination that the window has already are then added to its row.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, exists, select, update

from stockline.codes import Code
from stockline.operations.lookups.proposal import propose
from stockline.operations.lookups.summaries import Stock, stock_for
from stockline.operations.numbers import bring_numbers
from stockline.operations.windows.contents import changed, contents
from stockline.operations.windows.dates import date_entered_rows
from stockline.operations.windows.drafts import OpenWindow, Visit, hold_window, look_at_window
from stockline.operations.windows.rows import stage_new_rows
from stockline.operations.windows.shortages import shortages
from stockline.operations.windows.steps import begin_step, keep_new_rows, keeping
from stockline.operations.windows.warranty import take_warranties
from stockline.refusal import Refusal
from stockline.results import TrackingRow, Window, WindowChanged
from stockline.rules.framework import enforce
from stockline.rules.selection import selection_rules
from stockline.rules.window import (
    ALL_ROWS,
    CHANGED,
    ENTERED_ROWS,
    FIRST,
    LAST,
    ROWS,
    in_same_window,
    same_combination,
)
from stockline.schema.windows import window_row
from stockline.store.database import Transaction


def select_rows(transaction: Transaction, number: int, given: Sequence[TrackingRow], visit: Visit) -> WindowChanged:
    """Take the stock of these rows into the window; refused whole when one of them asks for too much (TW-32)."""
    window = _taking(hold_window(transaction, number, visit))
    stock = stock_for(window.line, window.id)
    parameters = begin_step(transaction, window, len(given)) | _place(window, stock)
    unreadable = stage_new_rows(transaction, window, parameters["first"], given, selected=True)
    if unreadable:
        raise Refusal(Code.INVALID, unreadable.values())
    bring_numbers(transaction, window.line, parameters)
    enforce(transaction, selection_rules(stock.steers, located=window.line.location != ""), parameters)
    return _take(transaction, window, stock, parameters)


def select_proposal(transaction: Transaction, number: int, visit: Visit) -> WindowChanged:
    """Take what is undefined from the numbers with the earliest expiration date (TW-31)."""
    window = _taking(hold_window(transaction, number, visit))
    stock = stock_for(window.line, window.id)
    proposed = propose(transaction, window, stock, window.undefined) if window.undefined > 0 else 0
    if not proposed:
        return changed(transaction, window, None)
    return _take(transaction, window, stock, begin_step(transaction, window, proposed) | _place(window, stock))


def refresh(transaction: Transaction, number: int, after: int, limit: int | None) -> Window:
    """An open window with the warnings of all its rows (TW-34)."""
    window = look_at_window(transaction, number)
    warnings = shortages(transaction, window.line, window.parameters | ALL_ROWS)
    return replace(contents(transaction, number, after, limit), warnings=warnings)


def _taking(window: OpenWindow) -> OpenWindow:
    """The window, if its line takes from stock; else refused `invalid`."""
    if window.line.movement > 0:
        message = f"Line {window.line.name} brings goods in: there is nothing to select for it."
        raise Refusal.of(Code.INVALID, message, line=window.line.name, item=window.line.item.code)
    return window


def _place(window: OpenWindow, stock: Stock) -> dict[str, Any]:
    return stock.parameters | {"location": window.line.location}


def _take(transaction: Transaction, window: OpenWindow, stock: Stock, parameters: dict[str, Any]) -> WindowChanged:
    """Make what was selected rows of the window."""
    for statement in _ADD_TO_ROWS:
        transaction.execute(statement, parameters)
    enforce(transaction, ENTERED_ROWS, parameters)
    date_entered_rows(transaction, window.line, parameters)
    take_warranties(transaction, stock, parameters)
    keep_new_rows(transaction, parameters)
    return changed(transaction, window, parameters["step"])


_selected = window_row.alias("selected")
_SELECTED = (
    in_same_window(_selected, window_row),
    _selected.c.row.between(FIRST, LAST),
    same_combination(_selected, window_row),
)
_STANDING = (*ROWS, window_row.c.row < FIRST, window_row.c.revision.isnot(None))
"""The rows that were there before."""
_quantity = window_row.c.quantity + _selected.c.quantity
_ADD_TO_ROWS = (
    keeping(*_STANDING, exists(select(_selected.c.row).where(*_SELECTED))),
    update(window_row)
    .where(*_STANDING, *_SELECTED)
    .values(
        quantity=_quantity,
        handle=_quantity - window_row.c.handled,
        invoice=_quantity - window_row.c.invoiced,
        revision=bindparam("revision"),
    ),
    delete(window_row).where(
        *CHANGED,
        exists(
            select(_selected.c.row).where(
                in_same_window(_selected, window_row),
                _selected.c.row < FIRST,
                same_combination(_selected, window_row),
            )
        ),
    ),
)
