"""Orders of all kinds, reserved, numbered, changed, posted, undone and deleted at random: what is always true of links.

No model says what must happen. Whatever is done or refused, afterwards everything agrees with itself.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from stockline import Link, OrderLine, Refusal, TrackingCode, TrackingRow
from stockline.service import open_scratch
from tests.properties.playing import Machine, play
from tests.support.warehouse import TODAY, furnish

NUMBERS: dict[str, tuple[str, ...]] = {
    "BOLT": (),
    "BIKE": ("S1", "S2", "S3", "S4"),
    "PAINT": ("L1", "L2", "L3"),
    "GREASE": ("L1", "L2"),
}
"""Untracked, by serial, by lot, and with lots of free entry, in which nothing has to agree."""
SPECIFIC = {"BIKE", "PAINT"}
ORDERS = ("sale", "sale", "purchase", "purchase", "sale_return", "purchase_return")
QUANTITIES = st.integers(1, 5)
DAYS = st.sampled_from([TODAY + dt.timedelta(days=days) for days in (1, 3, 5)])


class Links(Machine):
    """Two sites, the road between them, and whatever is ordered there of one item."""

    def __init__(self) -> None:
        super().__init__()
        self.item = ""
        self.lines: list[str] = []
        self.outputs: set[str] = set()
        self.postings: list[int] = []
        self._orders = 0
        self._stack = ExitStack()
        self.stock = self._stack.enter_context(open_scratch(self.target, TODAY))
        furnish(self.stock)
        self.stock.create_site("ROAD", in_transit=True)
        self.stock.create_item("GREASE", tracking=TrackingCode(lot=()))
        self.stock.create_item("TOY")

    def teardown(self) -> None:
        self._stack.close()

    @initialize(item=st.sampled_from(sorted(NUMBERS)))
    def choose(self, item: str) -> None:
        """One item is enough: no link goes from one to another."""
        self.item = item

    # ------------------------------------------------------------ what is done

    @rule(kind=st.sampled_from(ORDERS), quantity=QUANTITIES, day=DAYS, policy=st.sampled_from((None, None, "always")))
    def order(self, kind: str, quantity: int, day: dt.date, policy: str | None) -> None:
        line = OrderLine(item=self.item, quantity=quantity, reserve=policy)
        self._create(["1"], kind=kind, site="EAST", date=day, lines=[line])

    @rule(kind=st.sampled_from(("production", "assembly")), quantity=QUANTITIES, day=DAYS)
    def make(self, kind: str, quantity: int, day: dt.date) -> None:
        (line,) = self._create(["1"], kind=kind, site="EAST", date=day, item=self.item, quantity=quantity)
        if kind == "production":
            self.outputs.add(line)

    @rule(kind=st.sampled_from(("production", "assembly")), quantity=QUANTITIES, day=DAYS)
    def use(self, kind: str, quantity: int, day: dt.date) -> None:
        parts = [OrderLine(item=self.item, quantity=quantity)]
        self._create(["c1"], kind=kind, site="EAST", date=day, item="TOY", quantity=2, components=parts)

    @rule(quantity=QUANTITIES, day=DAYS, there=st.booleans())
    def transfer(self, quantity: int, day: dt.date, there: bool) -> None:
        ends = ("EAST", "WEST") if there else ("WEST", "EAST")
        ways = {"from_site": ends[0], "to_site": ends[1], "in_transit": "ROAD", "receipt_date": day}
        lines = [OrderLine(item=self.item, quantity=quantity)]
        self._create(["1:out", "1:in"], kind="transfer", lines=lines, **ways)

    @rule(quantity=QUANTITIES, sign=st.sampled_from((1, 1, -1)), there=st.booleans(), data=st.data())
    def adjust(self, quantity: int, sign: int, there: bool, data: st.DataObject) -> None:
        rows = self._rows(quantity, data)
        total = sum(int(row.quantity or 1) for row in rows) or quantity
        self._try(self.stock.adjust, self.item, "EAST" if there else "WEST", sign * total, rows=rows)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), partial=st.booleans())
    def reserve(self, data: st.DataObject, partial: bool) -> None:
        """All that can be had of anything, or all."""
        self._try(self.stock.reserve, self._line(data), partial=partial)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), quantity=st.none() | QUANTITIES)
    def reserve_against(self, data: st.DataObject, quantity: int | None) -> None:
        partner = data.draw(st.sampled_from(["stock", *self.lines]))
        self._try(self.stock.reserve, self._line(data), quantity=quantity, against=partner, partial=True)

    @precondition(lambda self: bool(self.lines and NUMBERS[self.item]))
    @rule(data=st.data(), quantity=st.none() | QUANTITIES, partial=st.booleans())
    def reserve_by_number(self, data: st.DataObject, quantity: int | None, partial: bool) -> None:
        number = data.draw(st.sampled_from(NUMBERS[self.item]))
        named = {"serial" if self.item == "BIKE" else "lot": number}
        self._try(self.stock.reserve, self._line(data), quantity=quantity, partial=partial, **named)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), quantity=st.none() | QUANTITIES)
    def unreserve(self, data: st.DataObject, quantity: int | None) -> None:
        self._try(self.stock.unreserve, self._line(data), quantity=quantity)

    @precondition(lambda self: bool(self.lines and NUMBERS[self.item]))
    @rule(data=st.data())
    def track(self, data: st.DataObject) -> None:
        line = self._line(data)
        self._try(self.stock.track, line, self._rows(int(self.stock.line(line).quantity), data))

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), quantity=st.integers(0, 6))
    def change_quantity(self, data: st.DataObject, quantity: int) -> None:
        self._try(self.stock.change_line, self._line(data), quantity=quantity)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), day=DAYS)
    def change_date(self, data: st.DataObject, day: dt.date) -> None:
        line = self._line(data)
        self._try(self.stock.change_line, line, **{"receipt_date" if ":" in line else "date": day})

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), policy=st.sampled_from(("never", "optional", "always")))
    def set_policy(self, data: st.DataObject, policy: str) -> None:
        self._try(self.stock.change_line, self._line(data), reserve=policy)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), quantity=st.none() | QUANTITIES, invoice=st.booleans())
    def post(self, data: st.DataObject, quantity: int | None, invoice: bool) -> None:
        line, _, side = self._line(data).partition(":")
        said = None if quantity is None else {line: quantity}
        order = line.partition("/")[0]
        posting = self._try(self.stock.post, order, quantities=said, side=side or None, invoice=invoice)
        if posting is not None:
            self.postings.append(posting.number)

    @precondition(lambda self: self.postings)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self._try(self.stock.undo, data.draw(st.sampled_from(self.postings)))

    @precondition(lambda self: len(self.lines) > 3)
    @rule(data=st.data(), confirm=st.booleans())
    def delete(self, data: st.DataObject, confirm: bool) -> None:
        order = self._line(data).partition("/")[0]
        if self._try(self.stock.delete_order, order, confirm=confirm):
            self.lines = [line for line in self.lines if line.partition("/")[0] != order]

    # ------------------------------------------------------------ what must be true

    @invariant()
    def both_sides_of_a_link_agree(self) -> None:
        for link in self.stock.links():
            assert link.quantity > 0
            assert (link.status == "surplus") == (None in (link.demand, link.supply)), link
            if link.status == "reservation" and self.item in SPECIFIC:
                assert link.demand_serial in (None, link.supply_serial), link
                assert link.demand_lot in (None, link.supply_lot), link
            if link.demand and link.supply not in (None, "stock"):
                assert self.stock.line(link.supply).date <= self.stock.line(link.demand).date, link

    @invariant()
    def no_unit_stands_in_two_entries(self) -> None:
        for line, own in self._entries().items():
            state = self.stock.line(line)
            reserved = sum(quantity for (status, _), quantity in own.items() if status == "reservation")
            assert reserved == state.reserved <= state.outstanding, line
            if line not in self.outputs:  # of these more may be numbered than was ordered (IN-1)
                assert own.total() <= state.outstanding, line

    @invariant()
    def a_line_carries_what_its_window_shows(self) -> None:
        for line, own in self._entries().items() if NUMBERS[self.item] else ():
            carried = Counter[str]()
            for (_, number), quantity in own.items():
                carried[number] += quantity
            del carried[""]
            shown = {row.serial or row.lot: row.quantity - row.handled for row in self.stock.tracking(line).rows}
            assert carried == {number: quantity for number, quantity in shown.items() if quantity}, line
            assert self.item != "BIKE" or set(carried.values()) <= {1}, line

    @invariant()
    def control_finds_nothing(self) -> None:
        assert self.stock.control() == []

    def _entries(self) -> dict[str, Counter[tuple[str, str]]]:
        """How much of each line stands in entries, by status and number."""
        found: dict[str, Counter[tuple[str, str]]] = {line: Counter() for line in self.lines}
        for link in self.stock.links():
            for line, number in _sides(link):
                if line in found:
                    found[line][link.status, number] += int(link.quantity)
        return found

    # ------------------------------------------------------------ choosing

    def _create(self, places: list[str], **order: Any) -> list[str]:
        self._orders += 1
        name = f"O{self._orders}"
        self.stock.create_order(name, **order)
        lines = [f"{name}/{place}" for place in places]
        self.lines += lines
        return lines

    def _line(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.lines))

    def _rows(self, quantity: int, data: st.DataObject) -> list[TrackingRow]:
        """Rows of so much, of one number or several, or of less."""
        numbers = data.draw(st.permutations(NUMBERS[self.item]))
        if self.item == "BIKE":
            return [TrackingRow(number) for number in numbers[:quantity]]
        first = data.draw(st.integers(0, quantity))
        parts = zip(numbers, (first, quantity - first), strict=False)
        return [TrackingRow(lot=number, quantity=part) for number, part in parts if part]

    @staticmethod
    def _try(work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What the engine answers, None where it refuses."""
        try:
            return work(*given, **named)
        except Refusal:
            return None


def _sides(link: Link) -> list[tuple[str | None, str]]:
    return [
        (link.demand, link.demand_serial or link.demand_lot or ""),
        (link.supply, link.supply_serial or link.supply_lot or ""),
    ]


def test_random_links_on_sqlite() -> None:
    play(Links, None, short="20x25")


def test_random_links_on_postgresql(postgres: str) -> None:
    play(Links, postgres, short="4x20")
