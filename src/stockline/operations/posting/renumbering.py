"""Reclassification: stock leaves under its old numbers and is put down under its new ones (PO-44).

All other characteristics of the stock line it leaves, status and owner among them, stay as they are.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func, insert, literal, select

from stockline.operations.stock.changes import CLEAR_TAKES, PLACE, has_short_lines
from stockline.operations.stock.inbound import put_stock
from stockline.operations.stock.relocation import put_down
from stockline.rules.framework import BATCH
from stockline.rules.new_dates import TAKEN, TAKEN_AND_PUT
from stockline.rules.posting import ENTRIES, OF_WAVE
from stockline.schema.ledger import POSITIONS, ledger_entry, posting, staged_line
from stockline.schema.reservations import renumbering
from stockline.schema.stock import (
    CHARACTERISTICS,
    characteristic_set,
    serial,
    staged_move,
    staged_moved_serial,
    staged_take,
    stock_line,
)
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE


def take_from_named_lines(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Stock is taken from the very stock line that was named for it."""
    transaction.execute(_NAMED_TAKES, parameters)


_NAMED_TAKES = insert(staged_take).from_select(
    ("item_id", "batch_id", "entry_id", "stock_line_id", "quantity"),
    select(ledger_entry.c.item_id, BATCH, ledger_entry.c.id, renumbering.c.stock_line_id, -ledger_entry.c.quantity)
    .select_from(
        ENTRIES.join(
            renumbering,
            and_(
                renumbering.c.item_id == staged_line.c.item_id,
                renumbering.c.line_id == staged_line.c.line_id,
                *(renumbering.c[kind] == ledger_entry.c[kind] for kind in NUMBER_KINDS),
            ),
        )
    )
    .where(OF_WAVE, staged_line.c.steers_serial == 0, renumbering.c.stock_line_id.isnot(None)),
)


def put_renumbered(transaction: Transaction, parameters: Mapping[str, Any], *, by_serial: bool) -> None:
    """Put down what the wave before took up, on stock lines that differ only in site, location, lot and package."""
    if has_short_lines(transaction, parameters):
        transaction.execute(CLEAR_TAKES, parameters)
        put_stock(transaction, parameters, by_serial=by_serial)
    else:
        moved_on = transaction.execute(_POSTING_DATE, parameters).scalar_one()
        for statement in (_SERIALS_ALONG, _SERIAL_MOVES) if by_serial else (_MOVES,):
            transaction.execute(statement, parameters)
        put_down(
            transaction, {"batch": parameters["batch"], "moved_on": moved_on, "numbers": transaction.next_number()}
        )
    transaction.execute(CLEAR_TAKES, parameters)


_POSTING_DATE = select(posting.c.posting_date).where(posting.c.id == BATCH)

_put = ledger_entry.c


def _characteristics(left: Any, entry: Any) -> list[Any]:
    """Those of the set that was left, in the place and under the numbers of the entry."""
    same_site = left.c.site_id == entry.site_id
    own: dict[str, Any] = {name: left.c[name] for name in CHARACTERISTICS} | {name: entry[name] for name in PLACE}
    # A part of the old site means nothing at another.
    own["warehouse"] = case((same_site, left.c.warehouse), else_="")
    # A place that nobody named stays as it is.
    own["location"] = case((and_(same_site, entry.location == ""), left.c.location), else_=entry.location)
    return [own[name] for name in CHARACTERISTICS]


_former = and_(*(serial.c[name] == TAKEN.c[name] for name in ("item_id", "variant", "serial")))
_row = func.min(_put.id).over(partition_by=[serial.c.last_set_id, *(_put[name] for name in PLACE)]) - BATCH * POSITIONS
_SERIALS_ALONG = insert(staged_moved_serial).from_select(
    ("item_id", "batch_id", "variant", "serial", "row", "left_set_id"),
    select(_put.item_id, BATCH, _put.variant, _put.serial, _row, serial.c.last_set_id)
    .select_from(TAKEN_AND_PUT.join(serial, _former))
    .where(OF_WAVE),
)

_along = staged_moved_serial.c
_groups = (
    select(_along.item_id, _along.row, _along.left_set_id, (func.count() * SCALE).label("quantity"))
    .where(_along.batch_id == BATCH)
    .group_by(_along.item_id, _along.row, _along.left_set_id)
    .subquery("groups")
)
_set_left = characteristic_set.alias("set_left")
_SERIAL_MOVES = insert(staged_move).from_select(
    ("item_id", "batch_id", "row", "stock_line_id", *CHARACTERISTICS, "quantity"),
    select(
        _groups.c.item_id, BATCH, _groups.c.row, literal(0), *_characteristics(_set_left, _put), _groups.c.quantity
    ).select_from(
        _groups.join(
            _set_left, and_(_set_left.c.item_id == _groups.c.item_id, _set_left.c.id == _groups.c.left_set_id)
        ).join(ledger_entry, and_(_put.item_id == _groups.c.item_id, _put.id == BATCH * POSITIONS + _groups.c.row))
    ),
)

_MOVES = insert(staged_move).from_select(
    ("item_id", "batch_id", "row", "stock_line_id", *CHARACTERISTICS, "quantity"),
    select(
        _put.item_id,
        BATCH,
        func.row_number().over(order_by=(_put.id, staged_take.c.stock_line_id)),
        staged_take.c.stock_line_id,
        *_characteristics(_set_left, _put),
        staged_take.c.quantity,
    )
    .select_from(
        TAKEN_AND_PUT.join(
            staged_take,
            and_(
                staged_take.c.item_id == TAKEN.c.item_id,
                staged_take.c.batch_id == BATCH,
                staged_take.c.entry_id == TAKEN.c.id,
            ),
        )
        .join(
            stock_line,
            and_(stock_line.c.item_id == staged_take.c.item_id, stock_line.c.id == staged_take.c.stock_line_id),
        )
        .join(_set_left, and_(_set_left.c.item_id == stock_line.c.item_id, _set_left.c.id == stock_line.c.set_id))
    )
    .where(OF_WAVE),
)
