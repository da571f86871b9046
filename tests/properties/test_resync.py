"""Good stock damaged in seeded random ways and repaired: nothing is lost, what is left is reported (RS-1 to RS-10)."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

import pytest

from stockline import FoundSerial, FoundStockLine, LastMovement, ResyncRun, Stockline, TrackingCode, TrackingRow
from stockline.service import open_scratch
from tests.support.warehouse import TODAY

SITES = ("EAST", "WEST")
PLACES = ("A", "B")
ITEMS = {"BIKE": TrackingCode(serial="specific"), "DRUG": TrackingCode(serial="specific", lot="specific")}
CLOSED, UNKNOWN = 900, 999


class Damaged:
    """A stock that was good, some of it posted and some loaded, and the links as they are then overwritten."""

    def __init__(self, stock: Stockline, chance: random.Random) -> None:
        self.stock = stock
        self.chance = chance
        self.serials: dict[tuple[str, str], FoundSerial] = {}
        for site in SITES:
            stock.create_site(site, locations=[*PLACES])
        for item, tracking in ITEMS.items():
            stock.create_item(item, tracking=tracking)
            self._load(item)
            self._post(item)

    def _load(self, item: str) -> None:
        lines, serials = [], []
        base = 100 if item == "BIKE" else 500
        for number in range(base, base + self.chance.randint(2, 4)):
            lot = self.chance.choice(["L1", "L2"]) if item == "DRUG" else ""
            count = self.chance.randint(1, 3)
            lines.append(self._line(number, item, lot, count))
            for at in range(count):
                own = self.chance.choice([lot, lot, ""])
                serials.append(FoundSerial(item=item, serial=f"{number}-{at}", stock_line=number, lot=own))
        lines.append(self._line(base + CLOSED, item, "L1" if item == "DRUG" else "", 0))
        self.stock.load(stock_lines=lines, serials=serials)
        self.serials |= {(item, one.serial): one for one in serials}
        self.lines = [line for line in lines if isinstance(line.id, int)]

    def _line(self, number: int, item: str, lot: str, quantity: int) -> FoundStockLine:
        site, location = self.chance.choice(SITES), self.chance.choice(PLACES)
        return FoundStockLine(id=number, item=item, site=site, location=location, lot=lot, quantity=quantity)

    def _post(self, item: str) -> None:
        """Serials with movements of ours: received, some of them issued again."""
        for at in range(self.chance.randint(1, 4)):
            site, location, lot = self.chance.choice(SITES), self.chance.choice(PLACES), "L1" if item == "DRUG" else ""
            row = TrackingRow(f"P{at}", lot=lot or None)
            self.stock.adjust(item, site, 1, location=location, rows=[row])
            if self.chance.random() < 0.3:
                self.stock.adjust(item, site, -1, rows=[row])

    # ------------------------------------------------------------ damage

    def damage(self) -> None:
        """Overwrite links, attributes and lines behind the system's back."""
        for _ in range(self.chance.randint(1, 5)):
            self.chance.choice([self._relink, self._relink, self._relink, self._swap, self._twin, self._overwrite])()

    def _numbers(self, item: str) -> list[int]:
        return [line.stock_line for line in self.stock.stock_lines(item=item)]

    def _relink(self) -> None:
        item = self.chance.choice([*ITEMS])
        names = [serial for of, serial in self.serials if of == item] + ["P0"]
        numbers = self._numbers(item)
        base = 100 if item == "BIKE" else 500
        links = self.chance.sample([*numbers, base + CLOSED, UNKNOWN], self.chance.choice([0, 1, 1, 1, 2]))
        lot = self.chance.choice(["", "", "L1", "L2"]) if item == "DRUG" else ""
        self._write(item, self.chance.choice(names), links, lot)

    def _swap(self) -> None:
        """Two serials in each other's place."""
        item = self.chance.choice([*ITEMS])
        first, second = self.chance.sample([one for (of, _), one in self.serials.items() if of == item], 2)
        self._write(item, first.serial, links_of(second), first.lot)
        self._write(item, second.serial, links_of(first), second.lot)

    def _write(self, item: str, serial: str, links: Iterable[int], lot: str) -> None:
        last = None
        if self.chance.random() < 0.3:
            direction = self.chance.choice(["in", "in", "out"])
            place = {"site": self.chance.choice(SITES), "location": self.chance.choice(PLACES), "lot": lot}
            last = LastMovement(direction=direction, **place)  # type: ignore[arg-type]
        site = self.chance.choice([*SITES, None])
        found = FoundSerial(item=item, serial=serial, stock_line=list(links) or None, lot=lot, site=site, last=last)
        self.stock.load(serials=[found])
        self.serials[item, serial] = found

    def _twin(self) -> None:
        """A race made a second row."""
        line = self.chance.choice(self.lines)
        twin = FoundStockLine(
            id=700 + self.chance.randint(0, 50),
            item=line.item,
            site=line.site,
            location=line.location,
            lot=line.lot,
            quantity=self.chance.choice([1, 1, 2, -1]),
        )
        self.stock.load(stock_lines=[twin])

    def _overwrite(self) -> None:
        """A quantity is overwritten; now and then with one that cannot be."""
        line = self.chance.choice(self.lines)
        quantity = self.chance.choice([Decimal(text) for text in ("0", "1", "2", "3", "1.5", "-1")])
        found = {name: getattr(line, name) for name in ("id", "item", "site", "location", "lot")}
        self.stock.load(stock_lines=[FoundStockLine(**found, quantity=quantity)])


def links_of(serial: FoundSerial) -> list[int]:
    if serial.stock_line is None:
        return []
    return [serial.stock_line] if isinstance(serial.stock_line, int) else list(serial.stock_line)


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
