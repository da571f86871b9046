"""Good stock that is damaged in seeded random ways."""

import random
from collections.abc import Iterable
from decimal import Decimal

from stockline import FoundSerial, FoundStockLine, LastMovement, Stockline, TrackingCode, TrackingRow

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
