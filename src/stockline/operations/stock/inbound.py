"""Goods that come in: they join or open stock lines, fill shortages, and serials are linked (ST-4, ST-6, PO-24)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Insert,
    Text,
    Update,
    and_,
    func,
    insert,
    literal,
    select,
    update,
)

from stockline.operations.ledger.dealing import deal
from stockline.operations.stock.changes import (
    CLEAR_STOCK,
    CLEAR_TAKES,
    PLACE,
    SHORT_LINE,
    STAGED,
    add_staged_stock,
    change_lines,
    has_short_lines,
    of_takes,
)
from stockline.operations.stock.further_links import forget_links
from stockline.rules.control import LINES
from stockline.rules.framework import BATCH
from stockline.rules.posting import ENTRIES, OF_WAVE
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.schema.stock import (
    characteristic_set,
    serial,
    staged_stock,
    staged_take,
    stock_line,
)
from stockline.store.database import Transaction


def are_known(transaction: Transaction, parameters: Mapping[str, Any]) -> bool:
    """Whether any serial that comes in is known, because it is or was in stock."""
    return bool(transaction.execute(_KNOWN, parameters).scalar())


_KNOWN = select(
    select(serial.c.serial)
    .select_from(
        ENTRIES.join(
            serial, and_(*(serial.c[name] == ledger_entry.c[name] for name in ("item_id", "variant", "serial")))
        )
    )
    .where(OF_WAVE, staged_line.c.steers_serial == 1)
    .exists()
)


def put_stock(transaction: Transaction, parameters: Mapping[str, Any], *, by_serial: bool, known: bool = True) -> None:
    """What came in joins the open line of its characteristics, else opens one; it first fills shortages of the site.

    `by_serial`: some is of specific serials, which are linked to it; `known`: some of these are known.
    """
    transaction.execute(_STAGE_INBOUND, parameters)
    if has_short_lines(transaction, parameters):
        transaction.execute(_STAGE_FILLS, parameters)
        transaction.execute(_FILL, parameters)
        transaction.execute(_LOWER_STAGED, parameters)
        transaction.execute(CLEAR_TAKES, parameters)
    add_staged_stock(transaction, parameters)
    if by_serial:
        transaction.execute(_link_known_serials(transaction) if known else _LINK_SERIALS, parameters)
    if by_serial and known:
        forget_links(transaction, parameters)
    transaction.execute(CLEAR_STOCK, parameters)


_STAGE_INBOUND = insert(staged_stock).from_select(
    ("item_id", "batch_id", "variant", "site_id", "location", "lot", "package", "number", "quantity"),
    select(
        ledger_entry.c.item_id,
        BATCH,
        *(ledger_entry.c[name] for name in PLACE[1:]),
        func.min(ledger_entry.c.id),
        func.sum(ledger_entry.c.quantity),
    )
    .select_from(ENTRIES)
    .where(OF_WAVE)
    .group_by(*(ledger_entry.c[name] for name in PLACE)),
)


_LINKED = (
    "item_id",
    "variant",
    "serial",
    "lot",
    "sublot",
    "version",
    "stock_line_id",
    "last_direction",
    "last_set_id",
    "last_batch_id",
    "last_date",
)
_blank = literal("", Text)
_on_line = and_(
    staged_stock.c.batch_id == BATCH,
    # The sum hides that the line tells the item too: PostgreSQL would look up by that alone, and find all there is.
    staged_stock.c.item_id == ledger_entry.c.item_id + 0,
    *(staged_stock.c[name] == ledger_entry.c[name] for name in PLACE[1:]),
)
_ARRIVED = (
    select(
        ledger_entry.c.item_id,
        ledger_entry.c.variant,
        ledger_entry.c.serial,
        ledger_entry.c.lot,
        _blank,
        _blank,
        staged_stock.c.stock_line_id,
        literal(1),
        staged_stock.c.set_id,
        BATCH,
        ledger_entry.c.posting_date,
    )
    .select_from(ENTRIES.join(staged_stock, _on_line))
    .where(OF_WAVE, staged_line.c.steers_serial == 1)
)
_LINK_SERIALS = insert(serial).from_select(_LINKED, _ARRIVED)
"""Link serials that came in to their line: it gives them its attributes and is their last movement (ST-6)."""


def _link_known_serials(transaction: Transaction) -> Any:
    """The same where some have a row already; to look for that row by row would cost the others half as much again."""
    statement = transaction.insert(serial).from_select(_LINKED, _ARRIVED)
    return statement.on_conflict_do_update(
        index_elements=["item_id", "variant", "serial"],
        set_={name: statement.excluded[name] for name in _LINKED[3:]},
    )


# ---------------------------------------------------------------- shortages filled by what comes in

_FILL_KEYS = ("item_id", "variant", "site_id")


def _stage_fills() -> Insert:
    waiting = (
        select(
            stock_line.c.item_id,
            characteristic_set.c.variant,
            characteristic_set.c.site_id,
            stock_line.c.id,
            (-stock_line.c.quantity).label("quantity"),
        )
        .select_from(LINES)
        .where(SHORT_LINE)
        .subquery("waiting")
    )
    arrived = (
        select(
            staged_stock.c.item_id,
            staged_stock.c.variant,
            staged_stock.c.site_id,
            staged_stock.c.number.label("id"),
            staged_stock.c.quantity,
        )
        .where(STAGED)
        .subquery("arrived")
    )
    dealt = deal(waiting, [waiting.c.id], arrived, [arrived.c.id], _FILL_KEYS)
    return insert(staged_take).from_select(
        ("item_id", "batch_id", "entry_id", "stock_line_id", "quantity"),
        select(dealt.c.item_id, BATCH, dealt.c.supply_id, dealt.c.demand_id, dealt.c.quantity),
    )


_STAGE_FILLS = _stage_fills()


def _lower_staged() -> Update:
    moved = of_takes("entry_id")
    return (
        update(staged_stock)
        .where(STAGED, staged_stock.c.item_id == moved.c.item_id, staged_stock.c.number == moved.c.id)
        .values(quantity=staged_stock.c.quantity - moved.c.quantity)
    )


_FILL = change_lines(1)
_LOWER_STAGED = _lower_staged()
