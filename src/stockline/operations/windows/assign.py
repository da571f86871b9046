"""Assigning numbers in an open window: serials of a series or a pattern, a new lot, a new package (TW-26 to TW-28)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from stockline.codes import Code
from stockline.operations.windows.contents import changed
from stockline.operations.windows.drafts import OpenWindow, Visit, hold_window
from stockline.operations.windows.edit import add_rows, change_row, find_row
from stockline.operations.windows.number_series import DEFAULT_SERIES, take_numbers
from stockline.operations.windows.rows import RowReader
from stockline.plan.series import numbers_from
from stockline.refusal import Refusal
from stockline.results import TrackingRow, WindowChanged
from stockline.rules.window import COMBINATION, GOOD_ROWS
from stockline.schema.ledger import POSITIONS
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.tracking_code import NumberKind
from stockline.values import SCALE, QuantityLike, ValueProblem, to_quantity


@dataclass(frozen=True, slots=True)
class NewSerials:
    """How serials are to be made: how many, of which series or beginning with which number."""

    quantity: QuantityLike | None = None
    base_quantity: QuantityLike | None = None
    series: str | None = None
    pattern: str | None = None
    increment: int = 1
    new_lot: bool = False
    new_package: bool = False


def assign_serials(transaction: Transaction, number: int, wanted: NewSerials, visit: Visit) -> WindowChanged:
    """Add a row of one for each of so many new serials (TW-26, TW-27)."""
    window = hold_window(transaction, number, visit)
    try:
        quantity = _how_many(window, wanted)
        serials = _serials(transaction, wanted, quantity)
    except ValueProblem as problem:
        message = f"Line {window.line.name}: {problem}."
        raise Refusal.of(Code.INVALID, message, line=window.line.name) from None
    lot = take_numbers(transaction, DEFAULT_SERIES["lot"], 1)[0] if wanted.new_lot else None
    package = take_numbers(transaction, DEFAULT_SERIES["package"], 1)[0] if wanted.new_package else None
    parameters = add_rows(transaction, window, [TrackingRow(serial, lot, package) for serial in serials])
    return changed(transaction, window, parameters["step"])


def _how_many(window: OpenWindow, wanted: NewSerials) -> int:
    if wanted.quantity is None and wanted.base_quantity is None:
        units = window.undefined
    else:
        reader = RowReader(window.line, fresh=True)
        units = reader.units(wanted.quantity, wanted.base_quantity, False) * window.line.sign
    if units <= 0 or units % SCALE or units // SCALE >= POSITIONS:
        raise ValueProblem(f"{to_quantity(units)} is no number of serials that could be assigned")
    return units // SCALE


def _serials(transaction: Transaction, wanted: NewSerials, quantity: int) -> Sequence[str]:
    if wanted.pattern is None:
        return take_numbers(transaction, wanted.series or DEFAULT_SERIES["serial"], quantity)
    if wanted.series is not None:
        raise ValueProblem("serials are of a series or of a pattern, not of both")
    return numbers_from(wanted.pattern.strip(), quantity, wanted.increment)


def assign_number(
    transaction: Transaction, number: int, kind: NumberKind, row: int | None, visit: Visit, seen: int | None
) -> WindowChanged:
    """Give a row, or the last one, a new lot or package; if it has one, a new row with its other numbers (TW-28)."""
    window = hold_window(transaction, number, visit)
    current = find_row(transaction, window, row, seen) if row is not None else _last_row(transaction, window)
    (new,) = take_numbers(transaction, DEFAULT_SERIES[kind], 1)
    if current is not None and not getattr(current, kind):
        step = change_row(transaction, window, current, {kind: new})
    else:
        serial, lot, package = (new if name == kind else getattr(current, name, None) for name in COMBINATION)
        room = window.undefined
        quantity = to_quantity(room * window.line.sign) if 0 < room <= abs(window.line.quantity) else 0
        step = add_rows(transaction, window, [TrackingRow(serial, lot, package, base_quantity=quantity)])["step"]
    return changed(transaction, window, step)


def _last_row(transaction: Transaction, window: OpenWindow) -> Any:
    return transaction.execute(_LAST, window.parameters).first()


_LAST = select(window_row).where(*GOOD_ROWS).order_by(window_row.c.row.desc()).limit(1)
