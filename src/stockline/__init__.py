"""Stockline keeps stock that is tracked by serial, lot and package numbers."""

from stockline.codes import Code, WarningCode
from stockline.refusal import Finding, Refusal, Warning
from stockline.results import (
    FoundSerial,
    FoundStockLine,
    LastMovement,
    Location,
    OrderLine,
    Posting,
    TrackingRow,
)
from stockline.service import Stockline, open, upgrade
from stockline.tracking_code import TrackingCode

__all__ = [
    "Code",
    "Finding",
    "FoundSerial",
    "FoundStockLine",
    "LastMovement",
    "Location",
    "OrderLine",
    "Posting",
    "Refusal",
    "Stockline",
    "TrackingCode",
    "TrackingRow",
    "Warning",
    "WarningCode",
    "open",
    "upgrade",
]
