"""Taking one number into an open window: scanned, or chosen for a row (TW-29, TW-33)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, bindparam, select

from stockline.codes import Code
from stockline.exchange.gs1 import Scanned, read_code
from stockline.operations.catalog import find_items
from stockline.operations.lookups.summaries import stock_for, summary
from stockline.operations.windows.contents import changed
from stockline.operations.windows.drafts import OpenWindow, Visit, hold_window
from stockline.operations.windows.edit import add_rows, change_row, find_row
from stockline.refusal import Refusal
from stockline.results import TrackingRow, WindowChanged
from stockline.rules.window import COMBINATION, GOOD_ROWS
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE, ValueProblem, to_quantity, to_units


def scan(transaction: Transaction, number: int, code: str, visit: Visit) -> WindowChanged:
    """Take what a code names: a serial as a row of one, a lot or package as one more on its row (TW-29).

    On a line that takes stock it is as much as is available and undefined, of a serial at most one.
    """
    window = hold_window(transaction, number, visit)
    try:
        scanned = read_code(code)
    except ValueProblem as problem:
        raise _unreadable(window, f"{problem}") from None
    _require_item(transaction, window, scanned)
    numbers = _numbers(window, scanned)
    units = _units(transaction, window, numbers, scanned)
    row = None if "serial" in numbers else transaction.execute(_STANDING, window.parameters | _BLANK | numbers).first()
    given: dict[str, Any] = {"base_quantity": to_quantity(((row.quantity if row else 0) + units) * window.line.sign)}
    if window.line.item.tracking.uses_expiration and scanned.expires is not None:
        given["expires"] = scanned.expires
    if row is not None:
        step = change_row(transaction, window, row, given)
    else:
        step = add_rows(transaction, window, [TrackingRow(**numbers, **given)])["step"]
    return changed(transaction, window, step)


_BLANK = dict.fromkeys(NUMBER_KINDS, "")
_STANDING = (
    select(window_row)
    .where(*GOOD_ROWS, *(window_row.c[name] == bindparam(name, type_=Text) for name in COMBINATION))
    .limit(1)
)


def _numbers(window: OpenWindow, scanned: Scanned) -> dict[str, Any]:
    """What is scanned as numbers by kind: a plain code is of the first kind the item is tracked by."""
    if scanned.plain is None:
        found = {"serial": scanned.serial, "lot": scanned.lot}
    else:
        tracking = window.line.item.tracking
        found = {next(kind for kind in NUMBER_KINDS if tracking.policy(kind) != "none"): scanned.plain}
    numbers = {kind: number for kind, number in found.items() if number}
    if not numbers:
        raise _unreadable(window, "the code names no serial, lot or package")
    return numbers


def _units(transaction: Transaction, window: OpenWindow, numbers: Mapping[str, str], scanned: Scanned) -> int:
    """How much of it is taken, in engine units."""
    said = None if scanned.quantity is None or "serial" in numbers else to_units(scanned.quantity)
    if window.line.movement > 0:
        return SCALE if said is None else said
    free = min(_available(transaction, window, numbers), window.undefined)
    if "serial" in numbers:
        return SCALE if free >= SCALE else 0
    return max(free if said is None else min(free, said), 0)


def _available(transaction: Transaction, window: OpenWindow, numbers: Mapping[str, str]) -> int:
    return to_units(summary(transaction, [stock_for(window.line, window.id)], numbers).available)


def _require_item(transaction: Transaction, window: OpenWindow, scanned: Scanned) -> None:
    """Refuse the trade item number of another item, where items have these for their ids."""
    if scanned.gtin is None:
        return
    shorter = [scanned.gtin[-length:] for length in (14, 13, 12, 8) if not scanned.gtin[:-length].strip("0")]
    others = sorted(set(find_items(transaction, shorter)) - {window.line.item.code})
    if others:
        raise _unreadable(window, f"the code is of item {others[0]}")


def _unreadable(window: OpenWindow, problem: str) -> Refusal:
    line = window.line
    return Refusal.of(Code.INVALID, f"Line {line.name}: {problem}.", line=line.name, item=line.item.code)


def choose_number(
    transaction: Transaction, number: int, row: int, chosen: Mapping[str, str], visit: Visit, seen: int | None
) -> WindowChanged:
    """Give a row the number chosen for it, and the quantity that fits (TW-33).

    Where too much is tracked the row is cut by the excess, else it grows by what is undefined and available.
    """
    window = hold_window(transaction, number, visit)
    was = find_row(transaction, window, row, seen)
    room = window.undefined
    if chosen.get("serial") or (was.serial and "serial" not in chosen):
        units = SCALE
    elif room < 0:
        units = max(was.quantity + room, was.handled)
    else:
        numbers = {name: getattr(was, name) for name in COMBINATION} | dict(chosen)
        units = was.quantity + max(min(room, _available(transaction, window, numbers)), 0)
    changes: dict[str, Any] = {**chosen, "base_quantity": to_quantity(units * window.line.sign)}
    return changed(transaction, window, change_row(transaction, window, was, changes))
