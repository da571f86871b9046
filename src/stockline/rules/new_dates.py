"""Rules on the dates of what is reclassified (PO-46, TW-42).

They look at the entries that put down, which have their date already: the one given, else that of the old number.
Parameters: `batch`, `items`.
"""

import datetime as dt
from typing import Any

from sqlalchemy import Date, FromClause, and_, func, literal, or_, select

from stockline.codes import Code
from stockline.rules.dates import RENUMBERED, dating_number, has_date_of
from stockline.rules.framework import BATCH, Query, rule
from stockline.rules.posting import ENTRIES, offending
from stockline.schema.ledger import ledger_entry, number_date, open_entry, staged_line

_put = ledger_entry.c
TAKEN, _of = ledger_entry.alias("taken"), staged_line.alias("taken_line")
TAKEN_AND_PUT: FromClause = (
    staged_line.join(
        _of,
        and_(
            _of.c.item_id == staged_line.c.item_id,
            _of.c.batch_id == BATCH,
            _of.c.line_id == staged_line.c.line_id,
            _of.c.own == 1,
        ),
    )
    .join(
        TAKEN,
        and_(TAKEN.c.item_id == _of.c.item_id, TAKEN.c.id >= _of.c.first_entry, TAKEN.c.id <= _of.c.last_entry),
    )
    .join(
        ledger_entry,
        and_(_put.item_id == TAKEN.c.item_id, _put.id == TAKEN.c.id - _of.c.first_entry + staged_line.c.first_entry),
    )
)
"""Each entry that puts down (`staged_line`, `ledger_entry`) with the one that took up (`taken_line`, `taken`)."""

PUT_DOWN = and_(RENUMBERED, staged_line.c.own == 0)
_NO_DATE = literal(dt.date.min, Date)


@rule(Code.EXPIRATION_CONFLICT)
def number_given_two_dates() -> Query:
    """{item} {lot} {serial} {package} would have {expires} and another date as its expiration date."""
    kind, number = dating_number(ledger_entry)
    date = func.coalesce(_put.expires, _NO_DATE)
    key = [_put.item_id, _put.variant, kind, number]
    span = [edge(date).over(partition_by=key) for edge in (func.min, func.max)]
    every = (
        offending(_put.expires, span[0].label("earliest"), span[1].label("latest"))
        .select_from(ENTRIES)
        .where(PUT_DOWN)
        .subquery("every")
    )
    named = [column for column in every.c if column.name not in ("earliest", "latest")]
    return select(*named).where(every.c.earliest != every.c.latest)


def _stock_of_number() -> Any:
    """What is on hand of the number the entry is dated by, at all sites."""
    owned = open_entry.c
    kind, number = dating_number(ledger_entry)
    same = [
        and_(kind == name, or_(owned[name] == number, owned[f"carried_{name}"] == number))
        for name in ("lot", "serial", "package")
    ]
    own = and_(owned.item_id == _put.item_id, owned.variant == _put.variant, owned.remaining > 0, or_(*same))
    return select(func.coalesce(func.sum(owned.remaining), 0)).where(own).correlate(ledger_entry).scalar_subquery()


@rule(Code.EXPIRATION_POSTED)
def stock_keeps_its_date() -> Query:
    """{item} {lot} {serial} {package} is in stock with {there} as its expiration date, not {expires}."""
    kept = and_(
        *(a == b for a, b in zip(dating_number(TAKEN), dating_number(ledger_entry), strict=True)),
        TAKEN.c.package == _put.package,
    )
    key = [_put.item_id, _put.variant, *dating_number(ledger_entry)]
    whole = func.sum(_put.quantity).filter(kept).over(partition_by=key)
    every = (
        offending(
            _put.expires,
            number_date.c.expires.label("there"),
            func.coalesce(whole, 0).label("whole"),
            _stock_of_number().label("stock"),
        )
        .select_from(TAKEN_AND_PUT.join(number_date, has_date_of(ledger_entry, _put.item_id, _put.variant)))
        .where(PUT_DOWN)
        .subquery("every")
    )
    named = [column for column in every.c if column.name not in ("whole", "stock")]
    other = every.c.expires.is_distinct_from(every.c.there)
    return select(*named).where(other, every.c.stock > 0, every.c.whole < every.c.stock)


@rule(Code.EXPIRATION_REQUIRED)
def new_date_required() -> Query:
    """{item} {lot} {serial} {package} needs an expiration date."""
    return offending().select_from(ENTRIES).where(PUT_DOWN, _put.expires.is_(None))


NEW_DATES = (number_given_two_dates, stock_keeps_its_date)
