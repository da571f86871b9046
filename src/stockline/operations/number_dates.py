"""The date of every number that came in, kept for items that use expiration dates (TW-35, PO-28)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Subquery, Update, and_, case, delete, func, insert, literal, select, update

from stockline.rules.dates import INBOUND
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


def _came_in(kind: str, which: Any) -> Subquery:
    """The numbers of a kind that came in with the batch, each with its first or last entry and a date for want of one.

    Who names the entry its goods left with asks for no date (PO-36).
    """
    entry = ledger_entry.c
    default = func.max(case((entry.origin_id.is_(None), staged_line.c.expires_by_default)))
    return (
        select(
            entry.item_id,
            entry.variant,
            entry[kind].label("number"),
            which(entry.id).label("id"),
            default.label("default"),
        )
        .select_from(ENTRIES)
        .where(INBOUND, entry[kind] != "")
        .group_by(entry.item_id, entry.variant, entry[kind])
        .subquery("came_in")
    )


def _entry_of(found: Subquery) -> Any:
    return and_(ledger_entry.c.item_id == found.c.item_id, ledger_entry.c.id == found.c.id)


@cache
def _first_dates(kind: str) -> tuple[tuple[str, ...], Any]:
    first = _came_in(kind, func.min)
    expires = func.coalesce(ledger_entry.c.expires, first.c.default)
    values = (first.c.item_id, first.c.variant, literal(kind), first.c.number, expires, first.c.id)
    names = ("item_id", "variant", "kind", "number", "expires", "entry_id")
    return names, select(*values).select_from(first.join(ledger_entry, _entry_of(first))).where(first.c.id > 0)


@cache
def _last_dates(kind: str) -> Update:
    last = _came_in(kind, func.max)
    other = (
        select(last.c.item_id, last.c.variant, last.c.number, last.c.id, ledger_entry.c.expires)
        .select_from(last.join(ledger_entry, _entry_of(last)))
        .subquery("other")
    )
    known = number_date.c
    return (
        update(number_date)
        .where(*(known[name] == other.c[name] for name in ("item_id", "variant", "number")), known.kind == kind)
        .where(known.expires.is_distinct_from(other.c.expires))
        .values(expires=other.c.expires, entry_id=other.c.id, changed=True)
    )


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
