"""One document of n serials received and issued, ours and bare in turn: medians of the ratios."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import select

import stockline
from bench import bare
from stockline import OrderLine, TrackingCode, TrackingRow
from stockline.schema.catalog import item as item_table
from stockline.store.database import Database, parse_url

T = TypeVar("T")


@dataclass
class Timings:
    """Seconds of each round, ours and bare, for one size and direction."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def add(self, ours: float, bare: float) -> None:
        """Note one round."""
        self.ours.append(ours)
        self.bare.append(bare)

    @staticmethod
    def typical(times: list[float]) -> float:
        """The time to show for many: the median."""
        return statistics.median(times)

    @property
    def ratio(self) -> float:
        """How many times the bare time ours is: the median over the rounds."""
        return statistics.median(ours / barest for ours, barest in zip(self.ours, self.bare, strict=True))


def measure(url: str, size: int, rounds: int, reservations: int = 0) -> dict[str, Timings]:
    """Receive and issue `size` serials as one document, `rounds` times, each beside the bare writing of its rows.

    Before that, so many other serials of the item are received at the site and reserved for sales that name none.
    """
    stock = stockline.open(url)
    database = Database(parse_url(url))
    item, site, item_id = furnish(stock, database)
    _reserve(stock, item, site, reservations)
    timings = {"received": Timings(), "issued": Timings()}
    for turn in range(rounds + 1):  # the first turn warms up and is not counted
        tag = uuid4().hex[:8]
        rows = [TrackingRow(f"{tag}{number:08d}") for number in range(size)]
        ours, number = timed(lambda: _order(stock, "purchase", item, site, rows))  # noqa: B023
        received = bare.received_rows(database, item_id, number)
        barest, _ = timed(lambda: bare.write(database, received))  # noqa: B023
        if turn:
            timings["received"].add(ours, barest)
        ours, number = timed(lambda: _order(stock, "sale", item, site, rows))  # noqa: B023
        issued = bare.issued_rows(database, item_id, number)
        barest, _ = timed(lambda: bare.issue(database, issued, item_id, number))  # noqa: B023
        if turn:
            timings["issued"].add(ours, barest)
        bare.forget(database, item_id)
    stock.close()
    database.close()
    return timings


def _reserve(stock: stockline.Stockline, item: str, site: str, reservations: int) -> None:
    """So many reservations of specific serials in stock for demands that name no number."""
    if not reservations:
        return
    _order(stock, "purchase", item, site, [TrackingRow(f"HELD-{number:08d}") for number in range(reservations)])
    stock.create_order(f"{site}-DEMAND", "sale", site=site, lines=[OrderLine(item=item, quantity=reservations)])
    stock.reserve(f"{site}-DEMAND/1", against="stock")


def _order(stock: stockline.Stockline, kind: str, item: str, site: str, rows: list[TrackingRow]) -> int:
    """Order, tracking and posting, as a caller does it; the number of the posting."""
    order = f"{kind}-{uuid4().hex[:8]}"
    stock.create_order(order, kind, site=site, lines=[OrderLine(item=item, quantity=len(rows))])
    stock.track(f"{order}/1", rows)
    return stock.post(order).number


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """The seconds some work takes, and what it answers."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def furnish(stock: stockline.Stockline, database: Database) -> tuple[str, str, int]:
    """A new item with specific serials and a new site; the item's id."""
    item, site = f"DRIVE-{uuid4().hex[:8]}", f"SITE-{uuid4().hex[:8]}"
    stock.create_item(item, tracking=TrackingCode(serial="specific"))
    stock.create_site(site)
    return item, site, item_id_of(database, item)


def item_id_of(database: Database, code: str) -> int:
    """The id of an item."""
    query = select(item_table.c.id).where(item_table.c.code == code)
    return int(database.read(lambda transaction: transaction.execute(query).scalar_one()))


def peak_memory() -> float:
    """The most memory this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
