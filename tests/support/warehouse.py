"""A small trade in bicycles: what the tests of the engine receive and issue."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from threading import Barrier, Thread
from typing import Any, TypeVar

from stockline import (
    FoundSerial,
    FoundStockLine,
    Location,
    OrderLine,
    Posting,
    Stockline,
    TrackingCode,
    TrackingRow,
)
from stockline.values import QuantityLike

T = TypeVar("T")
Line = tuple[str, QuantityLike, Sequence[TrackingRow]]
"""An item, a quantity, and the numbers of the line."""
TODAY = dt.date(2026, 3, 2)
PATIENCE = 120.0
"""Seconds after which a thread of a test is taken to hang."""


def furnish(stock: Stockline) -> None:
    """Two sites and an item of each sort: by serial, by lot, by serial and lot, untracked."""
    for site in ("EAST", "WEST"):
        stock.create_site(site, locations=[Location(id="A"), Location(id="B")])
    stock.create_item("BIKE", tracking=TrackingCode(serial="specific"))
    stock.create_item("PAINT", unit="L", tracking=TrackingCode(lot="specific"))
    stock.create_item("WATCH", tracking=TrackingCode(serial="specific", lot="specific"))
    stock.create_item("BOLT")


def serials(start: str, count: int) -> list[TrackingRow]:
    """Rows of so many serials, `start` before their number."""
    return [TrackingRow(f"{start}{number}") for number in range(1, count + 1)]


def order(
    stock: Stockline,
    name: str,
    kind: str,
    lines: Iterable[Line],
    site: str = "EAST",
) -> None:
    """An order with lines of item, quantity and rows."""
    given = list(lines)
    stock.create_order(
        name, kind, site=site, lines=[OrderLine(item=item, quantity=amount) for item, amount, _ in given]
    )
    for position, (_, _, rows) in enumerate(given, 1):
        if rows:
            stock.track(f"{name}/{position}", rows)


def receive(stock: Stockline, name: str, item: str, rows: Sequence[TrackingRow], site: str = "EAST") -> Posting:
    """Receive these serials on an order of one line."""
    order(stock, name, "purchase", [(item, len(rows), rows)], site)
    return stock.post(name)


def emptied_items(stock: Stockline, items: Sequence[str]) -> None:
    """New items at EAST of which the machine can repair a line each: a serial of an emptied line belongs on another."""
    for item in items:
        stock.create_item(item, tracking=TrackingCode(serial="specific"))
    stock.load(
        stock_lines=[
            FoundStockLine(id=10 * number + line, item=item, site="EAST", location="AB"[line], quantity=line)
            for number, item in enumerate(items, 1)
            for line in (0, 1)
        ],
        serials=[FoundSerial(item=item, serial="S1", stock_line=10 * number) for number, item in enumerate(items, 1)],
    )


def at_once(works: Sequence[Callable[[], T]]) -> list[T | BaseException]:
    """Do all of it at the same time, each in a thread: what each answers or raises."""
    start, answers = Barrier(len(works)), dict[int, Any]()

    def run(place: int) -> None:
        start.wait(PATIENCE)
        try:
            answers[place] = works[place]()
        except BaseException as problem:
            answers[place] = problem

    threads = [Thread(target=run, args=(place,), daemon=True) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return [answers.get(place, TimeoutError("it hangs")) for place in range(len(works))]
