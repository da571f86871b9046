"""Warranty dates that rows of a window take from the stock they are about (TW-39)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Update, and_, select, update

from stockline.operations.lookups.summaries import Stock
from stockline.rules.availability import BLANK, carried, in_entries, summed_by_lines
from stockline.rules.window import CHANGED, COMBINATION
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.windows import window_row
from stockline.store.database import Transaction


def take_warranties(transaction: Transaction, stock: Stock, parameters: Mapping[str, Any]) -> None:
    """Give new rows without warranty that of their stock: the newest of their serial, lot or package."""
    for kind in COMBINATION:
        if not summed_by_lines([kind], stock.steers):
            transaction.execute(_take_warranty(kind, stock.steers), {**parameters, **stock.parameters})


@cache
def _take_warranty(kind: str, steers: frozenset[str]) -> Update:
    number = carried(kind, steers)
    finer = COMBINATION[: COMBINATION.index(kind)]
    of_kind = and_(window_row.c[kind] != "", *(window_row.c[name] == "" for name in finer))
    entry = and_(ledger_entry.c.item_id == open_entry.c.item_id, ledger_entry.c.id == open_entry.c.entry_id)
    stock = select(ledger_entry.c.warranty).select_from(open_entry.join(ledger_entry, entry))
    stock = stock.where(*in_entries(steers), number == window_row.c[kind], number != BLANK)
    newest = stock.order_by(open_entry.c.entry_id.desc()).limit(1).scalar_subquery()
    return update(window_row).where(*CHANGED, of_kind, window_row.c.warranty.is_(None)).values(warranty=newest)
