"""Rules on expiration and warranty dates, of rows of a window and of what is posted (TW-35 to TW-39, PO-28 to PO-32).

Parameters: of windows those of `rules.window` and `variant`; of postings `batch` and `items`, those a rule is about;
`wave` where the rule looks at what was applied.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)

from stockline.codes import Code
from stockline.rules.framework import BATCH, Query, rule
from stockline.rules.posting import ENTRIES, OF_BATCH, OF_WAVE, offending
from stockline.rules.window import ITEM, offending_rows
from stockline.schema.ledger import POSITIONS, application, ledger_entry, number_date, open_entry, staged_line
from stockline.schema.windows import window_row

VARIANT: BindParameter[str] = bindparam("variant")
_ITEMS = staged_line.c.item_id.in_(bindparam("items", expanding=True, type_=BigInteger))
OF_ITEMS = and_(OF_BATCH, _ITEMS, staged_line.c.renumbers == 0)
"""What is reclassified has rules of its own, see `rules.new_dates`."""
RENUMBERED = and_(OF_BATCH, _ITEMS, staged_line.c.renumbers == 1)
INBOUND = and_(OF_ITEMS, staged_line.c.sign == 1)
HAS_NUMBER = or_(ledger_entry.c.serial != "", ledger_entry.c.lot != "", ledger_entry.c.package != "")


def dating_number(row: FromClause) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """The kind and the number a row has its date from: the lot, else the serial, else the package (TW-35)."""
    lot, serial = row.c.lot != "", row.c.serial != ""
    kind = case((lot, "lot"), (serial, "serial"), else_="package")
    return kind, case((lot, row.c.lot), (serial, row.c.serial), else_=row.c.package)


def has_date_of(row: FromClause, item: Any, variant: Any) -> ColumnElement[bool]:
    """The known date is that of the row's number."""
    kind, number = dating_number(row)
    known = number_date.c
    return and_(known.item_id == item, known.variant == variant, known.kind == kind, known.number == number)


DATED_ENTRIES: FromClause = ENTRIES.join(
    number_date, has_date_of(ledger_entry, ledger_entry.c.item_id, ledger_entry.c.variant)
)
"""The entries of a batch with the date of their number. One that comes in for the first time has a date already: what
its first entry says."""

_BROUGHT_NOW = number_date.c.entry_id >= BATCH * POSITIONS
_IS_ANOTHER = and_(ledger_entry.c.expires.isnot(None), ledger_entry.c.expires.is_distinct_from(number_date.c.expires))


def _open_with_other_dates(known: Any) -> ColumnElement[bool]:
    """Open entries of the lot, which is specific, have another date than its last one (TW-36)."""
    owned, entry = open_entry.c, ledger_entry.alias("open_dated")
    return and_(
        known.kind == "lot",
        known.changed,
        exists()
        .where(owned.item_id == known.item_id, owned.variant == known.variant, owned.lot == known.number)
        .where(owned.remaining > 0)
        .where(entry.c.item_id == owned.item_id, entry.c.id == owned.entry_id)
        .where(entry.c.expires.is_distinct_from(known.expires)),
    )


# ---------------------------------------------------------------- rows of a window


def _dated_rows(*facts: Any) -> Query:
    """Rows with the date of their number, as far as the ledger knows it."""
    known = has_date_of(window_row, ITEM, VARIANT)
    return offending_rows(window_row.c.expires, *facts).join(number_date, known)


@rule(Code.EXPIRATION_CONFLICT)
def rows_of_two_dates() -> Query:
    """Row {row}: {lot} {serial} {package} is given {expires} here and another date in another row."""
    number = dating_number(window_row)
    span = [edge(window_row.c.expires).over(partition_by=list(number)) for edge in (func.min, func.max)]
    every = (
        offending_rows(window_row.c.expires, span[0].label("earliest"), span[1].label("latest"))
        .where(window_row.c.expires.isnot(None))
        .subquery("every")
    )
    return select(every).where(every.c.earliest != every.c.latest)


@rule(Code.EXPIRATION_CONFLICT)
def row_of_lot_with_two_dates() -> Query:
    """Row {row}: open ledger entries of lot {lot} have different expiration dates."""
    return _dated_rows().where(_open_with_other_dates(number_date.c))


@rule(Code.EXPIRATION_POSTED)
def row_of_posted_number() -> Query:
    """Row {row}: {lot} {serial} {package} is in the ledger with {there} as its expiration date, not {expires}."""
    return _dated_rows(number_date.c.expires.label("there")).where(
        window_row.c.expires.isnot(None), window_row.c.expires.is_distinct_from(number_date.c.expires)
    )


DATED_ROWS = (rows_of_two_dates, row_of_lot_with_two_dates, row_of_posted_number)
"""What the dates of a list of rows must obey, on a line that brings goods in."""


# ---------------------------------------------------------------- entries of a posting


@rule(Code.WARRANTY_REQUIRED)
def warranty_required() -> Query:
    """Line {line}: {serial} {lot} {package} of {item} needs a warranty date."""
    return offending().select_from(ENTRIES).where(OF_BATCH, _ITEMS, HAS_NUMBER, ledger_entry.c.warranty.is_(None))


def _dated(*facts: Any) -> Query:
    return (
        offending(ledger_entry.c.expires, number_date.c.expires.label("there"), *facts)
        .select_from(DATED_ENTRIES)
        .where(INBOUND)
    )


@rule(Code.EXPIRATION_CONFLICT)
def entries_of_two_dates() -> Query:
    """Line {line}: {lot} {serial} {package} of {item} is given {expires}, but before in this posting {there}."""
    return _dated().where(_BROUGHT_NOW, _IS_ANOTHER)


@rule(Code.EXPIRATION_CONFLICT)
def entry_of_lot_with_two_dates() -> Query:
    """Line {line}: open ledger entries of lot {lot} of {item} have different expiration dates."""
    return _dated().where(_open_with_other_dates(number_date.c))


@rule(Code.EXPIRATION_POSTED)
def entry_of_posted_number() -> Query:
    """Line {line}: {lot} {serial} {package} of {item} is in the ledger with another expiration date, {there}."""
    return _dated().where(~_BROUGHT_NOW, _IS_ANOTHER)


DATED_ENTRY_RULES = (entries_of_two_dates, entry_of_lot_with_two_dates, entry_of_posted_number)
"""What the dates given must obey, before entries without one take that of their number."""


@rule(Code.EXPIRATION_REQUIRED)
def expiration_required() -> Query:
    """Line {line}: {lot} {serial} {package} of {item} needs an expiration date."""
    return (
        offending()
        .select_from(ENTRIES)
        .where(
            INBOUND,
            ledger_entry.c.expires.is_(None),
            ledger_entry.c.origin_id.is_(None),
            staged_line.c.kind != "transfer",
        )
    )


@rule(Code.EXPIRED)
def expired() -> Query:
    """Line {line}: {lot} {serial} {package} of {item} expired on {expires}."""
    source = ledger_entry.alias("source")
    first = func.min(source.c.expires)
    taken_from = application.join(
        source, and_(source.c.item_id == application.c.item_id, source.c.id == application.c.inbound_id)
    )
    oldest = (
        select(first)
        .select_from(taken_from)
        .where(application.c.item_id == ledger_entry.c.item_id, application.c.outbound_id == ledger_entry.c.id)
        .scalar_subquery()
    )
    return (
        offending(oldest.label("expires"))
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.keeps_expired == 1, oldest < ledger_entry.c.posting_date)
    )
