"""Entering, changing and removing rows of an open window, one by one or many at once (TW-9 to TW-15)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import delete, select, update

from stockline.codes import Code
from stockline.operations.new_numbers import NEW_NUMBERS
from stockline.operations.numbers import bring_numbers
from stockline.operations.windows.contents import changed, given_row, given_text
from stockline.operations.windows.dates import date_entered_rows, date_rules, forget_date_of_former_number
from stockline.operations.windows.drafts import OpenWindow, Visit, hold_window
from stockline.operations.windows.rows import RowReader, carries_dates, stage_new_rows
from stockline.operations.windows.staleness import require_seen
from stockline.operations.windows.steps import begin_step, keep_new_rows, keep_rows
from stockline.refusal import Refusal
from stockline.results import KEEP, TrackingRow, WindowChanged
from stockline.rules.framework import Rule, described, enforce, offences
from stockline.rules.transfer_window import INCOMING_ROWS, incoming_row_missing
from stockline.rules.window import CHANGED, COMBINATION, ENTERED_ROWS, handled_row_renumbered, serial_quantity_not_one
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.values import NUMBER_LENGTH, ValueProblem, clean_number

CHANGEABLE = tuple(field.name for field in fields(TrackingRow))


def _rules(window: OpenWindow) -> Sequence[Rule]:
    """What rows entered or changed in the window must obey."""
    return INCOMING_ROWS if window.line.is_incoming else (*ENTERED_ROWS, *date_rules(window.line))


def enter_rows(transaction: Transaction, number: int, given: Sequence[TrackingRow], visit: Visit) -> WindowChanged:
    """Enter rows; refused whole when one of them breaks a rule."""
    window = hold_window(transaction, number, visit)
    parameters = add_rows(transaction, window, given)
    return changed(transaction, window, parameters["step"])


def add_rows(transaction: Transaction, window: OpenWindow, given: Sequence[TrackingRow]) -> dict[str, Any]:
    """Add rows as one step, refused like a list given whole; the parameters of its statements."""
    parameters = begin_step(transaction, window, len(given))
    unreadable = stage_new_rows(transaction, window, parameters["first"], given)
    if unreadable:
        enforce(transaction, [serial_quantity_not_one], parameters)
        raise Refusal(Code.INVALID, unreadable.values())
    bring_numbers(transaction, window.line, parameters)
    enforce(transaction, _rules(window), parameters)
    date_entered_rows(transaction, window.line, parameters)
    keep_new_rows(transaction, parameters)
    return parameters


def paste_rows(transaction: Transaction, number: int, given: Sequence[TrackingRow], visit: Visit) -> WindowChanged:
    """Enter rows as one step; those that break a rule are kept, marked with their refusal, and count nowhere."""
    window = hold_window(transaction, number, visit)
    parameters = begin_step(transaction, window, len(given))
    first = parameters["first"]
    unreadable = stage_new_rows(transaction, window, first, given)
    refused = {row: (Code.INVALID, finding.message) for row, finding in unreadable.items()}
    bring_numbers(transaction, window.line, parameters)
    for rule in _rules(window):
        found = offences(transaction, rule, parameters)
        if found:
            # Gone at once, so that it is in nobody's way under the rules that follow.
            transaction.execute(_DROP, [_only(parameters, offence.position) for offence in found])
            refused |= {finding.row or 0: (rule.code, finding.message) for finding in described(transaction, found)}
    date_entered_rows(transaction, window.line, parameters)
    rows = [(row, code.value, message, given_text(given[row - first])) for row, (code, message) in refused.items()]
    same = {"item_id": window.line.item.id, "window_id": window.id, "revision": window.revision}
    transaction.stage(window_row, ("row", "refusal", "message", "given"), rows, same)
    keep_new_rows(transaction, parameters)
    return changed(transaction, window, parameters["step"])


_DROP = delete(window_row).where(*CHANGED)


def _only(parameters: Mapping[str, Any], row: int) -> dict[str, Any]:
    """The parameters of statements about one row."""
    return {**parameters, "first": row, "last": row}


def edit_row(
    transaction: Transaction, number: int, row: int, changes: Mapping[str, Any], visit: Visit, seen: int | None
) -> WindowChanged:
    """Change what is given of a row; a None clears a number or a date. A row that was refused is tried again."""
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise Refusal.of(Code.INVALID, f"{', '.join(unknown)} of a row cannot be changed.", row=row)
    window = hold_window(transaction, number, visit)
    was = find_row(transaction, window, row, seen)
    return changed(transaction, window, change_row(transaction, window, was, changes))


def change_row(transaction: Transaction, window: OpenWindow, was: Any, changes: Mapping[str, Any]) -> int:
    """Change a row as one step, and check it; the step's number."""
    parameters = _only(begin_step(transaction, window), was.row)
    keep_rows(transaction, parameters)
    if was.refusal:
        _try_again(transaction, window, was, changes, parameters)
    else:
        _change(transaction, window, was, changes, parameters)
    enforce(transaction, _rules(window), parameters)
    date_entered_rows(transaction, window.line, parameters, said="expires" in changes)
    return int(parameters["step"])


