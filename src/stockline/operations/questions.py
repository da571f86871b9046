"""Questions about lines, stock, serials, the ledger and links. They read; they change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, false, func, or_, select

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.operations.lines import SourceLine, find_line, find_line_ids, split_name
from stockline.operations.stock.changes import stored
from stockline.refusal import Refusal
from stockline.results import LedgerEntry, LineState, Link, SerialState, StockLineState
from stockline.rules.control import LINES
from stockline.rules.framework import Names
from stockline.schema.catalog import item, site
from stockline.schema.documents import document, incoming, line_id, outgoing
from stockline.schema.ledger import POSITIONS, application, ledger_entry, open_entry, posting_line
from stockline.schema.reservations import DEMAND, SUPPLY, link
from stockline.schema.stock import CHARACTERISTICS, characteristic_set, extra_link, serial, stock_line
from stockline.store.database import Transaction, in_parts
from stockline.values import to_quantity


def line_state(transaction: Transaction, name: str) -> LineState:
    """A source line, quantities in its unit."""
    line = find_line(transaction, name)
    return LineState(
        line=line.name,
        item=line.item.code,
        variant=line.variant,
        site=line.site,
        location=line.location,
        unit=line.unit,
        date=line.date,
        quantity=to_quantity(line.unit_quantity),
        outstanding=_in_unit(line, line.outstanding),
        handled=_in_unit(line, line.handled),
        invoiced=_in_unit(line, line.invoiced),
        reserved=_in_unit(line, line.sign * _reserved(transaction, line)),
    )


def _in_unit(line: SourceLine, units: int) -> Decimal:
    """A base quantity in the line's unit; the whole of the line is what was typed, whatever it was rounded to."""
    return to_quantity(line.unit_quantity) if units == line.quantity else line.in_unit(units)


