"""ERPNext: quantities from Bin and Stock Ledger Entry, serials from Serial No, last movements from their bundles.

A stock line is an item in a warehouse, of an item with batches one batch of it. A serial is linked wherever its card
names a warehouse, whatever its status.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stockline.exchange.systems import System, Tables
from stockline.exchange.tables import Row, Table, filled, needed, optional
from stockline.results import FoundStockLine, LastMovement

if TYPE_CHECKING:
    from stockline.exchange.found import LineKey, SerialKey
    from stockline.exchange.gathering import Gathering

NOT_THERE = ("Delivered", "Inactive", "Consumed")
"""Statuses of serials that are in no warehouse."""

_WHEN = (optional("posting_datetime", "moment", "posting_date"), optional("posting_time", "time"))
_VALID = (optional("is_cancelled", "yes"), optional("docstatus"))

SERIAL_NO = Table(
    "Serial No",
    (
        filled("name", "serial", "serial_no", "ID"),
        filled("item_code", "item"),
        needed("warehouse"),
        optional("batch_no"),
        optional("status"),
    ),
)
BIN = Table("Bin", (filled("item_code", "item"), filled("warehouse", "site"), filled("actual_qty", "quantity", "Qty")))
LEDGER = Table(
    "Stock Ledger Entry",
    (
        filled("item_code", "item"),
        filled("warehouse", "site"),
        filled("actual_qty", "quantity", "Qty Change", "Actual Quantity"),
        needed("posting_datetime", "moment", "posting_date"),
        optional("posting_time", "time"),
        *_VALID,
        optional("batch_no"),
        optional("serial_no", "list"),
        optional("serial_and_batch_bundle"),
    ),
)
BUNDLE = Table(
    "Serial and Batch Bundle",
    (
        filled("name", "text", "ID"),
        needed("type_of_transaction"),
        needed("warehouse"),
        *_WHEN,
        *_VALID,
        optional("voucher_type"),
    ),
)
ENTRY = Table(
    "Serial and Batch Entry",
    (
        needed("serial_no", "serial"),
        filled("qty", "quantity"),
        optional("batch_no"),
        optional("warehouse"),
        optional("type_of_transaction"),
        *_WHEN,
        *_VALID,
        optional("parent"),
    ),
)


def gather(tables: Tables, gathering: Gathering) -> None:
    """Gather the stock of ERPNext."""
    cards = {row["name"]: row for row in tables.rows("Serial No")}
    history = _History(gathering, cards)
    history.read_bundles(tables)
    history.read_ledger(tables)
    quantities = _quantities(tables, history)
    for (item, warehouse, batch), quantity in quantities.items():
        if quantity:
            _add_line(gathering, (item, "", warehouse, batch), quantity)
    for card in cards.values():
        _link(gathering, card, batched=card["item_code"] in history.batched)
    history.tell()
    for card in cards.values():
        _doubt(gathering, card)


def _quantities(tables: Tables, history: _History) -> dict[tuple[str, str, str], Decimal]:
    """By item, warehouse and batch: the bins, and of items with batches what the ledger adds up to."""
    if not tables.has("Bin"):
        return history.sums
    quantities = {key: sum_ for key, sum_ in history.sums.items() if key[0] in history.batched}
    for row in tables.rows("Bin"):
        if row["item_code"] not in history.batched:
            quantities[row["item_code"], row["warehouse"], ""] = row["actual_qty"]
    return quantities


def _add_line(gathering: Gathering, key: LineKey, quantity: Decimal) -> None:
    item, _, warehouse, batch = key
    site, location = gathering.overrides.place(warehouse)
    if gathering.overrides.puts_away(site, location):
        gathering.awaits_put_away(site, location)
    gathering.add_line(key, FoundStockLine(item=item, site=site, location=location, lot=batch, quantity=0), quantity)


def _link(gathering: Gathering, card: Row, *, batched: bool) -> None:
    """A serial's card; without quantities by batch the batch on it says nothing that could be compared."""
    item, warehouse, batch = card["item_code"], card["warehouse"], card["batch_no"] if batched else ""
    serial: SerialKey = (item, "", card["name"])
    gathering.add_serial(serial, lot=batch, site=gathering.overrides.place(warehouse)[0] if warehouse else "")
    if warehouse:
        key = (item, "", warehouse, batch)
        if not gathering.has_line(key):
            _add_line(gathering, key, Decimal())
        gathering.link(serial, key)


