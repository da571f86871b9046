"""ERPNext: quantities from Bin and Stock Ledger Entry, serials from Serial No, last movements from their bundles.

Reservations are Stock Reservation Entries. A stock line is an item in a warehouse, of an item with batches one batch
of it. A serial is linked wherever its card names a warehouse, whatever its status.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stockline.exchange.journeys import Latest, Step
from stockline.exchange.systems import System, Tables
from stockline.exchange.tables import Row, Table, filled, needed, optional
from stockline.results import FoundReservation, FoundStockLine, LastMovement

if TYPE_CHECKING:
    from stockline.exchange.found import LineKey, SerialKey
    from stockline.exchange.gathering import Gathering

NOT_THERE = ("Delivered", "Inactive", "Consumed")
"""Statuses of serials that are in no warehouse."""
NOT_RESERVED = ("Draft", "Cancelled", "Delivered", "Closed")
"""Statuses of reservations that hold nothing, or nothing any more."""
CONSUMING = ("Work Order", "Production Plan", "Subcontracting Order")
"""Types of voucher that consume what they reserve."""

SUBMITTED = ("", "1", "Submitted")
"""How exports say that a document counts; without the column all do."""

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
    never=("actual_qty", "reserved_qty"),
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
        *map(optional, ("parent", "parenttype")),
        optional("delivered_qty", "quantity"),
    ),
)
USED = ("delivered_qty", "transferred_qty", "consumed_qty")
"""What of a reservation has been put to use."""
RESERVATION = Table(
    "Stock Reservation Entry",
    (
        filled("name", "text", "ID"),
        filled("item_code", "item"),
        filled("warehouse", "site"),
        filled("reserved_qty", "quantity"),
        filled("voucher_no", "document"),
        *(optional(name, "quantity") for name in USED),
        *map(optional, ("voucher_type", "voucher_detail_no", "status", "docstatus", "reservation_based_on")),
    ),
)


def gather(tables: Tables, gathering: Gathering) -> None:
    """Gather the stock of ERPNext."""
    cards = {row["name"]: row for _, _, row in tables.once("Serial No", "name")}
    reservations = list(tables.numbered_rows("Stock Reservation Entry"))
    history = _History(gathering, cards, {row["name"] for _, _, row in reservations})
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
    for file, number, row in reservations:
        for part in _reserved(row, history, cards, gathering):
            if reason := gathering.reserve(part):
                tables.refuse(file, number, "reserved_qty", reason, row["item_code"])


def _quantities(tables: Tables, history: _History) -> dict[tuple[str, str, str], Decimal]:
    """By item, warehouse and batch: the bins, and of items with batches what the ledger adds up to."""
    if not tables.has("Bin"):
        return history.sums
    quantities = {key: sum_ for key, sum_ in history.sums.items() if key[0] in history.batched}
    for _, _, row in tables.once("Bin", "item_code", "warehouse"):
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
        gathering.moved(serial, (datetime(1, 1, 1), 0), Step(last))  # noqa: DTZ001 - nobody knows when


def _reserved(
    row: Row, history: _History, cards: Mapping[str, Row], gathering: Gathering
) -> Iterator[FoundReservation]:
    """What of a reservation holds stock still, by the serials and batches it names, and what it leaves open.

    If not all that it names fits, some has been delivered: serials that are elsewhere by now come last.
    """
    left: Decimal = row["reserved_qty"] - sum((row[name] or Decimal() for name in USED), Decimal())
    if row["status"] in NOT_RESERVED or row["docstatus"] not in SUBMITTED or left <= 0:
        left = Decimal()
    common = FoundReservation(
        document=row["voucher_no"],
        line=row["voucher_detail_no"],
        kind="production" if row["voucher_type"] in CONSUMING else "sale",
        item=row["item_code"],
        site=gathering.overrides.place(row["warehouse"])[0],
        quantity=left,
    )
    named = history.reserved[row["name"]] if left and row["reservation_based_on"] != "Qty" else []
    for serial, batch, quantity in sorted(named, key=lambda one: _is_elsewhere(one[0], row, cards)):
        part = min(quantity, left)
        if part > 0:
            left -= part
            lot = batch if row["item_code"] in history.batched else ""
            yield replace(common, quantity=part, serial=serial, lot=lot)
    if left or not named:
        yield replace(common, quantity=left)


def _is_elsewhere(serial: str, row: Row, cards: Mapping[str, Row]) -> bool:
    return serial in cards and cards[serial]["warehouse"] != row["warehouse"]


class _History:
    """Bundles and ledger: where serials went last, and how much of each batch is where."""

    def __init__(self, gathering: Gathering, cards: dict[str, Row], reservations: Collection[str]) -> None:
        self.batched: set[str] = set()
        """Items that have batches."""
        self.sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        """The ledger's sum by item, warehouse and batch."""
        self.reserved: defaultdict[str, list[tuple[str, str, Decimal]]] = defaultdict(list)
        """By reservation the serials and batches it names, each with what of it is not delivered."""
        self._reservations = reservations
        self._gathering = gathering
        self._cards = cards
        self._in_bundle: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._last: defaultdict[str, Latest[tuple[datetime, str, str, bool]]] = defaultdict(Latest)
        """By serial its latest movements: when, warehouse, batch, and whether inward."""

    def read_bundles(self, tables: Tables) -> None:
        """The bundles; what an entry does not say itself stands on its bundle."""
        bundles = {row["name"]: row for _, _, row in tables.once("Serial and Batch Bundle", "name")}
        for row in tables.rows("Serial and Batch Entry"):
            if row["parenttype"] == RESERVATION.name or row["parent"] in self._reservations:
                quantity = abs(row["qty"]) - (row["delivered_qty"] or 0)
                self.reserved[row["parent"]].append((row["serial_no"], row["batch_no"], quantity))
                continue
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
        if serial in self._cards:
            self._last[serial].note((when, 0), (when, warehouse, batch, inward))

    def tell(self) -> None:
        """Tell where every serial went last."""
        for serial, moves in self._last.items():
            card = self._cards[serial]
            for move in moves.those:
                self._gathering.moved((card["item_code"], "", serial), (move[0], 0), self._step(card, *move))

    def _step(self, card: Row, when: datetime, warehouse: str, batch: str, inward: bool) -> Step:
        site, location = self._gathering.overrides.place(warehouse) if warehouse else (None, "")
        last = LastMovement(
            direction="in" if inward else "out",
            date=when.date(),
            site=site,
            location=location,
            lot=batch or card["batch_no"] if card["item_code"] in self.batched else "",
        )
        return Step(last, reached=(warehouse,)) if inward else Step(last, left=(warehouse,))


def _counts(row: Row) -> bool:
    return not row["is_cancelled"] and row["docstatus"] in SUBMITTED


def _when(row: Row) -> datetime:
    moment: datetime = row["posting_datetime"] or datetime(1, 1, 1)  # noqa: DTZ001 - nobody knows when
    time: timedelta = row["posting_time"] or timedelta()
    return moment if moment.time() != datetime.min.time() else moment + time


SYSTEM = System(
    name="erpnext",
    title="ERPNext",
    tables=(SERIAL_NO, BIN, LEDGER, BUNDLE, ENTRY, RESERVATION),
    gather=gather,
    quantities=("Bin", "Stock Ledger Entry"),
    serial_table="Serial No",
    serial_columns={"name": "serial", "item_code": "item"},
    line_columns={"warehouse": "place", "batch_no": "lot"},
    shown_columns={},
)
