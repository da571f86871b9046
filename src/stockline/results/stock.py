"""Stock as another system has it, and as it lies here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from stockline.results.base import Result
from stockline.results.catalog import Location
from stockline.tracking_code import TrackingCode
from stockline.values import QuantityLike


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStockLine:
    """A stock line as another system has it (ST-1). None as id: a number is made."""

    id: int | None = None
    item: str
    site: str
    quantity: QuantityLike
    variant: str = ""
    warehouse: str = ""
    location: str = ""
    lot: str = ""
    sublot: str = ""
    version: str = ""
    status: str = "A"
    package: str = ""
    identifier2: str = ""
    custom1: str = ""
    custom2: str = ""
    analysis_request: str = ""
    owner: str = ""
    packing_unit: str = ""
    packing_factor: QuantityLike = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMovement:
    """The last movement another system knows of a serial; it is evidence like one of ours."""

    direction: Literal["in", "out"]
    date: dt.date | None = None
    site: str | None = None
    location: str = ""
    lot: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSerial:
    """A serial as another system has it: its own attributes and the stock lines it is linked to, right or wrong."""

    item: str
    serial: str
    variant: str = ""
    stock_line: int | Sequence[int] | None = None
    site: str | None = None
    lot: str = ""
    sublot: str = ""
    version: str = ""
    last: LastMovement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundReservation:
    """Stock that is reserved in another system: how much of what, and for which line of which document there.

    `serial`, `lot` and `package` are what it names; blank: nothing. `line` is the line's number or name there. `kind`
    is what the document is: `sale`, `purchase_return`, or `production` for a component; all else is taken for a sale.
    """

    document: str
    item: str
    site: str
    quantity: QuantityLike
    variant: str = ""
    line: int | str = ""
    kind: str = "sale"
    serial: str = ""
    lot: str = ""
    package: str = ""
    date: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundItem:
    """An item that found stock needs; it is made where it does not exist."""

    tracking: TrackingCode
    variants: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSite:
    """A site that found stock needs, with the places in it; what of it does not exist is made."""

    locations: Sequence[Location] = ()
    warehouses: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Result):
    """How much of what was found elsewhere has been loaded, and which items and sites were made for it."""

    stock_lines: int
    serials: int
    reservations: int
    items: Sequence[str] = ()
    sites: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialState:
    """Where one serial is and what is known of it (ST-10). Blank texts: not known."""

    item: str
    variant: str
    serial: str
    on_hand: bool
    site: str | None
    location: str | None
    stock_line: int | None
    lot: str
    sublot: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLineState:
    """One stock line with every characteristic (ST-1) and the number of serials linked to it."""

    stock_line: int
    item: str
    variant: str
    site: str
    warehouse: str
    location: str
    lot: str
    sublot: str
    version: str
    status: str
    package: str
    identifier2: str
    custom1: str
    custom2: str
    analysis_request: str
    owner: str
    packing_unit: str
    packing_factor: Decimal
    quantity: Decimal
    serials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Result):
    """What has been moved between stock lines, and the posting, where the ledger knows of it."""

    quantity: Decimal
    posting: int | None = None
