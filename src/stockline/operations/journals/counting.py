"""Counting: what was found is compared with what is on hand, the differences are posted (PO-47)."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, literal_column, select, union_all, update

from stockline.codes import Code
from stockline.operations.catalog import Item, Site, find_item, find_sites
from stockline.operations.journals.at_once import JournalLine, post_journal
from stockline.operations.locks import EVERY_SITE, lock_item_sites
from stockline.operations.problems import Problems
from stockline.operations.resync.counted import CountedStock, keep_reserved, settle
from stockline.refusal import Refusal
from stockline.results import Counted, OrderLine, Posting, TrackingRow
from stockline.rules.control import LINES
from stockline.rules.framework import BATCH
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.stock import OF_LINE, characteristic_set, serial, staged_count, stock_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import SCALE, ValueProblem, base_units, clean_number, parse_quantity, to_quantity

Numbers = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Count:
    """What was found of an item at a site, or, where a location is named, at that place; a row may name its own."""

    item: str
    site: str
    rows: Sequence[Counted]
    variant: str = ""
    location: str = ""
    date: dt.date | None = None


def count(transaction: Transaction, given: Count, today: dt.date) -> Posting:
    """Post what is missing, then what is too much; what is on hand and not listed is missing.

    What lines, serials and ledger disagree about is settled first (CO-4). A row that names a serial with the lot of its
    line corrects the serial's own lot (T15).

    Refused `not_found`, `not_tracked`, `serial_quantity_not_one`, `invalid`, `tracking_duplicate`, and like an
    adjustment; `cannot_be_fully_applied` where a line has reserved what is settled away and was not found.
    """
    item = find_item(transaction, given.item)
    site = find_sites(transaction, [given.site]).get(given.site)
    if site is None:
        raise Refusal.of(Code.NOT_FOUND, f"There is no site {given.site}.", site=given.site)
    found = _read(given, item, site)
    places = {site.id, EVERY_SITE} if item.tracking.steers("serial") else {site.id}
    lock_item_sites(transaction, {(item.id, given.variant, place): 0 for place in places})
    date = given.date or today
    serials = {serial for rows in found.values() for (serial, _, _), quantity in rows.items() if quantity}
    counted = CountedStock(item, given.variant, site.id, None if "" in found else found.keys(), serials)
    settled = settle(transaction, counted, date)
    journal: dict[str, list[JournalLine]] = {"negative_adjustment": [], "positive_adjustment": []}
    for place, rows in found.items():
        for kind, numbers in _differences(transaction, item, (given.variant, site.id, place), rows):
            journal[kind].append(_journal_line(given, place, kind, numbers))
    lines = [line for some in journal.values() for line in some]
    if lines:
        posting = post_journal(transaction, "COUNT", lines, date)
    else:
        posting = Posting(number=transaction.next_number(), entries=0)
    keep_reserved(transaction, counted, settled)
    return posting


def _read(given: Count, item: Item, site: Site) -> dict[str, dict[Numbers, int]]:
    """What was found, by place and combination, in engine units."""
    order = (Code.NOT_FOUND, Code.NOT_TRACKED, Code.SERIAL_QUANTITY_NOT_ONE, Code.INVALID, Code.TRACKING_DUPLICATE)
    problems = Problems(order)
    if given.variant and given.variant not in item.variants:
        problems.add(Code.NOT_FOUND, f"Item {item.code} has no variant {given.variant}.", item=item.code)
    found: dict[str, dict[Numbers, int]] = {given.location: {}} if not given.rows else {}
    serials: set[str] = set()
    for number, row in enumerate(given.rows, 1):
        place = row.location if row.location is not None else given.location
        numbers = (clean_number(row.serial), clean_number(row.lot), clean_number(row.package))
        quantity = _quantity(row, item, number, problems)
        where = {"row": number, "item": item.code, "serial": numbers[0] or None, "lot": numbers[1] or None}
        if place and place not in site.locations:
            problems.add(Code.NOT_FOUND, f"Row {number}: site {site.code} has no location {place}.", **where)
        _check_numbers(item, numbers, quantity, problems, where)
        if numbers in found.setdefault(place, {}) or numbers[0] in serials:
            problems.add(Code.TRACKING_DUPLICATE, f"Row {number}: this was counted already.", **where)
        serials |= {numbers[0]} - {""}
        found[place][numbers] = quantity
    if "" in found and len(found) > 1:
        message = f"Some rows name a location, some none: a count is of all of site {site.code} or of locations."
        problems.add(Code.INVALID, message, item=item.code)
    problems.refuse()
    return found


def _check_numbers(item: Item, numbers: Numbers, quantity: int, problems: Problems, where: Mapping[str, Any]) -> None:
    """What a row says of one combination can be."""
    number = f"Row {where['row']}"
    if any(numbers) and not item.tracking.tracked:
        problems.add(Code.NOT_TRACKED, f"{number}: item {item.code} is not tracked.", **where)
    if numbers[0] and quantity not in (0, SCALE):
        message = f"{number}: a serial stands for exactly one base unit, not {to_quantity(quantity)}."
        problems.add(Code.SERIAL_QUANTITY_NOT_ONE, message, **where)
    if quantity < 0:
        problems.add(Code.INVALID, f"{number}: a count cannot be below 0.", **where)


def _quantity(row: Counted, item: Item, number: int, problems: Problems) -> int:
    given = row.base_quantity if row.base_quantity is not None else row.quantity
    if given is None:
        return SCALE if row.serial else 0
    try:
        return base_units(parse_quantity(given), item.units[item.unit], item.rounding)
    except ValueProblem as problem:
        problems.add(Code.INVALID, f"Row {number}: quantity {problem}.", row=number, item=item.code)
        return 0


# ---------------------------------------------------------------- found against on hand


def _differences(
    transaction: Transaction, item: Item, place: tuple[str, int, str], found: dict[Numbers, int]
) -> Iterator[tuple[str, dict[Numbers, int]]]:
    """What is missing and what is too much, that with numbers apart from that without."""
    batch = transaction.next_number()
    variant, site_id, location = place
    rows = ((row, *numbers, quantity) for row, (numbers, quantity) in enumerate(found.items(), 1))
    same = {"item_id": item.id, "batch_id": batch}
    transaction.stage(staged_count, ("row", *NUMBER_KINDS, "quantity"), rows, same)
    if item.tracking.steers("serial"):
        if any(serial and lot for serial, lot, _ in found):
            transaction.execute(_CORRECT_OWN_LOTS, {"batch": batch, "of_variant": variant, "site": site_id})
        transaction.execute(_BRING_NUMBERS, {"batch": batch, "of_variant": variant})
    on_hand = _on_hand(item, variant, site_id, location).subquery("on_hand")
    both = union_all(
        select(*(_found[kind] for kind in NUMBER_KINDS), _found.quantity).where(_found.batch_id == batch),
        select(*(on_hand.c[kind] for kind in NUMBER_KINDS), -on_hand.c.quantity),
    ).subquery("both")
    numbers = [both.c[kind] for kind in NUMBER_KINDS]
    change = func.sum(both.c.quantity)
    differing = select(*numbers, change.label("change")).group_by(*numbers).having(change != 0).order_by(*numbers)
    changes = {(row.serial, row.lot, row.package): int(row.change) for row in transaction.execute(differing)}
    transaction.clear(staged_count, batch)
    for kind, sign in (("negative_adjustment", -1), ("positive_adjustment", 1)):
        for numbered in (True, False):
            some = {key: abs(size) for key, size in changes.items() if size * sign > 0 and any(key) == numbered}
            if some:
                yield kind, some


_found = staged_count.c
_linked = LINES.join(serial, and_(serial.c.item_id == stock_line.c.item_id, serial.c.stock_line_id == stock_line.c.id))


_ON_ITS_LINE = and_(
    _found.batch_id == BATCH,
    and_(serial.c.item_id == _found.item_id, serial.c.serial == _found.serial),
    serial.c.variant == bindparam("of_variant"),
    and_(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id),
    stock_line.c.quantity > 0,
    OF_LINE,
)
_CORRECT_OWN_LOTS = (
    update(serial)
    .where(
        and_(_found.serial != "", _found.quantity > 0),
        _ON_ITS_LINE,
        and_(characteristic_set.c.site_id == bindparam("site"), characteristic_set.c.lot == _found.lot),
        serial.c.lot.not_in(("", _found.lot)),
    )
    .values(lot=_found.lot)
)
"""Who names a serial with the lot of its line has seen it: what the serial itself says is wrong (T15)."""

_BRING_NUMBERS = (
    update(staged_count)
    .where(and_(_found.serial != "", _found.lot == "", _found.package == ""), _ON_ITS_LINE)
    .values(lot=characteristic_set.c.lot, package=characteristic_set.c.package)
)
"""Serials are on hand under the lot and package of their line, which the row need not say (SL-1)."""


def _on_hand(item: Item, variant: str, site_id: int, location: str) -> Select[Any]:
    """What is on hand, by combination."""
    places = characteristic_set.c
    of_place = [places.item_id == item.id, places.variant == variant, places.site_id == site_id]
    if location:
        of_place.append(places.location == location)
    numbers = [places.lot, places.package]
    if item.tracking.steers("serial"):
        quantity = func.count() * SCALE
        serials = select(serial.c.serial, *numbers, quantity.label("quantity")).select_from(_linked)
        return serials.where(*of_place, stock_line.c.quantity > 0).group_by(serial.c.serial, *numbers)
    if item.tracking.serial != "none":
        return _by_ledger(item, variant, site_id, location)
    quantity = func.sum(stock_line.c.quantity)
    lines = select(_NO_SERIAL, *numbers, quantity.label("quantity")).select_from(LINES)
    return lines.where(*of_place, stock_line.c.quantity != 0).group_by(*numbers)


_NO_SERIAL: Any = literal_column("''").label("serial")


def _by_ledger(item: Item, variant: str, site_id: int, location: str) -> Select[Any]:
    """The same for an item whose serials are not specific: stock lines do not know them, open entries do."""
    numbers: list[Any] = [
        open_entry.c[kind].concat(open_entry.c[f"carried_{kind}"]).label(kind) for kind in NUMBER_KINDS
    ]
    remaining = func.sum(open_entry.c.remaining).label("quantity")
    entry = and_(ledger_entry.c.item_id == open_entry.c.item_id, ledger_entry.c.id == open_entry.c.entry_id)
    query: Select[Any] = select(*numbers, remaining).select_from(open_entry.join(ledger_entry, entry))
    query = query.where(
        open_entry.c.item_id == item.id, open_entry.c.variant == variant, open_entry.c.site_id == site_id
    )
    if location:
        query = query.where(ledger_entry.c.location == location)
    return query.group_by(*numbers)


def _journal_line(given: Count, place: str, kind: str, numbers: dict[Numbers, int]) -> JournalLine:
    """A line of the journal; its rows are in base units."""
    line = OrderLine(
        item=given.item,
        quantity=to_quantity(sum(numbers.values())),
        variant=given.variant,
        site=given.site,
        location=place,
        type=kind,
    )
    rows = [TrackingRow(*key, base_quantity=to_quantity(size)) for key, size in numbers.items()]
    return JournalLine(line, rows, keeps_warranty=True)
