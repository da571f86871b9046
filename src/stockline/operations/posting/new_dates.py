"""Dates of what is reclassified: it keeps them or is given others, and then they are those of its numbers (PO-46)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Update, and_, case, func, literal, or_, select, update

from stockline.rules.dates import RENUMBERED, has_date_of
from stockline.rules.framework import enforce
from stockline.rules.new_dates import NEW_DATES, PUT_DOWN, TAKEN, TAKEN_AND_PUT, new_date_required
from stockline.rules.posting import ENTRIES
from stockline.schema.ledger import ledger_entry, number_date, staged_line
from stockline.schema.reservations import renumbering
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

_entry = ledger_entry.c


def settle_new_dates(transaction: Transaction, parameters: Mapping[str, Any], required: list[int]) -> None:
    """Give the entries of a reclassification their dates, check them, and keep them as those of the new numbers.

    `required`: items whose numbers must have one. Refused `expiration_conflict`, `expiration_posted`,
    `expiration_required`.
    """
    transaction.execute(_TAKE_OLD_DATES, parameters)
    transaction.execute(_PUT_OLD_DATES, parameters)
    enforce(transaction, NEW_DATES, parameters)
    if required:
        enforce(transaction, [new_date_required], {**parameters, "items": required})
    for kind in NUMBER_KINDS:
        transaction.execute(_remember(transaction, kind), parameters)


def _dates_of(entries: Any) -> Update:
    """Give entries the date that was found for each."""
    found = entries.subquery("found")
    return (
        update(ledger_entry)
        .where(_entry.item_id == found.c.item_id, _entry.id == found.c.id)
        .values(expires=found.c.expires)
    )


_TAKE_OLD_DATES = _dates_of(
    select(_entry.item_id, _entry.id, number_date.c.expires)
    .select_from(ENTRIES.join(number_date, has_date_of(ledger_entry, _entry.item_id, _entry.variant)))
    .where(RENUMBERED, staged_line.c.own == 1)
)

_dated = and_(
    renumbering.c.item_id == TAKEN.c.item_id,
    renumbering.c.line_id == staged_line.c.line_id,
    *(renumbering.c[kind] == TAKEN.c[kind] for kind in NUMBER_KINDS),
)
_PUT_OLD_DATES = _dates_of(
    select(_entry.item_id, _entry.id, TAKEN.c.expires)
    .select_from(TAKEN_AND_PUT.outerjoin(renumbering, _dated))
    .where(PUT_DOWN, or_(renumbering.c.dated.is_(None), ~renumbering.c.dated))
)


def _remember(transaction: Transaction, kind: str) -> Any:
    """A number has from now on the date it was put down with."""
    put = (
        select(
            _entry.item_id,
            _entry.variant,
            literal(kind),
            _entry[kind],
            func.max(_entry.expires),
            func.max(_entry.id),
        )
        .select_from(ENTRIES)
        .where(PUT_DOWN, _entry[kind] != "")
        .group_by(_entry.item_id, _entry.variant, _entry[kind])
    )
    names = ("item_id", "variant", "kind", "number", "expires", "entry_id")
    statement = transaction.insert(number_date).from_select(names, put)
    new = statement.excluded
    other = or_(number_date.c.changed, number_date.c.expires.is_distinct_from(new.expires))
    values = {"expires": new.expires, "entry_id": new.entry_id, "changed": case((other, True), else_=False)}
    return statement.on_conflict_do_update(index_elements=list(names[:4]), set_=values)
