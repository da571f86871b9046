"""The figures of a tracking number as SQL: what is on hand of it, and what of that is asked for (TW-30, RE-47).

Parameters: `item`, `variant`, `site`; `line`, the line asked from, and `window`, its window. A figure takes the numbers
it is about as expressions, by kind: values, or the columns of an enclosing query. Where serials are specific, what is
on hand of a lot or package is read from its stock lines, which hold it summed; all else from the open entries.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
)

from stockline.rules.window import ITEM, LINE, ROWS
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link
from stockline.schema.stock import characteristic_set, serial, stock_line
from stockline.schema.windows import window_row
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE

VARIANT = bindparam("variant", type_=Text)
SITE = bindparam("site", type_=BigInteger)
BLANK = literal_column("''", Text)
"""Written out, so that indexes of what is not blank are known to hold what is looked for."""

Numbers = Mapping[str, ColumnElement[str]]
"""Numbers by kind."""


def entry_by(number: ColumnElement[int]) -> ColumnElement[bool]:
    """The ledger entry of the item that has this number.

    The sum hides that the item is known: expecting few entries of it, a planner would read all of them for each number.
    """
    return and_(ledger_entry.c.item_id == ITEM + number * 0, ledger_entry.c.id == number)


def sum_of(quantity: Any) -> ColumnElement[int]:
    """The sum of a quantity, 0 of nothing."""
    return func.coalesce(func.sum(quantity), 0)


def carried(kind: str, steers: Collection[str]) -> ColumnElement[str]:
    """The number of a kind that an open entry carries, for an item of which these kinds are specific."""
    return open_entry.c[kind] if kind in steers else open_entry.c[f"carried_{kind}"]


def summed_by_lines(kinds: Collection[str], steers: Collection[str]) -> bool:
    """Whether stock lines tell what is on hand of such numbers: they must agree with the ledger and hold fewer rows."""
    if "serial" in kinds or not kinds:
        return False
    return "serial" in steers or ("lot" not in kinds and {"lot", "package"} <= set(steers))


def in_entries(steers: Collection[str], entries: FromClause = open_entry) -> list[ColumnElement[bool]]:
    """Open inbound entries of the item at the site."""
    owned = entries.c
    # The numbers stand in this sequence in the key: what no number of can be specific is known to be blank.
    blank = [owned[kind] == BLANK for kind in ("serial", "lot") if kind not in steers]
    return [owned.item_id == ITEM, owned.variant == VARIANT, *blank, owned.site_id == SITE, owned.remaining > 0]


LINES: FromClause = characteristic_set.join(
    stock_line,
    and_(
        stock_line.c.item_id == characteristic_set.c.item_id,
        stock_line.c.set_id == characteristic_set.c.id,
        stock_line.c.quantity != literal_column("0"),
        ~stock_line.c.twin,
    ),
)
"""Open stock lines with their characteristics, found from these."""
_place = characteristic_set.c
IN_LINES = [_place.item_id == ITEM, _place.variant == VARIANT, _place.site_id == SITE]
"""Characteristics of stock of the item at the site."""

# Under names of their own: asked beside a list of `LINES`, they must not be taken for the lines of the list.
_line, _spot = stock_line.alias("lying"), characteristic_set.alias("lying_at")
_OF_LINE = and_(_spot.c.item_id == _line.c.item_id, _spot.c.id == _line.c.set_id)
_STANDING = _spot.join(_line, and_(_OF_LINE, _line.c.quantity != literal_column("0"), ~_line.c.twin))
_TWINS = _line.join(_spot, and_(_line.c.twin.is_(true()), _line.c.quantity > 0, _OF_LINE))
"""Lines that are equal to an open one, found by the item: few, and only loading makes them."""


def _lying(numbers: Numbers, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """What lies at the site on stock lines with these numbers."""
    there = _sum_of_lines(numbers).select_from(_STANDING).where(*conditions)
    return _scalar(there) + on_twins(numbers, *conditions)


def on_twins(numbers: Numbers, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """What lies at the site on lines that are equal to one among `LINES`."""
    return _scalar(_sum_of_lines(numbers).select_from(_TWINS).where(_line.c.item_id == ITEM, *conditions))


def _sum_of_lines(numbers: Numbers) -> Select[Any]:
    here = [_spot.c.item_id == ITEM, _spot.c.variant == VARIANT, _spot.c.site_id == SITE]
    same = [and_(_spot.c[kind] == number, _spot.c[kind] != BLANK) for kind, number in numbers.items()]
    return select(sum_of(_line.c.quantity)).where(*here, *same)


def total(numbers: Numbers, steers: Collection[str]) -> ColumnElement[int]:
    """What remains of open inbound entries with these numbers."""
    if summed_by_lines(numbers, steers):
        return _lying(numbers)
    return _scalar(select(sum_of(open_entry.c.remaining)).where(*_held(numbers, steers)))


def is_on_hand(numbers: Numbers, steers: Collection[str]) -> ColumnElement[bool]:
    """Whether an inbound entry with these numbers is open."""
    # Not an EXISTS, which PostgreSQL may turn round: it would read all entries of the item to look few up in them.
    return _scalar(select(literal_column("1")).where(*_held(numbers, steers)).limit(1)).isnot(None)


def _held(numbers: Numbers, steers: Collection[str]) -> list[ColumnElement[bool]]:
    """Open inbound entries with these numbers."""
    same = [carried(kind, steers) == number for kind, number in numbers.items()]
    named = [carried(kind, steers) != BLANK for kind in numbers]
    return [*in_entries(steers), *same, *named]


def _scalar(query: Any) -> ColumnElement[int]:
    figure: ColumnElement[int] = query.scalar_subquery()
    return figure


_HERE = and_(link.c.item_id == ITEM, link.c.variant == VARIANT, link.c.site_id == SITE)


def has_numbers(side: LinkSide, numbers: Numbers) -> ColumnElement[bool]:
    """The side carries these numbers; any number, if none is named."""
    if not numbers:
        return or_(*(getattr(side, kind) != BLANK for kind in NUMBER_KINDS))
    return and_(
        *(and_(getattr(side, kind) == number, getattr(side, kind) != BLANK) for kind, number in numbers.items())
    )


def requested(numbers: Numbers, *, saved_by: Any = None) -> ColumnElement[int]:
    """What demands ask for under these numbers and mean to handle; or what one line, `saved_by`, carries of them."""
    whose = DEMAND.line_id.isnot(None) if saved_by is None else DEMAND.line_id == saved_by
    meant = [DEMAND.handle != 0] if saved_by is None else []
    return _scalar(select(sum_of(link.c.quantity)).where(_HERE, whose, has_numbers(DEMAND, numbers), *meant))


def held_nonspecifically(numbers: Numbers, *, but: Any) -> ColumnElement[int]:
    """What of stock with these numbers is reserved for demands, but for one line, that name none of the kind."""
    kinds = numbers or NUMBER_KINDS
    return _scalar(
        select(sum_of(link.c.quantity)).where(
            _HERE,
            link.c.status == "reservation",
            SUPPLY.entry_id.isnot(None),
            has_numbers(SUPPLY, numbers),
            *(getattr(DEMAND, kind) == BLANK for kind in kinds),
            DEMAND.line_id != but,
        )
    )


def drafted(numbers: Numbers, *rows: ColumnElement[bool]) -> ColumnElement[int]:
    """What of these numbers a window has in its rows, or in some of them, and has not been handled."""
    row = window_row.c
    same = [and_(row[kind] == number, row[kind] != BLANK) for kind, number in numbers.items()]
    named = same or [or_(*(row[kind] != BLANK for kind in NUMBER_KINDS))]
    return _scalar(select(sum_of(row.quantity - row.handled)).where(*ROWS, *named, *rows))


def pending(numbers: Numbers, *rows: ColumnElement[bool]) -> ColumnElement[int]:
    """What a window asks for beyond what its line has saved."""
    return drafted(numbers, *rows) - requested(numbers, saved_by=LINE)


def at_location(numbers: Numbers, steers: Collection[str]) -> ColumnElement[int]:
    """What with these numbers lies in a location of the site, the parameter `location`."""
    there = bindparam("location", type_=Text)
    if "serial" not in numbers:
        return _lying(numbers, _spot.c.location == there)
    if "serial" in steers:
        return _serial_at(there, numbers["serial"])
    return _entries_at(there, numbers["serial"], steers)


def _serial_at(there: ColumnElement[str], number: ColumnElement[str]) -> ColumnElement[int]:
    """One unit where the specific serial lies in the location."""
    line = and_(stock_line.c.item_id == ITEM, stock_line.c.id == serial.c.stock_line_id)
    lies = and_(_place.item_id == ITEM, _place.id == stock_line.c.set_id)
    held = select(func.count() * SCALE).select_from(serial.join(stock_line, line).join(characteristic_set, lies))
    own = [serial.c.item_id == ITEM, serial.c.variant == VARIANT, serial.c.serial == number]
    return _scalar(held.where(*own, _place.site_id == SITE, _place.location == there))


def _entries_at(there: ColumnElement[str], number: ColumnElement[str], steers: Collection[str]) -> ColumnElement[int]:
    """What remains of entries in the location that carry the serial: not specific, it is on no stock line."""
    # Asked beside a list of open entries, it must not take these for its own.
    entries = open_entry.alias("lying")
    held = select(sum_of(entries.c.remaining)).select_from(entries.join(ledger_entry, entry_by(entries.c.entry_id)))
    carries = and_(entries.c.carried_serial == number, entries.c.carried_serial != BLANK)
    return _scalar(held.where(*in_entries(steers, entries), carries, ledger_entry.c.location == there))
