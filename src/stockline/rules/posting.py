"""Rules a posting obeys, entry by entry (PO-4, PO-12 to PO-19, ST-15).

They look at the ledger entries of the batch that is being posted: a refusal rolls them back. Parameters: `batch`,
`wave`.
"""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    SmallInteger,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from stockline.codes import Code
from stockline.rules.framework import BATCH, Query, rule
from stockline.schema.ledger import POSITIONS, application, ledger_entry, open_entry, staged_line
from stockline.schema.reservations import RESERVATION, link
from stockline.schema.stock import characteristic_set, extra_link, serial, staged_take, stock_line

WAVE = bindparam("wave", type_=SmallInteger)

ENTRIES: FromClause = staged_line.join(
    ledger_entry,
    and_(
        ledger_entry.c.item_id == staged_line.c.item_id,
        ledger_entry.c.id >= staged_line.c.first_entry,
        ledger_entry.c.id <= staged_line.c.last_entry,
        # True anyway, and no use to an index: it tells the planner that these are few of the ledger's entries.
        (ledger_entry.c.id + 0).between(BATCH * POSITIONS, BATCH * POSITIONS + (POSITIONS - 1)),
    ),
)
"""The entries of a batch with their lines. A line's entries are numbered in one range, so both lie side by side."""

OF_BATCH = staged_line.c.batch_id == BATCH
OF_WAVE = and_(OF_BATCH, staged_line.c.wave == WAVE)


def steering(kind: str) -> ColumnElement[str]:
    """The entry's number of a kind, where it is specific for the item; else blank."""
    # Written out, not as parameters: the database must see that it is one expression wherever it groups by it.
    steers = staged_line.c[f"steers_{kind}"] == literal_column("1")
    return case((steers, ledger_entry.c[kind]), else_=literal_column("''"))


def carried(kind: str) -> ColumnElement[str]:
    """The entry's number of a kind that is not specific for the item; else blank."""
    steers = staged_line.c[f"steers_{kind}"] == literal_column("1")
    return case((steers, literal_column("''")), else_=ledger_entry.c[kind])


def covers(entry: Any = ledger_entry) -> ColumnElement[bool]:
    """The open entry is of the entry's item, variant, site and specific numbers (PO-19, PO-20)."""
    return and_(
        open_entry.c.item_id == entry.c.item_id,
        open_entry.c.variant == entry.c.variant,
        open_entry.c.serial == steering("serial"),
        open_entry.c.site_id == entry.c.site_id,
        open_entry.c.lot == steering("lot"),
        open_entry.c.package == steering("package"),
    )


def offending(*facts: Any) -> Query:
    """The columns a finding about an entry needs."""
    entry = ledger_entry.c
    numbers = (entry.serial, entry.lot, entry.package)
    return select(
        entry.id.label("position"),
        entry.item_id,
        entry.variant,
        entry.site_id,
        entry.location,
        entry.line_id,
        *numbers,
        *facts,
    )


def _missing(kind: str) -> Query:
    return (
        offending(func.abs(ledger_entry.c.quantity).label("quantity"))
        .select_from(ENTRIES)
        .where(OF_BATCH, staged_line.c[f"requires_{kind}"] == 1, ledger_entry.c[kind] == "")
    )


@rule(Code.SERIAL_REQUIRED)
def serial_required() -> Query:
    """Line {line}: {quantity} of {item} need serial numbers."""
    return _missing("serial")


@rule(Code.LOT_REQUIRED)
def lot_required() -> Query:
    """Line {line}: {quantity} of {item} {serial} need a lot number."""
    return _missing("lot")


@rule(Code.PACKAGE_REQUIRED)
def package_required() -> Query:
    """Line {line}: {quantity} of {item} {serial} need a package number."""
    return _missing("package")


REQUIRED_NUMBERS = (serial_required, lot_required, package_required)


def _held_on(line: FromClause) -> ColumnElement[bool]:
    """The link of the serial leads to an open stock line."""
    return exists().where(line.c.item_id == serial.c.item_id, line.c.id == serial.c.stock_line_id, line.c.quantity != 0)


def _of_entry(table: FromClause) -> ColumnElement[bool]:
    """The row of a table keyed by serial that is about the entry's serial."""
    return and_(*(table.c[name] == ledger_entry.c[name] for name in _SERIAL))


_SERIAL = ("item_id", "variant", "serial")


@rule(Code.SERIAL_ALREADY_IN_STOCK)
def serial_already_in_stock() -> Query:
    """Serial {serial} of {item} is in stock already, at {there_site}."""
    owned = open_entry.c
    in_ledger = and_(
        owned.item_id == serial.c.item_id,
        owned.variant == serial.c.variant,
        owned.serial == serial.c.serial,
        owned.remaining > 0,
    )
    held_at, further = (_site_of(table).where(_of_entry(table)) for table in (serial, extra_link))
    spare = _site_of(extra_link).where(*(extra_link.c[name] == serial.c[name] for name in _SERIAL))
    # A serial that is in stock has a row of its own: one look tells for nearly every serial that it is not.
    known = exists().where(
        _of_entry(serial), or_(exists().where(in_ledger), _held_on(stock_line.alias("held")), spare.exists())
    )
    there = select(owned.site_id).where(_of_entry(open_entry), owned.remaining > 0)
    site = func.coalesce(*(found.limit(1).scalar_subquery() for found in (there, held_at, further)))
    return (
        offending(site.label("there_site_id"))
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.steers_serial == 1, known)
    )


