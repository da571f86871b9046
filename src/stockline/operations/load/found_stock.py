"""Loading stock as it is found elsewhere, right or wrong, and what is reserved of it (ST-11, ST-14).

A new line gets an opening ledger entry; the new serials on an open line one each with their number, and together one
against them without number. What exists already is overwritten without ledger entry: that is how damage behind the
system's back is described.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import insert

from stockline.codes import Code
from stockline.operations.catalog import Item, Site, find_items, find_sites
from stockline.operations.ledger.applications import apply_outbound, has_shortages, open_inbound
from stockline.operations.load import found_demands, found_lines, found_reservations, found_serials
from stockline.operations.load.found_demands import Documents
from stockline.operations.load.found_reservations import COLUMNS, Reader
from stockline.operations.locks import lock_item_sites
from stockline.operations.number_dates import remember_dates
from stockline.operations.problems import Problems
from stockline.results import FoundReservation, FoundSerial, FoundStockLine, Loaded
from stockline.schema.ledger import POSITIONS, posting, posting_line, staged_line
from stockline.schema.reservations import staged_reservation_found
from stockline.schema.stock import CHARACTERISTICS, staged_line_found, staged_serial_found
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import LARGEST_LINE, ValueProblem, clean_number, parse_quantity, to_units


@dataclass(frozen=True, slots=True)
class FoundStock:
    """What is to be loaded."""

    lines: Sequence[FoundStockLine]
    serials: Sequence[FoundSerial]
    reservations: Sequence[FoundReservation]


@dataclass(frozen=True, slots=True)
class _Names:
    items: dict[str, Item]
    sites: dict[str, Site]


def load(transaction: Transaction, found: FoundStock, today: date) -> Loaded:
    """Put in what was found as it is.

    Refused `not_found`, `invalid` only for rows that cannot be read, and for reservations of documents of our own.
    """
    lines, serials = found.lines, found.serials
    problems = Problems((Code.NOT_FOUND, Code.INVALID))
    names = _names(transaction, found)
    documents = Documents(transaction, {row.document.strip() for row in found.reservations})
    _reserve_numbers(transaction, found)
    batch = transaction.next_number()
    # A number is one line: of rows that give it twice the last one says what it is.
    line_rows = list({row[2]: row for row in _line_rows(batch, lines, names, problems)}.values())
    serial_rows = list(_serial_rows(serials, names, transaction, problems))
    reader = Reader(transaction, names.items, names.sites, documents, problems)
    reserved_rows = list(reader.rows(found.reservations, today))
    problems.refuse()
    lock_item_sites(transaction, {(item, variant, site): 0 for item, _, _, variant, site, *_ in line_rows})
    _lock_reserved(transaction, documents, reserved_rows)
    transaction.stage(staged_line_found, _LINE_COLUMNS, line_rows, {"batch_id": batch})
    transaction.stage(staged_serial_found, _SERIAL_COLUMNS, serial_rows, {"batch_id": batch})
    transaction.execute(insert(posting).values(id=batch, kind="opening", posting_date=today))
    items = {row[0] for row in (*line_rows, *serial_rows)}
    if items:  # opening entries belong to no line, but their items are found by it
        transaction.execute(
            insert(posting_line), [{"item_id": item, "posting_id": batch, "line_id": 0} for item in sorted(items)]
        )
    second = batch * POSITIONS + len(lines) + len(serial_rows)
    parameters = {
        "batch": batch,
        "first": batch * POSITIONS,
        "serials": batch * POSITIONS + len(lines),
        "second": second,
        "negative": second + len(serial_rows),
        "today": today,
    }
    found_lines.write(transaction, parameters)
    found_serials.write(transaction, parameters)
    _settle_entries(transaction, parameters, names, items)
    if reserved_rows:
        transaction.stage(staged_reservation_found, COLUMNS, reserved_rows, {"batch_id": batch})
        found_demands.write(transaction, parameters)
        found_reservations.write(transaction, parameters, {row[COLUMNS.index("turn")] for row in reserved_rows})
    for table in (staged_line_found, staged_serial_found, staged_reservation_found, staged_line):
        transaction.clear(table, batch)
    return Loaded(stock_lines=len(lines), serials=len(serials), reservations=len(found.reservations))


def _is_line(number: int) -> bool:
    return 0 < number <= LARGEST_LINE


def _links(serial: FoundSerial) -> Sequence[int]:
    """The stock lines a serial is linked to, as found."""
    linked = serial.stock_line
    return () if linked is None else (linked,) if isinstance(linked, int) else linked


def _reserve_numbers(transaction: Transaction, found: FoundStock) -> None:
    """No line of ours will ever have a number that was found, on a line or as a link to one that is not known."""
    of_lines = (line.id for line in found.lines if line.id is not None)
    highest = max(filter(_is_line, chain(of_lines, chain.from_iterable(map(_links, found.serials)))), default=0)
    if highest >= POSITIONS:
        transaction.skip_numbers(highest // POSITIONS)


def _names(transaction: Transaction, found: FoundStock) -> _Names:
    items = {row.item for rows in (found.lines, found.serials, found.reservations) for row in rows}
    sites = {row.site for rows in (found.lines, found.serials, found.reservations) for row in rows if row.site}
    sites |= {row.last.site for row in found.serials if row.last and row.last.site}
    return _Names(find_items(transaction, items), find_sites(transaction, sites))


def _lock_reserved(transaction: Transaction, documents: Documents, rows: Iterable[tuple[Any, ...]]) -> None:
    """Hold what the reservations are of, and what those were of that they replace; stock lines do not change."""
    item, variant, site = (COLUMNS.index(name) for name in ("item_id", "variant", "site_id"))
    held = documents.held | {(row[item], row[variant], row[site]) for row in rows}
    lock_item_sites(transaction, dict.fromkeys(held, 0), stock_changes=False)


_LINE_COLUMNS = ("item_id", "row", "stock_line_id", *CHARACTERISTICS, "quantity")


def _line_rows(
    batch: int, lines: Sequence[FoundStockLine], names: _Names, problems: Problems
) -> Iterator[tuple[Any, ...]]:
    for row, line in enumerate(lines, 1):
        where = {"row": row, "item": line.item, "site": line.site}
        item, site = names.items.get(line.item), names.sites.get(line.site)
        if item is None or site is None:
            what = f"item {line.item}" if item is None else f"site {line.site}"
            problems.add(Code.NOT_FOUND, f"Stock line row {row}: there is no {what}.", **where)
            continue
        if line.variant and line.variant not in item.variants:
            message = f"Stock line row {row}: item {line.item} has no variant {line.variant}."
            problems.add(Code.NOT_FOUND, message, **where)
        try:
            quantity, factor = to_units(parse_quantity(line.quantity)), to_units(parse_quantity(line.packing_factor))
        except ValueProblem as problem:
            problems.add(Code.INVALID, f"Stock line row {row}: {problem}.", **where)
            continue
        if line.id is not None and not _is_line(line.id):
            message = f"Stock line row {row}: stock lines have numbers from 1 to {LARGEST_LINE}, not {line.id}."
            problems.add(Code.INVALID, message, **where)
        number = line.id if line.id is not None else batch * POSITIONS + row
        texts = [site.id if name == "site_id" else getattr(line, name) for name in CHARACTERISTICS[:-1]]
        yield (item.id, row, number, *texts, factor, quantity)


_SERIAL_COLUMNS = (
    "item_id",
    "row",
    "variant",
    "serial",
    "stock_line_id",
    "site_id",
    "lot",
    "sublot",
    "version",
    "steers_serial",
    "last_direction",
    "last_site_id",
    "last_location",
    "last_lot",
    "last_package",
    "last_date",
)


def _serial_rows(
    serials: Sequence[FoundSerial], names: _Names, transaction: Transaction, problems: Problems
) -> Iterator[tuple[Any, ...]]:
    row = 0
    for position, given in enumerate(serials, 1):
        item, number = names.items.get(given.item), clean_number(given.serial)
        last_site = given.last.site if given.last else None
        unknown = next((code for code in (given.site, last_site) if code and code not in names.sites), None)
        if item is None or unknown or not number:
            what = f"item {given.item}" if item is None else f"site {unknown}" if unknown else "serial number"
            message = f"Serial row {position}: there is no {what}."
            problems.add(Code.NOT_FOUND, message, row=position, item=given.item, serial=number or None)
            continue
        for stock_line in _links(given) or (None,):
            if stock_line is not None and not _is_line(stock_line):
                message = f"Serial row {position}: stock lines have numbers from 1 to {LARGEST_LINE}, not {stock_line}."
                problems.add(Code.INVALID, message, row=position, item=given.item, serial=number)
            row += 1
            yield (
                item.id,
                row,
                given.variant,
                number,
                stock_line,
                names.sites[given.site].id if given.site else None,
                given.lot,
                given.sublot,
                given.version,
                int(item.tracking.steers("serial")),
                *_last(given, names, transaction),
            )


def _last(given: FoundSerial, names: _Names, transaction: Transaction) -> tuple[Any, ...]:
    last = given.last
    if last is None:
        return (0, None, "", "", "", None)
    site = names.sites[last.site].id if last.site else None
    direction = 1 if last.direction == "in" else -1
    return (direction, site, last.location, last.lot, last.package, transaction.dialect.date_value(last.date))


def _settle_entries(transaction: Transaction, parameters: dict[str, Any], names: _Names, items: set[int]) -> None:
    """Open what the opening entries leave, the serials' counter entries being taken from their lines' own."""
    batch, second = parameters["batch"], parameters["second"]
    ranges = ((0, 1, parameters["first"], second), (1, -1, second + 1, (batch + 1) * POSITIONS - 1))
    rows = []
    for item in names.items.values():
        if item.id in items:
            steers = [int(item.tracking.steers(kind)) for kind in NUMBER_KINDS]
            for wave, sign, first, last in ranges:
                # A counter entry carries no serial: it is applied like stock without one.
                flags = steers if wave == 0 else [0, *steers[1:]]
                rows.append((item.id, wave, 1, wave, sign, "opening", 0, first, last, *flags))
    columns = ("item_id", "line_id", "own", "wave", "sign", "kind", "site_id", "first_entry", "last_entry")
    transaction.stage(staged_line, (*columns, *(f"steers_{kind}" for kind in NUMBER_KINDS)), rows, {"batch_id": batch})
    remember_dates(transaction, batch, {item.id: item.tracking for item in names.items.values() if item.id in items})
    inbound = {"batch": batch, "wave": 0}
    open_inbound(transaction, inbound, short=has_shortages(transaction, inbound))
    apply_outbound(transaction, {"batch": batch, "wave": 1})
