"""Workbooks are sheets of text like any other."""

from datetime import date, datetime
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from stockline.exchange import x3
from stockline.exchange.mapping import Mapping
from stockline.exchange.opening import open_sheet
from stockline.exchange.overrides import Overrides
from stockline.exchange.reading import Reading
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.systems import read_stock
from stockline.exchange.workbooks import cell_text
from tests.exchange.files import read, reasons


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two sheets; the first begins in the second row, as people like it, and has a blank row."""
    path = tmp_path / "drives.xlsx"
    with Workbook(path) as workbook:
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet = workbook.add_worksheet("Drives")
        sheet.write_row(1, 0, ["date", "serial_number", "model"])
        sheet.write_datetime(2, 0, datetime(2013, 4, 10), day)  # noqa: DTZ001 - a workbook knows no time zones
        sheet.write_row(2, 1, [4711, "ST1000"])
        sheet.write_datetime(4, 0, datetime(2013, 4, 10), day)  # noqa: DTZ001
        sheet.write_row(4, 1, [123456789012345678, "ST1000"])
        workbook.add_worksheet("Notes")
    return path


def test_numbers_and_dates_are_text_as_a_person_writes_it(book: Path) -> None:
    sheet = open_sheet(book)
    assert sheet.columns == ["date", "serial_number", "model"]
    assert next(sheet.rows())[:2] == (3, ["2013-04-10", "4711", "ST1000"])


def test_a_serial_that_excel_has_rounded_is_refused(book: Path) -> None:
    reading = read(book)
    assert len(reading.movements) == 1
    assert "has been rounded by a spreadsheet" in reasons(reading)[5]


@pytest.mark.parametrize("number", [1234567890123456, 340123450000000018, 10**20, -1234567890123456])
@pytest.mark.parametrize("column", ["ITMREF", "LOC", "LOT", "PALNUM", "STOCOU"])
def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_nowhere_taken(
    tmp_path: Path, column: str, number: int
) -> None:
    path = tmp_path / "STOCK.xlsx"
    row = {"STOFCY": "EAST", "STOCOU": 1, "ITMREF": "BIKE", "QTYSTU": 1, "LOC": "A1", "LOT": 123456789012345}
    row["PALNUM"] = "P1"
    with Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for line, cells in enumerate((row, row | {"STOCOU": 2, column: number}), start=1):
            sheet.write_row(line, 0, list(cells.values()))
        sheet.write_row(0, 0, list(row))
    found = read_stock(x3.SYSTEM, [open_sheet(path)], Overrides())
    assert [line.lot for line in found.stock_lines] == ["123456789012345"]
    assert [(bad.line, bad.column) for bad in found.unreadable] == [(3, column)]
    assert "rounded by a spreadsheet" in found.unreadable[0].reason


@pytest.mark.parametrize("found", [False, True])
@pytest.mark.parametrize("column", ["item", "serial", "lot", "package"])
def test_nor_is_it_when_movements_are_imported_or_counted(tmp_path: Path, column: str, *, found: bool) -> None:
    path = tmp_path / "received.xlsx"
    row = {"item": "BIKE", "serial": 4711, "lot": 123456789012345, "package": "P1"}
    with Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for line, cells in enumerate((row, row | {"serial": 4712, column: 1234567890123456}), start=1):
            sheet.write_row(line, 0, list(cells.values()))
        sheet.write_row(0, 0, list(row))
    mapping = Mapping(item="item", serial="serial", lot="lot", package="package", site="=EAST")
    reading = Reading(open_sheet(path), mapping, found=found)
    reading.run()
    assert list(reading.movements.serial) == ["4711"]
    assert "rounded by a spreadsheet" in reasons(reading)[3]


def test_sheets_are_chosen_by_name(book: Path) -> None:
    with pytest.raises(SheetProblem, match="its sheets are Drives, Notes"):
        open_sheet(book, sheet="Stock")
    with pytest.raises(SheetProblem, match=r"'Notes' of .* is empty"):
        open_sheet(book, sheet="Notes")


def test_no_sheet_that_is_filled_is_left_out_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "counted.xlsx"
    with Workbook(path) as workbook:
        workbook.add_chartsheet("Figures")
        for name in ("East", "West"):
            workbook.add_worksheet(name).write_column(0, 0, ["item", name])
    with pytest.raises(SheetProblem, match=r"sheets: 'East', 'West'\. Save the one to read as a file of its own"):
        open_sheet(path)
    assert [fields for _, fields, _ in open_sheet(path, sheet="West").rows()] == [["West"]]


def test_a_workbook_without_cells(tmp_path: Path) -> None:
    path = tmp_path / "none.xlsx"
    with Workbook(path) as workbook:
        workbook.add_worksheet()
    with pytest.raises(SheetProblem, match="no sheet that is not empty"):
        open_sheet(path)


def test_cells() -> None:
    assert cell_text(5.0) == "5"
    assert cell_text(1.5) == "1.5"
    assert cell_text(0.1 + 0.2) == "0.3"
    assert cell_text(123456789012345.0) == "123456789012345"
    assert cell_text(True) == "True"
    assert cell_text(datetime(2013, 4, 10, 12)) == "2013-04-10 12:00:00"  # noqa: DTZ001
    assert cell_text(date(2013, 4, 10)) == "2013-04-10"
