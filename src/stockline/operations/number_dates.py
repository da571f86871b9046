"""The date of every number that came in, kept for items that use expiration dates (TW-35, PO-28)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Update, and_, case, delete, func, insert, literal, select, update

from stockline.rules.dates import DATED_ENTRIES, INBOUND, OF_ITEMS
from stockline.rules.posting import ENTRIES
from stockline.schema.ledger import ledger_entry, number_date, staged_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode


def remember_dates(transaction: Transaction, batch: int, codes: Mapping[int, TrackingCode]) -> None:
    """Keep the dates of numbers that came in with a batch, for those of its items that use dates (TW-35)."""
    dated = sorted(item for item, code in codes.items() if code.uses_expiration)
    if dated:
        remember_new(transaction, {"batch": batch, "items": dated})
        remember_last(transaction, {"batch": batch, "items": dated})


def remember_new(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Numbers that come in for the first time have the date of their first entry; known ones keep theirs."""
    for kind in NUMBER_KINDS:
        statement = transaction.insert(number_date).from_select(*_first_dates(kind))
        transaction.execute(statement.on_conflict_do_nothing(), parameters)


def remember_last(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Numbers whose last entry brought another date have it from now on: a serial under another lot, say."""
    for kind in NUMBER_KINDS:
        transaction.execute(_last_dates(kind), parameters)


def take_dates(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Give every entry of a batch, in or out, the date of its number (PO-28)."""
    transaction.execute(_TAKE_DATES, parameters)


_entry = ledger_entry.c


@cache
def _first_dates(kind: str) -> tuple[tuple[str, ...], Any]:
    """The numbers of a kind that come in, entry by entry: of several of one number the first is kept.

    Who names the entry its goods left with asks for no date (PO-36).
    """
    default = case((_entry.origin_id.is_(None), staged_line.c.expires_by_default))
    expires = func.coalesce(_entry.expires, default)
    values = (_entry.item_id, _entry.variant, literal(kind), _entry[kind], expires, _entry.id)
    names = ("item_id", "variant", "kind", "number", "expires", "entry_id")
    return names, select(*values).select_from(ENTRIES).where(INBOUND, _entry[kind] != "").order_by(_entry.id)


@cache
def _last_dates(kind: str) -> Update:
    """Takes over the date of the last entry of every number whose known date is another."""
    number = (_entry.item_id, _entry.variant, _entry[kind])
    nth = func.row_number().over(partition_by=number, order_by=_entry.id.desc())
    columns = (*number[:2], number[2].label("number"), _entry.id, _entry.expires, nth.label("nth"))
    came_in = select(*columns).select_from(ENTRIES).where(INBOUND, _entry[kind] != "").subquery("came_in")
    known = number_date.c
    return (
        update(number_date)
        .where(*(known[name] == came_in.c[name] for name in ("item_id", "variant", "number")), known.kind == kind)
        .where(came_in.c.nth == 1, known.expires.is_distinct_from(came_in.c.expires))
        .values(expires=came_in.c.expires, entry_id=came_in.c.id, changed=True)
    )


def _take_dates() -> Update:
    dated = (
        select(ledger_entry.c.item_id, ledger_entry.c.id, number_date.c.expires)
        .select_from(DATED_ENTRIES)
        .where(OF_ITEMS, ledger_entry.c.expires.is_distinct_from(number_date.c.expires))
        .subquery("dated")
    )
    return (
        update(ledger_entry)
        .where(and_(ledger_entry.c.item_id == dated.c.item_id, ledger_entry.c.id == dated.c.id))
        .values(expires=dated.c.expires)
    )


_TAKE_DATES = _take_dates()


def remember_ledger(transaction: Transaction, item_id: int) -> None:
    """Keep the dates of all numbers of an item that uses dates from now on: what is in the ledger has none (TW-35)."""
    transaction.execute(delete(number_date).where(number_date.c.item_id == item_id))
    entry = ledger_entry.c
    for kind in NUMBER_KINDS:
        known = (
            select(entry.item_id, entry.variant, literal(kind), entry[kind], func.max(entry.id))
            .where(entry.item_id == item_id, entry.quantity > 0, entry[kind] != "")
            .group_by(entry.item_id, entry.variant, entry[kind])
        )
        names = ("item_id", "variant", "kind", "number", "entry_id")
        transaction.execute(insert(number_date).from_select(names, known))
