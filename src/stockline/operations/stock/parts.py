"""Which stock lines give what is to move inside a site, and moving it there (ST-5, PO-45)."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, and_, bindparam, case, insert, or_, select, update

from stockline.codes import Code
from stockline.operations.catalog import Item, Site
from stockline.operations.locks import lock_item_sites
from stockline.operations.stock.outbound import PREFERENCE
from stockline.operations.stock.relocation import OF_MOVES, lower_lines, put_down
from stockline.refusal import Finding, Refusal
from stockline.rules.control import LINES
from stockline.rules.framework import BATCH
from stockline.schema.stock import (
    CHARACTERISTICS,
    characteristic_set,
    serial,
    staged_move,
    staged_moved_serial,
    stock_line,
)
from stockline.store.database import Transaction, in_parts
from stockline.values import SCALE, to_quantity

Line = Mapping[Any, Any]
"""A stock line with its characteristics."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A combination to move, from one place (blank: from anywhere in the site), in engine units."""

    numbers: tuple[str, ...]
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one stock line gives, and which of its specific serials."""

    line: Line
    quantity: int
    serials: Sequence[str] = ()


def find_lines(transaction: Transaction, *conditions: Any) -> list[Line]:
    """Open stock lines, those first that are taken from first (ST-7)."""
    query = (
        select(stock_line.c.item_id, stock_line.c.id, stock_line.c.quantity, stock_line.c.set_id)
        .add_columns(*(characteristic_set.c[name] for name in CHARACTERISTICS))
        .select_from(LINES)
        .where(stock_line.c.quantity > 0, *conditions)
        .order_by(*PREFERENCE, stock_line.c.id)
    )
    return list(transaction.execute(query).mappings())


def parts_of(
    transaction: Transaction, item: Item, site: Site, variant: str, wanted: Sequence[Wanted], *, but: str
) -> list[Part]:
    """What the stock lines of a site give, `but` for those at one place.

    Refused `not_in_stock`, `insufficient_stock`.
    """
    lock_item_sites(transaction, {(item.id, variant, site.id): 0})
    places = characteristic_set.c
    lines = find_lines(
        transaction,
        stock_line.c.item_id == item.id,
        places.variant == variant,
        places.site_id == site.id,
        places.location != but,
    )
    if item.tracking.steers("serial"):
        return _parts_by_serial(transaction, item, variant, lines, wanted)
    return _parts_by_quantity(item, lines, wanted)


def _parts_by_quantity(item: Item, lines: Sequence[Line], wanted: Sequence[Wanted]) -> list[Part]:
    left = {line["id"]: line["quantity"] for line in lines}
    # Stock lines know no serials that are not specific.
    by_numbers: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        by_numbers.setdefault((line["lot"], line["package"]), []).append(line)
    parts, lacking = [], []
    for one in wanted:
        asked = one.quantity
        for line in by_numbers.get(one.numbers[1:], ()):
            given = min(asked, left[line["id"]]) if one.location in ("", line["location"]) else 0
            if given > 0:
                parts.append(Part(line, given))
                left[line["id"]] -= given
                asked -= given
        if asked:
            lacking.append((one, one.quantity - asked))
    if lacking:
        raise _too_little(item, lacking)
    return parts


def _too_little(item: Item, lacking: Iterable[tuple[Wanted, int]]) -> Refusal:
    findings = []
    for one, there in lacking:
        serial_, lot, package = (number or None for number in one.numbers)
        message = f"Only {to_quantity(there)} of {item.code} lie there, {to_quantity(one.quantity)} are to move."
        place = one.location or None
        findings.append(Finding(message, item=item.code, location=place, serial=serial_, lot=lot, package=package))
    return Refusal(Code.NOT_IN_STOCK if item.tracking.tracked else Code.INSUFFICIENT_STOCK, findings)


def _parts_by_serial(
    transaction: Transaction, item: Item, variant: str, lines: Sequence[Line], wanted: Sequence[Wanted]
) -> list[Part]:
    known = {line["id"]: line for line in lines}
    places = linked_lines(transaction, item, variant, [one.numbers[0] for one in wanted])
    found: dict[int, list[str]] = {}
    lacking = []
    for one in wanted:
        number, lot, package = one.numbers
        line = known.get(places.get(number, 0))
        fits = line is not None and lot in ("", line["lot"]) and package in ("", line["package"])
        if line is None or not fits or one.location not in ("", line["location"]) or gives_no_more(line, found):
            lacking.append((one, 0))
        else:
            found.setdefault(line["id"], []).append(number)
    if lacking:
        raise _too_little(item, lacking)
    return [Part(known[number], len(serials) * SCALE, serials) for number, serials in found.items()]


def gives_no_more(line: Line, leaving: Mapping[int, Sequence[str]]) -> bool:
    """Whether as many serials are to leave the line as it has quantity: on a surplus line there may be more (ST-15)."""
    return len(leaving.get(line["id"], ())) * SCALE >= int(line["quantity"])


def linked_lines(transaction: Transaction, item: Item, variant: str, serials: Sequence[str]) -> dict[str, int]:
    """The stock lines that serials are linked to, by serial; those without are left out."""
    found: dict[str, int] = {}
    for some in in_parts(serials):
        query = select(serial.c.serial, serial.c.stock_line_id).where(
            serial.c.item_id == item.id,
            serial.c.variant == variant,
            serial.c.serial.in_(some),
            serial.c.stock_line_id.isnot(None),
        )
        found |= {row.serial: row.stock_line_id for row in transaction.execute(query)}
    return found


def move_parts(
    transaction: Transaction,
    item: Item,
    parts: Sequence[Part],
    to: Mapping[str, Any],
    moved_on: dt.date,
    *,
    whole: bool = False,
) -> None:
    """Move what stock lines give to other characteristics, without ledger entry (PO-45); `whole`: all their serials."""
    batch = transaction.next_number()
    parameters = {"batch": batch, "moved_on": moved_on, "numbers": batch}
    rows = []
    for row, part in enumerate(parts, 1):
        there = [to.get(name, part.line[name]) for name in CHARACTERISTICS]
        rows.append((row, part.line["id"], *there, part.quantity))
    columns = ("row", "stock_line_id", *CHARACTERISTICS, "quantity")
    transaction.stage(staged_move, columns, rows, {"item_id": item.id, "batch_id": batch})
    transaction.stage(
        staged_moved_serial,
        ("variant", "serial", "row", "left_set_id"),
        _named_serials(parts),
        {"item_id": item.id, "batch_id": batch},
    )
    if whole:
        transaction.execute(_ALL_SERIALS, parameters)
    wrong = transaction.execute(_WRONG, parameters).mappings().all()
    lower_lines(transaction, parameters)
    put_down(transaction, parameters)
    if wrong:
        transaction.execute(_STAYS_WRONG, [dict(row) for row in wrong])


def _named_serials(parts: Sequence[Part]) -> Iterator[tuple[Any, ...]]:
    for row, part in enumerate(parts, 1):
        for number in part.serials:
            yield (part.line["variant"], number, row, part.line["set_id"])


_moved = staged_move.c
_ALL_SERIALS = insert(staged_moved_serial).from_select(
    ("item_id", "batch_id", "variant", "serial", "row"),
    select(serial.c.item_id, BATCH, serial.c.variant, serial.c.serial, _moved.row)
    .select_from(
        staged_move.join(
            serial, and_(serial.c.item_id == _moved.item_id, serial.c.stock_line_id == _moved.stock_line_id)
        )
    )
    .where(_moved.batch_id == BATCH),
)

_OWN = ("lot", "sublot", "version")
_left = (
    staged_moved_serial.join(staged_move, and_(OF_MOVES, _moved.batch_id == staged_moved_serial.c.batch_id))
    .join(serial, and_(*(serial.c[name] == staged_moved_serial.c[name] for name in ("item_id", "variant", "serial"))))
    .join(LINES, and_(stock_line.c.item_id == _moved.item_id, stock_line.c.id == _moved.stock_line_id))
)
_differs = {name: and_(serial.c[name] != "", serial.c[name] != characteristic_set.c[name]) for name in _OWN}
_WRONG = (
    select(
        *(serial.c[name].label(f"of_{name}") for name in ("item_id", "variant", "serial")),
        *(case((_differs[name], serial.c[name]), else_="").label(f"own_{name}") for name in _OWN),
    )
    .select_from(_left)
    .where(staged_moved_serial.c.batch_id == BATCH, or_(*_differs.values()))
)
"""Serials that move and whose own attributes are not those of the line they are on."""


def _own(name: str) -> Any:
    told = bindparam(f"own_{name}", type_=Text)
    return case((told != "", told), else_=serial.c[name])


_STAYS_WRONG = (
    update(serial)
    .where(*(serial.c[name] == bindparam(f"of_{name}") for name in ("item_id", "variant", "serial")))
    .values({name: _own(name) for name in _OWN})
)
"""Moving fills what is not known of a serial; what contradicts its line goes on doing so (ST-12)."""
