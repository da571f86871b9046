"""Whatever is reserved, released, numbered, posted and undone: nobody loses a reservation, and all that can be had is.

One number of an item is like another for a demand that names none. So reservations can be kept exactly if no number is
promised more often than it is there, and no more is promised than there is: by these two sums (Hall's theorem) the
model knows what the engine, which moves links along chains, must be able to do. Which of several numbers of a line gets
what is short the model takes over from the engine.
"""

from collections import Counter
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from stockline import Code, OrderLine, TrackingRow
from stockline.service import open_scratch
from tests.properties.model import BIKE, PAINT
from tests.properties.playing import Machine, play, same
from tests.support.warehouse import TODAY, furnish

NUMBERS = {BIKE: ("S1", "S2", "S3", "S4"), PAINT: ("L1", "L2", "L3")}
SITE = "EAST"


@dataclass
class Sale:
    """An order of one line: what it carries of each number, and how much of it, and of no number, is reserved."""

    item: str
    quantity: int
    policy: str = "optional"
    handled: int = 0
    carried: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    blank: int = 0

    @property
    def outstanding(self) -> int:
        """What has not been shipped."""
        return self.quantity - self.handled

    @property
    def reserved(self) -> int:
        """What is reserved, with number and without."""
        return self.named.total() + self.blank

    @property
    def unnamed(self) -> Counter[str]:
        """Numbers it carries that are not reserved."""
        return self.carried - self.named

    @property
    def room(self) -> int:
        """What is neither reserved nor carries a number."""
        return self.outstanding - self.carried.total() - self.blank