def _site_of(table: Any) -> Query:
    """The sites of open stock lines that links lead to."""
    line, place = stock_line.alias("linked"), characteristic_set.alias("linked_at")
    to_line = and_(line.c.item_id == table.c.item_id, line.c.id == table.c.stock_line_id)
    of_line = and_(place.c.item_id == line.c.item_id, place.c.id == line.c.set_id)
    return (
        select(place.c.site_id).select_from(table.join(line, to_line).join(place, of_line)).where(line.c.quantity != 0)
    )


def _again() -> Query:
    """Entries whose serial an earlier entry of the wave has."""
    numbers = [ledger_entry.c[name] for name in ("item_id", "variant", "serial")]
    ranked = (
        offending(func.row_number().over(partition_by=numbers, order_by=ledger_entry.c.id).label("nth"))
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.steers_serial == 1, ledger_entry.c.serial != "")
        .subquery("ranked")
    )
    return select(*(column for column in ranked.c if column.name != "nth")).where(ranked.c.nth > 1)


@rule(Code.SERIAL_ALREADY_IN_STOCK)
def serial_received_twice() -> Query:
    """Serial {serial} of {item} comes in twice in this posting."""
    return _again()


@rule(Code.NOT_IN_STOCK)
def serial_issued_twice() -> Query:
    """Serial {serial} of {item} goes out twice in this posting."""
    return _again()


_HELD_WITH = ("lot", "package")


@rule(Code.NOT_IN_STOCK)
def serial_not_in_stock() -> Query:
    """Serial {serial} {lot} {package} of {item} is not on hand at {site} {location}."""
    in_ledger = exists().where(covers(), open_entry.c.remaining > 0)
    place = characteristic_set.c
    linked = (
        select(serial.c.serial)
        .join(stock_line, and_(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id))
        .join(characteristic_set, and_(place.item_id == stock_line.c.item_id, place.id == stock_line.c.set_id))
        .where(
            _of_entry(serial),
            stock_line.c.quantity > 0,
            place.site_id == ledger_entry.c.site_id,
            or_(ledger_entry.c.location == "", place.location == ledger_entry.c.location),
            # What leaves the ledger leaves a line of its key; the link may say another one (invariant 3).
            place.variant == ledger_entry.c.variant,
            *(or_(staged_line.c[f"steers_{kind}"] == 0, place[kind] == ledger_entry.c[kind]) for kind in _HELD_WITH),
        )
    )
    return (
        offending()
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.steers_serial == 1, or_(~in_ledger, ~linked.exists()))
    )


@rule(Code.NOT_IN_STOCK)
def stock_line_too_small() -> Query:
    """Serial {serial} of {item} stands on a stock line that has no quantity left for it."""
    held = (serial.c.item_id, serial.c.stock_line_id)
    ranked = (
        offending(
            stock_line.c.quantity.label("there"),
            func.sum(-ledger_entry.c.quantity).over(partition_by=held, order_by=ledger_entry.c.id).label("asked"),
        )
        .select_from(
            ENTRIES.join(serial, _of_entry(serial)).join(
                stock_line,
                and_(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id),
            )
        )
        .where(OF_WAVE, staged_line.c.steers_serial == 1)
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.asked > ranked.c.there)


def _uncovered() -> Query:
    """Entries whose quantity was not found in the ledger, and what was found."""
    applied = (
        select(func.coalesce(func.sum(application.c.quantity), 0))
        .where(application.c.item_id == ledger_entry.c.item_id, application.c.outbound_id == ledger_entry.c.id)
        .scalar_subquery()
    )
    return (
        offending((-ledger_entry.c.quantity).label("asked"), applied.label("there"))
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.steers_serial == 0, -ledger_entry.c.quantity > applied)
    )


def reserved_of(entry: Column[int]) -> ColumnElement[int]:
    """What is reserved of an entry, told by the column of its number (RE-9)."""
    return (
        select(func.coalesce(func.sum(link.c.quantity), 0))
        .where(link.c.item_id == entry.table.c.item_id, link.c.supply_entry_id == entry, link.c.status == RESERVATION)
        .scalar_subquery()
    )


