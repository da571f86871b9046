"""The tracking window of a source line: making its rows exactly those given.

Rows are staged, checked by the rules of `rules.window`, and written as the difference to what the line carries (TW-18).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, exists, func, insert, null, or_, select, update
from sqlalchemy.sql.expression import Delete, Insert, Subquery, Update

from stockline.codes import Code, WarningCode
from stockline.operations.lines import SourceLine
from stockline.operations.locks import hold_line
from stockline.operations.numbers import bring_numbers
from stockline.operations.window_rows import stage_rows
from stockline.operations.window_view import source_figures
from stockline.refusal import Finding, Refusal, Warning
from stockline.results import Figures, TrackingRow, WindowClosed
from stockline.rules.framework import enforce
from stockline.rules.window import (
    COMBINATION,
    FRESH_ROWS,
    HANDLED_ROWS,
    ITEM,
    LINE,
    WINDOW,
    handled_combinations,
    same_combination,
    serial_quantity_not_one,
)
from stockline.schema.ledger import POSITIONS, ledger_entry
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link, tracking_specification
from stockline.schema.windows import window_row
from stockline.store.database import Transaction
from stockline.values import to_quantity

_SIDES = {"demand": DEMAND, "supply": SUPPLY}


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
    _write_difference(transaction, line, parameters, handled=handled)
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


_KEPT = (window_row.c.item_id == ITEM, window_row.c.window_id == WINDOW)
_TOTALS = select(
    func.coalesce(func.sum(window_row.c.quantity), 0),
    func.coalesce(func.sum(window_row.c.handle), 0),
    func.coalesce(func.sum(window_row.c.invoice), 0),
    func.count(),
).where(*_KEPT)
_historic = handled_combinations()
_HANDLED = select(func.coalesce(func.sum(_historic.c.handled), 0))
_CLEAR = delete(window_row).where(*_KEPT)


def _default_figures(transaction: Transaction, parameters: dict[str, Any]) -> None:
    """Defaults of the rows of a line of which a part has been handled (TW-14)."""
    historic = handled_combinations()
    row = window_row.c
    handle = func.coalesce(row.handle, row.quantity - historic.c.handled)
    invoice = func.coalesce(row.invoice, historic.c.handled + handle - historic.c.invoiced)
    known = update(window_row).where(*_KEPT, same_combination(historic, window_row))
    transaction.execute(known.values(handle=handle, invoice=invoice), parameters)
    handle = func.coalesce(row.handle, row.quantity)
    new = update(window_row).where(*_KEPT, or_(row.handle.is_(None), row.invoice.is_(None)))
    transaction.execute(new.values(handle=handle, invoice=func.coalesce(row.invoice, handle)), parameters)


def _write_difference(transaction: Transaction, line: SourceLine, parameters: dict[str, Any], *, handled: bool) -> None:
    """Make the line's active numbers what the window says: deletions, then changes, then new ones (TW-18, TW-19)."""
    side = line.side.name
    parameters = parameters | {
        "variant": line.variant,
        "site": line.site_id,
        "status": "prospect" if line.is_journal else "surplus",
    }
    fresh = not transaction.execute(_carries(side), parameters).scalar()
    if not fresh:
        transaction.execute(_delete_gone(side, handled), parameters)
        transaction.execute(_change_kept(side, handled), parameters)
    transaction.execute(_insert_new(side, handled, fresh), parameters)
    if handled:
        transaction.execute(_mark_to_invoice(), parameters)


def _wanted(handled: bool) -> Subquery:
    """The rows of the window with their active part: what is to be a reservation entry."""
    new = (WINDOW * POSITIONS + window_row.c.row).label("entered")
    columns = [window_row.c[name] for name in (*COMBINATION, "row", "handle", "expires", "warranty")]
    applied = [window_row.c.apply_to, window_row.c.apply_from]
    if not handled:
        active = [window_row.c.quantity.label("active"), window_row.c.invoice.label("invoice"), new]
        return select(*columns, *applied, *active).where(*_KEPT).subquery("wanted")
    historic = handled_combinations()
    done = func.coalesce(historic.c.handled, 0)
    open_invoice = done - func.coalesce(historic.c.invoiced, 0)
    rest = case((window_row.c.invoice > open_invoice, window_row.c.invoice - open_invoice), else_=0)
    active = [
        (window_row.c.quantity - done).label("active"),
        rest.label("invoice"),
        func.coalesce(historic.c.entered, WINDOW * POSITIONS + window_row.c.row).label("entered"),
    ]
    return (
        select(*columns, *applied, *active)
        .outerjoin(historic, same_combination(historic, window_row))
        .where(*_KEPT)
        .subquery("wanted")
    )


