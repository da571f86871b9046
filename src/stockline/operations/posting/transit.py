"""Goods in transit belong to the transfer line that shipped them: its receipts take them and nothing else (PO-40)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Insert, and_, insert, select

from stockline.operations.ledger.applications import KEYS
from stockline.operations.ledger.dealing import deal
from stockline.rules.framework import BATCH
from stockline.rules.posting import ENTRIES, OF_WAVE, steering
from stockline.schema.ledger import ledger_entry, open_entry, staged_application, staged_line
from stockline.store.database import Transaction


def stage_receipts(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Decide what receipts of the wave take: of what their line shipped, the same combination, oldest first.

    Specific serials need no decision: they are on hand once.
    """
    transaction.execute(_STAGE_RECEIPTS, parameters)


_STEERING = ("serial", "lot", "package")
_COMBINATION = ("item_id", "line_id", *_STEERING)


def _stage_receipts() -> Insert:
    entry, line = ledger_entry.c, staged_line.c
    receipts = and_(OF_WAVE, line.own == 0, line.steers_serial == 0)
    asked = (
        select(*(entry[name] for name in _COMBINATION), entry.id, (-entry.quantity).label("quantity"))
        .select_from(ENTRIES)
        .where(receipts)
        .subquery("asked")
    )
    keys = [(steering(name) if name in _STEERING else entry[name]).label(name) for name in KEYS]
    wanted = select(*keys, entry.line_id).select_from(ENTRIES).where(receipts).distinct().subquery("wanted")
    of_key = and_(*(open_entry.c[name] == wanted.c[name] for name in KEYS), open_entry.c.remaining > 0)
    shipped = and_(entry.item_id == open_entry.c.item_id, entry.id == open_entry.c.entry_id)
    there = (
        select(
            *(entry[name] for name in _COMBINATION),
            entry.id,
            open_entry.c.remaining.label("quantity"),
            entry.posting_date,
        )
        .select_from(wanted.join(open_entry, of_key).join(ledger_entry, shipped))
        .where(entry.line_id == wanted.c.line_id)
        .subquery("there")
    )
    dealt = deal(asked, [asked.c.id], there, [there.c.posting_date, there.c.id], _COMBINATION)
    return insert(staged_application).from_select(
        ("item_id", "batch_id", "entry_id", "other_id", "quantity"),
        select(dealt.c.item_id, BATCH, dealt.c.demand_id, dealt.c.supply_id, dealt.c.quantity),
    )


_STAGE_RECEIPTS = _stage_receipts()
