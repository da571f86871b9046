"""Reclassification: stock is renumbered, re-dated, or moved to another site or place (PO-44 to PO-46, TW-41, TW-42)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stockline.codes import Code
from stockline.operations.catalog import Item, Site, find_item, find_sites
from stockline.operations.journals.at_once import JournalLine, post_journal
from stockline.operations.problems import Problems
from stockline.operations.stock.parts import Wanted, move_parts, parts_of
from stockline.refusal import Refusal
from stockline.results import KEEP, OrderLine, Posting, Reclassified, TrackingRow
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import NUMBER_LENGTH, SCALE, ValueProblem, base_units, clean_number, parse_quantity, to_quantity


@dataclass(frozen=True, slots=True)
class Reclassification:
    """What is reclassified, of one item at one site; a row may name another place than the rest."""

    item: str
    site: str
    rows: Sequence[Reclassified]
    variant: str = ""
    new_site: str | None = None
    location: str = ""
    new_location: str | None = None
    unit: str | None = None
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with its places and its base quantity in engine units."""

    given: Reclassified
    location: str
    new_location: str
    quantity: int

    @property
    def old(self) -> tuple[str, ...]:
        """Its combination before."""
        return tuple(clean_number(getattr(self.given, kind)) for kind in NUMBER_KINDS)

    @property
    def new(self) -> tuple[str, ...]:
        """Its combination afterwards: what is not given stays as it is."""
        given = (getattr(self.given, f"new_{kind}") for kind in NUMBER_KINDS)
        return tuple(was if now is None else clean_number(now) for was, now in zip(self.old, given, strict=True))

    @property
    def place_only(self) -> bool:
        """Whether nothing changes but the place inside the site (PO-45)."""
        return self.new == self.old and self.given.new_expires == KEEP and self.location != self.new_location


def reclassify(transaction: Transaction, given: Reclassification, today: dt.date) -> Posting:
    """Post a reclassification; rows that change the place alone move stock without ledger entry.

    Refused `not_found`, `invalid`, `not_tracked`, `serial_quantity_not_one`, and like a posting.
    """
    item = find_item(transaction, given.item)
    sites = find_sites(transaction, [given.site, given.new_site or given.site])
    for name in (given.site, given.new_site):
        if name and name not in sites:
            raise Refusal.of(Code.NOT_FOUND, f"There is no site {name}.", site=name)
    rows = _read(given, item, sites[given.site], sites[given.new_site or given.site])
    moved_on = given.date or today
    same_site = given.new_site in (None, given.site)
    moved = [row for row in rows if same_site and row.place_only]
    posted = [row for row in rows if not (same_site and row.place_only)]
    if moved:
        _move(transaction, item, sites[given.site], given.variant, moved, moved_on)
    if not posted:
        return Posting(number=transaction.next_number(), entries=0)
    journal = [_journal_line(given, item, part) for part in _independent(posted)]
    return post_journal(transaction, "RECLASSIFICATION", journal, moved_on)


def _read(given: Reclassification, item: Item, site: Site, new_site: Site) -> list[_Row]:
    problems = Problems((Code.NOT_FOUND, Code.NOT_TRACKED, Code.SERIAL_QUANTITY_NOT_ONE, Code.INVALID))
    if given.variant and given.variant not in item.variants:
        problems.add(Code.NOT_FOUND, f"Item {item.code} has no variant {given.variant}.", item=item.code)
    unit = given.unit or item.unit
    if unit not in item.units:
        problems.add(Code.NOT_FOUND, f"Item {item.code} has no unit {unit}.", item=item.code)
    if not given.rows:
        problems.add(Code.INVALID, "Nothing is given to reclassify.", item=item.code)
    problems.refuse()
    rows = []
    for number, row in enumerate(given.rows, 1):
        location = row.location if row.location is not None else given.location
        new_location = row.new_location if row.new_location is not None else given.new_location
        if new_location is None:
            new_location = location if site.id == new_site.id else ""
        read = _Row(row, location, new_location, _quantity(row, item, unit, number, problems))
        _check(read, item, (site, new_site), number, problems)
        rows.append(read)
    problems.refuse()
    return rows


