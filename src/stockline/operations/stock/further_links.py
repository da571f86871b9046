"""Further links of serials, as only loaded data have them: what postings do beside them (ST-11, ST-15).

A serial that is linked at all has a link of its own; what it is linked to besides stands in `extra_link`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Delete, Select, Subquery, Update, and_, case, delete, exists, func, select, update

from stockline.rules.posting import ENTRIES, OF_BATCH, OF_WAVE
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.schema.stock import extra_link, serial, stock_line
from stockline.store.database import Transaction

_KEY = ("item_id", "variant", "serial")


def has_further_links(transaction: Transaction, parameters: Mapping[str, Any]) -> bool:
    """Whether any serial of the wave's items has more than one link."""
    return bool(transaction.execute(_ANY, parameters).scalar())


def take_over_links(transaction: Transaction, batch: int) -> None:
    """Serials that a posting took off one of their lines are on another: that link is their own now, open lines first.

    Only when all is posted: before that, it keeps them from coming in elsewhere (ST-15).
    """
    parameters = {"batch": batch}
    if transaction.execute(_ANY_OF_BATCH, parameters).scalar():
        transaction.execute(_TAKE_OVER, parameters)
        transaction.execute(_FORGET_OWN, parameters)


def forget_links(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Serials that have come in were on no open line: what else they are linked to leads nowhere."""
    if has_further_links(transaction, parameters):
        transaction.execute(_FORGET, parameters)


def _any_of(which: Any) -> Select[Any]:
    return select(exists().where(extra_link.c.item_id.in_(select(staged_line.c.item_id).where(which))))


def _moved_by(which: Any) -> Subquery:
    serials = select(*(ledger_entry.c[name] for name in _KEY)).select_from(ENTRIES)
    return serials.where(which, staged_line.c.steers_serial == 1).distinct().subquery("moved")


_ANY, _ANY_OF_BATCH = _any_of(OF_WAVE), _any_of(OF_BATCH)


def _take_over() -> Update:
    to_line = and_(stock_line.c.item_id == extra_link.c.item_id, stock_line.c.id == extra_link.c.stock_line_id)
    is_open = func.coalesce(stock_line.c.quantity, 0) != 0
    beside = (
        select(extra_link.c.stock_line_id)
        .select_from(extra_link.outerjoin(stock_line, to_line))
        .where(*(extra_link.c[name] == serial.c[name] for name in _KEY))
        .order_by(case((is_open, 0), else_=1), extra_link.c.stock_line_id)
        .limit(1)
    )
    moved = _moved_by(OF_BATCH)
    left = (*(serial.c[name] == moved.c[name] for name in _KEY), serial.c.stock_line_id.is_(None))
    return update(serial).where(*left).values(stock_line_id=beside.scalar_subquery())


def _forget_own() -> Delete:
    own = select(serial.c.serial).where(*(serial.c[name] == extra_link.c[name] for name in (*_KEY, "stock_line_id")))
    of_items = extra_link.c.item_id.in_(select(staged_line.c.item_id).where(OF_BATCH))
    return delete(extra_link).where(of_items, own.exists())


def _forget() -> Delete:
    moved = _moved_by(OF_WAVE)
    came_in = select(moved.c.serial).where(*(moved.c[name] == extra_link.c[name] for name in _KEY))
    return delete(extra_link).where(came_in.exists())


_TAKE_OVER, _FORGET_OWN, _FORGET = _take_over(), _forget_own(), _forget()
