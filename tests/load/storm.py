"""What a writer of the storm does: it works on hot items with all its might, and writes down what it was answered.

Its own orders nobody else touches, so it knows what must become of them; to the shared ones everybody does everything.
"""

import json
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from random import Random

import stockline
from stockline import OrderLine, Posting, Refusal, Stockline, TrackingCode, TrackingRow
from tests.load.poster import Undone
from tests.support.warehouse import TODAY

SERIALS = [f"S{number}" for number in range(1, 41)]
LOTS = ["L1", "L2", "L3"]
ITEMS = ("BIKE", "PAINT", "BOLT")
"""By serial, by lot, and untracked."""
SALES, PURCHASES = [f"SO{number}" for number in range(1, 7)], [f"PO{number}" for number in range(1, 5)]
"""The orders that all share: two of each item for sale, of bikes and paint to buy."""
MOST_OWN = 4


def set_the_scene(stock: Stockline) -> None:
    """Half the serials and some of each lot in stock, bolts for all, and the orders that are shared."""
    stock.create_site("EAST")
    stock.create_item("BIKE", tracking=TrackingCode(serial="specific"))
    stock.create_item("PAINT", tracking=TrackingCode(lot="specific"))
    stock.create_item("BOLT")
    stock.adjust("BIKE", "EAST", 20, rows=[TrackingRow(serial) for serial in SERIALS[:20]])
    stock.adjust("PAINT", "EAST", 30, rows=[TrackingRow(lot=lot, quantity=10) for lot in LOTS])
    stock.adjust("BOLT", "EAST", 30)
    for kind, orders, items in (("sale", SALES, ITEMS), ("purchase", PURCHASES, ITEMS[:2])):
        for number, name in enumerate(orders):
            line = OrderLine(item=items[number % len(items)], quantity=3)
            stock.create_order(name, kind, site="EAST", lines=[line])


@dataclass(slots=True)
class Own:
    """An order of one line that only one writer works on, and how its line must be by the answers it got.

    `reserved` is None where others may reserve the line too. `numbers`: what it carries that is not handled.
    """

    line: str
    item: str
    kind: str
    quantity: Decimal
    handled: Decimal
    reserved: Decimal | None
    numbers: dict[str, int]
    gone: bool = False

    @property
    def order(self) -> str:
        """The order of the line."""
        return self.line.split("/")[0]


