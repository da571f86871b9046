"""Reports written: workbooks (XLSX) of several sheets, whatever the number of their rows, or one table as a CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter

from stockline.exchange.csv_files import write_csv

if TYPE_CHECKING:
    from pathlib import Path

Cell = str | int | Decimal | datetime | None

ROWS = 1_048_576
"""Rows of a sheet, its header included."""
CELL = 32_767
"""Characters of a cell."""
WIDEST, NARROWEST = 60, 10
SAMPLED = 200
"""Rows that a column's width is taken from."""


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """A sheet: its name, its header, and its rows."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_report(path: Path, sheets: Iterable[ReportSheet]) -> None:
    """Write a workbook. Rows that a sheet cannot hold go on in another; numbers of things stay the texts they are.

    Raises:
        OSError: the file cannot be written there.
    """
    path.touch()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    with xlsxwriter.Workbook(path, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        for sheet in sheets:
            rows = list(sheet.rows)
            for part, start in enumerate(range(0, max(len(rows), 1), ROWS - 1), start=1):
                name = sheet.name if part == 1 else f"{sheet.name} {part}"
                _write_sheet(book.add_worksheet(name), sheet.columns, rows[start : start + ROWS - 1], bold)


def write_table(path: Path, table: ReportSheet) -> None:
    """Write one table: as a workbook where the file's name ends so, else as a CSV.

    Raises:
        OSError: the file cannot be written there.
    """
    if path.suffix.lower() == ".xlsx":
        write_report(path, [table])
    else:
        write_csv(path, table.columns, table.rows)


def _write_sheet(into: Any, columns: Sequence[str], rows: Sequence[Sequence[Cell]], bold: Any) -> None:
    for column, title in enumerate(columns):
        longest = max((len(str(row[column])) for row in rows[:SAMPLED] if row[column] is not None), default=0)
        into.set_column(column, column, min(WIDEST, max(NARROWEST, longest + 2, len(title) + 2)))
    into.freeze_panes(1, 0)
    into.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    into.write_row(0, 0, columns, bold)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                into.write_string(number, column, cell[:CELL])
            elif isinstance(cell, datetime):
                into.write_datetime(number, column, cell)
            elif cell is not None:
                into.write_number(number, column, cell)
