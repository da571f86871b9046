"""Odoo: quantities and links from stock.quant, serials from stock.lot, last movements from stock.move.line.

Move lines that are open are reservations. A stock line is a product at a location, in a package, of an owner;
its quants are summed. What lot_id names is a serial if the product is tracked by unique serials, else a lot.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from stockline.exchange.journeys import Step
from stockline.exchange.systems import System, Tables
from stockline.exchange.tables import Column, Row, Table, filled, needed, optional
from stockline.results import FoundReservation, FoundStockLine, LastMovement

if TYPE_CHECKING:
    from stockline.exchange.found import LineKey
    from stockline.exchange.gathering import Gathering

LOT_TRACKING = ("lot", "By Lots")
NOT_OPEN = ("", "draft", "new", "cancel", "cancelled", "done")
"""States of move lines that reserve nothing."""
KINDS = {"production": "production", "supplier": "purchase_return", "vendor location": "purchase_return"}
"""What reserves, by where the goods are to go; elsewhere they are sold, or leave in another way."""
NO_MOVE = "RESERVED WITHOUT MOVE"
"""The document of what quants have reserved beyond their open move lines: nobody holds it, or can give it up."""
NO_MOVES_KNOWN = "RESERVED"
"""The document of what quants have reserved where no move lines are given."""

_PRODUCT = filled("product_id", "item", "Product", "product_id/default_code", "product_id/display_name")
_TRACKING = optional("product_id/tracking", "text", "tracking", "Product/Tracking")


def _usage(location: str, label: str) -> Column:
    return optional(f"{location}/usage", "text", f"{label}/Location Type")


QUANT = Table(
    "stock.quant",
    (
        _PRODUCT,
        filled("location_id", "site", "Location", "location_id/complete_name"),
        filled("quantity", "quantity", "Quantity"),
        optional("reserved_quantity", "quantity", "Reserved Quantity"),
        optional("lot_id", "serial", "Lot/Serial Number", "lot_id/name"),
        optional("package_id", "text", "Package", "package_id/name"),
        optional("owner_id", "text", "Owner", "owner_id/name"),
        _TRACKING,
        _usage("location_id", "Location"),
    ),
    never=("location_dest_id",),
)
LOT = Table("stock.lot", (_PRODUCT, filled("name", "serial", "Lot/Serial Number"), _TRACKING))
RESERVED = ("reserved_qty", "reserved_uom_qty", "product_qty", "product_uom_qty", "quantity_product_uom")
"""Columns of move lines that say how much is reserved; where there is none, since version 17, `quantity` does."""
MOVE_LINE = Table(
    "stock.move.line",
    (
        _PRODUCT,
        needed("lot_id", "serial", "Lot/Serial Number", "lot_id/name"),
        filled("location_id", "site", "From", "Source Location", "location_id/complete_name"),
        filled("location_dest_id", "site", "To", "Destination Location", "location_dest_id/complete_name"),
        filled("date", "moment", "Date"),
        needed("quantity", "quantity", "qty_done", "Quantity", "Done"),
        optional("reserved", "quantity", *RESERVED),
        optional("state", "text", "Status"),
        optional("id", "whole"),
        optional("result_package_id", "text", "Destination Package", "result_package_id/name"),
        optional("package_id", "text", "Source Package", "package_id/name"),
        optional("owner_id", "text", "From Owner", "owner_id/name"),
        optional("reference", "text", "Reference", "picking_id", "picking_id/name", "Transfer"),
        optional("move_id", "text", "Stock Operation", "move_id/id"),
        _TRACKING,
        _usage("location_id", "From"),
        _usage("location_dest_id", "To"),
    ),
)


def gather(tables: Tables, gathering: Gathering) -> None:
    """Gather the stock of Odoo."""
    products = _Products(tables, gathering)
    for row in tables.rows("stock.lot"):
        if products.has_serials(row):
            gathering.add_serial((row["product_id"], "", row["name"]))
    reserved = _Reserved(tables, gathering, products)
    for file, number, row in tables.numbered_rows("stock.quant"):
        if products.is_stock(row, "location_id"):
            _gather_quant(row, gathering, products)
            reserved.note_quant(file, number, row)
        else:
            gathering.left_out += 1
    for file, number, row in tables.numbered_rows("stock.move.line"):
        if row["lot_id"] and row["quantity"] and row["state"].lower() in ("", "done"):
            _gather_move(row, gathering, products)
        elif row["state"].lower() not in NOT_OPEN:
            reserved.add_move(file, number, row)
    reserved.add_rest()


class _Products:
    """What the rows tell of products and places: how a product is tracked, and whether a place holds stock."""

    def __init__(self, tables: Tables, gathering: Gathering) -> None:
        self._overrides = gathering.overrides
        self._by_lots: dict[str, bool] = {}
        # One row may tell it for all others of the product, so all are asked before the first is taken.
        for product, tracking in tables.told("product_id", "product_id/tracking"):
            if tracking:
                self._by_lots[product] = self._by_lots.get(product, True) and tracking in LOT_TRACKING

    def has_serials(self, row: Row) -> bool:
        """Whether the lots of a row's product are serials: as the mapping says, or any row, else they are."""
        product = row["product_id"]
        said = self._overrides.items.get(product)
        if said is not None:
            return said.steers("serial")
        default = self._overrides.tracking is not None and not self._overrides.tracking.steers("serial")
        return not self._by_lots.get(product, default)

    def is_stock(self, row: Row, place: str) -> bool:
        """Whether a row's place is one of the company's own: its usage says so, or its name."""
        usage: str = row[f"{place}/usage"]
        if usage:
            return usage.lower() in ("internal", "internal location")
        return row[place].partition("/")[0].strip() not in self._overrides.no_stock


