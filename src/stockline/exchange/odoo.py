"""Odoo: quantities and links from stock.quant, serials from stock.lot, last movements from stock.move.line.

A stock line is a product at a location, in a package, of an owner; its quants are summed. What lot_id names is a serial
if the product is tracked by unique serials, a lot if it is tracked by lots.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from stockline.exchange.systems import System, Tables
from stockline.exchange.tables import Column, Row, Table, filled, needed, optional
from stockline.results import FoundStockLine, LastMovement

if TYPE_CHECKING:
    from stockline.exchange.found import LineKey
    from stockline.exchange.gathering import Gathering

LOT_TRACKING = ("lot", "By Lots")

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
        optional("lot_id", "serial", "Lot/Serial Number", "lot_id/name"),
        optional("package_id", "text", "Package", "package_id/name"),
        optional("owner_id", "text", "Owner", "owner_id/name"),
        _TRACKING,
        _usage("location_id", "Location"),
    ),
)
LOT = Table("stock.lot", (_PRODUCT, filled("name", "serial", "Lot/Serial Number"), _TRACKING))
MOVE_LINE = Table(
    "stock.move.line",
    (
        _PRODUCT,
        needed("lot_id", "serial", "Lot/Serial Number", "lot_id/name"),
        filled("location_id", "site", "From", "Source Location", "location_id/complete_name"),
        filled("location_dest_id", "site", "To", "Destination Location", "location_dest_id/complete_name"),
        filled("date", "moment", "Date"),
        needed("quantity", "quantity", "qty_done", "Quantity", "Done"),
        optional("state", "text", "Status"),
        optional("id", "whole"),
        optional("result_package_id", "text", "Destination Package", "result_package_id/name"),
        _usage("location_id", "From"),
        _usage("location_dest_id", "To"),
    ),
)


def gather(tables: Tables, gathering: Gathering) -> None:
    """Gather the stock of Odoo."""
    products = _Products(gathering)
    for row in tables.rows("stock.lot"):
        if products.has_serials(row):
            gathering.add_serial((row["product_id"], "", row["name"]))
    for row in tables.rows("stock.quant"):
        if products.is_stock(row, "location_id"):
            _gather_quant(row, gathering, products)
        else:
            gathering.left_out += 1
    for count, row in enumerate(tables.rows("stock.move.line")):
        if row["lot_id"] and row["quantity"] and row["state"].lower() in ("", "done"):
            _gather_move(row, gathering, products, row["id"] or count)


class _Products:
    """What the rows tell of products and places: how a product is tracked, and whether a place holds stock."""

    def __init__(self, gathering: Gathering) -> None:
        self._overrides = gathering.overrides
        self._by_lots: dict[str, bool] = {}

    def has_serials(self, row: Row) -> bool:
        """Whether the lots of a row's product are serials: as the mapping says, or any row, else they are."""
        product = row["product_id"]
        said = self._overrides.items.get(product)
        if said is not None:
            return said.steers("serial")
        if tracking := row.get("product_id/tracking"):
            self._by_lots[product] = tracking in LOT_TRACKING
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
        if quantity > 0:
            gathering.link(serial, key)


def _gather_move(row: Row, gathering: Gathering, products: _Products, order: int) -> None:
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
    gathering.moved(serial, (moment, order), last)


SYSTEM = System(
    name="odoo",
    title="Odoo",
    tables=(QUANT, LOT, MOVE_LINE),
    gather=gather,
    quantities=("stock.quant",),
    serial_table="stock.quant",
    serial_columns={"product_id": "item", "lot_id": "serial"},
    line_columns={"location_id": "place", "package_id": "package", "owner_id": "owner"},
    shown_columns={},
)
