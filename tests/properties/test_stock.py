"""Whatever is received, issued and adjusted: the engine and a small model of it agree after every step."""

from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from stockline import OrderLine, Refusal, TrackingRow
from stockline.service import open_scratch
from tests.properties.model import BIKE, BOLT, PAINT, Model, Movement, told
from tests.properties.playing import Machine, play
from tests.support.warehouse import TODAY, furnish

SITES = st.sampled_from(["EAST", "WEST"])
LOCATIONS = st.sampled_from(["", "A", "B"])
SERIALS = st.lists(st.sampled_from([f"S{number}" for number in range(8)]), min_size=1, max_size=4, unique=True)
QUANTITIES = st.sampled_from([Decimal(text) for text in ("0.5", "1", "2.25", "3", "5", "0.00001")])


@st.composite
def movements(draw: st.DrawFn) -> Movement:
    """Some goods of one item at one place."""
    item = draw(st.sampled_from([BIKE, PAINT, BOLT]))
    site, location = draw(SITES), draw(LOCATIONS)
    if item == BIKE:
        serials = draw(SERIALS)
        return Movement(item, site, location, Decimal(len(serials)), tuple(serials))
    lot = draw(st.sampled_from(["L1", "L2"])) if item == PAINT else ""
    return Movement(item, site, location, draw(QUANTITIES), (), lot)


class Trade(Machine):
    """Receipts, issues and adjustments at two sites of two locations."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.orders = 0
        self._stack = ExitStack()
        self.stock = self._stack.enter_context(open_scratch(self.target, TODAY))
        furnish(self.stock)

    def teardown(self) -> None:
        self._stack.close()

    @rule(moved=movements(), returned=st.booleans())
    def receive(self, moved: Movement, returned: bool) -> None:
        self._order("sale_return" if returned else "purchase", moved, inbound=True)

    @rule(moved=movements(), returned=st.booleans())
    def issue(self, moved: Movement, returned: bool) -> None:
        self._order("purchase_return" if returned else "sale", moved, inbound=False)

    @precondition(lambda self: self.model.serials)
    @rule(data=st.data())
    def issue_what_is_there(self, data: st.DataObject) -> None:
        serial = data.draw(st.sampled_from(sorted(self.model.serials)))
        line = self.model.serials[serial]
        moved = Movement(BIKE, line.site, data.draw(st.sampled_from(["", line.location])), Decimal(1), (serial,))
        self._order("sale", moved, inbound=False)

    @precondition(lambda self: self.model.spread_out)
    @rule(data=st.data())
    def issue_from_anywhere(self, data: st.DataObject) -> None:
        """What lies in several places leaves without a word about which: the oldest goes first."""
        line = data.draw(st.sampled_from(self.model.spread_out))
        moved = Movement(line.item, line.site, "", data.draw(QUANTITIES), (), line.lot)
        self._order("sale", moved, inbound=False)

    @rule(moved=movements(), sign=st.sampled_from([1, -1]))
    def adjust(self, moved: Movement, sign: int) -> None:
        expected = self.model.receive(moved) if sign > 0 else self.model.issue(moved)
        adjust = partial(self.stock.adjust, moved.item, moved.site, sign * moved.quantity, location=moved.location)
        self._same(moved, expected, partial(adjust, rows=rows_of(moved)))

    def _order(self, kind: str, moved: Movement, *, inbound: bool) -> None:
        self.orders += 1
        name = f"{kind} {self.orders}"
        line = OrderLine(item=moved.item, quantity=moved.quantity, location=moved.location)
        self.stock.create_order(name, kind, site=moved.site, lines=[line])
        if moved.item != BOLT:
            self.stock.track(f"{name}/1", rows_of(moved))
        expected = self.model.receive(moved) if inbound else self.model.issue(moved)
        self._same(moved, expected, partial(self.stock.post, name))

    def _same(self, moved: Movement, expected: Any, post: Any) -> None:
        """The engine refuses what the model refuses, for the same reason and because of the same serials."""
        if expected is None:
            post()
            assert self.stock.quantity_on_hand(moved.item, site=moved.site) == self.model.total(moved.item, moved.site)
        else:
            with pytest.raises(Refusal) as caught:
                post()
            assert (caught.value.code, {one.serial for one in caught.value.findings if one.serial}) == expected

    @invariant()
    def the_stock_lines_agree(self) -> None:
        found = self.stock.stock_lines()
        lines = [(one.item, one.site, one.location, one.lot, one.quantity, one.serials) for one in found]
        held = list(self.model.serials.values())
        expected = [(*told(line), sum(one is line for one in held)) for line in self.model.open_lines]
        assert lines == expected

    @invariant()
    def the_serials_agree(self) -> None:
        for serial, line in self.model.serials.items():
            state = self.stock.serial(BIKE, serial)
            assert (state.on_hand, state.site, state.location) == (True, line.site, line.location)

    @invariant()
    def the_ledger_agrees(self) -> None:
        moved: dict[tuple[str, str], Decimal] = {}
        remaining: dict[tuple[str, str], Decimal] = {}
        for entry in self.stock.ledger():
            place = (entry.item, entry.site)
            moved[place] = moved.get(place, Decimal(0)) + entry.quantity
            remaining[place] = remaining.get(place, Decimal(0)) + entry.remaining
        assert moved == remaining == {place: self.model.total(*place) for place in moved}

    @invariant()
    def control_finds_nothing(self) -> None:
        assert self.stock.control() == []


def rows_of(moved: Movement) -> list[TrackingRow]:
    if moved.item == BIKE:
        return [TrackingRow(serial) for serial in moved.serials]
    return [TrackingRow(lot=moved.lot, quantity=moved.quantity)] if moved.lot else []


def test_random_trade_on_sqlite() -> None:
    play(Trade, None, short="70x15")


def test_random_trade_on_postgresql(postgres: str) -> None:
    play(Trade, postgres, short="15x15")
