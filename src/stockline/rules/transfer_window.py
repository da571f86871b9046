"""Rules on the rows of the window of a transfer's incoming side, where only what is handled may be said (TW-43, PO-41).

Parameters: those of `rules.window`, `outgoing` (the line's other side) and `shipped` (1 once something is shipped).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    SmallInteger,
    Subquery,
    and_,
    bindparam,
    case,
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
    CHANGED,
    COMBINATION,
    ITEM,
    LINE,
    ROWS,
    lot_stands_already,
    lot_twice,
    same_combination,
    serial_quantity_not_one,
    serial_stands_already,
    serial_twice,
)
from stockline.schema.ledger import ledger_entry
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link, tracking_specification
from stockline.schema.windows import window_row

OUTGOING = bindparam("outgoing", type_=BigInteger)
SHIPPED = bindparam("shipped", type_=SmallInteger)


def carried() -> Subquery:
    """What the incoming side carries, per combination.

    `quantity` as its window shows it, the handled part included; `marked`: what is to be handled by default;
    `receivable`: the most that may be; and the dates.
    """
    entered = _parts().subquery("entered")
    sums = {name: func.sum(entered.c[name]) for name in ("active", "received", "shipped", "to_ship")}
    in_transit = sums["shipped"] - sums["received"]
    quantity = sums["active"] + sums["received"]
    return (
        select(
            *(entered.c[name] for name in COMBINATION),
            quantity.label("quantity"),
            case((SHIPPED == 0, sums["to_ship"]), else_=in_transit).label("marked"),
            case((SHIPPED == 0, sums["active"]), else_=in_transit).label("receivable"),
            func.max(entered.c.expires).label("expires"),
            func.max(entered.c.warranty).label("warranty"),
        )
        .group_by(*(entered.c[name] for name in COMBINATION))
        .having(quantity != 0)
        .subquery("carried")
    )


def _parts() -> Any:
    zero = literal(0)

    def active(side: LinkSide, line: Any, *sums: Any) -> Any:
        numbers = [getattr(side, name) for name in COMBINATION]
        return select(
            *(number.label(name) for number, name in zip(numbers, COMBINATION, strict=True)),
            *(one.label(name) for one, name in zip(sums, _SUMS, strict=True)),
            side.expires.label("expires"),
            side.warranty.label("warranty"),
        ).where(link.c.item_id == ITEM, side.line_id == line, or_(*(number != "" for number in numbers)))

    def handled(line: Any, *sums: Any) -> Any:
        table, entry = tracking_specification.c, ledger_entry.c
        numbers = [entry[name] for name in COMBINATION]
        return (
            select(*numbers, *sums, null(), null())
            .select_from(
                tracking_specification.join(
                    ledger_entry, and_(entry.item_id == table.item_id, entry.id == table.entry_id)
                )
            )
            .where(table.item_id == ITEM, table.line_id == line, or_(*(number != "" for number in numbers)))
        )

    return union_all(
        active(SUPPLY, LINE, link.c.quantity, zero, zero, zero),
        active(DEMAND, OUTGOING, zero, zero, zero, DEMAND.handle),
        handled(LINE, zero, tracking_specification.c.quantity, zero, zero),
        handled(OUTGOING, zero, zero, tracking_specification.c.quantity, zero),
    )


_SUMS = ("active", "received", "shipped", "to_ship")


def _rows(*facts: Any) -> Query:
    return select(
        window_row.c.row,
        window_row.c.row.label("position"),
        window_row.c.item_id,
        LINE.label("line_id"),
        *(window_row.c[name] for name in COMBINATION),
        *facts,
    ).where(*CHANGED)


@rule(Code.INVALID)
def incoming_row_changed() -> Query:
    """Row {row}: numbers, quantity and dates are those of the outgoing side; only what is to be handled changes."""
    side, row = carried(), window_row.c
    return (
        _rows(row.quantity)
        .outerjoin(side, same_combination(side, window_row))
        .where(
            or_(
                side.c.quantity.is_(None),
                side.c.quantity != row.quantity,
                row.expires.is_distinct_from(side.c.expires),
                row.warranty.is_distinct_from(side.c.warranty),
                row.apply_to.isnot(None),
                row.apply_from.isnot(None),
            )
        )
    )


@rule(Code.INVALID)
def incoming_row_missing() -> Query:
    """{quantity} of {serial} {lot} {package} stand on the outgoing side: the row must stay."""
    side = carried()
    there = select(window_row.c.row).where(*ROWS, same_combination(side, window_row)).exists()
    return select(
        null().label("row"),
        literal(0).label("position"),
        ITEM.label("item_id"),
        LINE.label("line_id"),
        *(side.c[name] for name in COMBINATION),
        side.c.quantity,
    ).where(~there)


@rule(Code.INVALID)
def incoming_row_beyond_transit() -> Query:
    """Row {row}: {handle} to handle is not between 0 and the {there} there are to receive."""
    side, row = carried(), window_row.c
    return (
        _rows(row.handle, side.c.receivable.label("there"))
        .join(side, same_combination(side, window_row))
        .where(or_(row.handle < 0, row.handle > side.c.receivable))
    )


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
