"""What a posting answers, and the ledger."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from stockline.results.base import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Result):
    """One posting: its number, how many ledger entries it wrote and, if few, their numbers."""

    number: int
    entries: int
    entry: int | None = None
    """The entry, when the posting made exactly one: what `apply_to` and `apply_from` name."""


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