def _reserved(transaction: Transaction, line: SourceLine) -> int:
    query = select(func.coalesce(func.sum(link.c.quantity), 0)).where(
        link.c.item_id == line.item.id, line.side.line_id == line.id, link.c.status == "reservation"
    )
    return int(transaction.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Place:
    """Which stock lines are asked for: those of a site, one by its number, by their characteristics; None is any."""

    site: str | None
    stock_line: int | None
    characteristics: Mapping[str, Any]


def _places(item_id: int, site_id: int | None, place: Place) -> list[Any]:
    """Conditions on stock lines."""
    wanted = place.characteristics
    unknown = sorted(set(wanted) - set(CHARACTERISTICS))
    if unknown:
        raise Refusal.of(Code.INVALID, f"{', '.join(unknown)}: no such characteristic of a stock line.")
    conditions = [characteristic_set.c.item_id == item_id]
    given = {name: stored(name, value) for name, value in wanted.items() if value is not None}
    conditions += [characteristic_set.c[name] == value for name, value in given.items()]
    if site_id is not None:
        conditions.append(characteristic_set.c.site_id == site_id)
    if place.stock_line is not None:
        conditions.append(stock_line.c.id == place.stock_line)
    return conditions


def quantity_on_hand(transaction: Transaction, item_code: str, place: Place, number: str | None) -> Decimal:
    """The quantity on hand of all stock lines that match; of a serial, 1 or 0 as it is on such a line.

    A serial that is not specific is on no line: then it is what remains of its ledger entries.
    """
    found = find_item(transaction, item_code)
    site_id = find_site(transaction, place.site).id if place.site is not None else None
    conditions = _places(found.id, site_id, place)
    if number is None:
        query = select(func.coalesce(func.sum(stock_line.c.quantity), 0)).select_from(LINES).where(*conditions)
        return to_quantity(int(transaction.execute(query).scalar_one()))
    if not found.tracking.steers("serial"):
        return _remaining_of_serial(transaction, found.id, site_id, number, place.characteristics)
    there = []
    for table in (serial, extra_link):
        to_line = and_(table.c.item_id == stock_line.c.item_id, table.c.stock_line_id == stock_line.c.id)
        named = (table.c.item_id == found.id, table.c.serial == number, stock_line.c.quantity != 0)
        there.append(exists().select_from(LINES.join(table, to_line)).where(*conditions, *named))
    return Decimal(int(bool(transaction.execute(select(or_(*there))).scalar_one())))


def _remaining_of_serial(
    transaction: Transaction, item_id: int, site_id: int | None, number: str, wanted: Mapping[str, Any]
) -> Decimal:
    entry = ledger_entry.c
    known = {name: value for name, value in wanted.items() if name in ("variant", "location", "lot", "package")}
    conditions = [entry[name] == value for name, value in known.items() if value is not None]
    if site_id is not None:
        conditions.append(entry.site_id == site_id)
    query = (
        select(func.coalesce(func.sum(open_entry.c.remaining), 0))
        .select_from(ledger_entry.join(open_entry, _OPEN))
        .where(entry.item_id == item_id, entry.serial == number, *conditions)
    )
    return to_quantity(int(transaction.execute(query).scalar_one()))


_OPEN = and_(
    open_entry.c.item_id == ledger_entry.c.item_id,
    open_entry.c.variant == ledger_entry.c.variant,
    open_entry.c.serial.in_(("", ledger_entry.c.serial)),
    open_entry.c.site_id == ledger_entry.c.site_id,
    open_entry.c.entry_id == ledger_entry.c.id,
)
"""What remains of a ledger entry."""


def stock_lines(
    transaction: Transaction, item_code: str | None, site_code: str | None, *, after: int, limit: int
) -> list[StockLineState]:
    """Open stock lines by number, a page after the number `after`."""
    query = _STATES.where(stock_line.c.quantity != 0, stock_line.c.id > after).limit(limit)
    if item_code is not None:
        query = query.where(stock_line.c.item_id == find_item(transaction, item_code).id)
    if site_code is not None:
        query = query.where(characteristic_set.c.site_id == find_site(transaction, site_code).id)
    return [_stock_line_state(row) for row in transaction.execute(query).mappings()]


def stock_lines_of(transaction: Transaction, numbers: Sequence[int]) -> list[StockLineState]:
    """The stock lines, open or closed, of these numbers; unused ones are left out."""
    return [
        _stock_line_state(row)
        for some in in_parts(sorted(numbers))
        for row in transaction.execute(_STATES.where(stock_line.c.id.in_(some))).mappings()
    ]


_own_links = (
    select(func.count())
    .where(serial.c.item_id == stock_line.c.item_id, serial.c.stock_line_id == stock_line.c.id)
    .scalar_subquery()
)
_beside_key = (extra_link.c.item_id, extra_link.c.stock_line_id)
_beside = select(*_beside_key, func.count().label("links")).group_by(*_beside_key).subquery("beside")
_STATES = (
    select(
        stock_line.c.id,
        stock_line.c.quantity,
        item.c.code.label("item"),
        site.c.code.label("site"),
        *(characteristic_set.c[name] for name in CHARACTERISTICS if name != "site_id"),
        (_own_links + func.coalesce(_beside.c.links, 0)).label("serials"),
    )
    .select_from(
        LINES.join(item, item.c.id == stock_line.c.item_id)
        .join(site, site.c.id == characteristic_set.c.site_id)
        .outerjoin(_beside, and_(_beside.c.item_id == stock_line.c.item_id, _beside.c.stock_line_id == stock_line.c.id))
    )
    .order_by(stock_line.c.id)
)
"""Stock lines with all their characteristics and the number of their serials."""


def owners_of_numbers(transaction: Transaction, numbers: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Item, variant and site of the stock lines that have these numbers."""
    owners: dict[int, tuple[str, str, str]] = {}
    owner = item.c.code.label("item"), characteristic_set.c.variant, site.c.code.label("site")
    query = select(stock_line.c.id, *owner).select_from(
        LINES.join(item, item.c.id == stock_line.c.item_id).join(site, site.c.id == characteristic_set.c.site_id)
    )
    for some in in_parts(numbers):
        for row in transaction.execute(query.where(stock_line.c.id.in_(some))):
            owners[row.id] = (row.item, row.variant, row.site)
    return owners


def _stock_line_state(row: Mapping[Any, Any]) -> StockLineState:
    values = dict(row)
    values["stock_line"] = values.pop("id")
    values["quantity"] = to_quantity(values["quantity"])
    values["packing_factor"] = to_quantity(values["packing_factor"])
    return StockLineState(**values)


def serial_state(transaction: Transaction, item_code: str, number: str, variant: str) -> SerialState:
    """Where a serial is and what is known of it; refused `serial_unknown` when nothing is."""
    found = find_item(transaction, item_code)
    row = transaction.execute(
        select(serial).where(serial.c.item_id == found.id, serial.c.variant == variant, serial.c.serial == number)
    ).one_or_none()
    if row is None:
        message = f"Item {item_code} has no serial {number}."
        raise Refusal.of(Code.SERIAL_UNKNOWN, message, item=item_code, serial=number)
    links = [row.stock_line_id, *transaction.execute(_BESIDE, dict(row._mapping)).scalars()]
    query = (
        select(stock_line.c.id, site.c.code, characteristic_set.c.location)
        .select_from(LINES.join(site, site.c.id == characteristic_set.c.site_id))
        .where(stock_line.c.item_id == found.id, stock_line.c.id.in_(links), stock_line.c.quantity != 0)
    )
    places = {place.id: place for place in transaction.execute(query)}
    # Of several links that count which lead to an open line, its own first.
    link = next((number for number in links if number in places), links[0])
    place = places.get(link)
    return SerialState(
        item=item_code,
        variant=variant,
        serial=number,
        on_hand=place is not None,
        site=place.code if place is not None else None,
        location=place.location if place is not None else None,
        stock_line=link,
        lot=row.lot,
        sublot=row.sublot,
        version=row.version,
    )


_BESIDE = (
    select(extra_link.c.stock_line_id)
    .where(*(extra_link.c[name] == bindparam(name) for name in ("item_id", "variant", "serial")))
    .order_by(extra_link.c.stock_line_id)
)
"""The further links of a serial that is on several lines (ST-11)."""


def ledger(
    transaction: Transaction,
    *,
    order: str | None,
    line: str | None,
    item_code: str | None,
    posting: int | None,
) -> list[LedgerEntry]:
    """Ledger entries of an order, a line, an item or a posting (all that are given), oldest first."""
    query = _entries(transaction, order=order, line=line, item_code=item_code, posting=posting)
    rows = transaction.execute(query).mappings().all()
    names = Names(transaction, rows)
    return [_ledger_entry(row, names) for row in rows]


def _entries(
    transaction: Transaction, *, order: str | None, line: str | None, item_code: str | None, posting: int | None
) -> Select[Any]:
    entry = ledger_entry.c
    remaining = (
        select(func.coalesce(func.sum(open_entry.c.remaining), 0)).where(_OPEN).scalar_subquery().label("remaining")
    )
    query = select(ledger_entry, remaining).order_by(entry.id)
    if item_code is not None:
        query = query.where(entry.item_id == find_item(transaction, item_code).id)
    if posting is not None:
        touched = select(posting_line.c.item_id).where(posting_line.c.posting_id == posting)
        first = posting * POSITIONS
        query = query.where(entry.item_id.in_(touched), entry.id >= first, entry.id < first + POSITIONS)
    if line is not None:
        ids = [outgoing(id_) for id_ in find_line_ids(transaction, line)]
        query = query.where(_posted_for(posting_line.c.line_id.in_(ids)), entry.line_id.in_(ids))
    if order is not None:
        documents = transaction.execute(select(document.c.id).where(document.c.code == order)).scalars()
        ranges = [(line_id(id_, 0), line_id(id_ + 1, 0)) for id_ in documents]
        own = [and_(entry.line_id >= first, entry.line_id < last) for first, last in ranges]
        posted = [and_(posting_line.c.line_id >= first, posting_line.c.line_id < last) for first, last in ranges]
        query = query.where(or_(*own), _posted_for(or_(*posted))) if ranges else query.where(false())
    return query


def _posted_for(condition: Any) -> Any:
    """The entry is of an item some line was posted for: the ledger is read item by item."""
    return ledger_entry.c.item_id.in_(select(posting_line.c.item_id).where(condition))


def _ledger_entry(row: Mapping[Any, Any], names: Names) -> LedgerEntry:
    return LedgerEntry(
        number=row["id"],
        posting=row["id"] // POSITIONS,
        line=names.line(row["line_id"]),
        type=row["kind"],
        item=names.items[row["item_id"]],
        variant=row["variant"],
        site=names.sites[row["site_id"]],
        location=row["location"],
        date=row["posting_date"],
        quantity=to_quantity(row["quantity"]),
        remaining=to_quantity(int(row["remaining"])),
        open=row["remaining"] != 0,
        serial=row["serial"],
        lot=row["lot"],
        package=row["package"],
        expires=row["expires"],
        warranty=row["warranty"],
        correction=row["correction"],
    )


def applied(transaction: Transaction, outbound: int, inbound: int) -> Decimal:
    """How much an outbound entry took from an inbound one."""
    posted = select(posting_line.c.item_id).where(posting_line.c.posting_id == outbound // POSITIONS)
    query = select(func.coalesce(func.sum(application.c.quantity), 0)).where(
        application.c.item_id.in_(posted), application.c.outbound_id == outbound, application.c.inbound_id == inbound
    )
    return to_quantity(int(transaction.execute(query).scalar_one()))


def links(transaction: Transaction, item_code: str | None, line: str | None) -> list[Link]:
    """Links of an item or a line: reservations, tracking, surplus and prospects."""
    query = select(link).order_by(link.c.item_id, link.c.id)
    if item_code is not None:
        query = query.where(link.c.item_id == find_item(transaction, item_code).id)
    if line is not None:
        ids = find_line_ids(transaction, line)
        if split_name(line)[2] is None:
            ids += [incoming(id_) for id_ in ids]
        query = query.where(or_(DEMAND.line_id.in_(ids), SUPPLY.line_id.in_(ids)))
    rows = transaction.execute(query).mappings().all()
    named = [{"item_id": row["item_id"], "site_id": row["site_id"], "line_id": row["demand_line_id"]} for row in rows]
    named += [{"line_id": row["supply_line_id"]} for row in rows]
    names = Names(transaction, named)
    return [_link(row, names) for row in rows]


def _link(row: Mapping[Any, Any], names: Names) -> Link:
    def partner(side: str) -> str | None:
        if row[f"{side}_line_id"] is not None:
            return names.side(row[f"{side}_line_id"])
        return "stock" if row[f"{side}_entry_id"] is not None else None

    numbers = {f"{side}_{kind}": row[f"{side}_{kind}"] or None for side in ("demand", "supply") for kind in _NUMBERS}
    return Link(
        status=row["status"],
        quantity=to_quantity(row["quantity"]),
        item=names.items[row["item_id"]],
        variant=row["variant"],
        site=names.sites[row["site_id"]],
        demand=partner("demand"),
        supply=partner("supply"),
        binding=row["binding"] or None,
        **numbers,
    )


_NUMBERS: Sequence[str] = ("serial", "lot", "package")
