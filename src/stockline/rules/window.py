"""Rules on the rows of a tracking window, in the order IN-4 gives.

Parameters: `item`, `window`, `line`, and `first` and `last`, the numbers of the rows that are new or changed; in an
open window also `step`, which keeps these rows as they were. The historic part of a line is its tracking specification,
summed by combination; rows carry it as `handled` and `invoiced`.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, bindparam, exists, func, null, or_, select, tuple_

from stockline.codes import Code
from stockline.rules.framework import Query, rule
from stockline.rules.posting import came_back
from stockline.schema.documents import document, source_line
from stockline.schema.ledger import POSITIONS, ledger_entry, open_entry
from stockline.schema.reservations import tracking_specification
from stockline.schema.windows import window_row, window_step
from stockline.values import SCALE

ITEM = bindparam("item", type_=BigInteger)
WINDOW = bindparam("window", type_=BigInteger)
LINE = bindparam("line", type_=BigInteger)
COMBINATION = ("serial", "lot", "package")
FIRST = bindparam("first", type_=BigInteger)
LAST = bindparam("last", type_=BigInteger)
STEP = bindparam("step", type_=BigInteger)
ROWS = (window_row.c.item_id == ITEM, window_row.c.window_id == WINDOW)
"""The rows of the window."""
GOOD_ROWS = (*ROWS, window_row.c.refusal == "")
"""Those that have not been refused."""
CHANGED = (*ROWS, window_row.c.row.between(FIRST, LAST))
"""The rows an operation gives, all of a list or some of an open window: those the rules are about."""
ALL_ROWS = {"first": 1, "last": POSITIONS}
"""The numbers of the rows, where all are looked at."""


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


def in_same_window(found: Any, by: Any) -> ColumnElement[bool]:
    """A row is of the same window as another, by which it is looked up.

    The sum hides that both windows are known: a planner that expects one row of each would pair all rows with all.
    """
    return and_(found.c.item_id == by.c.item_id, found.c.window_id == by.c.window_id + 0)


def offending_rows(*facts: Any) -> Query:
    """The columns a finding about a row needs, of the rows an operation gives."""
    numbers = [window_row.c[name] for name in COMBINATION]
    return select(
        window_row.c.row,
        window_row.c.row.label("position"),
        window_row.c.item_id,
        LINE.label("line_id"),
        *numbers,
        *facts,
    ).where(*CHANGED)


@rule(Code.SERIAL_QUANTITY_NOT_ONE)
def serial_quantity_not_one() -> Query:
    """Row {row}: serial {serial} stands for exactly one base unit, not {quantity}; so does what becomes a serial."""
    row, whole = window_row.c, (-SCALE, 0, SCALE)
    # A handle beyond what is left makes an impossible invoice: that it is beyond is the fault to name.
    fits = func.coalesce(row.handle, 0) <= row.quantity - row.handled
    return offending_rows(row.quantity).where(
        or_(row.serial != "", row.new_serial != ""),
        or_(row.quantity.not_in(whole), row.handle.not_in(whole), and_(row.invoice.not_in(whole), fits)),
    )


@rule(Code.INVALID)
def row_out_of_limits() -> Query:
    """Row {row}: quantity {quantity}, to handle {handle} and to invoice {invoice} do not fit together or the line."""
    row = window_row.c
    # A row smaller than what has been handled has impossible defaults; that it is too small is the fault to name.
    out = or_(
        row.handle < 0,
        row.invoice < 0,
        row.handle > row.quantity - row.handled,
        row.invoice > row.handle + row.handled - row.invoiced,
    )
    return offending_rows(row.quantity, row.handle, row.invoice, row.handled).where(
        or_(row.quantity < 0, and_(row.quantity >= row.handled, out))
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
    row = window_row.c
    return offending_rows(row.quantity, row.handled).where(row.quantity < row.handled)


def _standing_twice(*numbers: Any) -> Query:
    """Rows whose numbers another row has; counted in one pass over the rows, however the planner takes them."""
    every = offending_rows(func.count().over(partition_by=numbers).label("times")).subquery("every")
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


def _standing_elsewhere(*names: str) -> ColumnElement[bool]:
    """Another row of the open window has these numbers: one not changed now, or an earlier one of those changed."""
    other = window_row.alias("other")
    elsewhere = or_(other.c.row < FIRST, other.c.row > LAST, other.c.row < window_row.c.row)
    return exists(
        select(other.c.row).where(
            in_same_window(other, window_row),
            *(other.c[name] == window_row.c[name] for name in names),
            other.c.revision.isnot(None),
            elsewhere,
        )
    )


@rule(Code.TRACKING_DUPLICATE)
def serial_stands_already() -> Query:
    """Row {row}: serial {serial} stands in this window already."""
    return offending_rows().where(window_row.c.serial != "", _standing_elsewhere("serial"))


@rule(Code.TRACKING_DUPLICATE)
def lot_stands_already() -> Query:
    """Row {row}: {lot} {package} stands in this window already."""
    named = and_(window_row.c.serial == "", or_(window_row.c.lot != "", window_row.c.package != ""))
    return offending_rows().where(named, _standing_elsewhere(*COMBINATION))


def _kept() -> Query:
    """The rows of an open window as they were before the step under way."""
    was = window_step.c
    return select(
        was.row,
        was.row.label("position"),
        was.item_id,
        LINE.label("line_id"),
        *(was[name] for name in COMBINATION),
        was.handled,
    ).where(was.item_id == ITEM, was.window_id == WINDOW, was.step == STEP, was.present == 1)


def _still_there(*names: str) -> ColumnElement[bool]:
    """The row is in the window still, and these numbers of it are as they were."""
    same = (window_row.c[name] == window_step.c[name] for name in ("row", *names))
    return exists(select(window_row.c.row).where(in_same_window(window_row, window_step), *same))


@rule(Code.INVALID)
def returned_row_renumbered() -> Query:
    """Row {row} brings back what an entry took out: it keeps its serial and lot."""
    renumbered = and_(_still_there(), ~_still_there("serial", "lot"))
    return _kept().where(window_step.c.apply_from.isnot(None), renumbered)


@rule(Code.ALREADY_HANDLED)
def handled_row_renumbered() -> Query:
    """Row {row}: {handled} of {serial} {lot} {package} has been handled: it must stay, under these numbers."""
    done = or_(window_step.c.handled != 0, window_step.c.invoiced != 0)
    return _kept().where(done, ~_still_there(*COMBINATION))


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
    asked = window_row.c.quantity - window_row.c.handled
    named = and_(ledger_entry.c.item_id == window_row.c.item_id, ledger_entry.c.id == window_row.c.apply_to)
    return (
        offending_rows(window_row.c.apply_to.label("entry"), asked.label("asked"), _remaining().label("there"))
        .join(source_line, and_(source_line.c.item_id == window_row.c.item_id, source_line.c.id == LINE))
        .outerjoin(ledger_entry, named)
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


_BRINGS_BACK = and_(
    source_line.c.direction * source_line.c.quantity > 0,
    source_line.c.type != "output",
    document.c.kind.not_in(("purchase", "transfer")),
)
"""The line brings goods in that have been out, not new ones (TW-15)."""


@rule(Code.APPLICATION_INVALID)
def returned_entry_does_not_fit() -> Query:
    """Row {row}: entry {entry} took out nothing of item, variant and number of which {asked} could be brought back."""
    line, entry = source_line.c, ledger_entry.c
    asked = window_row.c.quantity - window_row.c.handled
    named = and_(entry.item_id == window_row.c.item_id, entry.id == window_row.c.apply_from)
    fits = and_(
        ~entry.correction,
        entry.variant == line.variant,
        same_combination(ledger_entry, window_row),
        -entry.quantity - came_back(entry.id) >= asked,
        _BRINGS_BACK,
    )
    return (
        offending_rows(window_row.c.apply_from.label("entry"), asked.label("asked"))
        .join(source_line, and_(line.item_id == window_row.c.item_id, line.id == LINE))
        .join(document, document.c.id == line.document_id)
        .outerjoin(ledger_entry, named)
        .where(window_row.c.apply_from.isnot(None), asked != 0, or_(entry.id.is_(None), ~fits))
    )


APPLICATION = (entry_does_not_fit, returned_entry_does_not_fit, entry_has_too_little)
"""What rows that name a ledger entry must obey (TW-15)."""

LISTED_ROWS = (
    serial_quantity_not_one,
    row_out_of_limits,
    handled_row_missing,
    row_below_handled,
    serial_twice,
    lot_twice,
)
"""What the rows of a list given whole must obey, before `APPLICATION`, in the order of IN-4."""

ENTERED_ROWS = (
    serial_quantity_not_one,
    row_out_of_limits,
    returned_row_renumbered,
    handled_row_renumbered,
    row_below_handled,
    serial_stands_already,
    lot_stands_already,
    *APPLICATION,
)
"""What rows entered in an open window, or changed there, must obey, in the order of IN-4."""