def of_line(side: LinkSide) -> Any:
    """The numbered entries of the line on its own side."""
    return and_(
        link.c.item_id == ITEM, side.line_id == LINE, or_(side.serial != "", side.lot != "", side.package != "")
    )


@cache
def _carries(side_name: str) -> Select[Any]:
    """Whether the line carries numbers at all."""
    return select(exists(select(link.c.id).where(of_line(_SIDES[side_name]))))


@cache
def _delete_gone(side_name: str, handled: bool) -> Delete:
    side, wanted = _SIDES[side_name], _wanted(handled)
    kept = (
        select(link.c.id)
        .join(wanted, same_combination(wanted, _numbers(side)))
        .where(of_line(side), wanted.c.active != 0)
    )
    return delete(link).where(of_line(side), link.c.id.not_in(kept))


@cache
def _change_kept(side_name: str, handled: bool) -> Update:
    side, wanted = _SIDES[side_name], _wanted(handled)
    return (
        update(link)
        .where(of_line(side), same_combination(wanted, _numbers(side)))
        .values(
            quantity=wanted.c.active,
            **{f"{side.name}_{name}": wanted.c[name] for name in _FIGURES},
        )
    )


_FIGURES = ("handle", "invoice", "expires", "warranty", "apply_to", "apply_from")


@cache
def _insert_new(side_name: str, handled: bool, fresh: bool) -> Insert:
    side, wanted = _SIDES[side_name], _wanted(handled)
    names = [
        "item_id",
        "id",
        "status",
        "quantity",
        "variant",
        "site_id",
        f"{side.name}_line_id",
        f"{side.name}_entered",
    ]
    values = [
        ITEM,
        WINDOW * POSITIONS + wanted.c.row,
        bindparam("status"),
        wanted.c.active,
        bindparam("variant"),
        bindparam("site"),
        LINE,
        wanted.c.entered,
    ]
    for name in (*COMBINATION, *_FIGURES):
        names.append(f"{side.name}_{name}")
        values.append(wanted.c[name])
    new = select(*values).where(wanted.c.active != 0)
    if not fresh:
        entry = link.alias("entry")
        own = LinkSide(side_name, entry)
        there = select(entry.c.id).where(
            entry.c.item_id == ITEM, own.line_id == LINE, same_combination(wanted, _numbers(own))
        )
        new = new.where(~there.exists())
    return insert(link).from_select(names, new)


class _numbers:  # noqa: N801
    """The numbers of a link's side as columns named like those of a window row."""

    def __init__(self, side: LinkSide) -> None:
        self.c = {name: getattr(side, name) for name in COMBINATION}


@cache
def _mark_to_invoice() -> Update:
    """What the next posting invoices of what has been handled: the window's figure, oldest entries first (TW-20)."""
    table = tracking_specification
    numbers = [ledger_entry.c[name] for name in COMBINATION]
    open_ = table.c.quantity - table.c.invoiced
    before = func.sum(open_).over(partition_by=numbers, order_by=table.c.entry_id) - open_
    entry = and_(ledger_entry.c.item_id == table.c.item_id, ledger_entry.c.id == table.c.entry_id)
    share = window_row.c.invoice - before
    dealt = (
        select(
            table.c.entry_id,
            case((share <= 0, 0), (share >= open_, null()), else_=share).label("to_invoice"),
        )
        .join(ledger_entry, entry)
        .join(window_row, same_combination(window_row, ledger_entry))
        .where(table.c.item_id == ITEM, table.c.line_id == LINE, *_KEPT)
        .subquery("dealt")
    )
    return (
        update(table)
        .where(table.c.item_id == ITEM, table.c.line_id == LINE, table.c.entry_id == dealt.c.entry_id)
        .values(to_invoice=dealt.c.to_invoice)
    )
