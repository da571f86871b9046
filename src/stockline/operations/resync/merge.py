"""Equal stock lines become one: the lowest number keeps the quantity and the serials, the others close (RS-1)."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, and_, bindparam, delete, false, insert, select, update

from stockline.operations.resync.stock import Merge
from stockline.operations.stock.twins import settle_twins
from stockline.schema.resync import resync_follow
from stockline.schema.stock import extra_link, serial, stock_line
from stockline.store.database import Transaction


def merge_lines(transaction: Transaction, run: int, item_id: int, merges: Sequence[Merge]) -> None:
    """Merge lines of an item, its item-sites being held; no quantity changes but by adding what is equal (RS-2)."""
    rows = [{"run": run, "item": item_id, "old": merge.from_line, "new": merge.to_line} for merge in merges]
    follow = transaction.insert(extra_link).from_select(("item_id", "variant", "serial", "stock_line_id"), _LINKED_TOO)
    for statement in (*_NOTE, _ADD, _CLOSE, _FOLLOW, follow.on_conflict_do_nothing(), _FORGET_OLD, _FORGET_SAME):
        transaction.execute(statement, rows)
    settle_twins(transaction, _ITEMS, {"item": item_id})


_ITEMS = select(bindparam("item", type_=BigInteger))
_RUN, _ITEM, _OLD, _NEW = (bindparam(name, type_=BigInteger) for name in ("run", "item", "old", "new"))

_NOTE = [
    insert(resync_follow).from_select(
        ("run_id", "item_id", "variant", "serial", "from_line", "to_line"),
        select(_RUN, *(table.c[name] for name in ("item_id", "variant", "serial", "stock_line_id")), _NEW).where(
            table.c.item_id == _ITEM, table.c.stock_line_id == _OLD
        ),
    )
    for table in (serial, extra_link)
]
"""The links that follow are kept, for those who carry the change home to another system."""

_other = stock_line.alias("other")
_added = select(_other.c.quantity).where(_other.c.item_id == _ITEM, _other.c.id == _OLD).scalar_subquery()
_ADD = (
    update(stock_line)
    .where(stock_line.c.item_id == _ITEM, stock_line.c.id == _NEW)
    .values(quantity=stock_line.c.quantity + _added)
)
_CLOSE = (
    update(stock_line).where(stock_line.c.item_id == _ITEM, stock_line.c.id == _OLD).values(quantity=0, twin=false())
)
_FOLLOW = update(serial).where(serial.c.item_id == _ITEM, serial.c.stock_line_id == _OLD).values(stock_line_id=_NEW)

# Serials with several links: of two that lead to the same line now, one is enough.
_LINKED_TOO = select(extra_link.c.item_id, extra_link.c.variant, extra_link.c.serial, _NEW).where(
    extra_link.c.item_id == _ITEM, extra_link.c.stock_line_id == _OLD
)
_FORGET_OLD = delete(extra_link).where(extra_link.c.item_id == _ITEM, extra_link.c.stock_line_id == _OLD)
_own = select(serial.c.serial).where(
    *(serial.c[name] == extra_link.c[name] for name in ("item_id", "variant", "serial", "stock_line_id"))
)
_FORGET_SAME = delete(extra_link).where(
    and_(extra_link.c.item_id == _ITEM, extra_link.c.stock_line_id == _NEW, _own.exists())
)