class Writer:
    """Works until its time is over; `journal` takes what it was answered, one JSON object a line."""

    def __init__(self, stock: Stockline, name: str, journal: Path) -> None:
        self._stock, self._name = stock, name
        self._chance = Random(name)
        self._journal = journal.open("w")
        self._own: list[Own] = []
        self._made = 0

        self._deeds: Sequence[Callable[[], object]] = [
            self._begin,
            *[self._change, self._track, self._reserve, self._reserve, self._unreserve, self._post, self._finish],
            *[self._reserve_shared, self._reserve_shared, self._unreserve_shared, self._track_shared],
            *[self._change_shared, self._post_shared, self._post_shared, self._fill_up],
        ]

    def work(self, seconds: float) -> None:
        """Do one thing after the other until the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._answered(self._chance.choice(self._deeds))

    def rehearse(self) -> None:
        """Do everything a few times."""
        for deed in (*self._deeds, *self._deeds, *self._deeds):
            self._answered(deed)

    def _answered(self, deed: Callable[[], object]) -> None:
        """Whatever escapes that is not a refusal is a failure of the storm."""
        try:
            deed()
            self._note(answered=deed.__name__)
        except Refusal as refusal:
            self._note(refused=refusal.code)
        except Exception:
            self._note(escaped=traceback.format_exc())

    def _note(self, **what: object) -> None:
        print(json.dumps(what, default=str), file=self._journal, flush=True)

    # ------------------------------------------------------------ own orders

    def _begin(self) -> None:
        """A new order to sell or to buy."""
        self._made += 1
        kind = self._chance.choice(("sale", "sale", "purchase"))
        line = OrderLine(item=self._chance.choice(ITEMS), quantity=self._chance.randint(1, 4))
        name = f"{self._name}-{self._made}"
        self._stock.create_order(name, kind, site="EAST", lines=[line])
        quantity, reserved = Decimal(str(line.quantity)), Decimal(0) if kind == "sale" else None
        self._own.append(Own(f"{name}/1", line.item, kind, quantity, Decimal(0), reserved, {}))
        self._seen(self._own[-1])
        if len(self._own) > MOST_OWN:
            self._own.pop(0)

    def _seen(self, own: Own) -> None:
        """What the library says of the line must be what it has answered."""
        if not own.gone:
            state = self._stock.line(own.line)
            found = (state.quantity, state.handled, None if own.reserved is None else state.reserved)
            assert found == (own.quantity, own.handled, own.reserved), f"{found} is not as answered: {own}"
        self._note(own=asdict(own))

    def _one(self, kind: str | None = None) -> Own:
        """One of its orders; of this kind, if it has one."""
        if not self._own:
            self._begin()
        return self._chance.choice([own for own in self._own if own.kind == kind] or self._own)

    def _change(self) -> None:
        own = self._one()
        quantity = self._chance.randint(1, 6)
        self._stock.change_line(own.line, quantity=quantity)
        own.quantity = Decimal(quantity)
        if own.reserved is not None:  # numbers that are not reserved go before reservations without number (RE-23)
            rest = min(own.reserved, own.quantity - own.handled)
            own.reserved = self._stock.line(own.line).reserved if own.numbers else rest
        self._seen(own)

    def _track(self) -> None:
        own = self._one()
        rows = self._rows(own.item, own.quantity - own.handled)
        held = self._stock.specification(own.line)
        if held.historic:
            return  # what is handled would have to be said again
        self._stock.track(own.line, rows)
        own.numbers = {str(row.serial or row.lot): int(str(row.quantity or 1)) for row in rows}
        if own.reserved is not None:  # numbers that are not free leave the rest of them without reservation (RE-40)
            own.reserved = self._stock.line(own.line).reserved
        self._seen(own)

    def _rows(self, item: str, most: Decimal) -> list[TrackingRow]:
        count = self._chance.randint(1, max(int(most), 1))
        if item == "PAINT":
            return [TrackingRow(lot=self._chance.choice(LOTS), quantity=count)]
        return [TrackingRow(serial) for serial in self._chance.sample(SERIALS, count)]

    def _reserve(self) -> None:
        own = self._one("sale")
        answer = self._stock.reserve(own.line, against="stock", partial=self._chance.random() < 0.7)
        if own.reserved is not None:
            own.reserved += answer.quantity
        self._seen(own)

    def _unreserve(self) -> None:
        own = self._one("sale")
        answer = self._stock.unreserve(own.line, quantity=self._chance.choice((1, None)))
        if own.reserved is not None:
            own.reserved -= answer.quantity
        self._seen(own)

    def _post(self) -> None:
        """Bolts are sold only where they are reserved: their stock must not go below zero."""
        own = self._one()
        if own.item == "BOLT" and own.kind == "sale" and own.reserved != own.quantity - own.handled:
            return
        self._posted(self._stock.post(own.order))
        own.handled, own.numbers = own.quantity, {}
        if own.reserved is not None:
            own.reserved = Decimal(0)
        self._seen(own)

    def _posted(self, posting: Posting) -> None:
        self._note(posting=posting.number, entries=posting.entries)

    def _finish(self) -> None:
        """Delete an order, whatever it carries."""
        own = self._one()
        self._stock.delete_order(own.order, confirm=True)
        self._own.remove(own)
        own.gone = True
        self._seen(own)

    # ------------------------------------------------------------ shared orders

    def _shared(self, *orders: str) -> tuple[str, str]:
        """One of these orders, and its item."""
        order = self._chance.choice(orders)
        return order, self._stock.line(f"{order}/1").item

    def _reserve_shared(self) -> None:
        """A sale from anything; a purchase for a shared sale, lest it be reserved for the own order of somebody."""
        order, _ = self._shared(*SALES, *PURCHASES)
        against = f"{self._chance.choice(SALES)}/1" if order in PURCHASES else None
        self._stock.reserve(f"{order}/1", against=against, partial=True)

    def _unreserve_shared(self) -> None:
        order, _ = self._shared(*SALES, *PURCHASES)
        self._stock.unreserve(f"{order}/1", quantity=self._chance.choice((1, None)))

    def _track_shared(self) -> None:
        order, item = self._shared(*SALES, *PURCHASES)
        state = self._stock.line(f"{order}/1")
        self._stock.track(f"{order}/1", self._rows(item, state.outstanding))

    def _change_shared(self) -> None:
        order, _ = self._shared(*SALES, *PURCHASES)
        line = f"{order}/1"
        self._stock.change_line(line, quantity=self._stock.line(line).handled + self._chance.randint(0, 4))

    def _post_shared(self) -> None:
        order, item = self._shared(*SALES, *PURCHASES)
        if item != "BOLT":
            self._posted(self._stock.post(order))

    def _fill_up(self) -> None:
        """Goods come in, so that the storm does not end for want of any."""
        item = self._chance.choice(ITEMS)
        if item == "BOLT":
            self._posted(self._stock.adjust(item, "EAST", 2))
        else:
            rows = self._rows(item, Decimal(3))
            quantity = sum(int(str(row.quantity or 1)) for row in rows)
            self._posted(self._stock.adjust(item, "EAST", quantity, rows=rows))


def fleet(url: str, journals: Sequence[Path], seconds: float) -> None:
    """Be a writer for each journal: forks of this process, which has done everything once and undone it.

    So what is built and compiled for it is there for all of them, and a short storm is not spent on that.
    """
    with stockline.open(url, today=TODAY) as stock:
        _warm_up(stock, journals[0])
        stock.close()  # no child may touch a connection of its parent
        processes = get_context("fork")
        writers = [
            processes.Process(target=Writer(stock, journal.stem, journal).work, args=(seconds,)) for journal in journals
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert not any(writer.exitcode for writer in writers), "a writer died"


def _warm_up(stock: Stockline, journal: Path) -> None:
    with suppress(Undone), stock.transaction():
        Writer(stock, "rehearsal", journal).rehearse()
        raise Undone
