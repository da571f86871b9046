"""Whatever is ordered, drafted in windows, posted, invoiced and undone: the engine and a small desk agree."""

from contextlib import ExitStack
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from stockline import Code, OrderLine, TrackingRow
from stockline.service import open_scratch
from stockline.tracking_code import NumberKind
from tests.properties.desk import INBOUND, Desk, Handled, Order, Row, Rows, opened
from tests.properties.model import BIKE, BOLT, PAINT
from tests.properties.playing import Machine, play, same
from tests.support.warehouse import TODAY, furnish

SITES = ("EAST", "WEST")
NUMBERS = {BIKE: ("S1", "S2", "S3", "S4"), PAINT: ("L1", "L2"), BOLT: ()}
KIND: dict[str, NumberKind] = {BIKE: "serial", PAINT: "lot"}
_PLACES = [
    (item, site, lot) for item in NUMBERS for site in SITES for lot in (NUMBERS[PAINT] if item == PAINT else ("",))
]


class Desks(Machine):
    """Orders of one line at two sites, their windows and postings."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.orders: dict[str, Order] = {}
        self.windows: dict[str, int] = {}
        self.postings: list[tuple[int, Handled]] = []
        self._stack = ExitStack()
        self.stock = self._stack.enter_context(open_scratch(self.target, TODAY))
        furnish(self.stock)

    def teardown(self) -> None:
        self._stack.close()

    # ------------------------------------------------------------ orders

    @rule(
        kind=st.sampled_from(sorted(INBOUND)),
        item=st.sampled_from([BIKE, BIKE, PAINT, PAINT, BOLT]),
        site=st.sampled_from(SITES),
        quantity=st.integers(1, 4),
    )
    def order(self, kind: str, item: str, site: str, quantity: int) -> None:
        name = f"{kind} {len(self.orders) + 1}"
        self.stock.create_order(name, kind, site=site, lines=[OrderLine(item=item, quantity=quantity)])
        self.orders[name] = Order(kind, item, site, quantity)

    @precondition(lambda self: len(self.orders) < 12)
    @rule(item=st.sampled_from([BIKE, PAINT]), site=st.sampled_from(SITES), data=st.data())
    def receive(self, item: str, site: str, data: st.DataObject) -> None:
        """Goods come in as they do on a good day, so that there is something to take."""
        numbers = data.draw(st.lists(st.sampled_from(NUMBERS[item]), min_size=1, unique=True))
        name = f"receipt {len(self.orders) + 1}"
        amount = 1 if item == BIKE else 3
        self.orders[name] = order = Order("purchase", item, site, amount * len(numbers))
        self.stock.create_order(name, "purchase", site=site, lines=[OrderLine(item=item, quantity=order.quantity)])
        order.draft = {}
        for number in numbers:
            _enter(order.draft, number, amount)
        order.close()
        self.stock.track(f"{name}/1", [_given(item, number, quantity=amount) for number in numbers])
        self._post(name, order.quantity)

    # ------------------------------------------------------------ windows

    @precondition(lambda self: self._named(tracked=True))
    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        name, order = self._some(data, self._named(tracked=True))
        code = Code.WINDOW_OPEN if order.draft is not None else None
        answer = same(code, lambda: self.stock.open_tracking(f"{name}/1"))
        if code is None:
            self.windows[name] = answer.number
            opened(order)

    @precondition(lambda self: self.windows)
    @rule(data=st.data())
    def enter(self, data: st.DataObject) -> None:
        name, order, draft = self._window(data)
        number = data.draw(st.sampled_from(NUMBERS[order.item]))
        quantity = 1 if order.item == BIKE else data.draw(st.integers(0, 4))
        code = Code.TRACKING_DUPLICATE if number in draft else None
        row = _given(order.item, number, quantity=quantity)
        same(code, lambda: self.stock.enter_row(self.windows[name], row))
        if code is None:
            _enter(draft, number, quantity)

    @precondition(lambda self: self._drafted())
    @rule(data=st.data(), quantity=st.integers(-1, 5))
    def edit(self, data: st.DataObject, quantity: int) -> None:
        name, order, number = data.draw(st.sampled_from(self._drafted()))
        draft = _draft(order)
        row = draft[number]
        code: Code | None = None
        if order.item == BIKE and not {quantity, quantity - row.handled} <= {-1, 0, 1}:
            code = Code.SERIAL_QUANTITY_NOT_ONE
        elif quantity < 0:
            code = Code.INVALID
        elif quantity < row.handled:
            code = Code.QUANTITY_BELOW_HANDLED
        same(code, lambda: self.stock.edit_row(self.windows[name], self._key(name, number), quantity=quantity))
        if code is None:
            row.quantity, row.handle = quantity, quantity - row.handled

    @precondition(lambda self: self._drafted())
    @rule(data=st.data(), handle=st.integers(0, 4))
    def mark(self, data: st.DataObject, handle: int) -> None:
        name, order, number = data.draw(st.sampled_from(self._drafted()))
        row = _draft(order)[number]
        code: Code | None = None
        if order.item == BIKE and handle > 1:
            code = Code.SERIAL_QUANTITY_NOT_ONE
        elif handle > row.active:
            code = Code.INVALID
        same(code, lambda: self.stock.edit_row(self.windows[name], self._key(name, number), handle=handle))
        if code is None:
            row.handle = handle

    @precondition(lambda self: self._drafted())
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name, order, number = data.draw(st.sampled_from(self._drafted()))
        code = Code.ALREADY_HANDLED if _draft(order)[number].handled else None
        same(code, lambda: self.stock.remove_row(self.windows[name], self._key(name, number)))
        if code is None:
            del _draft(order)[number]

    @precondition(lambda self: self.windows)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        name, order, _ = self._window(data)
        code = order.close()
        same(code, lambda: self.stock.close_tracking(self.windows[name]))
        if code is None:
            del self.windows[name]

    @precondition(lambda self: self.windows)
    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        name, order, _ = self._window(data)
        self.stock.discard_tracking(self.windows.pop(name))
        order.draft = None

    # ------------------------------------------------------------ postings

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def post(self, data: st.DataObject) -> None:
        name, order = self._some(data, list(self.orders))
        self._post(name, data.draw(st.integers(1, max(order.outstanding, 1))))

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def post_what_is_marked(self, data: st.DataObject) -> None:
        name, order = self._some(data, list(self.orders))
        marked = sum(row.handle for row in order.rows.values())
        self._post(name, min(marked, order.outstanding) or order.outstanding or 1)

    def _post(self, name: str, quantity: int) -> None:
        expected = self.desk.post(self.orders[name], quantity)
        code = expected if isinstance(expected, Code) else None
        said = {f"{name}/1": quantity} if self.orders[name].outstanding or not code else None
        done = same(code, lambda: self.stock.post(name, quantities=said))
        if isinstance(expected, Handled):
            self.postings.append((done.number, expected))

    @precondition(lambda self: self._to_invoice())
    @rule(data=st.data())
    def invoice(self, data: st.DataObject) -> None:
        """What has been handled of an order is billed, once nothing of its numbers is still to come."""
        name, order = self._some(data, self._to_invoice())
        self.stock.post(name, handle=False, invoice=True)
        order.invoiced, order.stale = order.handled, True
        for _, handled in self.postings:
            if handled.order is order and not handled.undone:
                for entry in handled.entries:
                    entry.invoiced = abs(entry.quantity)

    @precondition(lambda self: self.postings)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        number, handled = data.draw(st.sampled_from(self.postings))
        same(self.desk.undo(handled), lambda: self.stock.undo(number))

    # ------------------------------------------------------------ what must agree

    @invariant()
    def the_lines_agree(self) -> None:
        for name, order in self.orders.items():
            line = self.stock.line(f"{name}/1")
            assert [line.quantity, line.handled, line.invoiced] == _sums(order.quantity, order.handled, order.invoiced)

    @invariant()
    def the_numbers_agree(self) -> None:
        for name, order in self.orders.items():
            if order.item != BOLT:
                assert _shown(self.stock.tracking(f"{name}/1"), order.item) == _kept(order.rows)
            if order.draft is not None:
                window = self.stock.window(self.windows[name])
                assert _shown(window, order.item) == _kept(order.draft)
                tracked = sum(row.quantity for row in order.draft.values())
                shown = [window.tracked.quantity, window.undefined.quantity]
                assert shown == _sums(tracked, order.quantity - tracked)

    @invariant()
    def the_stock_agrees(self) -> None:
        lying: dict[tuple[str, str, str], Decimal] = {}
        for line in self.stock.stock_lines():
            place = (line.item, line.site, line.lot)
            lying[place] = lying.get(place, Decimal(0)) + line.quantity
        kept = {(item, site, lot): self.desk.on_hand(item, site, lot or None) for item, site, lot in _PLACES}
        assert {place: quantity for place, quantity in lying.items() if quantity} == {
            place: quantity for place, quantity in kept.items() if quantity
        }

    @invariant()
    def the_lookups_agree(self) -> None:
        for item, site in product((BIKE, PAINT), SITES):
            shown = self.stock.numbers_on_hand(item, KIND[item], site=site)
            found = [(getattr(row, KIND[item]), int(row.total)) for row in shown]
            totals = [(number, self.desk.open_inbound(item, site, number)) for number in NUMBERS[item]]
            assert found == [(number, total) for number, total in totals if total]

    @invariant()
    def the_ledger_agrees(self) -> None:
        found = sorted(
            (one.item, one.site, one.serial or one.lot, int(one.remaining)) for one in self.stock.ledger() if one.open
        )
        kept = [(one.item, one.site, one.number, one.remaining) for one in self.desk.entries if one.remaining]
        assert found == sorted(kept)

    @invariant()
    def control_finds_nothing(self) -> None:
        assert self.stock.control() == []

    # ------------------------------------------------------------ choosing

    def _named(self, *, tracked: bool) -> list[str]:
        return [name for name, order in self.orders.items() if (order.item != BOLT) == tracked]

    def _to_invoice(self) -> list[str]:
        orders = self.orders.items()
        return [
            name
            for name, order in orders
            if order.handled > order.invoiced and not any(row.active for row in order.rows.values())
        ]

    def _some(self, data: st.DataObject, names: list[str]) -> tuple[str, Order]:
        name = data.draw(st.sampled_from(names))
        return name, self.orders[name]

    def _window(self, data: st.DataObject) -> tuple[str, Order, Rows]:
        name, order = self._some(data, list(self.windows))
        return name, order, _draft(order)

    def _drafted(self) -> list[tuple[str, Order, str]]:
        """The rows of all windows."""
        open_ = [(name, self.orders[name]) for name in self.windows]
        return [(name, order, number) for name, order in open_ for number in _draft(order)]

    def _key(self, name: str, number: str) -> int:
        rows = self.stock.window(self.windows[name]).rows
        return next(row.key for row in rows if number in (row.serial, row.lot))


def _sums(*quantities: int) -> list[Decimal]:
    return [Decimal(quantity) for quantity in quantities]


def _draft(order: Order) -> Rows:
    assert order.draft is not None
    return order.draft


def _enter(draft: Rows, number: str, quantity: int) -> None:
    draft[number] = Row(quantity, quantity)


def _given(item: str, number: str, quantity: int) -> TrackingRow:
    return TrackingRow(number) if item == BIKE else TrackingRow(lot=number, quantity=quantity)


def _shown(view: Any, item: str) -> list[tuple[Any, ...]]:
    return sorted((getattr(row, KIND[item]), row.quantity, row.handle, row.handled) for row in view.rows)


def _kept(rows: Rows) -> list[tuple[Any, ...]]:
    return sorted((number, row.quantity, row.handle, row.handled) for number, row in rows.items())


def test_random_orders_on_sqlite() -> None:
    play(Desks, None, short="20x25")


def test_random_orders_on_postgresql(postgres: str) -> None:
    play(Desks, postgres, short="4x20")
