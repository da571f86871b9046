"""The demo's delivery: a list of serials as a maker sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockline.exchange.csv_files import write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DELIVERED = {"BATTERY-500": 700, "BATTERY-750": 450, "MOTOR-BX3": 400, "DISPLAY-K2": 250}
"""How many units of which item come with the file."""

ARRIVED = "2025-03-03"


def write_delivery(path: Path, delivered: Mapping[str, Sequence[str]], *, mistakes: bool) -> Path:
    """Write the list; with mistakes a serial is missing, one stands twice, and a date is written as at home."""
    rows = [[ARRIVED, item, serial, "Bosk Drives"] for item, serials in delivered.items() for serial in serials]
    if mistakes:
        rows[411][2] = ""
        rows[1040][2] = rows[1016][2]
        rows[1502][0] = "03.03.2025"
    write_csv(path, ["arrived", "article", "serial_no", "maker"], rows)
    return path