def _doubt(gathering: Gathering, card: Row) -> None:
    """A card that names a warehouse and says that the serial left: where no history says more, that it left counts."""
    serial: SerialKey = (card["item_code"], "", card["name"])
    if card["warehouse"] and card["status"] in NOT_THERE and not gathering.has_moved(serial):
        site, location = gathering.overrides.place(card["warehouse"])
        last = LastMovement(direction="out", site=site, location=location, lot=card["batch_no"])
        gathering.moved(serial, (datetime(1, 1, 1), 0), last)  # noqa: DTZ001 - nobody knows when


class _History:
    """Bundles and ledger: where serials went last, and how much of each batch is where."""

    def __init__(self, gathering: Gathering, cards: dict[str, Row]) -> None:
        self.batched: set[str] = set()
        """Items that have batches."""
        self.sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        """The ledger's sum by item, warehouse and batch."""
        self._gathering = gathering
        self._cards = cards
        self._in_bundle: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._last: dict[str, tuple[datetime, str, str, bool]] = {}

    def read_bundles(self, tables: Tables) -> None:
        """The bundles; what an entry does not say itself stands on its bundle."""
        bundles = {row["name"]: row for row in tables.rows("Serial and Batch Bundle")}
        for row in tables.rows("Serial and Batch Entry"):
            bundle: Row = bundles.get(row["parent"], {})
            told = {name: value for name, value in row.items() if value not in ("", None)}
            entry: dict[str, Any] = {**row, **bundle, **told}
            if not _counts(entry):
                continue
            outward = entry["type_of_transaction"] == "Outward"
            inward = entry["type_of_transaction"] == "Inward" or (not outward and entry["qty"] > 0)
            if entry["batch_no"] and entry["parent"]:
                self._in_bundle[entry["parent"]][entry["batch_no"]] += abs(entry["qty"]) * (1 if inward else -1)
            if entry["serial_no"]:
                self._note(entry["serial_no"], _when(entry), entry["warehouse"], entry["batch_no"], inward=inward)

    def read_ledger(self, tables: Tables) -> None:
        """The ledger; before there were bundles its entries had the serials themselves."""
        for row in tables.rows("Stock Ledger Entry"):
            if not _counts(row):
                continue
            for batch, quantity in self._batches(row):
                if batch:
                    self.batched.add(row["item_code"])
                self.sums[row["item_code"], row["warehouse"], batch] += quantity
            for serial in row["serial_no"] or ():
                self._note(serial, _when(row), row["warehouse"], row["batch_no"], inward=row["actual_qty"] > 0)

    def _batches(self, row: Row) -> Iterator[tuple[str, Decimal]]:
        in_bundle = self._in_bundle.get(row["serial_and_batch_bundle"])
        if row["batch_no"] or not in_bundle:
            yield row["batch_no"], row["actual_qty"]
        else:
            yield from in_bundle.items()  # type: ignore[misc]

    def _note(self, serial: str, when: datetime, warehouse: str, batch: str, *, inward: bool) -> None:
        if serial in self._cards and (serial not in self._last or when >= self._last[serial][0]):
            self._last[serial] = (when, warehouse, batch, inward)

    def tell(self) -> None:
        """Tell where every serial went last."""
        for serial, (when, warehouse, batch, inward) in self._last.items():
            item = self._cards[serial]["item_code"]
            site, location = self._gathering.overrides.place(warehouse) if warehouse else (None, "")
            last = LastMovement(
                direction="in" if inward else "out",
                date=when.date(),
                site=site,
                location=location,
                lot=batch or self._cards[serial]["batch_no"] if item in self.batched else "",
            )
            self._gathering.moved((item, "", serial), (when, 0), last)


def _counts(row: Row) -> bool:
    return not row["is_cancelled"] and row["docstatus"] in ("", "1", "Submitted")


def _when(row: Row) -> datetime:
    moment: datetime = row["posting_datetime"] or datetime(1, 1, 1)  # noqa: DTZ001 - nobody knows when
    time: timedelta = row["posting_time"] or timedelta()
    return moment if moment.time() != datetime.min.time() else moment + time


SYSTEM = System(
    name="erpnext",
    title="ERPNext",
    tables=(SERIAL_NO, BIN, LEDGER, BUNDLE, ENTRY),
    gather=gather,
    quantities=("Bin", "Stock Ledger Entry"),
    serial_table="Serial No",
    serial_columns={"name": "serial", "item_code": "item"},
    line_columns={"warehouse": "place", "batch_no": "lot"},
    shown_columns={},
)
