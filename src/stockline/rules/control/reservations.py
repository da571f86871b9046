"""Control of firm reservations against stock (CO-1, invariant 16)."""

from typing import Any

from sqlalchemy import BigInteger, Text, and_, case, cast, func, literal, or_, select, tuple_, union_all

from stockline.rules.control.base import LINES, SPECIFIC_ITEMS, finding, of_serial_items, specific
from stockline.rules.framework import Query
from stockline.schema.catalog import item
from stockline.schema.ledger import SHORT, open_entry
from stockline.schema.reservations import NO_ENTRY, RESERVATION, SUPPLY, link
from stockline.schema.stock import OF_LINE, characteristic_set, extra_link, serial, stock_line
from stockline.tracking_code import NUMBER_KINDS, NumberKind
from stockline.values import SCALE

_FIRM = and_(link.c.status == RESERVATION, link.c.supply_entry_id.isnot(None))
_PLACE = ("item_id", "variant", "site_id")


def _number(kind: str) -> Any:
    """The number of a kind that the reservation names."""
    return link.c[f"demand_{kind}"]


def _over(number: NumberKind | None) -> Any:
    """Item-sites, or one kind of number there, of which more is reserved than is on hand."""
    of_link = [link.c[name] for name in _PLACE]
    of_line = [characteristic_set.c[name] for name in _PLACE]
    reserved = [*of_link, (literal("", Text) if number is None else _number(number)).label("number")]
    there = [*of_line, literal("", Text) if number is None else characteristic_set.c[number]]
    zero = cast(literal(0), BigInteger)
    on_hand = case((stock_line.c.quantity > 0, stock_line.c.quantity), else_=0)
    asked = select(*reserved, link.c.quantity.label("reserved"), zero.label("on_hand")).where(_FIRM)
    held = select(*there, zero, on_hand).select_from(LINES)
    if number is not None:
        # Numbers that are not specific do not tell what is held (RE-18).
        asked = asked.where(_number(number) != "", link.c.item_id.in_(select(item.c.id).where(specific(number))))
        held = held.where(characteristic_set.c[number] != "")
    # Only what is reserved is asked for: of all the stock, that of these items.
    held = held.where(characteristic_set.c.item_id.in_(select(link.c.item_id).where(_FIRM)))
    parts = union_all(asked, held, *([_gone_short()] if number is None else [])).subquery(f"parts_{number}")
    keys = [parts.c[name] for name in (*_PLACE, "number")]
    reserved_sum, held_sum = func.sum(parts.c.reserved), func.sum(parts.c.on_hand)
    named = {
        kind: (keys[-1] if kind == number else literal("", Text)).label(kind) for kind in ("serial", "lot", "package")
    }
    facts = (held_sum.label("expected"), reserved_sum.label("found"))
    return select(*keys[:-1], *named.values(), *facts).group_by(*keys).having(reserved_sum > held_sum)


def _gone_short() -> Any:
    """What has left without being covered (PO-24): reservations stand beside it, though the goods are gone (RE-32).

    Of items with specific numbers nothing ever does: what is open below 0 there is damage that was loaded.
    """
    zero = cast(literal(0), BigInteger)
    place = [open_entry.c[name] for name in _PLACE]
    of_reserved = open_entry.c.item_id.in_(select(link.c.item_id).where(_FIRM))
    return select(*place, literal("", Text), zero, -open_entry.c.remaining).where(
        SHORT, open_entry.c.remaining < 0, of_reserved, open_entry.c.item_id.not_in(SPECIFIC_ITEMS)
    )


