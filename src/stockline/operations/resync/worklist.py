"""What a person who resynchronizes goes through: item-variants of a site, and the serials of a line (RS-11, RS-14)."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Text, and_, bindparam, or_, select, union

from stockline.codes import Code
from stockline.operations.catalog import find_site, item_codes
from stockline.operations.control import desynchronized
from stockline.operations.resync.candidates import SEEN_ELSEWHERE, natural
from stockline.operations.resync.desk import DeskSerial, open_desk
from stockline.operations.resync.stock import ITEM
from stockline.plan.placement import Line
from stockline.refusal import Refusal
from stockline.results import ResyncSerial
from stockline.results.resync import Mark
from stockline.rules.control import LINES
from stockline.rules.control.base import specific
from stockline.schema.catalog import item
from stockline.schema.stock import characteristic_set, extra_link, serial, stock_line
from stockline.store.database import Transaction, in_parts

LAST_CODE = "\U0010ffff"
"""No code is behind it."""


def worklist(
    transaction: Transaction, site: str, items: tuple[str, str] | None, *, everything: bool
) -> list[tuple[str, str, str]]:
    """Item, variant and site of what qualifies at a site, in order; refused `not_found`."""
    site_id = find_site(transaction, site).id
    chosen = items or ("", LAST_CODE)
    if everything:
        rows = transaction.execute(_THERE, {"site": site_id, "first": chosen[0], "last": chosen[1]})
        return [(row.code, row.variant, site) for row in rows]
    found = {(one, variant) for one, variant, at in desynchronized(transaction, chosen, unlinked=True) if at == site_id}
    codes = item_codes(transaction, {one for one, _ in found})
    return sorted((codes[one], variant, site) for one, variant in found)


_SITE = bindparam("site", type_=BigInteger)
_place = characteristic_set.c
_linked = or_(
    stock_line.c.quantity != 0,
    *(
        select(table.c.serial)
        .where(table.c.item_id == stock_line.c.item_id, table.c.stock_line_id == stock_line.c.id)
        .exists()
        for table in (serial, extra_link)
    ),
)
_known = and_(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id)
_places = union(
    select(_place.item_id, _place.variant).select_from(LINES).where(_place.site_id == _SITE, _linked),
    select(serial.c.item_id, serial.c.variant).where(
        serial.c.site_id == _SITE, serial.c.stock_line_id.isnot(None), ~select(stock_line.c.id).where(_known).exists()
    ),
).subquery("places")
_THERE = (
    select(item.c.code, _places.c.variant)
    .join(_places, _places.c.item_id == item.c.id)
    .where(
        specific("serial"),
        item.c.code >= bindparam("first", type_=Text),
        item.c.code <= bindparam("last", type_=Text),
    )
    .order_by(item.c.code, _places.c.variant)
)


def serials_on_line(transaction: Transaction, number: int) -> list[ResyncSerial]:
    """The serials on a stock line with their marks; refused `stock_line_unknown`, `invalid`."""
    desk = open_desk(transaction, number)
    if not desk.item.tracking.steers("serial"):
        raise Refusal.of(Code.INVALID, f"Item {desk.item.code} is not tracked by specific serials.")
    here = {"item": desk.item.id, "variant": desk.variant, "line": number}
    numbers = sorted(transaction.execute(_ON_LINE, here).scalars(), key=natural)
    known = desk.serials(numbers)
    line = desk.lines([number]).get(number)
    elsewhere = {
        found
        for some in in_parts(numbers)
        for found in transaction.execute(SEEN_ELSEWHERE, {**here, "numbers": some}).scalars()
    }
    return [
        ResyncSerial(serial=name, marks=_marks(known[name], line, elsewhere=name in elsewhere) or ("fits",))
        for name in numbers
    ]


def _marks(one: DeskSerial, line: Line | None, *, elsewhere: bool) -> Sequence[Mark]:
    said: dict[Mark, bool] = {
        "other_lot": line is not None and not one.fits(line),
        "last_seen_elsewhere": elsewhere,
        "issued": one.direction < 0,
        "in_two_places": len(one.links) > 1,
        "reserved": bool(one.reserved_at),
    }
    return [mark for mark, holds in said.items() if holds]


_ON_LINE = union(
    *(
        select(table.c.serial).where(
            table.c.item_id == ITEM,
            table.c.variant == bindparam("variant", type_=Text),
            table.c.stock_line_id == bindparam("line", type_=BigInteger),
        )
        for table in (serial, extra_link)
    )
)
