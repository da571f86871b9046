"""Expiration dates in a tracking window: known numbers bring theirs, and a whole lot has one (TW-35, TW-36).

Rows that bring goods in are dated here. Those that take goods out show the date of the ledger while their window is
open; it is not stored with the line (TW-21).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Subquery,
    Update,
    and_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
    update,
)

from stockline.operations.lines import SourceLine
from stockline.operations.windows.rows import carries_dates
from stockline.operations.windows.steps import keeping
from stockline.rules.dates import DATED_ROWS, VARIANT, dating_number, has_date_of
from stockline.rules.framework import Rule
from stockline.rules.window import CHANGED, FIRST, ITEM, LAST, ROWS, STEP, WINDOW
from stockline.schema.ledger import number_date
from stockline.schema.windows import window_row, window_step
from stockline.store.database import Transaction


def date_rules(line: SourceLine) -> Sequence[Rule]:
    """What the dates given for rows of the line must obey."""
    return DATED_ROWS if carries_dates(line) else ()


def date_listed_rows(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Give every row of a list given whole the date of its number."""
    if carries_dates(line):
        transaction.execute(_TAKE_KNOWN, parameters)
        transaction.execute(_TAKE_FROM_LOT, parameters)


def date_entered_rows(
    transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any], *, said: bool = False
) -> None:
    """Give rows entered or changed in an open window the date of their number; the rest of their lot follows.

    `said`: the rows' dates have just been said, and a blank one clears that of the lot.
    """
    if line.item.tracking.uses_expiration:
        transaction.execute(_TAKE_KNOWN, parameters)
    if carries_dates(line):
        if not said:
            transaction.execute(_TAKE_FROM_LOT, parameters)
        transaction.execute(_KEEP_LOT, parameters)
        transaction.execute(_FOLLOW, parameters)


def forget_date_of_former_number(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """A row that has got another number has its date no more; one that is in the ledger by now has that date."""
    if carries_dates(line):
        transaction.execute(_FORGET, parameters)
        transaction.execute(_TAKE_KNOWN, parameters)


def forget_shown_dates(transaction: Transaction, line: SourceLine, parameters: Mapping[str, Any]) -> None:
    """Rows that take goods out are stored without the date they showed (TW-21)."""
    if line.item.tracking.uses_expiration and not carries_dates(line):
        transaction.execute(_FORGET_SHOWN, parameters)


_FORGET_SHOWN = update(window_row).where(*ROWS).values(expires=null())

_TAKE_KNOWN = (
    update(window_row).where(*CHANGED, has_date_of(window_row, ITEM, VARIANT)).values(expires=number_date.c.expires)
)
"""What is in the ledger has the date it has there, also none."""


def _dates_of_lots(*conditions: Any) -> Subquery:
    """The dates of the numbers of these rows, as far as they are dated by a number."""
    kind, number = dating_number(window_row)
    rows = select(kind.label("kind"), number.label("number"), window_row.c.expires).where(*conditions).subquery("rows")
    return (
        select(rows.c.kind, rows.c.number, func.max(rows.c.expires).label("expires"))
        .where(rows.c.number != "")
        .group_by(rows.c.kind, rows.c.number)
        .subquery("lots")
    )


def _is_of_lot(row: FromClause, lots: Subquery) -> Any:
    kind, number = dating_number(row)
    return and_(lots.c.kind == kind, lots.c.number == number)


def _take_from_lot() -> Update:
    lots = _dates_of_lots(*ROWS, window_row.c.expires.isnot(None))
    undated = window_row.c.expires.is_(None)
    return update(window_row).where(*CHANGED, undated, _is_of_lot(window_row, lots)).values(expires=lots.c.expires)


_TAKE_FROM_LOT = _take_from_lot()

_changed_lots = _dates_of_lots(*CHANGED)
_OTHERS = (
    *ROWS,
    or_(window_row.c.row < FIRST, window_row.c.row > LAST),
    _is_of_lot(window_row, _changed_lots),
    window_row.c.expires.is_distinct_from(_changed_lots.c.expires),
)
_KEEP_LOT = keeping(*_OTHERS)
_FOLLOW = (
    update(window_row)
    .where(*_OTHERS)
    .values(expires=_changed_lots.c.expires, revision=bindparam("revision", type_=BigInteger))
)


def _forget() -> Update:
    (kind, number), (was_kind, was_number) = dating_number(window_row), dating_number(window_step)
    was = window_step.c
    renumbered = exists().where(
        was.item_id == ITEM,
        was.window_id == WINDOW,
        was.step == STEP,
        was.row == window_row.c.row,
        was_number != "",
        or_(was_kind != kind, was_number != number),
    )
    return update(window_row).where(*CHANGED, renumbered).values(expires=null())


_FORGET = _forget()
