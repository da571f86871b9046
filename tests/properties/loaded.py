"""A trade with stock that was loaded from elsewhere, wrong in seeded random ways: its damage, and what it does next."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from stockline import (
    Counted,
    FoundReservation,
    FoundSerial,
    FoundStockLine,
    LastMovement,
    Location,
    OrderLine,
    Reclassified,
    Refusal,
    Stockline,
    StockLineState,
    TrackingCode,
    TrackingRow,
)

SITES = ("EAST", "WEST")
PLACES = ("", "A", "B", "DOCK")
CODES = {
    "BIKE": TrackingCode(serial="specific"),
    "WATCH": TrackingCode(serial="specific", lot="specific"),
    "PUMP": TrackingCode(serial="specific", package="specific"),
    "SHIRT": TrackingCode(serial="specific", lot=[]),
    "MILK": TrackingCode(lot="specific", strict_expiration=True),
    "CRATE": TrackingCode(lot="specific", package="specific"),
    "PHONE": TrackingCode(serial=[]),
    "NAIL": TrackingCode(),
}
VARIANTS = {"SHIRT": ("", "RED")}
QUANTITIES = ("1", "1", "2", "3", "5", "0", "-1", "1.5", "-2.5")


class LoadedTrade:
    """Stock that was loaded, and everything a trade may do with it; what is chosen is left to chance."""

    def __init__(self, stock: Stockline, chance: random.Random) -> None:
        self.stock: Any = stock
        self.chance = chance
        self.item = chance.choice([*CODES])
        self.line: StockLineState | None = None
        self.orders: list[str] = []
        self.postings: list[int] = []
        self.runs: list[int] = []
        for site in SITES:
            stock.create_site(
                site, locations=[Location(id="A"), Location(id="B"), Location(id="DOCK", category="put_away")]
            )
        stock.create_site("ROAD", in_transit=True)
        for item, code in CODES.items():
            stock.create_item(item, tracking=code, variants=[one for one in VARIANTS.get(item, ()) if one])

    @property
    def code(self) -> TrackingCode:
        """The tracking code of the item that is played with."""
        return CODES[self.item]

    # ------------------------------------------------------------ what is chosen

    def step(self) -> tuple[str, bool]:
        """Do one thing, mostly with what lies on one stock line: what it was, and whether it was refused."""
        self.line = self.chance.choice([*self.stock.stock_lines(item=self.item)] or [None])
        operation = self.chance.choice(self.operations())
        try:
            operation()
        except Refusal:
            return operation.__name__, True
        return operation.__name__, False

    def _mostly(self, named: str | None, others: Sequence[str]) -> str:
        return named if named is not None and self.chance.random() < 0.7 else self.chance.choice(others)

    def site(self) -> str:
        return self._mostly(self.line.site if self.line else None, SITES)

    def place(self) -> str:
        return self._mostly(self.chance.choice(["", self.line.location]) if self.line else None, PLACES)

    def variant(self) -> str:
        return self._mostly(self.line.variant if self.line else None, VARIANTS.get(self.item, ("",)))

    def lot(self) -> str:
        return self.chance.choice(["L1", "L2"]) if self.code.policy("lot") != "none" else ""

    def package(self) -> str:
        return self.chance.choice(["P1", "P2"]) if self.code.policy("package") != "none" else ""

    def serial(self) -> str:
        return f"S{self.chance.randint(1, 6)}" if self.code.policy("serial") != "none" else ""

    def serials(self) -> list[str]:
        if self.line and self.code.steers("serial") and self.chance.random() < 0.7:
            there = [one.serial for one in self.stock.resync_serials(self.line.stock_line)]
            if there:
                return self.chance.sample(there, min(len(there), self.chance.randint(1, 2)))
        return self.chance.sample([f"S{number}" for number in range(1, 7)], self.chance.randint(1, 2))

    def number(self) -> int:
        """A stock line that is there, or some number."""
        there: list[int] = [line.stock_line for line in self.stock.stock_lines(item=self.item)]
        return self.chance.choice([*there, *([self.line.stock_line] * 4 if self.line else []), 1, 9])

    def rows(self) -> list[TrackingRow]:
        """Rows that mostly say what the item needs, and mostly of what is there."""
        lot, package = self.lot() or None, self.package() or None
        if self.line and self.chance.random() < 0.8:
            lot, package = self.line.lot or lot, self.line.package or package
        if self.code.policy("lot") == "none":
            lot = None
        expires = dt.date(2027, 1, 1) if self.code.uses_expiration and self.chance.random() < 0.3 else None
        if self.code.policy("serial") != "none" and (self.code.steers("serial") or self.chance.random() < 0.6):
            named = self.chance.random() < 0.6
            return [
                TrackingRow(one, lot=lot if named else None, package=package if named else None)
                for one in self.serials()
            ]
        if not self.code.tracked:
            return []
        quantity = Decimal(self.chance.choice(["1", "1", "2", "3", "0.5"]))
        return [TrackingRow(lot=lot, package=package, quantity=quantity, expires=expires)] if lot or package else []

    def size(self, rows: Sequence[TrackingRow]) -> Decimal:
        if not rows:
            return Decimal(self.chance.choice(["1", "2", "3", "0.5"]))
        return sum((Decimal(str(row.quantity if row.quantity is not None else 1)) for row in rows), Decimal(0))

    # ------------------------------------------------------------ damage

    def load_well(self) -> None:
        """Stock that is as it should be: each line holds its serials, which are of its lot."""
        lines, serials = [], []
        for number in range(11, 14):
            line = FoundStockLine(
                id=number,
                item=self.item,
                variant=self.variant(),
                site=self.site(),
                location=self.chance.choice(["A", "B"]),
                lot=self.lot() if self.code.lot != "none" else "",
                package=f"P{number - 10}" if self.code.package != "none" else "",
                quantity=2,
            )
            lines.append(line)
            if self.code.steers("serial"):
                names = (f"S{2 * (number - 11) + nth}" for nth in (1, 2))
                serials += [
                    FoundSerial(
                        item=self.item,
                        variant=line.variant,
                        serial=name,
                        stock_line=number,
                        lot=line.lot,
                        site=line.site,
                    )
                    for name in names
                ]
        self.stock.load(stock_lines=lines, serials=serials)

    def load_more(self) -> None:
        """Stock from elsewhere, right or wrong."""
        count = self.chance.randint(1, 2)
        numbers = self.chance.sample(
            [1, 2, 3, 11, 12, 2**24 * self.chance.randint(1, 60) + self.chance.randint(1, 3)], count
        )
        lines = [self._line(number) for number in numbers]
        serials = (
            []
            if self.code.policy("serial") == "none"
            else [self._serial(number, numbers) for number in range(1, self.chance.randint(1, 4))]
        )
        reservations = [self._reservation(number) for number in range(self.chance.choice([0, 0, 1, 2]))]
        self.stock.load(stock_lines=lines, serials=serials, reservations=reservations)

    def _line(self, number: int) -> FoundStockLine:
        code = self.code
        return FoundStockLine(
            id=number,
            item=self.item,
            variant=self.variant(),
            site=self.site(),
            location=self.chance.choice(["", "A", "A", "B", "DOCK", "NOWHERE"]),
            lot=self.chance.choice(["L1", "L2", ""]) if code.lot != "none" or self.chance.random() < 0.1 else "",
            package=self.chance.choice(["P1", "P2", ""])
            if code.package != "none" or self.chance.random() < 0.1
            else "",
            status=self.chance.choice(["A", "A", "A", "Q", "X"]),
            sublot=self.chance.choice(["", "", "", "X"]),
            quantity=Decimal(self.chance.choice(QUANTITIES)),
        )

    def _serial(self, number: int, lines: Sequence[int]) -> FoundSerial:
        links = self.chance.sample([*lines, 11, 12, 13, 77], self.chance.choice([0, 1, 1, 1, 1, 2]))
        last = None
        if self.chance.random() < 0.2:
            last = LastMovement(
                direction=self.chance.choice(["in", "out"]), site=self.site(), location=self.place(), lot=self.lot()
            )
        return FoundSerial(
            item=self.item,
            variant=self.variant(),
            serial=f"S{number}",
            stock_line=links or None,
            lot=self.chance.choice(["", "", "L1", "L2"]),
            site=self.chance.choice([*SITES, None]),
            last=last,
        )

    def _reservation(self, number: int) -> FoundReservation:
        named = self.chance.random() < 0.5
        return FoundReservation(
            document=f"R{number}",
            line=1,
            kind=self.chance.choice(["sale", "purchase_return", "production"]),
            item=self.item,
            variant=self.variant(),
            site=self.site(),
            quantity=self.chance.choice([1, 2]) if not named else 1,
            serial=self.serial() if named else "",
            lot=self.lot() if named and self.chance.random() < 0.5 else "",
        )

    # ------------------------------------------------------------ what is done

    def operations(self) -> list[Callable[[], Any]]:
        """Everything a trade may do."""
        return [
            self.adjust,
            self.adjust,
            self.order,
            self.order,
            self.post,
            self.post,
            self.undo,
            self.reclassify,
            self.move_stock,
            self.count,
            self.reserve,
            self.reserve,
            self.unreserve,
            self.resync_auto,
            self.undo_resync,
            self.draft,
            self.remove_or_add,
            self.transfer,
            self.window,
            self.delete,
            self.load_more,
            self.give_back,
            self.correct,
        ]

    def adjust(self) -> None:
        rows = self.rows()
        quantity = self.size(rows) * self.chance.choice([1, -1, -1])
        entry = self.chance.choice([None] * 5 + [one.number for one in self.stock.ledger(item=self.item)][-3:])
        done = self.stock.adjust(
            self.item, self.site(), quantity, variant=self.variant(), location=self.place(), rows=rows, apply_to=entry
        )
        self.postings.append(done.number)

    def order(self) -> None:
        name = f"O{len(self.orders)}"
        rows = self.rows()
        kind = self.chance.choice(["sale", "sale", "purchase", "sale_return", "purchase_return"])
        line = OrderLine(item=self.item, quantity=self.size(rows), variant=self.variant(), location=self.place())
        self.stock.create_order(name, kind, site=self.site(), lines=[line])
        self.orders.append(name)
        if rows:
            self.stock.track(f"{name}/1", rows)

    def transfer(self) -> None:
        name, rows, here = f"O{len(self.orders)}", self.rows(), self.site()
        there = next(site for site in SITES if site != here)
        line = OrderLine(item=self.item, quantity=self.size(rows), variant=self.variant())
        self.stock.create_order(name, "transfer", from_site=here, to_site=there, in_transit="ROAD", lines=[line])
        self.orders.append(name)
        if rows:
            self.stock.track(f"{name}/1", rows)

    def window(self) -> None:
        line = f"{self.document()}/1"
        opened = self.stock.open_tracking(line)
        try:
            self.stock.select_entries(opened.number)
            self.stock.scan(opened.number, self.serial() or self.lot() or "P1")
            self.stock.close_tracking(opened.number)
        except BaseException:
            self.stock.discard_tracking(opened.number)
            raise

    def document(self) -> str:
        return self.chance.choice([*self.orders[-4:], "R0", "R1"])

    def post(self) -> None:
        names = self.orders[-3:] or ["R0"]
        chosen = self.chance.sample(names, min(len(names), self.chance.choice([1, 1, 1, 2])))
        done = self.stock.post(chosen, invoice=self.chance.random() < 0.1)
        self.postings.append(done.number)

    def undo(self) -> None:
        if self.postings:
            self.stock.undo(self.chance.choice(self.postings[-4:]))

    def give_back(self) -> None:
        """What was sold comes back, by its entry."""
        sold = [one for one in self.stock.ledger(item=self.item) if one.type == "sale" and one.quantity < 0]
        if sold:
            one = self.chance.choice(sold)
            name = f"O{len(self.orders)}"
            self.stock.create_order(
                name,
                "sale_return",
                site=self.site(),
                lines=[OrderLine(item=self.item, quantity=-one.quantity, variant=one.variant)],
            )
            self.orders.append(name)
            self.stock.track(
                f"{name}/1",
                [
                    TrackingRow(
                        one.serial or None,
                        lot=one.lot or None,
                        package=one.package or None,
                        quantity=-one.quantity,
                        apply_from=one.number,
                    )
                ],
            )
            self.postings.append(self.stock.post(name).number)

    def reclassify(self) -> None:
        rows = []
        for row in self.rows():
            change: dict[str, Any] = {}
            if self.chance.random() < 0.4 and row.serial:
                change["new_serial"] = self.serial()
            if self.chance.random() < 0.4 and self.code.lot != "none":
                change["new_lot"] = self.lot()
            if self.chance.random() < 0.4 and self.code.package != "none":
                change["new_package"] = self.package()
            rows.append(
                Reclassified(serial=row.serial, lot=row.lot, package=row.package, quantity=row.quantity, **change)
            )
        if not rows:
            rows = [Reclassified(quantity=self.size([]))]
        self.stock.reclassify(
            self.item,
            self.site(),
            rows,
            variant=self.variant(),
            location=self.place(),
            new_site=self.chance.choice([None, *SITES]),
            new_location=self.chance.choice([None, "A", "B"]),
        )

    def move_stock(self) -> None:
        to: dict[str, Any] = {}
        for name, value in (
            ("location", self.place()),
            ("site", self.site()),
            ("status", "Q"),
            ("sublot", "Y"),
            ("lot", self.lot()),
            ("package", self.package()),
        ):
            if self.chance.random() < 0.3:
                to[name] = value
        to = to or {"location": "A"}
        quantity = self.chance.choice([None, None, 1, 2])
        serials = self.serials() if self.code.serial != "none" and self.chance.random() < 0.5 else []
        if self.chance.random() < 0.7:
            self.stock.move_stock(
                to=to, stock_line=self.number(), quantity=None if serials else quantity, serials=serials
            )
        else:
            self.stock.move_stock(
                to=to,
                item=self.item,
                site=self.site(),
                quantity=None if serials else quantity,
                serials=serials,
                location=self.place(),
            )

    def count(self) -> None:
        rows = [
            Counted(serial=row.serial, lot=row.lot, package=row.package, quantity=row.quantity) for row in self.rows()
        ]
        if self.chance.random() < 0.3:
            rows = []
        if not self.code.tracked:
            rows = [Counted(quantity=self.chance.randint(0, 4))]
        self.stock.count(
            self.item,
            self.site(),
            rows,
            variant=self.variant(),
            location=self.chance.choice(["", "", "A", "B", "DOCK"]),
        )

    def reserve(self) -> None:
        line = f"{self.document()}/1"
        against = self.chance.choice([None, "stock"])
        partial = self.chance.random() < 0.5
        kind = self.chance.choice([None, "serial", "lot"])
        number = {kind: self.serial() if kind == "serial" else self.lot()} if kind else {}
        self.stock.reserve(line, against=against, partial=partial, **number)

    def unreserve(self) -> None:
        self.stock.unreserve(f"{self.document()}/1", against=self.chance.choice([None, "stock"]))

    def correct(self) -> None:
        """A line of an order is changed."""
        name = self.chance.choice(["quantity", "site", "location", "variant"])
        values = {"quantity": 2, "site": self.site(), "location": self.place(), "variant": self.variant()}
        self.stock.change_line(f"{self.document()}/1", **{name: values[name]})

    def delete(self) -> None:
        self.stock.delete_order(self.document(), confirm=True)

    def resync_auto(self) -> None:
        site = self.chance.choice([None, *SITES])
        dry = self.stock.resync_auto(site=site, dry_run=True)
        run = self.stock.resync_auto(site=site)
        assert run.actions == dry.actions, "a dry run answers the same"
        self.runs.append(run.number)

    def undo_resync(self) -> None:
        if self.runs:
            self.runs.append(self.stock.undo_resync(self.chance.choice(self.runs)).number)

    def remove_or_add(self) -> None:
        change = self.chance.choice([self.stock.resync_remove, self.stock.resync_add])
        self.runs.append(change(self.number(), self.serials()).number)

    def draft(self) -> None:
        number = self.number()
        place = self.stock.draft_place(number, "ANN")
        self.stock.resync_candidates(number, every=True)
        self.stock.resync_serials(number)
        for _ in range(self.chance.randint(1, 3)):
            if self.chance.random() < 0.5:
                self.stock.draft_removal(place, self.number(), self.serials())
            else:
                self.stock.draft_addition(place, self.number(), self.serials(), move=self.chance.random() < 0.5)
        if self.chance.random() < 0.7:
            self.runs.append(self.stock.save_draft(place).number)
        else:
            self.stock.cancel_draft(place)