def _over_entries() -> Any:
    """Ledger entries of which more is reserved than remains: both are added up, so that neither is looked up."""
    zero = literal(0)
    numbers = [getattr(SUPPLY, kind).label(kind) for kind in NUMBER_KINDS]
    asked = select(
        *(link.c[name] for name in _PLACE),
        SUPPLY.entry_id.label("entry_id"),
        *numbers,
        link.c.quantity,
        zero.label("remaining"),
    ).where(_FIRM, SUPPLY.entry_id != NO_ENTRY)
    opened = [open_entry.c[name] for name in (*_PLACE, "entry_id")]
    held = select(*opened, *(literal("", Text) for _ in numbers), zero, open_entry.c.remaining)
    # All open entries are gone through once: told the item, PostgreSQL would go through those of an item for each.
    reserved_entry = tuple_(open_entry.c.item_id + 0, open_entry.c.entry_id)
    held = held.where(reserved_entry.in_(select(link.c.item_id, SUPPLY.entry_id).where(_FIRM)))
    parts = union_all(asked, held).subquery("of_entries")
    keys = [parts.c[name] for name in (*_PLACE, "entry_id")]
    reserved, remaining = func.sum(parts.c.quantity), func.sum(parts.c.remaining)
    named = (func.max(parts.c[kind]) for kind in NUMBER_KINDS)
    over = select(*keys[:-1], *named, remaining.label("expected"), reserved.label("found"))
    return over.group_by(*keys).having(and_(reserved > 0, reserved > remaining))


def _over_serials() -> Any:
    """Serials that are named more often than they are at the site; those that are nowhere are told by themselves."""
    asked = (
        select(
            *(link.c[name] for name in (*_PLACE, "demand_serial")),
            func.max(link.c.supply_lot).label("lot"),
            func.max(link.c.supply_package).label("package"),
            func.sum(link.c.quantity).label("quantity"),
        )
        .where(_FIRM, link.c.demand_serial != "", of_serial_items(link))
        .group_by(*(link.c[name] for name in (*_PLACE, "demand_serial")))
        .subquery("asked")
    )
    here = or_(*(_on_open_line(table, asked, asked.c.site_id) for table in (serial, extra_link)))
    anywhere = or_(*(_on_open_line(table, asked) for table in (serial, extra_link)))
    there = case((here, SCALE), else_=0)
    facts = (there.label("expected"), asked.c.quantity.label("found"))
    return select(*(column for column in asked.c if column.name != "quantity"), *facts).where(
        asked.c.quantity > there, anywhere
    )


def _on_open_line(table: Any, reserved: Any, site: Any = None) -> Any:
    """The serial reserved by name is linked to an open stock line, at this site or at any."""
    to_line = and_(stock_line.c.item_id == table.c.item_id, stock_line.c.id == table.c.stock_line_id)
    same = [table.c[name] == reserved.c[name] for name in ("item_id", "variant")]
    found = select(table.c.serial).select_from(table.join(stock_line, to_line))
    if site is not None:
        found = found.join(characteristic_set, OF_LINE).where(characteristic_set.c.site_id == site)
    return found.where(*same, table.c.serial == reserved.c.demand_serial, stock_line.c.quantity != 0).exists()


@finding("reservations", "person")
def over_reserved() -> Query:
    """{found} are reserved {serial} {lot} {package}, but only {expected} are on hand."""
    parts = (_over(None), _over("lot"), _over("package"), _over_serials(), _over_entries())
    ranked = (select(*part.subquery().c, literal(rank).label("rank")) for rank, part in enumerate(parts))
    every = union_all(*ranked).subquery("every")
    # What is said of an item or a number is not said once more of the one entry that it has.
    said = func.row_number().over(
        partition_by=[every.c[name] for name in (*_PLACE, *NUMBER_KINDS)], order_by=every.c.rank
    )
    numbered = select(every, said.label("nth")).subquery("numbered")
    return select(*(column for column in numbered.c if column.name not in ("rank", "nth"))).where(numbered.c.nth == 1)


@finding("reservations", "person")
def reserved_not_on_hand() -> Query:
    """Serial {serial} is reserved, but is on no open stock line."""
    return (
        select(
            *(link.c[name] for name in _PLACE),
            link.c.demand_serial.label("serial"),
            link.c.supply_lot.label("lot"),
            link.c.supply_package.label("package"),
        )
        .where(
            _FIRM,
            link.c.demand_serial != "",
            of_serial_items(link),
            ~_on_open_line(serial, link),
            ~_on_open_line(extra_link, link),
        )
        .distinct()
    )
