"""Rules on the rows of a tracking window, in the order IN-4 gives.

Parameters: `item`, `window`, `line`. The historic part of a line is its tracking specification, summed by combination.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, bindparam, func, null, or_, select, tuple_

from stockline.codes import Code
from stockline.rules.framework import Query, rule
from stockline.schema.documents import source_line
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.reservations import tracking_specification
from stockline.schema.windows import window_row
from stockline.values import SCALE

ITEM = bindparam("item", type_=BigInteger)
WINDOW = bindparam("window", type_=BigInteger)
LINE = bindparam("line", type_=BigInteger)
COMBINATION = ("serial", "lot", "package")
ROWS = (window_row.c.item_id == ITEM, window_row.c.window_id == WINDOW)
"""The rows of the window."""


def handled_combinations() -> Subquery:
    """What has been handled and invoiced of the line, per combination that has a number."""
    numbers = [ledger_entry.c[name] for name in COMBINATION]
    return (
        select(
            *numbers,
            func.sum(tracking_specification.c.quantity).label("handled"),
            func.sum(tracking_specification.c.invoiced).label("invoiced"),
            func.min(ledger_entry.c.entered).label("entered"),
        )
        .join(
            ledger_entry,
            and_(
                ledger_entry.c.item_id == tracking_specification.c.item_id,
                ledger_entry.c.id == tracking_specification.c.entry_id,
            ),
        )
        .where(
            tracking_specification.c.item_id == ITEM,
            tracking_specification.c.line_id == LINE,
            or_(*(column != "" for column in numbers)),
        )
        .group_by(*numbers)
        .subquery("historic")
    )


def same_combination(left: Any, right: Any) -> ColumnElement[bool]:
    """Both carry the same serial, lot and package."""
    return and_(*(left.c[name] == right.c[name] for name in COMBINATION))


def _rows(*facts: Any) -> Query:
    numbers = [window_row.c[name] for name in COMBINATION]
    return select(
        window_row.c.row,
        window_row.c.row.label("position"),
        window_row.c.item_id,
        LINE.label("line_id"),
        *numbers,
        *facts,
    ).where(window_row.c.item_id == ITEM, window_row.c.window_id == WINDOW)


@rule(Code.SERIAL_QUANTITY_NOT_ONE)
def serial_quantity_not_one() -> Query:
    """Row {row}: serial {serial} stands for exactly one base unit, not {quantity}."""
    whole = (-SCALE, 0, SCALE)
    return _rows(window_row.c.quantity).where(
        window_row.c.serial != "",
        or_(
            window_row.c.quantity.not_in(whole),
            window_row.c.handle.not_in(whole),
            window_row.c.invoice.not_in(whole),
        ),
    )


_HANDLE_OR_INVOICE_OUT = or_(
    window_row.c.handle < 0,
    window_row.c.invoice < 0,
    window_row.c.handle > window_row.c.quantity,
    window_row.c.invoice > window_row.c.quantity,
)


def _limited() -> Query:
    return _rows(window_row.c.quantity, window_row.c.handle, window_row.c.invoice)


@rule(Code.INVALID)
def row_out_of_limits() -> Query:
    """Row {row}: quantity {quantity}, to handle {handle} and to invoice {invoice} do not fit together or the line."""
    return _limited().where(or_(window_row.c.quantity < 0, _HANDLE_OR_INVOICE_OUT))


@rule(Code.INVALID)
def row_of_handled_line_out_of_limits() -> Query:
    """Row {row}: quantity {quantity}, to handle {handle} and to invoice {invoice} do not fit together or the line."""
    historic = handled_combinations()
    # A row smaller than what has been handled has impossible defaults; that it is too small is the fault to name.
    large_enough = window_row.c.quantity >= func.coalesce(historic.c.handled, 0)
    return (
        _limited()
        .outerjoin(historic, same_combination(historic, window_row))
        .where(or_(window_row.c.quantity < 0, and_(large_enough, _HANDLE_OR_INVOICE_OUT)))
    )


@rule(Code.INVALID)
def row_beyond_handled() -> Query:
    """Row {row}: with {handled} handled, to handle {handle} and to invoice {invoice} are out of limits."""
    historic = handled_combinations()
    return (
        _rows(window_row.c.handle, window_row.c.invoice, historic.c.handled)
        .join(historic, same_combination(historic, window_row))
        .where(
            window_row.c.quantity >= historic.c.handled,
            or_(
                window_row.c.handle > window_row.c.quantity - historic.c.handled,
                window_row.c.invoice > historic.c.handled + window_row.c.handle - historic.c.invoiced,
            ),
        )
    )


@rule(Code.INVALID)
def row_invoice_beyond_handle() -> Query:
    """Row {row}: to invoice {invoice} is more than the {handle} to handle."""
    historic = handled_combinations()
    return (
        _rows(window_row.c.handle, window_row.c.invoice)
        .outerjoin(historic, same_combination(historic, window_row))
        .where(historic.c.handled.is_(None), window_row.c.invoice > window_row.c.handle)
    )


@rule(Code.ALREADY_HANDLED)
def handled_row_missing() -> Query:
    """{handled} of {serial} {lot} {package} has been handled: its row must stay, under these numbers."""
    historic = handled_combinations()
    numbers = [historic.c[name] for name in COMBINATION]
    there = select(*(window_row.c[name] for name in COMBINATION)).where(
        window_row.c.item_id == ITEM, window_row.c.window_id == WINDOW
    )
    return select(
        null().label("row"),
        historic.c.entered.label("position"),
        ITEM.label("item_id"),
        LINE.label("line_id"),
        *numbers,
        historic.c.handled,
    ).where(tuple_(*numbers).not_in(there))


@rule(Code.QUANTITY_BELOW_HANDLED)
def row_below_handled() -> Query:
    """Row {row}: quantity {quantity} is less than the {handled} handled."""
    historic = handled_combinations()
    return (
        _rows(window_row.c.quantity, historic.c.handled)
        .join(historic, same_combination(historic, window_row))
        .where(window_row.c.quantity < historic.c.handled)
    )


def _standing_twice(*numbers: Any) -> Query:
    """Rows whose numbers another row has; counted in one pass over the rows, however the planner takes them."""
    every = _rows(func.count().over(partition_by=numbers).label("times")).subquery("every")
    return select(*(column for column in every.c if column.name != "times")).where(every.c.times > 1)


@rule(Code.TRACKING_DUPLICATE)
def serial_twice() -> Query:
    """Row {row}: serial {serial} stands in this window already."""
    every = _standing_twice(window_row.c.serial)
    return every.where(every.selected_columns.serial != "")


@rule(Code.TRACKING_DUPLICATE)
def lot_twice() -> Query:
    """Row {row}: {lot} {package} stands in this window already."""
    every = _standing_twice(window_row.c.serial, window_row.c.lot, window_row.c.package)
    return every.where(every.selected_columns.serial == "")


def _remaining() -> ColumnElement[int]:
    """What remains of a ledger entry, without sign."""
    owned, entry = open_entry.c, ledger_entry.c
    there = func.coalesce(func.sum(func.abs(owned.remaining)), 0)
    return (
        select(there)
        .where(
            *(owned[name] == entry[name] for name in ("item_id", "variant", "site_id", "posting_date")),
            owned.entry_id == entry.id,
        )
        .scalar_subquery()
    )


def _applied() -> Query:
    """Rows that name the entry their part not yet handled is applied to; the entry, as far as there is one."""
    historic = handled_combinations()
    asked = window_row.c.quantity - func.coalesce(historic.c.handled, 0)
    named = and_(ledger_entry.c.item_id == window_row.c.item_id, ledger_entry.c.id == window_row.c.apply_to)
    return (
        _rows(window_row.c.apply_to.label("entry"), asked.label("asked"), _remaining().label("there"))
        .join(source_line, and_(source_line.c.item_id == window_row.c.item_id, source_line.c.id == LINE))
        .outerjoin(ledger_entry, named)
        .outerjoin(historic, same_combination(historic, window_row))
        .where(window_row.c.apply_to.isnot(None), asked != 0)
    )


def _meets() -> ColumnElement[bool]:
    """The entry moved goods the other way than the line does."""
    line, entry = source_line.c, ledger_entry.c
    comes_in = or_(and_(line.direction > 0, line.quantity > 0), and_(line.direction < 0, line.quantity < 0))
    return or_(and_(comes_in, entry.quantity < 0), and_(~comes_in, entry.quantity > 0))


@rule(Code.APPLICATION_INVALID)
def entry_does_not_fit() -> Query:
    """Row {row}: entry {entry} is not open, or of another item, variant, site, number or direction."""
    line, entry = source_line.c, ledger_entry.c
    fits = and_(
        _remaining() != 0,
        entry.variant == line.variant,
        entry.site_id == line.site_id,
        same_combination(ledger_entry, window_row),
        _meets(),
    )
    return _applied().where(or_(entry.id.is_(None), ~fits))


@rule(Code.INSUFFICIENT_STOCK)
def entry_has_too_little() -> Query:
    """Row {row}: of entry {entry} only {there} are left, {asked} are to be applied to it."""
    applied = _applied().subquery("applied")
    return select(applied).where(applied.c.there < applied.c.asked)


_ON_ALL_ROWS = (serial_twice, lot_twice, entry_does_not_fit, entry_has_too_little)

FRESH_ROWS = (serial_quantity_not_one, row_out_of_limits, row_invoice_beyond_handle, *_ON_ALL_ROWS)
"""What the rows of a line must obey of which nothing has been handled."""

HANDLED_ROWS = (
    serial_quantity_not_one,
    row_of_handled_line_out_of_limits,
    row_beyond_handled,
    row_invoice_beyond_handle,
    handled_row_missing,
    row_below_handled,
    *_ON_ALL_ROWS,
)
"""What the rows of a line must obey of which a part has been handled."""
