"""What the engine is given and what it answers: plain, typed, immutable values.

Quantities are `Decimal`; unless said otherwise they are in base units. Dates are `datetime.date`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from stockline.refusal import Warning
from stockline.values import QuantityLike

# ---------------------------------------------------------------- given


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place inside a site. Category `put_away`: what lies there awaits put-away (ST-9)."""

    id: str
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order or journal, its quantity in `unit` (None: the base unit). What is None is the order's."""

    item: str
    quantity: QuantityLike
    unit: str | None = None
    variant: str = ""
    site: str | None = None
    location: str | None = None
    date: dt.date | None = None
    type: str | None = None
    reserve: str | None = None


@dataclass(frozen=True, slots=True)
class TrackingRow:
    """One row of a tracking window as a person gives it; what is None takes its default (TW-14).

    `quantity`, `handle` and `invoice` are in the line's unit, `base_quantity` in base units; a serial is one base unit.
    """

    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    quantity: QuantityLike | None = None
    base_quantity: QuantityLike | None = None
    handle: QuantityLike | None = None
    invoice: QuantityLike | None = None
    expires: dt.date | None = None
    warranty: dt.date | None = None
    apply_to: int | None = None
    apply_from: int | None = None


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


# ---------------------------------------------------------------- answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every operation that writes answers at least."""

    warnings: Sequence[Warning] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Result):
    """One posting: its number, how many ledger entries it wrote and, if few, their numbers."""

    number: int
    entries: int
    entry: int | None = None
    """The entry, when the posting made exactly one: what `apply_to` and `apply_from` name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Result):
    """How much of what was found elsewhere has been loaded."""

    stock_lines: int
    serials: int


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
class WindowRow:
    """One combination of a tracking window, active and historic as one (TW-7); base units."""

    row: int
    serial: str
    lot: str
    package: str
    quantity: Decimal
    handle: Decimal
    invoice: Decimal
    handled: Decimal
    invoiced: Decimal
    expires: dt.date | None
    warranty: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One line of the header matrix (TW-8)."""

    quantity: Decimal
    handle: Decimal
    invoice: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView(Result):
    """A tracking window: its rows and its header matrix (TW-7, TW-8)."""

    line: str
    rows: Sequence[WindowRow]
    source: Figures
    tracked: Figures
    undefined: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosed(Result):
    """A window that was closed: rows kept, and its header matrix at that moment."""

    line: str
    rows: int
    source: Figures
    tracked: Figures
    undefined: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """Sums over the numbers of a line: active (reservation entries) and historic (handled, invoiced)."""

    active: Decimal
    historic: Decimal
    handled: Decimal
    invoiced: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One posted movement of one combination, with what remains of it (PO-6, PO-20)."""

    number: int
    posting: int
    line: str | None
    type: str
    item: str
    variant: str
    site: str
    location: str
    date: dt.date
    quantity: Decimal
    remaining: Decimal
    open: bool
    serial: str
    lot: str
    package: str
    expires: dt.date | None
    warranty: dt.date | None
    correction: bool


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
    """One open stock line with every characteristic (ST-1) and the number of serials linked to it."""

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
class ControlFinding:
    """One thing that does not agree (CO-1); `repair` says who can mend it: machine, person or posting."""

    control: str
    finding: str
    item: str
    message: str
    variant: str = ""
    site: str | None = None
    stock_line: int | None = None
    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    expected: Any = None
    found: Any = None
    repair: str = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncLine:
    """One stock line of a synchronization figure: serials before and after resynchronization."""

    stock_line: int
    quantity: Decimal
    serials: int
    serials_new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """Quantity and serials of an item at a site, initial and new, and the verdict of the new figures (CO-3)."""

    site: str
    item: str
    quantity: Decimal
    serials: int
    quantity_new: Decimal
    serials_new: int
    verdict: Literal["synchronized", "total_mismatch", "line_mismatch"]
    lines: Sequence[SyncLine] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The summary of one number or of all numbers of an item at a site (TW-30)."""

    total: Decimal
    requested: Decimal
    pending: Decimal
    available: Decimal
    nonspecific: Decimal
