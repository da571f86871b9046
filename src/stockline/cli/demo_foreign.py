"""The demo's foreign system: the stock of a shop that was taken over, whose serials no longer match its quantities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockline.exchange.csv_files import write_csv

if TYPE_CHECKING:
    from pathlib import Path

SITE = "OLDTOWN"
EXAMPLE = "NF24C003120"
"""One of its serials."""

UNNUMBERED, READ = 90005, "BT500-2411-20441"
"""A stock line with fewer serials than its quantity, and what a person reads off one of its units."""

STOCK_LINES = [
    ("90001", "CITYBIKE-E5", "4", "SHOP", ""),
    ("90002", "CITYBIKE-E5", "3", "CELLAR", ""),
    ("90003", "TREKKING-E7", "2", "SHOP", ""),
    ("90004", "TREKKING-E7", "0", "CELLAR", ""),
    ("90005", "BATTERY-500", "6", "CELLAR", ""),
    ("90006", "MOTOR-BX3", "2", "CELLAR", ""),
    ("90007", "TYRE-28-47", "12", "SHOP", "TY241104-2"),
    ("90008", "DISPLAY-K2", "2", "SHOP", ""),
    ("90009", "DISPLAY-K2", "1", "SHOP", ""),
]
"""The last two are one line twice, as a race between two users leaves them."""

LINKS = {
    # In the shop one bicycle more than there is, sold but never taken off; in the cellar one too few, never put on.
    90001: ("CITYBIKE-E5", ("NF24C003120", "NF24C003121", "NF24C003125", "NF24C003130", "NF24C003099")),
    90002: ("CITYBIKE-E5", ("NF24C003144", "NF24C003145")),
    0: ("CITYBIKE-E5", ("NF24C003151",)),
    # The cellar was emptied into the shop; one bicycle's link stayed behind on the line that is closed now.
    90003: ("TREKKING-E7", ("NF24T001870",)),
    90004: ("TREKKING-E7", ("NF24T001871",)),
    # Six batteries, of which four have a number (`UNNUMBERED`).
    90005: ("BATTERY-500", ("BT500-2411-20417", "BT500-2411-20418", "BT500-2411-20433", "BT500-2411-20440")),
    # Two motors, one of them on two lines at once.
    90006: ("MOTOR-BX3", ("BX3 7A 00877", "BX3 7A 00878")),
    90099: ("MOTOR-BX3", ("BX3 7A 00878",)),
    90008: ("DISPLAY-K2", ("K2-2411-0310", "K2-2411-0311")),
    90009: ("DISPLAY-K2", ("K2-2411-0312",)),
}
JOURNAL = [
    ("CITYBIKE-E5", "2025-04-26", "-1", "NF24C003099", "SHOP"),
    ("CITYBIKE-E5", "2025-05-09", "1", "NF24C003151", "CELLAR"),
]


def write_export(folder: Path) -> list[Path]:
    """Write the shop's three files: stock, serials, and the journal of movements."""
    serials: list[tuple[str, ...]] = [
        (item, serial, SITE, str(line)) for line, (item, numbers) in LINKS.items() for serial in numbers
    ]
    tables: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
        "STOCK": (("STOFCY", "STOCOU", "ITMREF", "QTYSTU", "LOC", "LOT"), [(SITE, *line) for line in STOCK_LINES]),
        "STOSER": (("ITMREF", "SERNUM", "STOFCY", "STOCOU"), serials),
        "STOJOU": (
            ("STOFCY", "ITMREF", "IPTDAT", "QTYSTU", "SERNUM", "LOC"),
            [(SITE, *movement) for movement in JOURNAL],
        ),
    }
    return [_write(folder / f"{name}.csv", header, rows) for name, (header, rows) in tables.items()]


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    write_csv(path, header, rows)
    return path
