"""The TOML file that says what the files of a foreign system do not."""

from pathlib import Path

import pytest

from stockline import TrackingCode
from stockline.exchange import x3
from stockline.exchange.overrides import Overrides, read_overrides
from stockline.exchange.sheets import SheetProblem
from tests.exchange.files import written
from tests.exchange.foreign import stock_of

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
        ("[columns]\nSTOCK = 'x'", "and its names below it"),
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
    [({"STOK": {}}, "no table STOK"), ({"STOCK": {"QTY": "x"}}, "no column QTY"), ({"STOCK": {"LOC": "x"}}, "'x'")],
)
def test_tables_and_columns_that_are_none(tmp_path: Path, columns: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(SheetProblem, match=said):
        stock_of(x3.SYSTEM, tmp_path, Overrides(columns=columns), STOCK="STOFCY,STOCOU,ITMREF,QTYSTU\nE,1,B,1\n")


def test_items_of_whose_numbers_the_files_say_nothing(tmp_path: Path) -> None:
    overrides = Overrides(tracking=TrackingCode(lot="specific"), items={"B": TrackingCode(serial="specific")})
    found = stock_of(x3.SYSTEM, tmp_path, overrides, STOCK="STOFCY,STOCOU,ITMREF,QTYSTU\nE,1,A,1\nE,2,B,1\n")
    assert found.items["A"].tracking.lot == "specific"
    assert found.items["B"].tracking.serial == "specific"
