"""Rows of a tracking window as a person gives them, and what a window shows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from stockline.codes import Code
from stockline.results.base import Result
from stockline.values import QuantityLike

KEEP: Literal["keep"] = "keep"
"""As a new expiration date: the one it has."""


@dataclass(frozen=True, slots=True)
class TrackingRow:
    """One row of a tracking window as a person gives it; what is None takes its default (TW-14).

    `quantity`, `handle` and `invoice` are in the line's unit, `base_quantity` in base units; a serial is one base unit.
    `new_…` are what a reclassification makes of the combination; a `new_expires` of None takes the date away (TW-42).
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
    new_serial: str | None = None
    new_lot: str | None = None
    new_package: str | None = None
    new_expires: dt.date | Literal["keep"] | None = KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """One combination of a tracking window, active and historic as one (TW-7); base units.

    `row` is its place, counted from 1. In an open window `key` stays the row's own when others go. `new_…` are what a
    reclassification makes of it, as in a `TrackingRow`.
    """

    key: int
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
    apply_to: int | None
    apply_from: int | None
    new_serial: str | None = None
    new_lot: str | None = None
    new_package: str | None = None
    new_expires: dt.date | Literal["keep"] | None = KEEP


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
class RefusedRow:
    """A row that was pasted and refused: kept as it was given, with why, until it is corrected or removed."""

    key: int
    code: Code
    message: str
    given: TrackingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(WindowView):
    """An open tracking window. `revision` counts its changes; a call may carry the one its editor saw."""

    number: int
    revision: int
    opened_by: str
    refused: Sequence[RefusedRow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChanged(WindowView):
    """An open window after a step: `rows` and `refused` that it made or changed, the keys of those it `removed`."""

    number: int
    revision: int
    removed: Sequence[int] = ()
    refused: Sequence[RefusedRow] = ()
