"""The TOML file that says what the files of a foreign system do not."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from stockline import TrackingCode
from stockline.exchange import x3
from stockline.exchange.opening import open_sheet
from stockline.exchange.overrides import Overrides, read_overrides
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.systems import read_stock
from tests.exchange.files import written
from tests.exchange.foreign import stock_of, unreadable

WHOLE = """
decimal = ","
dates = "%d/%m/%Y"
no_stock = ["Kunden"]

[columns.STOCK]
QTYSTU = "Menge"

[sites]
"Stores - NF" = "EAST"
"Dock - NF" = {site = "EAST", location = "DOCK"}

[locations.EAST]
R1 = "A1"

[put_away]
categories = [2, 5]
locations = ["EAST/DOCK"]

[tracking]
lot = "specific"

[items.TYRE]
serial = "specific"
package = []
"""


def test_all_it_can_say(tmp_path: Path) -> None:
    overrides = read_overrides(written(tmp_path / "mapping.toml", WHOLE))
    assert overrides.columns == {"STOCK": {"QTYSTU": "Menge"}}
    assert overrides.place("Stores - NF", "R1") == ("EAST", "A1")
    assert overrides.place("Dock - NF", "R1") == ("EAST", "DOCK")
    assert overrides.place("Shop - NF", "R1") == ("Shop - NF", "R1")
    assert overrides.puts_away("EAST", "DOCK")
    assert overrides.put_away_categories == {"2", "5"}
    assert overrides.tracking == TrackingCode(lot="specific")
    assert overrides.items["TYRE"].steers("serial")
    assert (overrides.decimal, overrides.dates, overrides.no_stock) == (",", "%d/%m/%Y", frozenset({"Kunden"}))


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert read_overrides(written(tmp_path / "mapping.toml", "")) == Overrides()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colums = 1", "says colums; only decimal"),
        ("decimal = ';'", "decimal is ';'"),
        ("[put_away]\nplaces = []", "says places"),
        ("[tracking]\nserial = 'sometimes'", "serial tracking cannot be 'sometimes'"),
        ("[items]\nTYRE = 'lot'", "is 'lot'"),
        ("[sites]\nEAST = 3", "is 3"),
        ("columns = 5", "columns is 5; write"),
        ("sites = 'EAST'", "sites is 'EAST'"),
        ("dates = 5", "dates is 5, not a text"),
        ("no_stock = 'abc'", "no_stock is 'abc', not a list"),
        ("[put_away]\ncategories = '12'", "put_away.categories is '12', not a list"),
        ("[put_away]\nlocations = 12", "put_away.locations is 12, not a list"),
        ("dates = 'TT.MM.JJJJ'", "tells no day"),
        ("dates = '%d/%m'", "tells no day"),
        ("[columns]\nSTOCK = 'x'", "and its names below it"),
        ("[columns.STOCK]\nQTYSTU = ['Menge']", "QTYSTU is"),
        ("[put_away]\nlocations = [['EAST']]", "locations is"),
        ("[sites]\nEAST = {site = true}", "site is True"),
        ("no equals sign", "cannot be read"),
    ],
)
def test_what_means_nothing_is_a_problem(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SheetProblem, match=said):
        read_overrides(written(tmp_path / "mapping.toml", text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SheetProblem, match="cannot be read"):
        read_overrides(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"STOK": {}}, "no table STOK"),
        ({"STOCK": {"QTY": "x"}}, "no column QTY"),
        ({"STOCK": {"QTYSTU": "Mengen"}}, "no column 'Mengen'. Did you mean 'Menge'"),
        ({"STOCK": {"QTYSTU": "Menge", "LOC": "x"}}, "as STOCK: There is no column 'x'"),
    ],
)
@pytest.mark.parametrize("name", ["STOCK", "a"])
def test_tables_and_columns_that_are_none(
    tmp_path: Path, columns: dict[str, dict[str, str]], said: str, name: str
) -> None:
    """The mapping is to blame, though the file would do as STOLOC."""
    stock = "STOFCY,STOCOU,ITMREF,Menge,LOC,LOCCAT\nE,1,B,1,A1,1\n"
    with pytest.raises(SheetProblem, match=said):
        stock_of(x3.SYSTEM, tmp_path, Overrides(columns=columns), **{name: stock})


def test_items_of_whose_numbers_the_files_say_nothing(tmp_path: Path) -> None:
    overrides = Overrides(tracking=TrackingCode(lot="specific"), items={"B": TrackingCode(serial="specific")})
    found = stock_of(x3.SYSTEM, tmp_path, overrides, STOCK="STOFCY,STOCOU,ITMREF,QTYSTU\nE,1,A,1\nE,2,B,1\n")
    assert found.items["A"].tracking.lot == "specific"
    assert found.items["B"].tracking.serial == "specific"


@pytest.mark.parametrize(
    ("cell", "quantity"),
    [("1,5", "1.5"), ("1.000", "1000"), ("-1.234.567,25", "-1234567.25"), (",5", "0.5"), ("3", "3")],
)
def test_a_decimal_comma(tmp_path: Path, cell: str, quantity: str) -> None:
    stock = f"STOFCY;STOCOU;ITMREF;QTYSTU\nEAST;1;BIKE;{cell}\n"
    (line,) = stock_of(x3.SYSTEM, tmp_path, Overrides(decimal=","), STOCK=stock).stock_lines
    assert line.quantity == Decimal(quantity)


@pytest.mark.parametrize("cell", ["1.5", "1.00000", "10.00,5", "1,000,000", "1.000.5"])
def test_a_point_that_is_not_between_thousands_is_not_passed_over(tmp_path: Path, cell: str) -> None:
    stock = f"STOFCY;STOCOU;ITMREF;QTYSTU\nEAST;1;BIKE;{cell}\n"
    found = stock_of(x3.SYSTEM, tmp_path, Overrides(decimal=","), STOCK=stock)
    assert unreadable(found) == [("STOCK", 2, "QTYSTU")]


def test_numbers_and_dates_of_a_workbook_are_such_whatever_the_mapping_says(tmp_path: Path) -> None:
    path = tmp_path / "STOCK.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("STOFCY", "STOCOU", "ITMREF", "QTYSTU"))
        sheet.write_row(1, 0, ("EAST", 1, "BIKE", 1.125))
        sheet.write_row(2, 0, ("EAST", 2, "BIKE", "1,125"))
    journal = tmp_path / "STOJOU.xlsx"
    with xlsxwriter.Workbook(journal, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("STOFCY", "ITMREF", "IPTDAT", "QTYSTU", "SERNUM"))
        sheet.write_row(1, 0, ("EAST", "BIKE", date(2024, 3, 2), 1, "S1"))
        sheet.write_row(2, 0, ("EAST", "BIKE", "02/03/2024", 1, "S2"))
    serials = written(tmp_path / "STOSER.csv", "ITMREF,SERNUM,STOFCY,STOCOU\nBIKE,S1,EAST,1\nBIKE,S2,EAST,2\n")
    sheets = [open_sheet(path), open_sheet(serials), open_sheet(journal)]
    found = read_stock(x3.SYSTEM, sheets, Overrides(decimal=",", dates="%d/%m/%Y"))
    assert found.unreadable == []
    assert [line.quantity for line in found.stock_lines] == [Decimal("1.125")] * 2
    assert [one.last.date for one in found.serials if one.last] == [date(2024, 3, 2)] * 2
