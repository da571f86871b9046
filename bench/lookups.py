"""Lookups of numbers among many on hand, ours and bare in turn: the time 95 of 100 calls stay within."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import select, text

import stockline
from bench.postings import Timings, timed
from stockline import OrderLine, TrackingCode, TrackingRow
from stockline.schema.catalog import item as item_table
from stockline.schema.catalog import site as site_table
from stockline.store.database import Database, parse_url

ASKED_FOR = 10_000
"""Serials, and lots, that stand on an open order."""
PAGE = 50


@dataclass(frozen=True)
class Lookup:
    """One question: asked of the library, and as the barest SQL that answers it; both take a number."""

    name: str
    ours: Callable[[str], Any]
    bare: str
    numbers: Sequence[str]


class Calls(Timings):
    """Seconds of each call; what counts is what 95 of 100 calls stay within."""

    @staticmethod
    def typical(times: list[float]) -> float:
        """The 95th percentile."""
        return statistics.quantiles(times, n=20)[-1]


def measure(url: str, size: int, rounds: int) -> dict[str, Timings]:
    """Put `size` serials and as many in lots of a thousand on hand, then ask each question 100 times a round."""
    with stockline.open(url) as stock:
        stock.create_site("HERE")
        _stock_serials(stock, size)
        _stock_lots(stock, size)
        database = Database(parse_url(url))
        timings: dict[str, Timings] = {
            lookup.name: _calls(database, lookup, 100 * rounds) for lookup in _lookups(stock, size)
        }
        database.close()
    return timings


def _stock_serials(stock: stockline.Stockline, size: int) -> None:
    stock.create_item("DRIVE", tracking=TrackingCode(serial="specific"))
    _receive(stock, "DRIVE", [TrackingRow(f"S{number:08d}") for number in range(size)])
    _ask_for(stock, "DRIVE", [TrackingRow(f"S{number:08d}") for number in range(0, size, max(size // ASKED_FOR, 1))])


def _stock_lots(stock: stockline.Stockline, size: int) -> None:
    stock.create_item("WATCH", tracking=TrackingCode(serial="specific", lot="specific"))
    rows = [TrackingRow(f"W{number:08d}", f"L{number // 1000:06d}") for number in range(size)]
    _receive(stock, "WATCH", rows)
    _ask_for(stock, "WATCH", rows[:: max(size // ASKED_FOR, 1)])
    stock.create_item("PAINT", tracking=TrackingCode(lot="specific"))
    rows = [TrackingRow(lot=f"L{number:08d}", quantity=5) for number in range(size // 10)]
    _receive(stock, "PAINT", rows)


def _receive(stock: stockline.Stockline, item: str, rows: list[TrackingRow]) -> None:
    stock.create_order(f"IN {item}", "purchase", site="HERE", lines=[OrderLine(item=item, quantity=5 * len(rows))])
    stock.track(f"IN {item}/1", rows)
    stock.post(f"IN {item}", quantities={f"IN {item}/1": sum(int(str(row.quantity or 1)) for row in rows)})


def _ask_for(stock: stockline.Stockline, item: str, rows: list[TrackingRow]) -> None:
    stock.create_order(f"OUT {item}", "sale", site="HERE", lines=[OrderLine(item=item, quantity=len(rows))])
    stock.track(f"OUT {item}/1", rows)


_ONE_SERIAL = (
    "SELECT sum(remaining) FROM open_entry WHERE item_id = :i AND variant = '' AND serial = :n AND site_id = :s"
)
_SERIALS = (
    "SELECT serial, remaining FROM open_entry WHERE item_id = :i AND variant = '' AND serial > :n AND site_id = :s"
    f" ORDER BY serial LIMIT {PAGE}"
)
_ONE_LOT = (
    "SELECT sum(remaining) FROM open_entry"
    " WHERE item_id = :i AND variant = '' AND serial = '' AND site_id = :s AND lot = :n"
)
_LOTS = (
    "SELECT lot, sum(remaining) FROM open_entry"
    " WHERE item_id = :i AND variant = '' AND serial = '' AND site_id = :s AND lot > :n"
    f" GROUP BY lot ORDER BY lot LIMIT {PAGE}"
)
_LINES = (
    "FROM characteristic_set c JOIN stock_line l ON l.item_id = c.item_id AND l.set_id = c.id"
    " AND l.quantity <> 0 AND NOT l.twin WHERE c.item_id = :i AND c.variant = '' AND c.site_id = :s AND c.lot <> ''"
)
_ONE_LOT_OF_SERIALS = f"SELECT sum(l.quantity) {_LINES} AND c.lot = :n"
_LOTS_OF_SERIALS = f"SELECT c.lot, sum(l.quantity) {_LINES} AND c.lot > :n GROUP BY c.lot ORDER BY c.lot LIMIT {PAGE}"


def _lookups(stock: stockline.Stockline, size: int) -> list[Lookup]:
    some = Random(1)
    serials = [f"S{some.randrange(size):08d}" for _ in range(1000)]
    watches = [f"W{some.randrange(size):08d}" for _ in range(1000)]
    batches = [f"L{some.randrange(max(size // 1000, 1)):06d}" for _ in range(1000)]
    lots = [f"L{some.randrange(size // 10):08d}" for _ in range(1000)]

    def one(item: str, kind: str) -> Callable[[str], Any]:
        def ask(number: str) -> Any:
            named: dict[str, Any] = {kind: number}
            return stock.availability(item, site="HERE", **named)

        return ask

    def page(item: str, kind: Any, **how: Any) -> Callable[[str], Any]:
        return lambda number: stock.numbers_on_hand(item, kind, site="HERE", after=number, limit=PAGE, **how)

    return [
        Lookup("DRIVE one serial", one("DRIVE", "serial"), _ONE_SERIAL, serials),
        Lookup("DRIVE first page of serials", page("DRIVE", "serial"), _SERIALS, [""]),
        Lookup("DRIVE any page of serials", page("DRIVE", "serial"), _SERIALS, serials),
        Lookup("DRIVE page, only available", page("DRIVE", "serial", only_available=True), _SERIALS, serials),
        Lookup("PAINT one lot", one("PAINT", "lot"), _ONE_LOT, lots),
        Lookup("PAINT any page of lots", page("PAINT", "lot"), _LOTS, lots),
        Lookup("WATCH one serial in a lot", one("WATCH", "serial"), _ONE_SERIAL, watches),
        Lookup("WATCH one lot of serials", one("WATCH", "lot"), _ONE_LOT_OF_SERIALS, batches),
        Lookup("WATCH first page of lots", page("WATCH", "lot"), _LOTS_OF_SERIALS, [""]),
    ]


def _calls(database: Database, lookup: Lookup, calls: int) -> Calls:
    bare = text(lookup.bare)
    item = lookup.name.split()[0]
    ids = database.read(lambda transaction: _ids(transaction, item))
    timings = Calls()
    for call in range(calls + 10):  # the first ten warm up and are not counted
        number = lookup.numbers[call % len(lookup.numbers)]
        asked = {**ids, "n": number}
        ours, _ = timed(lambda: lookup.ours(number))  # noqa: B023 - called at once
        barest, _ = timed(lambda: database.read(lambda transaction: transaction.execute(bare, asked).all()))  # noqa: B023
        if call >= 10:
            timings.add(ours, barest)
    return timings


def _ids(transaction: Any, item: str) -> dict[str, int]:
    found = transaction.execute(select(item_table.c.id).where(item_table.c.code == item)).scalar_one()
    return {"i": found, "s": transaction.execute(select(site_table.c.id)).scalars().first()}
