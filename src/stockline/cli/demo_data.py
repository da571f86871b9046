"""The demo's data: a quarter of trade in electric bicycles and parts, made by chance but always the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from stockline import OrderLine, TrackingCode, TrackingRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from stockline.values import DocumentKind

START = date(2025, 3, 3)
TODAY = date(2025, 6, 2)
SITES = {"CENTRAL": ("A-01", "A-02", "DOCK"), "HARBOUR": ("SHOP", "CELLAR"), "STATION": ("SHOP",)}
SHOPS = ("HARBOUR", "STATION")

SERIAL = TrackingCode(serial="specific")
LOT = TrackingCode(lot="specific")
PERISHABLE = TrackingCode(lot="specific", use_expiration=True)

SERIAL_NUMBERS = {
    "CITYBIKE-E5": "NF25C{:06d}",
    "TREKKING-E7": "NF25T{:06d}",
    "CARGO-E9": "NF25L{:06d}",
    "BATTERY-500": "BT500-2506-{:05d}",
    "BATTERY-750": "BT750-2506-{:05d}",
    "MOTOR-BX3": "BX3 7A {:05d}",
    "DISPLAY-K2": "K2-{:08X}",
}
"""How the makers number each item that is tracked by serials."""

LOT_ITEMS = {"TYRE-28-47": 40, "BRAKE-PADS-D03": 60, "CHAIN-E11": 30}
PERISHABLES = {"SEALANT-1L": 24, "BRAKE-FLUID-DOT5": 12, "GREASE-400G": 10}
LOOSE_ITEMS = {"TUBE-28": 80, "BOLT-M5X16": 500, "CABLE-TIE-200": 400, "SPOKE-2.0-290": 250}
"""Items tracked by lots, by lots that expire, and not at all, with the quantity usually bought."""


def tracking_codes() -> dict[str, TrackingCode | None]:
    """Every item with its tracking code."""
    return {
        **dict.fromkeys(SERIAL_NUMBERS, SERIAL),
        **dict.fromkeys(LOT_ITEMS, LOT),
        **dict.fromkeys(PERISHABLES, PERISHABLE),
        **dict.fromkeys(LOOSE_ITEMS),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an order with its tracking rows."""

    item: str
    quantity: Decimal
    rows: list[TrackingRow] = field(default_factory=list)
    type: str | None = None

    @property
    def order_line(self) -> OrderLine:
        """The line as an order takes it."""
        return OrderLine(item=self.item, quantity=self.quantity, type=self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of the demo. One that is not posted stays open."""

    id: str
    kind: DocumentKind
    site: str
    date: date
    party: str
    lines: list[Line]
    posted: bool = True

    @property
    def line_names(self) -> list[str]:
        """The names of its lines."""
        return [f"{self.id}/{number}" for number in range(1, len(self.lines) + 1)]


def mistake(kind: DocumentKind, site: str, item: str, rows: list[TrackingRow], quantity: Decimal = Decimal(1)) -> Order:
    """An order of today that should not be."""
    line = Line(item=item, quantity=quantity, rows=rows)
    return Order(id="MISTAKE", kind=kind, site=site, date=TODAY, party="", lines=[line])


SUPPLIERS = ("Veloparts Ltd", "Bosk Drives", "Gummi & Sohn", "Fastenings Direct")
CUSTOMERS = ("A. Lindqvist", "City Couriers", "M. Okafor", "Postal Service", "J. Brandt", "Harbour Rentals", "S. Ito")


class Company:
    """What the company has, so that it sells only what is there; and its orders, day by day."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._numbers: dict[str, int] = {}
        self._serials: dict[tuple[str, str], list[str]] = {}
        self._lots: dict[tuple[str, str], dict[str, int]] = {}
        self._loose: dict[tuple[str, str], int] = {}
        self._sold: list[tuple[str, str]] = []

    def new_serials(self, item: str, count: int) -> list[str]:
        """The next serials of an item; makers leave gaps."""
        serials = []
        for _ in range(count):
            self._numbers[item] = self._numbers.get(item, 1000) + self._chance.choice((1, 1, 1, 2, 3))
            serials.append(SERIAL_NUMBERS[item].format(self._numbers[item]))
        return serials

    def arrived(self, site: str, item: str, serials: list[str]) -> None:
        """Note serials that came in another way than by these orders."""
        self._serials.setdefault((item, site), []).extend(serials)

    def orders(self) -> Iterator[Order]:
        """A quarter's orders; those of the last days are still open."""
        number = 0
        for day in range((TODAY - START).days):
            today = START + timedelta(days=day)
            if today.weekday() == 6:
                continue
            for _ in range(self._chance.randint(2, 6)):
                if order := self._order(number, today):
                    number += 1
                    yield order

    def _order(self, number: int, today: date) -> Order | None:
        site = self._chance.choice((*SHOPS, *SHOPS, "CENTRAL"))
        posted = (TODAY - today).days > 6
        makers = (self._purchase, self._sale, self._sale_return, self._journal)
        maker = self._chance.choices(makers, weights=(30, 55, 6, 9))[0]
        return maker(number, site, today, posted)

    def _purchase(self, number: int, site: str, today: date, posted: bool) -> Order:
        """Goods from a supplier: serials at random, one or two lots, and small parts."""
        lines = [self._serials_bought(site, posted)] if self._chance.random() < 0.4 else []
        lines += [self._lot_bought(site, today, posted) for _ in range(self._chance.randint(0, 2))]
        if not lines or self._chance.random() < 0.5:
            lines.append(self._loose_bought(site, posted))
        supplier = self._chance.choice(SUPPLIERS)
        return Order(
            id=f"PO{number + 1001}", kind="purchase", site=site, date=today, party=supplier, lines=lines, posted=posted
        )

    def _serials_bought(self, site: str, posted: bool) -> Line:
        item = self._chance.choice(list(SERIAL_NUMBERS))
        serials = self.new_serials(item, self._chance.randint(3, 12))
        if posted:
            self.arrived(site, item, serials)
        return Line(item=item, quantity=Decimal(len(serials)), rows=[TrackingRow(serial) for serial in serials])

    def _lot_bought(self, site: str, today: date, posted: bool) -> Line:
        usual = LOT_ITEMS | PERISHABLES
        item = self._chance.choice(list(usual))
        quantity = usual[item] + self._chance.randint(-5, 20)
        lot = f"{item[:2]}{today:%y%m%d}-{self._chance.randint(1, 9)}"
        expires = today.replace(day=1) + timedelta(days=self._chance.randint(300, 700)) if item in PERISHABLES else None
        if posted:
            lots = self._lots.setdefault((item, site), {})
            # A lot bought twice on one day would have to expire on one date; the maker numbers the second one anew.
            while any(lot in known for known in self._lots.values()):
                lot += "B"
            lots[lot] = quantity
        row = TrackingRow(None, lot, base_quantity=quantity, expires=expires)
        return Line(item=item, quantity=Decimal(quantity), rows=[row])

    def _loose_bought(self, site: str, posted: bool) -> Line:
        item = self._chance.choice(list(LOOSE_ITEMS))
        if posted:
            self._loose[item, site] = self._loose.get((item, site), 0) + LOOSE_ITEMS[item]
        return Line(item=item, quantity=Decimal(LOOSE_ITEMS[item]))

    def _sale(self, number: int, site: str, today: date, posted: bool) -> Order | None:
        """Goods for a customer: what the site has, and no item twice."""
        lines: dict[str, Line] = {}
        for take in self._chance.sample((self._serials_sold, self._lot_sold, self._loose_sold), k=2):
            if line := take(site):
                lines[line.item] = line
        customer = self._chance.choice(CUSTOMERS)
        order = Order(
            id=f"SO{number + 1001}",
            kind="sale",
            site=site,
            date=today,
            party=customer,
            lines=list(lines.values()),
            posted=posted,
        )
        return order if lines else None

    def _serials_sold(self, site: str, most: int = 3) -> Line | None:
        items = [item for item, place in self._serials if place == site and self._serials[item, place]]
        if not items:
            return None
        item = self._chance.choice(items)
        there = self._serials[item, site]
        sold = [there.pop(self._chance.randrange(len(there))) for _ in range(min(len(there), most))]
        self._sold += [(item, serial) for serial in sold]
        return Line(item=item, quantity=Decimal(len(sold)), rows=[TrackingRow(serial) for serial in sold])

    def _lot_sold(self, site: str) -> Line | None:
        there = [
            (item, lot) for (item, place), lots in self._lots.items() if place == site for lot in lots if lots[lot]
        ]
        if not there:
            return None
        item, lot = self._chance.choice(there)
        quantity = min(self._lots[item, site][lot], self._chance.randint(1, 8))
        self._lots[item, site][lot] -= quantity
        row = TrackingRow(None, lot, base_quantity=quantity)
        return Line(item=item, quantity=Decimal(quantity), rows=[row])

    def _loose_sold(self, site: str) -> Line | None:
        items = [item for (item, place), quantity in self._loose.items() if place == site and quantity > 20]
        if not items:
            return None
        item = self._chance.choice(items)
        quantity = self._chance.randint(2, 20)
        self._loose[item, site] -= quantity
        return Line(item=item, quantity=Decimal(quantity))

    def _sale_return(self, number: int, site: str, today: date, posted: bool) -> Order | None:
        """A customer brings a unit back, to any shop."""
        if not self._sold or not posted:
            return None
        item, serial = self._sold.pop(self._chance.randrange(len(self._sold)))
        self.arrived(site, item, [serial])
        line = Line(item=item, quantity=Decimal(1), rows=[TrackingRow(serial)])
        customer = self._chance.choice(CUSTOMERS)
        return Order(id=f"SR{number + 1001}", kind="sale_return", site=site, date=today, party=customer, lines=[line])

    def _journal(self, number: int, site: str, today: date, posted: bool) -> Order | None:
        """A count found a unit missing, or a part is used up in the workshop."""
        line = (self._serials_sold(site, 1) if self._chance.random() < 0.3 else None) or self._lot_sold(site)
        if line is None or not posted:
            return None
        if line.rows and line.rows[0].serial:
            self._sold.pop()
        used = Line(item=line.item, quantity=line.quantity, rows=line.rows, type="negative_adjustment")
        return Order(id=f"CJ{number + 1001}", kind="journal", site=site, date=today, party="", lines=[used])
