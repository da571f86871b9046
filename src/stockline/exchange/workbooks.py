"""Workbooks (XLSX, ODS, XLS) as sheets of text."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, load_workbook

from stockline.exchange.sheets import SheetProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockline.exchange.sheets import Row

DIGITS_KEPT = 15
"""Digits of a number that a spreadsheet keeps; it makes zeros of those behind them."""

Cell = int | float | str | bool | time | date | datetime | timedelta


class WorkbookSheet:
    """One sheet of a workbook; the header is its first row that is not blank, a row's line its number in the sheet."""

    typed = True

    def __init__(self, path: Path, sheet: str | None) -> None:
        self.path = path
        self.position = 0
        self._sheet = _open(path, sheet)
        self.size = self._sheet.total_height
        self.columns = next(self._records(), (0, [], ""))[1]
        while self.columns and not self.columns[-1]:
            self.columns.pop()
        if not self.columns:
            raise SheetProblem(f"The sheet {self._sheet.name!r} of {path} is empty.")

    def rows(self) -> Iterator[Row]:
        """The rows below the header; blank ones are left out."""
        records = self._records()
        next(records, None)
        width = len(self.columns)
        for line, fields, _ in records:
            if any(fields[width:]):
                yield line, fields, f"a value stands right of the header's {width} columns"
            else:
                yield line, fields[:width], ""

    def _records(self) -> Iterator[Row]:
        for line, cells in enumerate(self._sheet.iter_rows(), start=1):
            self.position = line
            fields = [cell if isinstance(cell, str) else cell_text(cell) for cell in cells]
            if "".join(fields).strip():
                yield line, fields, ""


def _open(path: Path, name: str | None) -> CalamineSheet:
    try:
        book = load_workbook(path)
        if name is None:
            return _only_filled(path, book)
        if name not in book.sheet_names:
            raise SheetProblem(f"{path} has no sheet {name!r}; its sheets are {', '.join(book.sheet_names)}.")
        return book.get_sheet_by_name(name)
    except (CalamineError, OSError) as error:
        raise SheetProblem(f"{path} is not a workbook that can be read: {error}.") from None


def _only_filled(path: Path, book: CalamineWorkbook) -> CalamineSheet:
    """The one sheet that is not empty: to take the first of several would lose the others without a word."""
    names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    filled = [sheet for sheet in map(book.get_sheet_by_name, names) if sheet.total_height]
    if not filled:
        raise SheetProblem(f"{path} has no sheet that is not empty.")
    if len(filled) > 1:
        named = ", ".join(repr(sheet.name) for sheet in filled)
        raise SheetProblem(
            f"{path} has several sheets: {named}. Save the one to read as a file of its own, "
            "or name it where the command has the option --sheet."
        )
    return filled[0]


def cell_text(cell: Cell) -> str:
    """A cell as a person would type it into a CSV: whole numbers without a point, dates as YYYY-MM-DD.

    A number has the 15 digits that spreadsheets keep; one of more comes out as 1.23456789012346e+15, known as rounded.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f"{cell:.{DIGITS_KEPT}g}"
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return str(cell)
