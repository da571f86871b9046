"""Order lines as a person gives them, and as they stand."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from stockline.results.base import Result
from stockline.values import QuantityLike


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order or journal, its quantity in `unit` (None: the base unit). What is None is the order's.

    The line of a transfer has `ship_date` and `receipt_date` instead of a date, and the sites of its order.
    `to_site` and `to_location` are where a reclassification puts its goods; None: where they are.
    """

    item: str
    quantity: QuantityLike
    unit: str | None = None
    variant: str = ""
    site: str | None = None
    location: str | None = None
    date: dt.date | None = None
    ship_date: dt.date | None = None
    receipt_date: dt.date | None = None
    type: str | None = None
    reserve: str | None = None
    to_site: str | None = None
    to_location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """A source line; quantities in the line's unit."""

    line: str
    item: str
    variant: str
    site: str
    location: str
    unit: str
    date: dt.date
    quantity: Decimal
    outstanding: Decimal
    handled: Decimal
    invoiced: Decimal
    reserved: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reservation entry pair, or one side of one; a side is a line's name, `stock`, or None (RE-4)."""

    status: str
    quantity: Decimal
    item: str
    variant: str
    site: str
    demand: str | None
    supply: str | None
    demand_serial: str | None
    demand_lot: str | None
    demand_package: str | None
    supply_serial: str | None
    supply_lot: str | None
    supply_package: str | None
    binding: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(Result):
    """How much was reserved, or cancelled, in base units."""

    quantity: Decimal