def _place(name: str, gathering: Gathering) -> tuple[str, str]:
    """Site and location of a complete name: the warehouse stands first."""
    warehouse, _, location = name.partition("/")
    return gathering.overrides.place(warehouse.strip(), location.strip())


def _gather_quant(row: Row, gathering: Gathering, products: _Products) -> None:
    product, number, quantity = row["product_id"], row["lot_id"], row["quantity"]
    has_serials = products.has_serials(row)
    lot = "" if has_serials else number
    site, location = _place(row["location_id"], gathering)
    key: LineKey = (product, lot, row["location_id"], row["package_id"], row["owner_id"])
    line = FoundStockLine(
        item=product,
        site=site,
        location=location,
        lot=lot,
        package=row["package_id"],
        owner=row["owner_id"],
        quantity=Decimal(),
    )
    gathering.add_line(key, line, quantity)
    if number and has_serials:
        serial = (product, "", number)
        gathering.add_serial(serial, site=site if quantity > 0 else "")
        gathering.hold(serial, key, quantity)
        if quantity > 0:
            gathering.link(serial, key)


def _gather_move(row: Row, gathering: Gathering, products: _Products) -> None:
    if not products.has_serials(row):
        return
    serial = (row["product_id"], "", row["lot_id"])
    inward = products.is_stock(row, "location_dest_id")
    known = inward or products.is_stock(row, "location_id")
    site, location = _place(row["location_dest_id" if inward else "location_id"], gathering)
    moment: datetime = row["date"]
    last = LastMovement(
        direction="in" if inward else "out",
        date=moment.date(),
        site=site if known else None,
        location=location if known else "",
        package=row["result_package_id"] if inward else "",
    )
    gathering.add_serial(serial)
    step = Step(last, left=(row["location_id"],), reached=(row["location_dest_id"],))
    gathering.moved(serial, (moment, row["id"] or 0), step)


class _Reserved:
    """What is reserved: by open move lines, and what quants have reserved beyond these."""

    def __init__(self, tables: Tables, gathering: Gathering, products: _Products) -> None:
        self._tables, self._gathering, self._products = tables, gathering, products
        self._of_quants: defaultdict[LineKey, Decimal] = defaultdict(Decimal)
        self._rows: dict[LineKey, tuple[str, int, Row]] = {}

    def note_quant(self, file: str, number: int, row: Row) -> None:
        """Note what a quant says is reserved of it."""
        if row["reserved_quantity"]:
            self._of_quants[self._key(row)] += row["reserved_quantity"]
            self._rows.setdefault(self._key(row), (file, number, row))

    def add_move(self, file: str, number: int, row: Row) -> None:
        """What an open move line has reserved; it takes from what its quant says."""
        if not self._products.is_stock(row, "location_id"):
            self._gathering.not_reserved += 1
            return
        quantity = row["quantity"] if row["reserved"] is None else row["reserved"]
        self._of_quants[self._key(row)] -= quantity
        target = row["location_dest_id/usage"] or row["location_dest_id"].rpartition("/")[2]
        reservation = replace(
            self._reservation(row, quantity, row["reference"] or row["move_id"] or f"move line {row['id'] or number}"),
            line=row["move_id"],
            kind=KINDS.get(target.strip().lower(), "sale"),
            date=row["date"].date(),
        )
        if reason := self._gathering.reserve(reservation):
            self._tables.refuse(file, number, "quantity", reason, row["product_id"])

    def add_rest(self) -> None:
        """What quants have reserved that no open move line holds."""
        moves_known = self._tables.has("stock.move.line")
        for key, quantity in self._of_quants.items():
            if quantity > 0:
                file, number, row = self._rows[key]
                self._gathering.unheld += moves_known
                reservation = self._reservation(row, quantity, NO_MOVE if moves_known else NO_MOVES_KNOWN)
                if reason := self._gathering.reserve(reservation):
                    self._tables.refuse(file, number, "reserved_quantity", reason, row["product_id"])

    def _key(self, row: Row) -> LineKey:
        return (row["product_id"], row["location_id"], row["lot_id"], row["package_id"], row["owner_id"])

    def _reservation(self, row: Row, quantity: Decimal, document: str) -> FoundReservation:
        has_serials = self._products.has_serials(row)
        return FoundReservation(
            document=document,
            item=row["product_id"],
            site=_place(row["location_id"], self._gathering)[0],
            quantity=quantity,
            serial=row["lot_id"] if has_serials else "",
            lot="" if has_serials else row["lot_id"],
            package=row["package_id"],
        )


SYSTEM = System(
    name="odoo",
    title="Odoo",
    tables=(QUANT, LOT, MOVE_LINE),
    gather=gather,
    quantities=("stock.quant",),
    serial_table="stock.quant",
    serial_columns={"product_id": "item", "lot_id": "serial"},
    line_columns={"location_id": "path", "package_id": "package", "owner_id": "owner"},
    shown_columns={},
    quantity_column="quantity",
)
