"""What a posting answers, and the ledger."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from stockline.results.base import Result
from stockline.results.tracking import KEEP
from stockline.values import QuantityLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Result):
    """One posting: its number, how many ledger entries it wrote and, if few, their numbers."""

    number: int
    entries: int
    entry: int | None = None
    """The entry, when the posting made exactly one: what `apply_to` and `apply_from` name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassified:
    """One combination that is reclassified; new numbers, dates and places left out stay as they are (TW-41, TW-42).

    `quantity` is in the unit of the reclassification, `base_quantity` in base units; a serial is one base unit. A
    `new_expires` of None takes the date away. `stock_line` is the one it is taken from, where that matters.
    """

    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    quantity: QuantityLike | None = None
    base_quantity: QuantityLike | None = None
    new_serial: str | None = None
    new_lot: str | None = None
    new_package: str | None = None
    new_expires: dt.date | Literal["keep"] | None = KEEP
    location: str | None = None
    new_location: str | None = None
    stock_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a count has found of one combination; of a serial it is 1 when it does not say."""

    serial: str | None = None
    lot: str | None = None
    package: str | None = None
    quantity: QuantityLike | None = None
    base_quantity: QuantityLike | None = None
    location: str | None = None


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
