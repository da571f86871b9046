"""Closing an open window: what it drafted becomes the line's, or is thrown away (TW-16 to TW-18)."""

from dataclasses import replace
from typing import Any

from sqlalchemy import delete

from stockline.codes import Code, WarningCode
from stockline.operations.lines import SourceLine
from stockline.operations.locks import lock_line
from stockline.operations.lookups.summaries import stock_for
from stockline.operations.new_numbers import note_new_numbers
from stockline.operations.windows.changes import write_difference
from stockline.operations.windows.dates import forget_shown_dates
from stockline.operations.windows.drafts import (
    Visit,
    find_item_id,
    forget,
    hold_window,
    look_at_window,
)
from stockline.operations.windows.shortages import shortages
from stockline.operations.windows.staleness import require_fresh, require_latest
from stockline.operations.windows.transfers import hand_on, mirror
from stockline.operations.windows.view import Header, sums
from stockline.operations.windows.warranty import take_warranties
from stockline.refusal import Finding, Refusal, Warning
from stockline.results import WindowClosed
from stockline.rules.window import ALL_ROWS, COMBINATION, ROWS
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.values import to_quantity


def close_window(transaction: Transaction, window: int, visit: Visit, revision: int | None) -> WindowClosed:
    """Write what the window drafted to its line and let go of it.

    Rows without number are dropped, also those that were refused. Refused `window_stale` when the line or its entries
    have changed meanwhile, or the window since the revision given; `tracking_exceeds_line`.
    """
    # The line is held before the window, as in opening: so nobody waits for somebody who waits for them.
    lock_line(transaction, look_at_window(transaction, window).line)
    held = hold_window(transaction, window, visit)
    require_latest(transaction, held, revision)
    require_fresh(transaction, held)
    if held.line.renumbers:
        take_warranties(transaction, stock_for(held.line), held.parameters | ALL_ROWS)
    note_new_numbers(transaction, held.line, held.parameters)
    transaction.execute(_DROP_EMPTY, held.parameters)
    forget_shown_dates(transaction, held.line, held.parameters)
    answer = closed(transaction, held.line, held.parameters)
    warnings = write_difference(transaction, held.line, held.parameters, handled=held.line.handled != 0)
    mirror(transaction, held.line, held.parameters)
    hand_on(transaction, held.line)
    forget(transaction, held.line.item.id, window)
    return replace(answer, warnings=[*answer.warnings, *warnings])


_DROP_EMPTY = delete(window_row).where(*ROWS, *(window_row.c[name] == "" for name in COMBINATION))
"""Rows without any number; also those that were refused, whose numbers are blank."""


def discard_window(transaction: Transaction, window: int) -> None:
    """Let go of a window and of what was drafted in it; refused `not_found`."""
    forget(transaction, find_item_id(transaction, window), window)


def closed(transaction: Transaction, line: SourceLine, parameters: dict[str, Any]) -> WindowClosed:
    """The header at closing; refuses more than the line has, warns of what is undefined (TW-16)."""
    found = sums(transaction, parameters)
    room = abs(line.quantity) - abs(line.handled)
    beyond = found.quantity > abs(line.quantity) or found.quantity - found.handled > room
    if beyond and not line.may_exceed:
        message = (
            f"Line {line.name} has {to_quantity(abs(line.quantity))} {line.item.unit} with {to_quantity(room)}"
            f" outstanding, tracked are {to_quantity(found.quantity)}."
        )
        facts = {"quantity": to_quantity(abs(line.quantity)), "tracked": to_quantity(found.quantity)}
        raise Refusal.of(Code.TRACKING_EXCEEDS_LINE, message, line=line.name, item=line.item.code, facts=facts)
    header = found.header(line)
    warnings = [*_undefined(line, header), *shortages(transaction, line, parameters | ALL_ROWS)]
    return WindowClosed(line=line.name, rows=found.rows, **header.matrix, warnings=warnings)


def _undefined(line: SourceLine, header: Header) -> list[Warning]:
    undefined = header.undefined.quantity
    if undefined * line.sign <= 0:
        return []
    message = f"Line {line.name}: {undefined} {line.item.unit} have no tracking number."
    finding = Finding(message, line=line.name, facts={"undefined": undefined})
    return [Warning(WarningCode.TRACKING_UNDEFINED, [finding])]
