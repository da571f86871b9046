"""Business Central: quantities, links and last movements from item ledger entries, bins from warehouse entries.

Reservations are pairs of reservation entries of which one side is stock. A stock line is an item and variant at a
location (there: a site), of a lot and in a package, in a bin; the remaining quantities of its open entries are summed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from stockline.exchange.journeys import Step
from stockline.exchange.systems import System, Tables
from stockline.exchange.tables import Row, Table, filled, needed, optional
from stockline.results import FoundReservation, FoundStockLine, LastMovement

if TYPE_CHECKING:
    from stockline.exchange.found import LineKey, SerialKey
    from stockline.exchange.gathering import Gathering

NO_LOCATION = "-"
"""The site of stock without Location Code, unless the mapping names one for ""."""

LEDGER = Table(
    "Item Ledger Entry",
    (
        filled("Entry No.", "whole"),
        filled("Item No.", "item"),
        needed("Location Code"),
        filled("Remaining Quantity", "quantity"),
        *map(optional, ("Variant Code", "Lot No.", "Package No.")),
        optional("Serial No.", "serial"),
        optional("Quantity", "quantity"),
        optional("Positive", "yes"),
        optional("Posting Date", "moment"),
    ),
)
WAREHOUSE = Table(
    "Warehouse Entry",
    (
        filled("Item No.", "item"),
        needed("Location Code"),
        needed("Bin Code"),
        filled("Qty. (Base)", "quantity", "Quantity (Base)", "Quantity"),
        *map(optional, ("Variant Code", "Lot No.", "Package No.")),
        optional("Serial No.", "serial"),
    ),
)

RESERVATION = Table(
    "Reservation Entry",
    (
        filled("Entry No.", "whole"),
        filled("Item No.", "item"),
        needed("Location Code"),
        filled("Quantity (Base)", "quantity"),
        needed("Reservation Status"),
        needed("Source Type"),
        needed("Source ID"),
        *map(optional, ("Variant Code", "Lot No.", "Package No.")),
        optional("Source Ref. No.", "whole"),
        optional("Serial No.", "serial"),
        optional("Shipment Date", "moment"),
    ),
)
FIRM = ("Reservation", "0")
"""How exports write the status of a firm reservation."""
STOCK = ("32", "Item Ledger Entry")
"""How they write the source of a side that is stock."""
KINDS = {
    **dict.fromkeys(("39", "Purchase Line"), "purchase_return"),
    **dict.fromkeys(("5407", "Prod. Order Component", "901", "Assembly Line"), "production"),
}
"""What reserves, by its source; all else is sold, or leaves in another way."""

_Key = tuple[str, str, str, str, str]
"""Item, variant, location, lot, package."""


def gather(tables: Tables, gathering: Gathering) -> None:
    """Gather the stock of Business Central."""
    gathering.untold = frozenset({"location"})
    reserved = _Reserved(tables, gathering)
    bins = _Bins(tables)
    remaining: defaultdict[_Key, Decimal] = defaultdict(Decimal)
    links: list[tuple[SerialKey, _Key, Decimal]] = []
    for _, _, row in tables.once("Item Ledger Entry", "Entry No."):
        key, quantity = _key(row), row["Remaining Quantity"]
        remaining[key] += quantity
        reserved.note_entry(row)
        if row["Serial No."]:
            serial = (row["Item No."], row["Variant Code"], row["Serial No."])
            gathering.add_serial(serial)
            _note_movement(row, serial, gathering)
            links += [(serial, key, quantity)] if quantity else []
    for key, quantity in remaining.items():
        for bin_code, in_bin in bins.split(key, quantity) if quantity else ():
            _add_line(key, bin_code, in_bin, gathering)
    _link(links, bins, gathering)
    reserved.add()


def _link(links: Iterable[tuple[SerialKey, _Key, Decimal]], bins: _Bins, gathering: Gathering) -> None:
    """A serial is in the bins its warehouse entries say; what they do not say leaves it in none."""
    for serial, key, quantity in links:
        bin_codes = bins.of_serial(serial, key[2])
        gathering.hold(serial, _line_key(key, bin_codes[0]), quantity)
        for bin_code in bin_codes if quantity > 0 else ():
            line = _line_key(key, bin_code)
            if not gathering.has_line(line):
                _add_line(key, bin_code, Decimal(), gathering)
            gathering.add_serial(serial, site=_place(key[2], "", gathering)[0], lot=key[3])
            gathering.link(serial, line)


def _key(row: Row) -> _Key:
    return row["Item No."], row["Variant Code"], row["Location Code"], row["Lot No."], row["Package No."]


def _line_key(key: _Key, bin_code: str) -> LineKey:
    item, variant, location, lot, package = key
    return item, variant, location, bin_code, lot, package


def _place(location: str, bin_code: str, gathering: Gathering) -> tuple[str, str]:
    site, inside = gathering.overrides.place(location, bin_code)
    return site or NO_LOCATION, inside


def _add_line(key: _Key, bin_code: str, quantity: Decimal, gathering: Gathering) -> None:
    item, variant, location, lot, package = key
    site, inside = _place(location, bin_code, gathering)
    line = FoundStockLine(
        item=item, variant=variant, site=site, location=inside, lot=lot, package=package, quantity=Decimal()
    )
    gathering.add_line(_line_key(key, bin_code), line, quantity)


def _note_movement(row: Row, serial: SerialKey, gathering: Gathering) -> None:
    """The entry of the highest number is the last movement; it tells the site, not the bin."""
    inward = row["Positive"]
    if inward is None:
        inward = (row["Quantity"] or row["Remaining Quantity"]) > 0
    posted: datetime | None = row["Posting Date"]
    last = LastMovement(
        direction="in" if inward else "out",
        date=posted.date() if posted else None,
        site=_place(row["Location Code"], "", gathering)[0],
        lot=row["Lot No."],
        package=row["Package No."],
    )
    gathering.moved(serial, (datetime(1, 1, 1), row["Entry No."]), Step(last))  # noqa: DTZ001 - the number alone counts


class _Reserved:
    """The reservation entries: two of one number are the two sides of a reservation, of which one may be stock."""

    def __init__(self, tables: Tables, gathering: Gathering) -> None:
        self._tables, self._gathering = tables, gathering
        self._sides: defaultdict[int, list[tuple[str, int, Row]]] = defaultdict(list)
        for file, number, row in tables.numbered_rows("Reservation Entry"):
            self._sides[row["Entry No."]].append((file, number, row))
        of_stock = (row for sides in self._sides.values() for _, _, row in sides if row["Source Type"] in STOCK)
        self._entries: dict[int | None, Row | None] = {row["Source Ref. No."]: None for row in of_stock}

    def note_entry(self, row: Row) -> None:
        """Note a ledger entry that is reserved: its numbers tell what the goods are."""
        if row["Entry No."] in self._entries:
            self._entries[row["Entry No."]] = row

    def add(self) -> None:
        """The reservations of stock; those of what is still to come hold none."""
        for sides in self._sides.values():
            stock = next((row for _, _, row in sides if row["Source Type"] in STOCK), None)
            demand = next((side for side in sides if side[-1] is not stock), None)
            if stock is None or demand is None or stock["Reservation Status"] not in FIRM:
                self._gathering.not_reserved += 1
                continue
            file, number, row = demand
            if not row["Source ID"]:
                self._tables.refuse(file, number, "Source ID", "the document is empty", row["Item No."])
            elif reason := self._gathering.reserve(self._reservation(row, stock)):
                self._tables.refuse(file, number, "Quantity (Base)", reason, row["Item No."])

    def _reservation(self, demand: Row, stock: Row) -> FoundReservation:
        entry = self._entries[stock["Source Ref. No."]]
        numbers = {
            kind: stock[column] or demand[column] or (entry[column] if entry else "")
            for kind, column in (("serial", "Serial No."), ("lot", "Lot No."), ("package", "Package No."))
        }
        shipped: datetime | None = demand["Shipment Date"]
        return FoundReservation(
            document=demand["Source ID"],
            line=demand["Source Ref. No."] or "",
            kind=KINDS.get(demand["Source Type"], "sale"),
            date=shipped.date() if shipped else None,
            item=demand["Item No."],
            variant=demand["Variant Code"],
            site=_place(demand["Location Code"], "", self._gathering)[0],
            quantity=abs(demand["Quantity (Base)"]),
            **numbers,
        )


class _Bins:
    """What the warehouse entries say of bins."""

    def __init__(self, tables: Tables) -> None:
        self._of_key: defaultdict[_Key, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._of_serial: defaultdict[tuple[SerialKey, str], defaultdict[str, Decimal]] = defaultdict(
            lambda: defaultdict(Decimal)
        )
        for row in tables.rows("Warehouse Entry"):
            key, quantity = _key(row), row["Qty. (Base)"]
            self._of_key[key][row["Bin Code"]] += quantity
            if row["Serial No."]:
                serial = (key[0], key[1], row["Serial No."])
                self._of_serial[serial, key[2]][row["Bin Code"]] += quantity

    def split(self, key: _Key, quantity: Decimal) -> list[tuple[str, Decimal]]:
        """A quantity by bins. The ledger's quantity is the true one: what the bins do not explain is in none."""
        parts = [(code, in_bin) for code, in_bin in self._of_key.get(key, {}).items() if in_bin]
        rest = quantity - sum((in_bin for _, in_bin in parts), Decimal())
        return [*parts, ("", rest)] if rest or not parts else parts

    def of_serial(self, serial: SerialKey, location: str) -> list[str]:
        """The bins a serial is in at a location; none is the blank one."""
        return [code for code, in_bin in self._of_serial.get((serial, location), {}).items() if in_bin > 0] or [""]


SYSTEM = System(
    name="business-central",
    title="Business Central",
    tables=(LEDGER, WAREHOUSE, RESERVATION),
    gather=gather,
    quantities=("Item Ledger Entry",),
    serial_table="Item Ledger Entry",
    serial_columns={"Item No.": "item", "Variant Code": "variant", "Serial No.": "serial"},
    line_columns={
        "Location Code": "site",
        "Bin Code": "location",
        "Lot No.": "lot",
        "Package No.": "package",
    },
    shown_columns={},
    quantity_column="Remaining Quantity",
)
