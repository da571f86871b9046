"""Good stock damaged in seeded random ways and repaired: nothing is lost, what is left is reported (RS-1 to RS-10)."""

import random
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from stockline import ResyncRun, Stockline, TrackingRow
from stockline.service import open_scratch
from tests.properties.damaged import Damaged
from tests.support.warehouse import TODAY


def sums(stock: Stockline) -> dict[str, object]:
    """What no repair may touch: quantities, and the ledger by every key it keeps apart."""
    quantities: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    ledger: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in stock.stock_lines():
        quantities[line.item, line.site, line.location, line.lot, line.status] += line.quantity
    for entry in stock.ledger():
        lot = entry.lot if entry.item == "DRUG" else ""
        totals = ledger[entry.item, entry.variant, entry.site, lot, entry.package]
        totals[0] += entry.quantity
        totals[1] += entry.remaining
    findings = Counter(
        (one.finding, one.item, one.site, one.lot, one.stock_line) for one in stock.control(only=["ledger", "totals"])
    )
    return {"quantities": {k: v for k, v in quantities.items() if v}, "ledger": dict(ledger), "findings": findings}


def check_left(stock: Stockline, run: ResyncRun) -> None:
    """Every line control finds wrong is in a case that was left."""
    left = {number for case in run.left for number in case.lines}
    items = {case.item for case in run.left}
    for finding in stock.control(only=["serials"]):
        if finding.stock_line is not None:
            assert finding.stock_line in left, finding
        assert finding.item in items, finding
    assert all(case.cause and case.message for case in run.left)


def check_changed(stock: Stockline, run: ResyncRun) -> None:
    """Of the serials that were changed the ledger says what their links say: those in stock can be issued."""
    serials = {(one.item, one.serial) for one in run.actions if one.serial}
    remaining: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in stock.ledger():
        if entry.serial and entry.remaining:
            remaining[entry.item, entry.serial][entry.site] += entry.remaining
    for item, serial in serials:
        state = stock.serial(item, serial or "")
        expected = {state.site: Decimal(1)} if state.on_hand else {}
        assert dict(remaining[item, serial or ""]) == expected, (item, serial)
    for item, serial in sorted(serials):
        state = stock.serial(item, serial or "")
        if state.on_hand:
            row = TrackingRow(serial, lot=state.lot or None)
            stock.adjust(item, str(state.site), -1, rows=[row])


def repair(stock: Stockline, seed: int) -> int:
    """Damage a stock and repair it; how many actions it took."""
    damaged = Damaged(stock, random.Random(seed))
    damaged.damage()
    before = sums(stock)
    dry = stock.resync_auto(dry_run=True)
    snapshot = stock.snapshot()
    run = stock.resync_auto()
    assert run.actions == dry.actions
    assert run.left == dry.left
    assert sums(stock) == before
    check_left(stock, run)
    again = stock.resync_auto()
    assert again.actions == []
    assert [case.lines for case in again.left] == [case.lines for case in run.left]
    assert run.actions or {k: v for k, v in stock.snapshot().items() if k == "serial"} == {"serial": snapshot["serial"]}
    check_changed(stock, run)
    return len(run.actions)


@pytest.mark.parametrize("part", range(2))
def test_damaged_stock_on_sqlite(part: int) -> None:
    actions = 0
    for seed in range(part * 12, part * 12 + 12):
        with open_scratch(None, TODAY) as stock:
            try:
                actions += repair(stock, seed)
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
    assert actions > 10


def test_damaged_stock_on_postgresql(postgres: str) -> None:
    assert sum(repair_there(postgres, seed) for seed in range(5)) > 3


def repair_there(url: str, seed: int) -> int:
    with open_scratch(url, TODAY) as stock:
        return repair(stock, seed)
