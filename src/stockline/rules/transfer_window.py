"""Rules on the rows of the window of a transfer's incoming side, where only what is handled may be said (TW-43, PO-41).

Parameters: those of `rules.window`, `outgoing` (the line's other side) and `shipped` (1 once something is shipped).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    SmallInteger,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from stockline.codes import Code
from stockline.rules.framework import Query, rule
from stockline.rules.window import (
    COMBINATION,
    FIRST,
    ITEM,
    LAST,
    LINE,
    ROWS,
    lot_stands_already,
    lot_twice,
    serial_quantity_not_one,
    serial_stands_already,
    serial_twice,
)
from stockline.schema.ledger import ledger_entry
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link, tracking_specification
from stockline.schema.windows import window_row

OUTGOING = bindparam("outgoing", type_=BigInteger)
SHIPPED = bindparam("shipped", type_=SmallInteger)


def beside_carried() -> Subquery:
    """The rows of the window beside what the incoming side carries of their combination.

    `carried` is its quantity as the window shows it, the handled part included; `marked` what is to be handled by
    default, `receivable` the most that may be; `known_expires` and `known_warranty` its dates; `times` counts the rows.
    What is carried and has no row is there too, without `row`. All of it is one pass in the order of the numbers: a
    join of two sets of unknown size is what planners get wrong.
    """
    every = union_all(_given(), *_carried()).subquery("every")
    numbers = [every.c[name] for name in COMBINATION]

    def over(function: Any) -> Any:
        return function.over(partition_by=numbers)

    in_transit = over(func.sum(every.c.shipped)) - over(func.sum(every.c.received))
    return select(
        *(every.c[name] for name in ("row", *COMBINATION, *_GIVEN)),
        (over(func.sum(every.c.active)) + over(func.sum(every.c.received))).label("carried"),
        case((SHIPPED == 0, over(func.sum(every.c.to_ship))), else_=in_transit).label("marked"),
        case((SHIPPED == 0, over(func.sum(every.c.active))), else_=in_transit).label("receivable"),
        over(func.max(every.c.known_expires)).label("known_expires"),
        over(func.max(every.c.known_warranty)).label("known_warranty"),
        over(func.count(every.c.row)).label("times"),
    ).subquery("beside")


_GIVEN = ("quantity", "handle", "expires", "warranty", "apply_to", "apply_from")
"""What a row says of its combination."""
_PARTS = ("active", "received", "shipped", "to_ship")
"""Quantities that add up to what is carried."""


def _given() -> Any:
    nothing = [literal(0).label(name) for name in _PARTS]
    dates = [cast(null(), Date).label(f"known_{name}") for name in ("expires", "warranty")]
    return select(*(window_row.c[name] for name in ("row", *COMBINATION, *_GIVEN)), *nothing, *dates).where(*ROWS)


def _carried() -> list[Any]:
    says_nothing = [cast(null(), window_row.c[name].type) for name in _GIVEN]

    def part(name: str, source: Any, quantity: Any, dates: Any, *conditions: Any) -> Any:
        parts = [quantity if name == one else literal(0) for one in _PARTS]
        numbers = [getattr(source, kind) for kind in COMBINATION]
        numbered = or_(*(number != "" for number in numbers))
        row = cast(null(), BigInteger)
        return select(row, *numbers, *says_nothing, *parts, *dates).where(*conditions, numbered)

    def active(name: str, side: LinkSide, line: Any, quantity: Any) -> Any:
        of_line = (link.c.item_id == ITEM, side.line_id == line)
        return part(name, side, quantity, (side.expires, side.warranty), *of_line)

    def handled(name: str, line: Any) -> Any:
        table, entry = tracking_specification.c, ledger_entry.c
        of_line = (table.item_id == ITEM, table.line_id == line)
        undated = (cast(null(), Date), cast(null(), Date))
        same = and_(entry.item_id == table.item_id, entry.id == table.entry_id)
        joined = tracking_specification.join(ledger_entry, same)
        return part(name, entry, table.quantity, undated, *of_line).select_from(joined)

    return [
        active("active", SUPPLY, LINE, link.c.quantity),
        active("to_ship", DEMAND, OUTGOING, DEMAND.handle),
        handled("received", LINE),
        handled("shipped", OUTGOING),
    ]


def _rows(beside: Subquery, *facts: Any) -> Query:
    """The rows that are new or changed."""
    row = beside.c.row
    return select(
        row,
        row.label("position"),
        ITEM.label("item_id"),
        LINE.label("line_id"),
        *(beside.c[name] for name in COMBINATION),
        *facts,
    ).where(row.between(FIRST, LAST))


@rule(Code.INVALID)
def incoming_row_changed() -> Query:
    """Row {row}: numbers, quantity and dates are those of the outgoing side; only what is to be handled changes."""
    beside = beside_carried()
    return _rows(beside, beside.c.quantity).where(
        or_(
            beside.c.carried == 0,
            beside.c.carried != beside.c.quantity,
            beside.c.expires.is_distinct_from(beside.c.known_expires),
            beside.c.warranty.is_distinct_from(beside.c.known_warranty),
            beside.c.apply_to.isnot(None),
            beside.c.apply_from.isnot(None),
        )
    )


@rule(Code.INVALID)
def incoming_row_missing() -> Query:
    """{quantity} of {serial} {lot} {package} stand on the outgoing side: the row must stay."""
    beside = beside_carried()
    return (
        select(
            null().label("row"),
            literal(0).label("position"),
            ITEM.label("item_id"),
            LINE.label("line_id"),
            *(beside.c[name] for name in COMBINATION),
            beside.c.carried.label("quantity"),
        )
        .where(beside.c.times == 0, beside.c.carried != 0)
        .distinct()
    )


@rule(Code.INVALID)
def incoming_row_beyond_transit() -> Query:
    """Row {row}: {handle} to handle is not between 0 and the {there} there are to receive."""
    beside = beside_carried()
    handle, there = beside.c.handle, beside.c.receivable
    return _rows(beside, handle, there.label("there")).where(or_(handle < 0, handle > there))


INCOMING_LIST = (
    serial_quantity_not_one,
    incoming_row_changed,
    incoming_row_missing,
    incoming_row_beyond_transit,
    serial_twice,
    lot_twice,
)
"""What the rows of a list given whole must obey, in the order of IN-4."""

INCOMING_ROWS = (
    serial_quantity_not_one,
    incoming_row_changed,
    incoming_row_beyond_transit,
    serial_stands_already,
    lot_stands_already,
)
"""What rows entered in an open window, or changed there, must obey."""
