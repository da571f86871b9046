"""Equal stock lines, as loaded data may have them: which of them stock that arrives joins (ST-4, T11).

Of equal lines the lowest number that is open stands in the unique key of open lines; the others are marked `twin`. A
line below 0 that no posting can leave behind is marked, too: it is not open, and what arrives does not join it (ST-8).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, and_, false, func, literal_column, or_, select, true, update

from stockline.rules.control import LINES, SHORTAGE
from stockline.schema.stock import OPEN_LINE, TWIN_LINE, stock_line
from stockline.store.database import Transaction

Items = Select[Any]
"""The ids of the items that are looked at, kept at module level."""


def settle_twins(transaction: Transaction, items: Items, parameters: Mapping[str, Any]) -> None:
    """Lines have been lowered or closed: a twin of one that is closed now stands in its place."""
    if transaction.execute(_has_twins(items), parameters).scalar():
        transaction.execute(_release_closed(items), parameters)
        transaction.execute(_promote(items), parameters)


def tell_twins_apart(transaction: Transaction, items: Items, parameters: Mapping[str, Any]) -> None:
    """Lines have been written, all that are not closed as twins: the lowest of equal ones stands."""
    transaction.execute(_demote(items), parameters)
    transaction.execute(_promote(items), parameters)


@cache
def _has_twins(items: Items) -> Select[Any]:
    return select(select(stock_line.c.id).where(TWIN_LINE, stock_line.c.item_id.in_(items)).exists())


@cache
def _release_closed(items: Items) -> Update:
    closed = and_(TWIN_LINE, stock_line.c.quantity == 0)
    return update(stock_line).where(closed, stock_line.c.item_id.in_(items)).values(twin=false())


_other = stock_line.alias("other")
_same_set = and_(_other.c.item_id == stock_line.c.item_id, _other.c.set_id == stock_line.c.set_id)
_STANDING = select(_other.c.id).where(_same_set, _other.c.quantity != literal_column("0"), ~_other.c.twin)


@cache
def _demote(items: Items) -> Update:
    """A line that stands gives way where an equal one has been written; it may have the lower number."""
    written = select(_other.c.item_id, _other.c.set_id).where(_other.c.twin.is_(true()), _other.c.item_id.in_(items))
    equal = written.distinct().subquery("equal")
    same = (stock_line.c.item_id == equal.c.item_id, stock_line.c.set_id == equal.c.set_id)
    return update(stock_line).where(OPEN_LINE, *same).values(twin=true())


@cache
def _promote(items: Items) -> Update:
    """The lowest open line of equal ones stands where none does."""
    of_items = stock_line.c.item_id.in_(items)
    short = select(stock_line.c.id).select_from(LINES).where(SHORTAGE, of_items)
    lowest = (
        select(stock_line.c.item_id, func.min(stock_line.c.id).label("id"))
        .where(
            TWIN_LINE,
            of_items,
            or_(stock_line.c.quantity > 0, and_(stock_line.c.quantity < 0, stock_line.c.id.in_(short))),
            ~_STANDING.exists(),
        )
        .group_by(stock_line.c.item_id, stock_line.c.set_id)
        .subquery("lowest")
    )
    return (
        update(stock_line)
        .where(stock_line.c.item_id == lowest.c.item_id, stock_line.c.id == lowest.c.id)
        .values(twin=false())
    )
