"""Changes of stock lines as an operation stages them: what is added to sets of characteristics, what lines give."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Update,
    and_,
    delete,
    false,
    func,
    literal,
    select,
    update,
)

from stockline.codes import Code
from stockline.refusal import Refusal
from stockline.rules.control import LINES, SHORTAGE
from stockline.rules.framework import BATCH
from stockline.rules.posting import OF_WAVE
from stockline.schema.ledger import staged_line
from stockline.schema.stock import (
    CHARACTERISTICS,
    OPEN_LINE,
    characteristic_set,
    staged_stock,
    staged_take,
    stock_line,
)
from stockline.store.database import Transaction
from stockline.values import SCALE, ValueProblem, parse_quantity, to_units

PLACE = ("item_id", "variant", "site_id", "location", "lot", "package")
"""What a ledger entry says of the stock line its goods lie on; the other characteristics of posted stock are blank."""

POSTED: dict[str, Any] = {"status": "A", "packing_factor": SCALE}
"""Characteristics of posted stock that are not blank (ST-7)."""


def stored(name: str, value: Any) -> Any:
    """A characteristic as stock lines keep it; None is the blank one, or packing factor 1 (ST-2). Refused `invalid`."""
    if name != "packing_factor":
        return "" if value is None else value
    try:
        return to_units(parse_quantity(value if value not in (None, "") else 1))
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Packing factor: {problem}.") from None


def is_posted_stock(row: Any) -> ColumnElement[bool]:
    """The characteristics say no more than a ledger entry can."""
    rest = [name for name in CHARACTERISTICS if name not in PLACE]
    return and_(*(row.c[name] == POSTED.get(name, "") for name in rest))


def add_staged_stock(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Add what is staged to the stock lines of its characteristics, opening those that are not there."""
    new_sets = transaction.insert(characteristic_set).from_select(*_NEW_SETS)
    transaction.execute(new_sets.on_conflict_do_nothing(), parameters)
    transaction.execute(_RESOLVE_SETS, parameters)
    upsert = transaction.insert(stock_line).from_select(*_NEW_LINES)
    upsert = upsert.on_conflict_do_update(
        index_elements=["item_id", "set_id"],
        index_where=OPEN_LINE,
        set_={"quantity": stock_line.c.quantity + upsert.excluded.quantity},
    )
    transaction.execute(upsert, parameters)
    transaction.execute(_RESOLVE_LINES, parameters)


STAGED = staged_stock.c.batch_id == BATCH
_set_columns = ("item_id", "id", *CHARACTERISTICS)
_NEW_SETS = (
    _set_columns,
    select(
        staged_stock.c.item_id,
        staged_stock.c.number,
        *(
            staged_stock.c[name] if name in PLACE else literal(POSTED.get(name, ""), characteristic_set.c[name].type)
            for name in CHARACTERISTICS
        ),
    ).where(STAGED, staged_stock.c.quantity != 0),
)


def _same_place(staged: Any = staged_stock) -> ColumnElement[bool]:
    """The set of characteristics of what is staged."""
    return and_(*(characteristic_set.c[name] == staged.c[name] for name in PLACE), is_posted_stock(characteristic_set))


_RESOLVE_SETS = update(staged_stock).where(STAGED, _same_place()).values(set_id=characteristic_set.c.id)

_NEW_LINES = (
    ("item_id", "id", "set_id", "quantity", "twin"),
    select(
        staged_stock.c.item_id, staged_stock.c.number, staged_stock.c.set_id, staged_stock.c.quantity, false()
    ).where(STAGED, staged_stock.c.quantity != 0),
)

_RESOLVE_LINES = (
    update(staged_stock)
    .where(
        STAGED,
        stock_line.c.item_id == staged_stock.c.item_id,
        stock_line.c.set_id == staged_stock.c.set_id,
        OPEN_LINE,
    )
    .values(stock_line_id=stock_line.c.id)
)

CLEAR_STOCK = delete(staged_stock).where(STAGED)
CLEAR_TAKES = delete(staged_take).where(staged_take.c.batch_id == BATCH)


def of_takes(column: str) -> Any:
    """What the staged takes come to, summed by entry or by stock line."""
    return (
        select(
            staged_take.c.item_id, staged_take.c[column].label("id"), func.sum(staged_take.c.quantity).label("quantity")
        )
        .where(staged_take.c.batch_id == BATCH)
        .group_by(staged_take.c.item_id, staged_take.c[column])
        .subquery("moved")
    )


def change_lines(sign: int) -> Update:
    """Raise or lower the stock lines of the staged takes."""
    moved = of_takes("stock_line_id")
    return (
        update(stock_line)
        .where(stock_line.c.item_id == moved.c.item_id, stock_line.c.id == moved.c.id)
        .values(quantity=stock_line.c.quantity + sign * moved.c.quantity)
    )


def has_short_lines(transaction: Transaction, parameters: Mapping[str, Any]) -> bool:
    """Whether a stock line of the wave's items has gone short, so that what comes in fills it first (PO-24)."""
    return bool(transaction.execute(_HAS_SHORT_LINES, parameters).scalar())


SHORT_LINE = and_(SHORTAGE, stock_line.c.item_id.in_(select(staged_line.c.item_id).where(OF_WAVE)))
_HAS_SHORT_LINES = select(select(stock_line.c.id).select_from(LINES).where(SHORT_LINE).exists())