def _try_again(
    transaction: Transaction, window: OpenWindow, was: Any, changes: Mapping[str, Any], parameters: dict[str, Any]
) -> None:
    given = replace(given_row(was.given), **changes)
    transaction.execute(_DROP, parameters)
    unreadable = stage_new_rows(transaction, window, was.row, [given])
    if unreadable:
        raise Refusal(Code.INVALID, unreadable.values())
    bring_numbers(transaction, window.line, parameters)


def _change(
    transaction: Transaction, window: OpenWindow, was: Any, changes: Mapping[str, Any], parameters: dict[str, Any]
) -> None:
    try:
        values = _new_values(window, was, changes)
    except ValueProblem as problem:
        message = f"Row {was.row}: {problem}."
        raise Refusal.of(Code.INVALID, message, line=window.line.name, row=was.row) from None
    transaction.execute(_SET.values(revision=window.revision, **values), parameters)
    if values["serial"] != was.serial and values["serial"]:
        bring_numbers(transaction, window.line, parameters)
        _keep_what_is_not_brought(transaction, was, changes, parameters)
    if "expires" not in changes:
        forget_date_of_former_number(transaction, window.line, parameters)


def _keep_what_is_not_brought(
    transaction: Transaction, was: Any, changes: Mapping[str, Any], parameters: dict[str, Any]
) -> None:
    """A serial that is known under no lot or package stays under those the row had."""
    had = {name: getattr(was, name) for name in ("lot", "package") if name not in changes}
    if any(had.values()):
        transaction.execute(_SET.where(*(window_row.c[name] == "" for name in had)).values(had), parameters)


_SET = update(window_row).where(*CHANGED)


def _new_values(window: OpenWindow, was: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The row as it would be: a new quantity makes a new handle, and either makes a new invoice (TW-14)."""
    values = {name: clean_number(changes[name]) if name in changes else getattr(was, name) for name in COMBINATION}
    if any(len(values[name]) > NUMBER_LENGTH for name in COMBINATION):
        raise ValueProblem(f"a number has more than {NUMBER_LENGTH} characters")
    if values["serial"] and values["serial"] != was.serial:
        # What the serial is known under is brought; what the row had before was that of another.
        values |= {name: "" for name in ("lot", "package") if name not in changes}
    reader = RowReader(window.line, fresh=True)
    values |= _new_numbers(reader, changes)
    if changes.get("expires") is not None:
        reader.require_dates()
    sayable = ("warranty", "apply_to", "apply_from", *(["expires"] if carries_dates(window.line) else []))
    values |= {name: changes[name] for name in sayable if name in changes}
    said = {name: value for name in _FIGURES if (value := changes.get(name)) is not None}
    has_serial = bool(values["serial"] or values.get("new_serial", was.new_serial))
    quantity, handle, invoice = was.quantity, was.handle, was.invoice
    if "quantity" in said or "base_quantity" in said:
        quantity = reader.units(said.get("quantity"), said.get("base_quantity"), has_serial)
        handle = quantity - was.handled
    if "handle" in said:
        handle = reader.units(said["handle"], None, has_serial)
    if (quantity, handle) != (was.quantity, was.handle) or {"quantity", "base_quantity", "handle"} & said.keys():
        invoice = was.handled + handle - was.invoiced
    if "invoice" in said and window.line.has_invoice_column:
        invoice = reader.units(said["invoice"], None, has_serial)
    return values | {"quantity": quantity, "handle": handle, "invoice": invoice}


_FIGURES = ("quantity", "base_quantity", "handle", "invoice")


def _new_numbers(reader: RowReader, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What is changed of what a reclassification makes of the row; a None clears the number or the date."""
    values: dict[str, Any] = {name: clean_number(changes[name]) for name in NEW_NUMBERS if name in changes}
    expires = changes.get("new_expires", KEEP)
    if values or "new_expires" in changes:
        reader.check_new(expires, *values.values())
    if "new_expires" in changes:
        values |= {"dated": expires != KEEP, "new_expires": None if expires == KEEP else expires}
    return values


def find_row(transaction: Transaction, window: OpenWindow, row: int, seen: int | None) -> Any:
    """A row by its key; refused `not_found`, or `window_stale` when it has changed since the revision `seen`."""
    found = transaction.execute(_FIND, _only(window.parameters, row)).first()
    if found is None:
        gone = seen is not None and 0 < row <= window.last_row
        message = f"Row {row} has been removed." if gone else f"Window {window.id} has no row {row}."
        raise Refusal.of(Code.WINDOW_STALE if gone else Code.NOT_FOUND, message, line=window.line.name, row=row)
    require_seen(transaction, window, row, seen)
    return found


_FIND = select(window_row).where(*CHANGED)


def remove_row(transaction: Transaction, number: int, row: int, visit: Visit, seen: int | None) -> WindowChanged:
    """Remove a row; refused `already_handled` when something of it has been, `invalid` on an incoming side (TW-12)."""
    window = hold_window(transaction, number, visit)
    find_row(transaction, window, row, seen)
    parameters = _only(begin_step(transaction, window), row)
    keep_rows(transaction, parameters)
    transaction.execute(_DROP, parameters)
    enforce(transaction, [incoming_row_missing if window.line.is_incoming else handled_row_renumbered], parameters)
    return changed(transaction, window, parameters["step"])
