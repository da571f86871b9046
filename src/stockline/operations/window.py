"""The tracking window of a source line: making its rows exactly those given.

Rows are staged, checked by the rules of `rules.window`, and written as the difference to what the line carries (TW-18).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from stockline.codes import Code, WarningCode
from stockline.operations.lines import SourceLine
from stockline.operations.locks import hold_line
from stockline.operations.numbers import bring_numbers
from stockline.operations.window_changes import write_difference
from stockline.operations.window_rows import stage_rows
from stockline.operations.window_view import source_figures
from stockline.refusal import Finding, Refusal, Warning
from stockline.results import Figures, TrackingRow, WindowClosed
from stockline.rules.framework import enforce
from stockline.rules.window import (
    FRESH_ROWS,
    HANDLED_ROWS,
    ROWS,
    handled_combinations,
    same_combination,
    serial_quantity_not_one,
)
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.values import to_quantity


def track(transaction: Transaction, name: str, rows: Sequence[TrackingRow]) -> WindowClosed:
    """Open the window of a line, make its rows exactly these, and close it (TW-9 to TW-19)."""
    return track_line(transaction, hold_line(transaction, name), rows)


def track_line(transaction: Transaction, line: SourceLine, rows: Sequence[TrackingRow]) -> WindowClosed:
    """The same for a line that is held already."""
    if not line.item.tracking.tracked:
        raise Refusal.of(
            Code.NOT_TRACKED, f"Item {line.item.code} is not tracked.", line=line.name, item=line.item.code
        )
    window = transaction.next_number()
    parameters = {"item": line.item.id, "window": window, "line": line.id}
    unreadable = stage_rows(transaction, line, window, rows)
    if unreadable:
        enforce(transaction, [serial_quantity_not_one], parameters)  # comes first, whichever row it is (IN-4)
        unreadable.refuse()
    handled = line.handled != 0
    if handled:
        _default_figures(transaction, parameters)
    bring_numbers(transaction, line, window)
    enforce(transaction, HANDLED_ROWS if handled else FRESH_ROWS, parameters)
    closed = _closed(transaction, line, parameters)
    write_difference(transaction, line, parameters, handled=handled)
    transaction.execute(_CLEAR, parameters)
    return closed


def _closed(transaction: Transaction, line: SourceLine, parameters: dict[str, Any]) -> WindowClosed:
    """The header at closing; refuses more than the line has, warns of what is undefined (TW-16)."""
    quantity, handle, invoice, rows = tuple(transaction.execute(_TOTALS, parameters).one())
    handled = transaction.execute(_HANDLED, parameters).scalar_one()
    room = abs(line.quantity) - abs(line.handled)
    if quantity > abs(line.quantity) or quantity - handled > room:
        message = f"Line {line.name} has {to_quantity(abs(line.quantity))} {line.item.unit} with {to_quantity(room)} outstanding, tracked are {to_quantity(quantity)}."  # noqa: E501
        facts = {"quantity": to_quantity(abs(line.quantity)), "tracked": to_quantity(quantity)}
        raise Refusal.of(Code.TRACKING_EXCEEDS_LINE, message, line=line.name, item=line.item.code, facts=facts)
    source = source_figures(line)
    tracked = Figures(
        quantity=to_quantity(quantity * line.sign),
        handle=to_quantity(handle * line.sign),
        invoice=to_quantity(invoice * line.sign),
    )
    undefined = Figures(
        quantity=source.quantity - tracked.quantity,
        handle=source.handle - tracked.handle,
        invoice=source.invoice - tracked.invoice,
    )
    warnings = []
    if undefined.quantity:
        message = f"Line {line.name}: {undefined.quantity} {line.item.unit} have no tracking number."
        finding = Finding(message, line=line.name, facts={"undefined": undefined.quantity})
        warnings.append(Warning(WarningCode.TRACKING_UNDEFINED, [finding]))
    return WindowClosed(
        line=line.name, rows=rows, source=source, tracked=tracked, undefined=undefined, warnings=warnings
    )


_TOTALS = select(
    func.coalesce(func.sum(window_row.c.quantity), 0),
    func.coalesce(func.sum(window_row.c.handle), 0),
    func.coalesce(func.sum(window_row.c.invoice), 0),
    func.count(),
).where(*ROWS)
_historic = handled_combinations()
_HANDLED = select(func.coalesce(func.sum(_historic.c.handled), 0))
_CLEAR = delete(window_row).where(*ROWS)


def _default_figures(transaction: Transaction, parameters: dict[str, Any]) -> None:
    """Defaults of the rows of a line of which a part has been handled (TW-14)."""
    historic = handled_combinations()
    row = window_row.c
    handle = func.coalesce(row.handle, row.quantity - historic.c.handled)
    invoice = func.coalesce(row.invoice, historic.c.handled + handle - historic.c.invoiced)
    known = update(window_row).where(*ROWS, same_combination(historic, window_row))
    transaction.execute(known.values(handle=handle, invoice=invoice), parameters)
    handle = func.coalesce(row.handle, row.quantity)
    new = update(window_row).where(*ROWS, or_(row.handle.is_(None), row.invoice.is_(None)))
    transaction.execute(new.values(handle=handle, invoice=func.coalesce(row.invoice, handle)), parameters)
