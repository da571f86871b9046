"""What a person who resynchronizes goes through: item-variants of a site, and the serials of a line (RS-11, RS-14)."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Text, and_, bindparam, func, literal_column, or_, select, union

from stockline.codes import Code
from stockline.operations.catalog import find_site, item_codes, site_codes
from stockline.operations.control import desynchronized
from stockline.operations.resync.candidates import SEEN_ELSEWHERE
from stockline.operations.resync.desk import DeskSerial, open_desk
from stockline.operations.resync.stock import ITEM
from stockline.plan.placement import Line
from stockline.plan.series import natural
from stockline.refusal import Refusal
from stockline.results import DraftPlace, OpenDraft, ResyncSerial
from stockline.results.resync import Mark
from stockline.rules.control import AWAITING_PUT_AWAY, LINES
from stockline.rules.control.base import specific
from stockline.schema.catalog import item
from stockline.schema.resync import resync_draft
from stockline.schema.stock import characteristic_set, extra_link, serial, stock_line
from stockline.store.database import Transaction, in_parts

LAST_CODE = "\U0010ffff"
"""No code is behind it."""


def worklist(
    transaction: Transaction, site: str, items: tuple[str, str] | None, *, everything: bool
) -> list[tuple[str, str, str]]:
    """Item, variant and site of what qualifies at a site, in order; refused `not_found`.

    What qualifies without `everything` has a finding on its serials, or a quantity below 0 (RS-11).
    """
    site_id = find_site(transaction, site).id
    chosen = items or ("", LAST_CODE)
    here = {"site": site_id, "first": chosen[0], "last": chosen[1]}
    if everything:
        return [(row.code, row.variant, site) for row in transaction.execute(_THERE, here)]
    found = {(one, variant) for one, variant, at in desynchronized(transaction, chosen, unlinked=True) if at == site_id}
    codes = item_codes(transaction, {one for one, _ in found})
    below = {(row.code, row.variant) for row in transaction.execute(_BELOW, here)}
    return sorted((code, variant, site) for code, variant in below | {(codes[one], name) for one, name in found})


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
_CHOSEN = and_(
    specific("serial"), item.c.code >= bindparam("first", type_=Text), item.c.code <= bindparam("last", type_=Text)
)
_THERE = (
    select(item.c.code, _places.c.variant)
    .join(_places, _places.c.item_id == item.c.id)
    .where(_CHOSEN)
    .order_by(item.c.code, _places.c.variant)
)
_BELOW = (
    select(item.c.code, _place.variant)
    .select_from(LINES.join(item, item.c.id == stock_line.c.item_id))
    .where(_CHOSEN, _place.site_id == _SITE, stock_line.c.quantity < literal_column("0"), ~AWAITING_PUT_AWAY)
    .distinct()
)


def open_drafts(transaction: Transaction, site: str) -> list[OpenDraft]:
    """The drafts there are at a site, by item, variant and person; refused `not_found`."""
    rows = transaction.execute(_DRAFTS, {"site": find_site(transaction, site).id})
    return [
        OpenDraft(
            place=DraftPlace(site=site, item=row.code, variant=row.variant, person=row.person), serials=row.serials
        )
        for row in rows
    ]


_DRAFTS = (
    select(item.c.code, resync_draft.c.variant, resync_draft.c.person, func.count().label("serials"))
    .join(item, item.c.id == resync_draft.c.item_id)
    .where(resync_draft.c.site_id == _SITE)
    .group_by(item.c.code, resync_draft.c.variant, resync_draft.c.person)
    .order_by(item.c.code, resync_draft.c.variant, resync_draft.c.person)
)


def draft_place(transaction: Transaction, number: int, person: str) -> DraftPlace:
    """Where a person drafts for a stock line: at its item-site, for a number that is none at that of its serials.

    Refused `stock_line_unknown`.
    """
    desk = open_desk(transaction, number)
    line = desk.lines([number]).get(number)
    here = {"item": desk.item.id, "variant": desk.variant, "line": number}
    site = transaction.execute(_ON_RECORD, here).scalar_one() if line is None else line.site
    if site is None:
        raise Refusal.of(Code.STOCK_LINE_UNKNOWN, f"There is no stock line {number}, and its serials are at no site.")
    return DraftPlace(
        site=site_codes(transaction, [site])[site], item=desk.item.code, variant=desk.variant, person=person
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


_VARIANT = bindparam("variant", type_=Text)
_ON_LINE = union(
    *(
        select(table.c.serial).where(
            table.c.item_id == ITEM,
            table.c.variant == _VARIANT,
            table.c.stock_line_id == bindparam("line", type_=BigInteger),
        )
        for table in (serial, extra_link)
    )
)
_ON_RECORD = select(func.min(serial.c.site_id)).where(
    serial.c.item_id == ITEM, serial.c.variant == _VARIANT, serial.c.serial.in_(_ON_LINE)
)
