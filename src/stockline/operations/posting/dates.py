"""Expiration and warranty dates of what is posted: checked, filled in, and kept by number (PO-28 to PO-32)."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, or_, select

from stockline.operations.lines import SourceLine
from stockline.operations.number_dates import remember_last, remember_new, take_dates
from stockline.operations.posting.lines import PostingLine
from stockline.operations.posting.new_dates import settle_new_dates
from stockline.rules.dates import (
    DATED_ENTRY_RULES,
    INBOUND,
    expiration_required,
    warranty_required,
)
from stockline.rules.framework import enforce
from stockline.rules.posting import ENTRIES
from stockline.schema.ledger import ledger_entry
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode

MAY_TAKE_EXPIRED = ("purchase_out", "negative_adjustment")
"""Occasions on which what is past its date may leave (PO-31)."""


def keeps_expired(line: SourceLine) -> bool:
    """Whether the line may not take what is past its expiration date (TW-38, PO-31)."""
    free = line.occasion in MAY_TAKE_EXPIRED or line.renumbers
    return line.item.tracking.strict_expiration and not free


def default_dates(line: SourceLine, posting_date: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """The expiration and the warranty date of numbers the line receives without one (TW-36, TW-39)."""
    code = line.item.tracking
    if line.movement < 0 or line.entry_kind == "transfer":
        return None, None
    expires_after = code.expires_after if code.uses_expiration else None
    return _days_later(posting_date, expires_after), _days_later(posting_date, code.warranty_days)


def _days_later(start: dt.date, days: int | None) -> dt.date | None:
    if days is None:
        return None
    return start + dt.timedelta(days) if days <= (dt.date.max - start).days else dt.date.max


def settle_dates(transaction: Transaction, batch: int, posted: Sequence[PostingLine]) -> None:
    """Check the dates of a posting's entries, give each that of its number, and keep what came in.

    Refused `warranty_required`, `expiration_conflict`, `expiration_posted`, `expiration_required`.
    """
    codes = {one.line.item.id: one.line.item.tracking for one in posted if one.quantity}
    if warranted := _items(codes, "require_warranty"):
        enforce(transaction, [warranty_required], {"batch": batch, "items": warranted})
    dated = _items(codes, "uses_expiration")
    if not dated:
        return
    parameters = {"batch": batch, "items": dated}
    if any(one.line.renumbers for one in posted):
        settle_new_dates(transaction, parameters, _items(codes, "require_expiration"))
    remember_new(transaction, parameters)
    enforce(transaction, DATED_ENTRY_RULES, parameters)
    take_dates(transaction, parameters)
    if required := _items(codes, "require_expiration"):
        enforce(transaction, [expiration_required], {"batch": batch, "items": required})
    # What came in has the date of its number; only a second number beside that one may have had another.
    if transaction.execute(_HAS_MORE_NUMBERS, parameters).scalar():
        remember_last(transaction, parameters)


def _items(codes: Mapping[int, TrackingCode], asks: str) -> list[int]:
    return sorted(item for item, code in codes.items() if code.tracked and getattr(code, asks))


_has = {kind: ledger_entry.c[kind] != "" for kind in NUMBER_KINDS}
_HAS_MORE_NUMBERS = select(
    select(ledger_entry.c.id)
    .select_from(ENTRIES)
    .where(INBOUND, or_(and_(_has["lot"], or_(_has["serial"], _has["package"])), and_(_has["serial"], _has["package"])))
    .exists()
)
