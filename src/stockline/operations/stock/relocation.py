"""Stock moves between stock lines: it splits the one, joins or opens the other, its serials go along (ST-5, ST-6).

What moves is staged in `staged_move`, specific serials in `staged_moved_serial`. Parameters: `batch`; `moved_on`, the
day of the movement; `numbers`, a batch number that new stock lines and sets are numbered by.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Date, and_, bindparam, delete, false, func, literal, select, update

from stockline.operations.stock.twins import settle_twins
from stockline.rules.framework import BATCH
from stockline.schema.ledger import POSITIONS
from stockline.schema.stock import (
    CHARACTERISTICS,
    OPEN_LINE,
    characteristic_set,
    serial,
    staged_move,
    staged_moved_serial,
    stock_line,
)
from stockline.store.database import Transaction

DATE = bindparam("moved_on", type_=Date)
NUMBERS = bindparam("numbers", type_=BigInteger)
_moved = staged_move.c
_OF_BATCH = _moved.batch_id == BATCH
OF_MOVES = and_(staged_moved_serial.c.item_id == _moved.item_id, staged_moved_serial.c.row == _moved.row)
"""The serials that go along with a move of the same batch."""


def lower_lines(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Take what moves off the lines it stands on."""
    transaction.execute(_LOWER, parameters)
    settle_twins(transaction, _ITEMS, parameters)


def put_down(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Add what moves to open lines of its new characteristics, opening those that are not there; link its serials."""
    sets = transaction.insert(characteristic_set).from_select(("item_id", "id", *CHARACTERISTICS), _NEW_SETS)
    transaction.execute(sets.on_conflict_do_nothing(), parameters)
    transaction.execute(_RESOLVE_SETS, parameters)
    lines = transaction.insert(stock_line).from_select(("item_id", "id", "set_id", "quantity", "twin"), _NEW_LINES)
    lines = lines.on_conflict_do_update(
        index_elements=["item_id", "set_id"],
        index_where=OPEN_LINE,
        set_={"quantity": stock_line.c.quantity + lines.excluded.quantity},
    )
    transaction.execute(lines, parameters)
    transaction.execute(_RESOLVE_LINES, parameters)
    linked = transaction.insert(serial).from_select((*_KEY, *_OWN), _LINKED)
    linked = linked.on_conflict_do_update(
        index_elements=list(_KEY), set_={name: linked.excluded[name] for name in _OWN}
    )
    transaction.execute(linked, parameters)
    for table in (staged_move, staged_moved_serial):
        transaction.execute(delete(table).where(table.c.batch_id == BATCH), parameters)


_ITEMS = select(_moved.item_id).where(_OF_BATCH)
_leaving = (
    select(_moved.item_id, _moved.stock_line_id.label("id"), func.sum(_moved.quantity).label("quantity"))
    .where(_OF_BATCH)
    .group_by(_moved.item_id, _moved.stock_line_id)
    .subquery("leaving")
)
_LOWER = (
    update(stock_line)
    .where(stock_line.c.item_id == _leaving.c.item_id, stock_line.c.id == _leaving.c.id)
    .values(quantity=stock_line.c.quantity - _leaving.c.quantity)
)

_number = NUMBERS * POSITIONS + func.min(_moved.row)
_NEW_SETS = (
    select(_moved.item_id, _number, *(_moved[name] for name in CHARACTERISTICS))
    .where(_OF_BATCH)
    .group_by(_moved.item_id, *(_moved[name] for name in CHARACTERISTICS))
)
_same_set = and_(
    characteristic_set.c.item_id == _moved.item_id,
    *(characteristic_set.c[name] == _moved[name] for name in CHARACTERISTICS),
)
_RESOLVE_SETS = update(staged_move).where(_OF_BATCH, _same_set).values(set_id=characteristic_set.c.id)
_NEW_LINES = (
    select(_moved.item_id, _number, _moved.set_id, func.sum(_moved.quantity), false())
    .where(_OF_BATCH)
    .group_by(_moved.item_id, _moved.set_id)
)
_RESOLVE_LINES = (
    update(staged_move)
    .where(_OF_BATCH, stock_line.c.item_id == _moved.item_id, stock_line.c.set_id == _moved.set_id, OPEN_LINE)
    .values(to_line_id=stock_line.c.id)
)

_KEY = ("item_id", "variant", "serial")
_OWN = (
    *("lot", "sublot", "version", "stock_line_id"),
    *("last_direction", "last_set_id", "last_batch_id", "last_date"),
)
_along = staged_moved_serial.c
_LINKED = (
    select(
        *(_along[name] for name in _KEY),
        *(_moved[name] for name in ("lot", "sublot", "version", "to_line_id")),
        literal(1),
        _moved.set_id,
        BATCH,
        DATE,
    )
    .select_from(staged_moved_serial.join(staged_move, and_(OF_MOVES, _moved.batch_id == _along.batch_id)))
    .where(_along.batch_id == BATCH)
)