class Reservations(Machine):
    """Sales of one line each at one site, and the stock they share."""

    def __init__(self) -> None:
        super().__init__()
        self.sales: dict[str, Sale] = {}
        self.on_hand: dict[str, Counter[str]] = {item: Counter() for item in NUMBERS}
        self.shipments: list[tuple[int, str, Counter[str]]] = []
        self._stack = ExitStack()
        self.stock = self._stack.enter_context(open_scratch(self.target, TODAY))
        furnish(self.stock)

    def teardown(self) -> None:
        self._stack.close()

    # ------------------------------------------------------------ what the sums say

    def _promised(self, item: str, number: str) -> int:
        return sum(sale.named[number] for sale in self.sales.values() if sale.item == item)

    def _free(self, item: str) -> int:
        """What no reservation holds."""
        return self.on_hand[item].total() - sum(sale.reserved for sale in self.sales.values() if sale.item == item)

    def _free_of(self, item: str, wanted: Counter[str]) -> int:
        """How much of these numbers can be had at once, others giving way."""
        there = {number: self.on_hand[item][number] - self._promised(item, number) for number in wanted}
        return min(self._free(item), sum(min(wanted[number], there[number]) for number in wanted))

    def _can_be_had(self, sale: Sale, asked: int) -> int:
        """How much reserving so much of a sale gets it: of its numbers first, then of anything (RE-16)."""
        named = min(asked, self._free_of(sale.item, sale.unnamed))
        return named + min(asked - named, sale.room, self._free(sale.item) - named)

    def _keeps(self, item: str) -> bool:
        """Whether all reservations can be kept."""
        return self._free(item) >= 0 and all(
            self.on_hand[item][number] >= self._promised(item, number) for number in NUMBERS[item]
        )

    # ------------------------------------------------------------ stock

    @rule(item=st.sampled_from(sorted(NUMBERS)), data=st.data())
    def bring(self, item: str, data: st.DataObject) -> None:
        absent = [number for number in NUMBERS[item] if item == PAINT or not self.on_hand[item][number]]
        if absent:
            number = data.draw(st.sampled_from(absent))
            quantity = 1 if item == BIKE else data.draw(st.integers(1, 4))
            self.stock.adjust(item, SITE, quantity, rows=[_row(item, number, quantity)])
            self.on_hand[item][number] += quantity

    @rule(item=st.sampled_from(sorted(NUMBERS)), data=st.data())
    def write_off(self, item: str, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(NUMBERS[item]))
        quantity = 1 if item == BIKE else data.draw(st.integers(1, 4))
        code = self._taken(item, Counter({number: quantity}))
        same(code, lambda: self.stock.adjust(item, SITE, -quantity, rows=[_row(item, number, quantity)]))

    def _taken(self, item: str, taken: Counter[str], by: Sale | None = None) -> Code | None:
        """Take numbers out of stock, those of a sale with their reservations; why not, and then nothing is taken."""
        before = deepcopy((self.on_hand[item], by and (by.named, by.carried)))
        if any(self.on_hand[item][number] < quantity for number, quantity in taken.items()):
            return Code.NOT_IN_STOCK
        self.on_hand[item] -= taken
        if by:
            by.named, by.carried = by.named - taken, by.carried - taken
        if self._keeps(item):
            return None
        self.on_hand[item] = before[0]
        if by and before[1]:
            by.named, by.carried = before[1]
        return Code.CANNOT_BE_FULLY_APPLIED

    # ------------------------------------------------------------ sales

    @rule(
        item=st.sampled_from(sorted(NUMBERS)),
        quantity=st.integers(1, 4),
        policy=st.sampled_from(("optional", "optional", "never", "always")),
    )
    def sell(self, item: str, quantity: int, policy: str) -> None:
        name = f"SO{len(self.sales) + 1}"
        sale = Sale(item, quantity, policy)
        had = self._can_be_had(sale, quantity) if policy == "always" else 0
        line = OrderLine(item=item, quantity=quantity, reserve=policy)
        self.stock.create_order(name, "sale", site=SITE, lines=[line])
        self.sales[name] = sale
        self._take_over(name, had)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), asked=st.none() | st.integers(1, 5), partial=st.booleans())
    def reserve(self, data: st.DataObject, asked: int | None, partial: bool) -> None:
        name, sale = self._some(data)
        left = sale.outstanding - sale.reserved
        had = self._can_be_had(sale, left if asked is None else min(asked, left))
        code: Code | None = None
        if sale.policy == "never":
            code = Code.RESERVE_NOT_ALLOWED
        elif asked is not None and asked > left:
            code = Code.INVALID
        elif not had or (had < (left if asked is None else asked) and not partial):
            code = Code.NOTHING_TO_RESERVE
        same(code, lambda: self.stock.reserve(f"{name}/1", quantity=asked, partial=partial))
        self._take_over(name, 0 if code else had)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), partial=st.booleans())
    def reserve_by_number(self, data: st.DataObject, partial: bool) -> None:
        """One unit, or so much of a lot as the sale carries without reservation, else its rest (RE-17)."""
        name, sale = self._some(data)
        number = data.draw(st.sampled_from(NUMBERS[sale.item]))
        carried = sale.unnamed[number]
        asked = carried or (min(1, sale.room) if sale.item == BIKE else sale.room)
        had = min(asked, self._free_of(sale.item, Counter({number: asked})))
        code: Code | None = None
        if sale.policy == "never":
            code = Code.RESERVE_NOT_ALLOWED
        elif not had or (had < asked and not partial):
            code = Code.NOTHING_TO_RESERVE
        named = {"serial": number} if sale.item == BIKE else {"lot": number}
        same(code, lambda: self.stock.reserve(f"{name}/1", partial=partial, **named))
        if code is None and not carried:
            sale.carried[number] += had
        self._take_over(name, 0 if code else had)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), quantity=st.none() | st.integers(1, 4))
    def unreserve(self, data: st.DataObject, quantity: int | None) -> None:
        name, sale = self._some(data)
        code: Code | None = None
        if not sale.reserved:
            code = Code.NOT_FOUND
        elif quantity is not None and quantity > sale.reserved:
            code = Code.INVALID
        given = sale.reserved if quantity is None else quantity
        same(code, lambda: self.stock.unreserve(f"{name}/1", quantity=quantity))
        self._take_over(name, 0 if code else -given)

    @precondition(lambda self: self._unshipped())
    @rule(data=st.data())
    def number(self, data: st.DataObject) -> None:
        """A sale gets other numbers: they fall on reservations without number, which then must have them (RE-38)."""
        name = data.draw(st.sampled_from(self._unshipped()))
        sale = self.sales[name]
        numbers = data.draw(st.lists(st.sampled_from(NUMBERS[sale.item]), unique=True))
        most = 1 if sale.item == BIKE else 3
        wanted = Counter({number: data.draw(st.integers(1, most)) for number in numbers})
        code = Code.TRACKING_EXCEEDS_LINE if wanted.total() > sale.quantity else None
        rows = [_row(sale.item, number, quantity) for number, quantity in wanted.items()]
        same(code, lambda: self.stock.track(f"{name}/1", rows))
        if code is None:
            self._numbered(name, sale, wanted)

    def _numbered(self, name: str, sale: Sale, wanted: Counter[str]) -> None:
        new, before = wanted - sale.carried, sale.reserved
        sale.carried = wanted
        kept = sale.named & wanted
        sale.blank, sale.named = before - kept.total(), kept
        laid = min(new.total(), sale.blank)
        sale.blank -= laid
        best = min(laid, self._free_of(sale.item, new))
        lost = before - self._read(name)[1]
        assert 0 <= lost <= laid
        if laid == new.total():  # else it depends on which of the numbers fell on reservations
            assert lost == laid - best
        self._take_over(name, laid - lost)

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), quantity=st.integers(0, 6))
    def change(self, data: st.DataObject, quantity: int) -> None:
        name, sale = self._some(data)
        code: Code | None = None
        if sale.handled and quantity < max(sale.handled, 1):
            code = Code.QUANTITY_BELOW_HANDLED
        elif sale.carried.total() > quantity - sale.handled:
            code = Code.QUANTITY_BELOW_TRACKED
        same(code, lambda: self.stock.change_line(f"{name}/1", quantity=quantity))
        had = 0
        if code is None:
            anew = sale.policy == "always" and quantity < sale.quantity and not sale.handled  # RE-21
            sale.quantity = quantity
            sale.blank = 0 if anew else max(sale.blank + min(sale.room, 0), 0)
            had = self._had_always(sale)
        self._take_over(name, had)

    def _had_always(self, sale: Sale) -> int:
        return self._can_be_had(sale, sale.outstanding - sale.reserved) if sale.policy == "always" else 0

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), policy=st.sampled_from(("never", "optional", "always")))
    def set_policy(self, data: st.DataObject, policy: str) -> None:
        name, sale = self._some(data)
        code = Code.RESERVATION_EXISTS if policy == "never" and sale.reserved else None
        same(code, lambda: self.stock.change_line(f"{name}/1", reserve=policy))
        had = 0
        if code is None:
            sale.policy = policy
            had = self._had_always(sale)
        self._take_over(name, had)

    @precondition(lambda self: self._carrying())
    @rule(data=st.data())
    def ship(self, data: st.DataObject) -> None:
        """All the numbers of a sale are shipped, whoever holds them by chance."""
        name = data.draw(st.sampled_from(self._carrying()))
        sale = self.sales[name]
        shipped = Counter(sale.carried)
        code = self._taken(sale.item, shipped, by=sale)
        said = {f"{name}/1": shipped.total()}
        posting = same(code, lambda: self.stock.post(name, quantities=said))
        if code is None:
            sale.handled += shipped.total()
            self.shipments.append((posting.number, name, shipped))

    @precondition(lambda self: self.shipments)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """The goods are back, their numbers on the sale, without reservation."""
        shipment = data.draw(st.sampled_from(self.shipments))
        number, name, shipped = shipment
        sale = self.sales[name]
        there = sale.item == BIKE and any(self.on_hand[BIKE][serial] for serial in shipped)
        code = Code.SERIAL_ALREADY_IN_STOCK if there else None
        same(code, lambda: self.stock.undo(number))
        if code is None:
            self.shipments.remove(shipment)
            self.on_hand[sale.item] += shipped
            sale.carried += shipped
            sale.handled -= shipped.total()

    # ------------------------------------------------------------ what must agree

    def _read(self, name: str) -> tuple[Counter[str], int]:
        """What the engine has reserved of a sale: by number, and together."""
        links = self.stock.links(line=f"{name}/1")
        named: Counter[str] = Counter()
        for link in links:
            if link.status == "reservation":
                named[link.demand_serial or link.demand_lot or ""] += int(link.quantity)
        return named, named.total()

    def _take_over(self, name: str, more: int) -> None:
        """So much more is reserved of a sale; of which of its numbers the engine tells."""
        sale = self.sales[name]
        named, total = self._read(name)
        assert total == sale.reserved + more
        sale.blank = named.pop("", 0)
        sale.named = named

    @invariant()
    def reservations_agree(self) -> None:
        for name, sale in self.sales.items():
            named, _ = self._read(name)
            assert named == sale.named + Counter({"": sale.blank}), name
            carried: Counter[str] = Counter()
            for link in self.stock.links(line=f"{name}/1"):
                carried[link.demand_serial or link.demand_lot or ""] += int(link.quantity)
            del carried[""]
            assert carried == sale.carried, name
            assert sale.room >= 0, name

    @invariant()
    def all_can_be_kept(self) -> None:
        for item, there in self.on_hand.items():
            assert self._keeps(item)
            assert self.stock.quantity_on_hand(item, site=SITE) == there.total()

    @invariant()
    def links_hold_what_they_name(self) -> None:
        for link in self.stock.links():
            if link.status == "reservation":
                assert link.demand_serial in (None, link.supply_serial)
                assert link.demand_lot in (None, link.supply_lot)

    @invariant()
    def control_finds_nothing(self) -> None:
        assert self.stock.control() == []

    # ------------------------------------------------------------ choosing

    def _some(self, data: st.DataObject) -> tuple[str, Sale]:
        return data.draw(st.sampled_from(sorted(self.sales.items(), key=lambda named: named[0])))

    def _unshipped(self) -> list[str]:
        return [name for name, sale in self.sales.items() if not sale.handled and sale.quantity]

    def _carrying(self) -> list[str]:
        return [name for name, sale in self.sales.items() if sale.carried.total()]


def _row(item: str, number: str, quantity: int) -> TrackingRow:
    return TrackingRow(number) if item == BIKE else TrackingRow(lot=number, quantity=quantity)


def test_random_reservations_on_sqlite() -> None:
    play(Reservations, None, short="20x25")


def test_random_reservations_on_postgresql(postgres: str) -> None:
    play(Reservations, postgres, short="4x20")
