"""Foreign systems' files, made for a test and read."""

from dataclasses import replace
from pathlib import Path

from stockline import FoundSerial, FoundStockLine
from stockline.exchange.found import Found, links_of
from stockline.exchange.opening import open_sheet
from stockline.exchange.overrides import Overrides
from stockline.exchange.systems import System, read_stock
from tests.exchange.files import written


def stock_of(system: System, folder: Path, overrides: Overrides | None = None, **files: str) -> Found:
    """What the files hold, each a table's name and its text."""
    sheets = [open_sheet(written(folder / f"{name}.csv", text)) for name, text in files.items()]
    return read_stock(system, sheets, overrides or Overrides())


def line(found: Found, number: int) -> FoundStockLine:
    """The stock line of this number."""
    return next(line for line in found.stock_lines if line.id == number)


def lines(found: Found) -> dict[FoundStockLine, int]:
    """The quantity of every line, by what else it is."""
    return {replace(line, id=None, quantity=0): int(line.quantity) for line in found.stock_lines}


def serial(found: Found, number: str) -> FoundSerial:
    """The serial of this number."""
    return next(serial for serial in found.serials if serial.serial == number)


def linked(found: Found, number: str) -> list[FoundStockLine | int]:
    """The stock lines a serial is linked to; a number alone where there is no such line."""
    known = {line.id: replace(line, id=None, quantity=0) for line in found.stock_lines}
    return [known.get(link, link) for link in links_of(serial(found, number))]


def unreadable(found: Found) -> list[tuple[str, int | None, str]]:
    """File, line and column of the rows that cannot be read."""
    return [(Path(row.file).stem, row.line, row.column) for row in found.unreadable]