@rule(Code.CANNOT_BE_FULLY_APPLIED)
def held_by_others() -> Query:
    """Of {item} {lot} {package} at {site} {asked} are to leave, but others have reserved all but {there}."""
    left = select(func.coalesce(func.sum(open_entry.c.remaining), 0)).where(covers(), open_entry.c.remaining > 0)
    uncovered = _uncovered()
    asked, there = (uncovered.selected_columns[name] for name in ("asked", "there"))
    bound = or_(staged_line.c.steers_lot == 1, staged_line.c.steers_package == 1, staged_line.c.may_go_negative == 0)
    return uncovered.where(bound, asked - there <= left.scalar_subquery())


@rule(Code.NOT_IN_STOCK)
def number_not_in_stock() -> Query:
    """Only {there} of {item} {lot} {package} are on hand at {site}, {asked} are to leave."""
    return _uncovered().where(or_(staged_line.c.steers_lot == 1, staged_line.c.steers_package == 1))


@rule(Code.INSUFFICIENT_STOCK)
def insufficient_stock() -> Query:
    """Only {there} of {item} are on hand at {site}, {asked} are to leave."""
    return _uncovered().where(
        staged_line.c.steers_lot == 0, staged_line.c.steers_package == 0, staged_line.c.may_go_negative == 0
    )


def came_back(entry: ColumnElement[int], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """What has come back of an entry that took out, without what was undone again; undoing the entry counts too."""
    back, undone = BROUGHT_BACK, ledger_entry.alias("undone")
    taken_back = exists().where(
        undone.c.item_id == back.c.item_id, undone.c.origin_id == back.c.id, undone.c.correction
    )
    own = (back.c.item_id == ledger_entry.c.item_id, back.c.origin_id == entry, ~taken_back)
    return select(func.coalesce(func.sum(back.c.quantity), 0)).where(*own, *conditions).scalar_subquery()


BROUGHT_BACK = ledger_entry.alias("back")


@rule(Code.APPLICATION_INVALID)
def returned_too_much() -> Query:
    """Line {line}: with this {asked} of {item} {serial} {lot} {package} come back of an entry that took out {there}."""
    shipped = ledger_entry.alias("shipped")
    # Entries are numbered in time order: what came back so far, and what this posting has brought back before.
    so_far = came_back(ledger_entry.c.origin_id, BROUGHT_BACK.c.id <= ledger_entry.c.id)
    of_origin = and_(shipped.c.item_id == ledger_entry.c.item_id, shipped.c.id == ledger_entry.c.origin_id)
    return (
        offending(so_far.label("asked"), (-shipped.c.quantity).label("there"), shipped.c.id.label("entry"))
        .select_from(ENTRIES.join(shipped, of_origin))
        .where(OF_WAVE, so_far > -shipped.c.quantity)
    )


def taken() -> ColumnElement[int]:
    """What the entry has been given from stock lines so far."""
    return (
        select(func.coalesce(func.sum(staged_take.c.quantity), 0))
        .where(
            staged_take.c.item_id == ledger_entry.c.item_id,
            staged_take.c.batch_id == BATCH,
            staged_take.c.entry_id == ledger_entry.c.id,
        )
        .scalar_subquery()
    )


_HAS_NUMBER = or_(ledger_entry.c.serial != "", ledger_entry.c.lot != "", ledger_entry.c.package != "")


def _not_placed() -> Query:
    """Entries whose quantity no stock line they may take from has, and that may not leave a shortage behind."""
    bound = or_(
        ledger_entry.c.location != "",
        staged_line.c.steers_lot == 1,
        staged_line.c.steers_package == 1,
        staged_line.c.may_go_negative == 0,
    )
    return (
        offending((-ledger_entry.c.quantity).label("asked"), taken().label("there"))
        .select_from(ENTRIES)
        .where(OF_WAVE, staged_line.c.steers_serial == 0, bound, -ledger_entry.c.quantity > taken())
    )


@rule(Code.NOT_IN_STOCK)
def number_not_at_location() -> Query:
    """Only {there} of {item} {serial} {lot} {package} lie at {site} {location}, {asked} are to leave."""
    return _not_placed().where(_HAS_NUMBER)


@rule(Code.INSUFFICIENT_STOCK)
def not_enough_at_location() -> Query:
    """Only {there} of {item} lie at {site} {location}, {asked} are to leave."""
    return _not_placed().where(~_HAS_NUMBER)


@rule(Code.CANNOT_BE_FULLY_APPLIED)
def in_transit_is_held() -> Query:
    """What there is of {item} {serial} {lot} {package} at {site} is in transit and belongs to its transfer."""
    taken_from = ledger_entry.alias("taken_from")
    applied = and_(application.c.item_id == ledger_entry.c.item_id, application.c.outbound_id == ledger_entry.c.id)
    shipped = and_(taken_from.c.item_id == application.c.item_id, taken_from.c.id == application.c.inbound_id)
    return (
        offending()
        .select_from(ENTRIES.join(application, applied).join(taken_from, shipped))
        .where(
            OF_WAVE,
            taken_from.c.kind == "transfer",
            taken_from.c.line_id.isnot(None),
            or_(ledger_entry.c.line_id.is_(None), taken_from.c.line_id != ledger_entry.c.line_id),
        )
    )
