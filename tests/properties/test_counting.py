"""Damaged stock that is counted: lines, serials and ledger are what was found (CO-4, PO-47)."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from stockline import Counted, FoundStockLine, Stockline, TrackingCode
from stockline.service import open_scratch
from tests.properties.damaged import ITEMS, SITES, Damaged
from tests.support.warehouse import TODAY

OF_A_SERIAL = {"duplicate_link", "attribute_mismatch", "misplaced", "issued", "closed_line", "unlinked", "twin_lines"}
"""What a count does not settle: where each serial belongs, and equal lines."""


def find_serials(stock: Stockline, chance: random.Random, item: str, site: str) -> list[Counted]:
    """A part of the serials on hand at the site, and some that are on no line."""
    several = with_several_links(stock, item)
    rows = []
    for serial in sorted({entry.serial for entry in stock.ledger() if entry.item == item} - {""}):
        state = stock.serial(item, serial)
        here = state.site == site if state.on_hand else serial not in several and chance.random() < 0.2
        if here and chance.random() < 0.8:
            rows.append(Counted(serial=serial, lot="L1" if item == "DRUG" and not state.on_hand else None))
    return rows


def with_several_links(stock: Stockline, item: str) -> set[str | None]:
    found = stock.control(only=["serials"], items=(item, item))
    return {one.serial for one in found if one.finding == "duplicate_link"}


def count_serials(seed: int, url: str | None = None) -> None:
    """Damage a stock of serials and count it, one site after the other."""
    chance = random.Random(seed)
    with open_scratch(url, TODAY) as stock:
        Damaged(stock, chance).damage()
        for site in SITES:
            for item in ITEMS:
                rows = find_serials(stock, chance, item, site)
                stock.count(item, site, rows)
                found = {row.serial for row in rows}
                several = with_several_links(stock, item)
                assert sum(line.quantity for line in stock.stock_lines(item=item, site=site)) == len(rows)
                assert {one for one in found if stock.serial(item, one or "").site != site} <= several
        left = Counter(one.finding for one in stock.control())
        assert left.keys() <= OF_A_SERIAL, left


@pytest.mark.parametrize("part", range(2))
def test_damaged_serials_counted_on_sqlite(part: int) -> None:
    for seed in range(part * 12, part * 12 + 12):
        try:
            count_serials(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_damaged_serials_counted_on_postgresql(postgres: str) -> None:
    for seed in range(4):
        count_serials(seed, postgres)


CODES = {
    "PAINT": TrackingCode(lot="specific"),
    "CRATE": TrackingCode(lot="specific", package="specific"),
    "NAIL": TrackingCode(),
}


def count_lots(seed: int, url: str | None = None) -> None:
    """Overwrite quantities and numbers of stock without serials, count it, and issue all of it."""
    chance = random.Random(seed)
    with open_scratch(url, TODAY) as stock:
        stock.create_site("EAST", locations=["A", "B"])
        for item, tracking in CODES.items():
            stock.create_item(item, tracking=tracking)
        for _ in range(2):
            stock.load(stock_lines=[some_line(chance, number) for number in range(1, 10)])
        for item, tracking in CODES.items():
            found = {}
            for _ in range(chance.randint(0, 4)):
                lot = chance.choice(["L1", "L2"]) if tracking.lot else ""
                package = chance.choice(["P1", "P2"]) if item == "CRATE" else ""
                found[lot if item != "NAIL" else "", package] = Decimal(chance.randint(0, 9))
            rows = [
                Counted(lot=lot or None, package=package or None, quantity=many)
                for (lot, package), many in found.items()
            ]
            stock.count(item, "EAST", rows)
            on_hand: Counter[tuple[str, str]] = Counter()
            for line in stock.stock_lines(item=item):
                on_hand[line.lot, line.package] += line.quantity  # type: ignore[assignment]
            assert {key: many for key, many in on_hand.items() if many} == {
                key: many for key, many in found.items() if many
            }
            stock.count(item, "EAST", [])
            assert not any(entry.remaining for entry in stock.ledger() if entry.item == item)
        assert {one.finding for one in stock.control()} <= {"package_in_two_places", "twin_lines"}


def some_line(chance: random.Random, number: int) -> FoundStockLine:
    item = [*CODES][number % 3]
    return FoundStockLine(
        id=number,
        item=item,
        site="EAST",
        location=chance.choice(["A", "B"]),
        lot=chance.choice(["L1", "L2"]) if item != "NAIL" else "",
        package=chance.choice(["P1", "P2"]) if item == "CRATE" else "",
        quantity=chance.randint(-1, 8),
    )


def test_overwritten_lots_counted_on_sqlite() -> None:
    for seed in range(12):
        try:
            count_lots(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_overwritten_lots_counted_on_postgresql(postgres: str) -> None:
    for seed in range(3):
        count_lots(seed, postgres)
