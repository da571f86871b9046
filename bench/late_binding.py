"""One number asked for among many that reservations hold by chance: ours, and the barest SQL that moves one of them.

Every serial but a few is held by a reservation that names none; the one asked for is held by another line each time.
"""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import select, update

import stockline
from bench.postings import Timings, item_id_of, timed
from stockline import OrderLine, Refusal, TrackingCode, TrackingRow
from stockline.schema.ledger import open_entry
from stockline.schema.reservations import link
from stockline.store.database import Database, Transaction, parse_url

HOLDERS = 50
"""The lines that hold the serials."""


class Shop:
    """`size` serials held by reservations, and as many free as `rounds` of each measure use up."""

    def __init__(self, stock: stockline.Stockline, size: int, rounds: int) -> None:
        self.stock, self._asked = stock, 0
        self.item = f"DRIVE-{uuid4().hex[:8]}"
        self._free = 4 * (rounds + 1)
        stock.create_item(self.item, tracking=TrackingCode(serial="specific"))
        stock.create_site("HERE")
        rows = [TrackingRow(f"S{number:08d}") for number in range(size + self._free)]
        stock.adjust(self.item, "HERE", len(rows), rows=rows)
        lines = [OrderLine(item=self.item, quantity=size // HOLDERS)] * HOLDERS
        stock.create_order("HOLDERS", "sale", site="HERE", lines=lines)
        for number in range(1, HOLDERS + 1):
            stock.reserve(f"HOLDERS/{number}", against="stock")

    def asked(self) -> str:
        """A serial that somebody holds, another one each time."""
        self._asked += 1
        return f"S{self._asked:08d}"

    def sale(self) -> str:
        """The line of a new sale of one."""
        order = f"SO-{uuid4().hex[:8]}"
        self.stock.create_order(order, "sale", site="HERE", lines=[OrderLine(item=self.item, quantity=1)])
        return f"{order}/1"

    def take_the_rest(self) -> None:
        """Reserve all that is free."""
        line = OrderLine(item=self.item, quantity=self._free)
        self.stock.create_order("REST", "sale", site="HERE", lines=[line])
        self.stock.reserve("REST/1", against="stock", partial=True)


def measure(url: str, size: int, rounds: int) -> dict[str, Timings]:
    """Close a window, reserve and post with a number that is held, `rounds` times each; reserve one in vain."""
    with stockline.open(url) as stock:
        shop = Shop(stock, size, rounds)
        database = Database(parse_url(url))
        item_id = item_id_of(database, shop.item)
        timings = {name: Timings() for name in ("window closed", "reserved", "posted", "refused")}
        for turn in range(rounds + 1):  # the first turn warms up and is not counted
            for name, work in (("window closed", _closing), ("reserved", _reserving), ("posted", _posting)):
                _add(timings[name], turn, work(shop), database, item_id)
        shop.take_the_rest()
        for turn in range(rounds + 1):
            _add(timings["refused"], turn, _refused(shop), database, item_id)
        database.close()
    return timings


def _add(timings: Timings, turn: int, ours: Callable[[], object], database: Database, item_id: int) -> None:
    taken, _ = timed(ours)
    barest, _ = timed(lambda: database.write(lambda transaction: _move_one(transaction, item_id)))
    if turn:
        timings.add(taken, barest)


def _closing(shop: Shop) -> Callable[[], object]:
    line = shop.sale()
    shop.stock.reserve(line, against="stock")
    window = shop.stock.open_tracking(line).number
    shop.stock.enter_row(window, TrackingRow(shop.asked()))
    return lambda: shop.stock.close_tracking(window)


def _reserving(shop: Shop) -> Callable[[], object]:
    line, serial = shop.sale(), shop.asked()
    return lambda: shop.stock.reserve(line, serial=serial)


def _posting(shop: Shop) -> Callable[[], object]:
    line = shop.sale()
    shop.stock.track(line, [TrackingRow(shop.asked())])
    return lambda: shop.stock.post(line.split("/")[0])


def _refused(shop: Shop) -> Callable[[], object]:
    line, serial = shop.sale(), shop.asked()

    def ask() -> None:
        try:
            shop.stock.reserve(line, serial=serial)
        except Refusal:
            return
        raise AssertionError("it was to be refused")

    return ask


def _move_one(transaction: Transaction, item_id: int) -> None:
    """Look up one link and one entry, and point one at the other: in vain, so that nothing changes."""
    found = select(link.c.id, link.c.supply_entry_id).where(link.c.item_id == item_id).limit(1)
    held = transaction.execute(found).one()
    transaction.execute(select(open_entry.c.entry_id).where(open_entry.c.item_id == item_id).limit(1)).one()
    change = update(link).where(link.c.item_id == item_id, link.c.id == held.id)
    transaction.execute(change.values(supply_entry_id=held.supply_entry_id))