def _quantity(row: Reclassified, item: Item, unit: str, number: int, problems: Problems) -> int:
    """The base quantity of a row; one with a serial, before or after, is 1 when it does not say."""
    has_serial = bool(clean_number(row.serial) or clean_number(row.new_serial))
    try:
        if row.base_quantity is not None:
            return base_units(parse_quantity(row.base_quantity), item.units[item.unit], 1)
        if row.quantity is None:
            return SCALE if has_serial else 0
        if has_serial:
            return base_units(parse_quantity(row.quantity), item.units[item.unit], 1)
        return base_units(parse_quantity(row.quantity), item.units[unit], item.rounding)
    except ValueProblem as problem:
        problems.add(Code.INVALID, f"Row {number}: quantity {problem}.", row=number, item=item.code)
        return SCALE


def _check(row: _Row, item: Item, sites: tuple[Site, Site], number: int, problems: Problems) -> None:
    where = {"row": number, "item": item.code, "serial": row.given.serial, "lot": row.given.lot}
    for site, place in zip(sites, (row.location, row.new_location), strict=True):
        if place and place not in site.locations:
            problems.add(Code.NOT_FOUND, f"Row {number}: site {site.code} has no location {place}.", **where)
    if any((*row.old, *row.new)) and not item.tracking.tracked:
        problems.add(Code.NOT_TRACKED, f"Row {number}: item {item.code} is not tracked.", **where)
    if (row.old[0] or row.new[0]) and row.quantity != SCALE:
        message = f"Row {number}: a serial stands for exactly one base unit, not {to_quantity(row.quantity)}."
        problems.add(Code.SERIAL_QUANTITY_NOT_ONE, message, **where)
    if any(len(one) > NUMBER_LENGTH for one in row.new):
        problems.add(Code.INVALID, f"Row {number}: a number has more than {NUMBER_LENGTH} characters.", **where)
    if row.given.new_expires not in (KEEP, None) and not item.tracking.uses_expiration:
        problems.add(Code.INVALID, f"Row {number}: item {item.code} uses no expiration dates.", **where)
    if row.quantity <= 0:
        problems.add(Code.INVALID, f"Row {number}: the quantity must be above 0.", **where)


def _move(
    transaction: Transaction, item: Item, site: Site, variant: str, rows: Sequence[_Row], moved_on: dt.date
) -> None:
    """Move stock inside the site."""
    for to, some in _by_target(rows):
        wanted = [Wanted(row.old, row.location, row.quantity) for row in some]
        parts = parts_of(transaction, item, site, variant, wanted, but=to)
        move_parts(transaction, item, parts, {"location": to}, moved_on)


def _by_target(rows: Sequence[_Row]) -> Iterator[tuple[str, list[_Row]]]:
    by_target: dict[str, list[_Row]] = {}
    for row in rows:
        by_target.setdefault(row.new_location, []).append(row)
    yield from by_target.items()


def _independent(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """The rows in sequence, as long as none takes what an earlier one has put down: these can be posted as a set."""
    part: list[_Row] = []
    taken: set[tuple[str, ...]] = set()
    put: set[tuple[str, ...]] = set()
    for row in rows:
        old, new = row.old, row.new
        same_place = not part or (part[0].location, part[0].new_location) == (row.location, row.new_location)
        if old in taken or old in put or new in taken or not same_place:
            yield part
            part, taken, put = [], set(), set()
        part.append(row)
        taken.add(old)
        put.add(new)
    yield part


def _journal_line(given: Reclassification, item: Item, rows: Sequence[_Row]) -> JournalLine:
    """One line of the journal; its rows are in base units."""
    first = rows[0]
    line = OrderLine(
        item=item.code,
        quantity=to_quantity(sum(row.quantity for row in rows)),
        variant=given.variant,
        site=given.site,
        location=first.location,
        type="reclassification",
        to_site=given.new_site or given.site,
        to_location=first.new_location,
    )
    stock_lines = {row.old: row.given.stock_line for row in rows if row.given.stock_line is not None}
    return JournalLine(line, [_tracking_row(row) for row in rows], stock_lines=stock_lines)


def _tracking_row(row: _Row) -> TrackingRow:
    serial, lot, package = row.old
    new_serial, new_lot, new_package = row.new
    return TrackingRow(
        serial,
        lot,
        package,
        base_quantity=to_quantity(row.quantity),
        new_serial=new_serial,
        new_lot=new_lot,
        new_package=new_package,
        new_expires=row.given.new_expires,
    )
