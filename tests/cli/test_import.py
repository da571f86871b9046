"""`stockline import`: all rows or none, and a clear answer about every row that is refused."""

import csv
from pathlib import Path

import pytest
from xlsxwriter import Workbook

import stockline
from stockline.cli.console import sqlite_file
from tests.cli.conftest import Run
from tests.exchange.files import drives, written

DRIVES = ("--item", "model", "--serial", "serial_number", "--site", "=EAST", "--date", "date")
BIKES = ("--item", "item", "--serial", "serial")
REAL = Path(__file__).parents[3] / "shared" / "data" / "drives-2013-04-10.csv"


def refused(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def on_hand(item: str | None = None) -> int:
    with stockline.open("stockline.db") as stock:
        return int(sum(line.quantity for line in stock.stock_lines(item=item)))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_goods_in_goods_out_and_the_same_file_again(folder: Path, run: Run) -> None:
    """The main job, on a small file."""
    file = drives(folder / "drives.csv", 100)
    result = run("import", file, *DRIVES)
    assert result.exit_code == 0, result.output
    assert "rows posted │ 100" in squeezed(result.output)
    assert "sites created │ 1: EAST" in squeezed(result.output)
    assert on_hand() == 100

    result = run("import", file, *DRIVES, "--kind", "sale", "--where", "serial_number=Z000000007")
    assert result.exit_code == 0, result.output
    assert on_hand() == 99

    result = run("import", file, *DRIVES)
    assert result.exit_code == 1
    assert "Nothing was posted." in result.output
    assert "serial_already_in_stock: 99 rows" in result.output
    assert "See drives-refused.csv for all 99 refused rows" in squeezed(result.output)
    rows = refused(folder / "drives-refused.csv")
    assert len(rows) == 99
    assert {row["code"] for row in rows} == {"serial_already_in_stock"}
    assert "Z000000007" not in {row["serial_number"] for row in rows}
    assert on_hand() == 99


@pytest.mark.parametrize("given", [None, *([REAL] if REAL.exists() else [])], ids=str)
def test_a_day_of_drives(given: Path | None, folder: Path, run: Run) -> None:
    """A made day of 36 models, and the real one where the drives, which are not part of the project, lie beside it."""
    file = given or a_day_of_drives(folder / "day.csv")
    columns = ("--item", "model", "--serial", "serial_number", "--site", "=BACKBLAZE", "--date", "date")
    assert run("import", file, *columns).exit_code == 0
    assert on_hand() == 21_195
    assert run("import", file, *columns, "--kind", "sale", "--where", "failure=1").exit_code == 0
    result = run("import", file, *columns)
    assert result.exit_code == 1
    assert len(refused(folder / f"{file.stem}-refused.csv")) == 21_194
    assert on_hand() == 21_194


def a_day_of_drives(file: Path) -> Path:
    rows = (f"2013-04-10,Z{n:07d},MODEL {n % 36:02d},4000787030016,{int(n == 777)}" for n in range(21_195))
    file.write_text("\n".join(["date,serial_number,model,capacity_bytes,failure", *rows]) + "\n", encoding="utf-8")
    return file


def test_31_000_rows_with_3_bad_ones(folder: Path, run: Run) -> None:
    bad = {17: ["2013-04-10", "", "A"], 15_000: ["10/04/2013", "Z1", "A"], 31_001: ["2013-04-10", "Z2"]}
    file = drives(folder / "drives.csv", 31_000, change=bad.get)
    result = run("import", file, *DRIVES)
    assert result.exit_code == 1
    assert [row["line"] for row in refused(folder / "drives-refused.csv")] == ["17", "15000", "31001"]
    assert not (folder / "stockline.db").exists()

    result = run("import", file, *DRIVES, "--skip-bad", "--refused", "bad.csv")
    assert result.exit_code == 0, result.output
    assert on_hand() == 30_997
    assert len(refused(folder / "bad.csv")) == 3


def test_100_000_rows(folder: Path, run: Run) -> None:
    file = drives(folder / "drives.csv", 100_000)
    assert run("import", file, *DRIVES).exit_code == 0
    assert on_hand() == 100_000


def test_a_refusal_leaves_no_item_site_or_order_behind(folder: Path, run: Run) -> None:
    run("import", drives(folder / "drives.csv", 36), *DRIVES)
    more = written(
        folder / "more.csv", "date,serial_number,model\n2013-04-10,N1,NEW-ITEM\n2013-04-10,Z000000005,ST5000\n"
    )
    result = run("import", more, *DRIVES[:5], "=NEW-SITE", "--order", "PO9")
    assert result.exit_code == 1
    assert [row["line"] for row in refused(folder / "more-refused.csv")] == ["3"]
    with stockline.open("stockline.db") as stock:
        with pytest.raises(stockline.Refusal, match="not_found"):
            stock.quantity_on_hand("NEW-ITEM")
        with pytest.raises(stockline.Refusal, match="not_found"):
            stock.line("PO9/1")

    result = run("import", more, *DRIVES[:5], "=NEW-SITE", "--order", "PO9", "--skip-bad")
    assert result.exit_code == 0, result.output
    assert on_hand("NEW-ITEM") == 1


def test_what_is_unknown_is_created_only_where_that_is_expected(folder: Path, run: Run) -> None:
    file = drives(folder / "drives.csv", 2)
    assert "there is no item ST2000" in squeezed(run("import", file, *DRIVES, "--no-create").output)
    run(
        "import",
        written(folder / "other.csv", "item,serial\nA,S1\n"),
        "--item",
        "item",
        "--serial",
        "serial",
        "--site",
        "=EAST",
    )
    assert "there is no item ST2000" in squeezed(run("import", file, *DRIVES, "--kind", "sale").output)
    untracked = ("--item", "model", "--site", "=EAST")
    assert run("import", file, *untracked).exit_code == 1
    assert run("import", file, *untracked, "--create").exit_code == 0


def test_lots_quantities_and_expiration_dates(folder: Path, run: Run) -> None:
    rows = ["SEALANT;L1;24;2026-01-31;A1", "SEALANT;L2;12;2026-05-31;A2", "SEALANT;L1;6;2026-01-31;A1"]
    text = "\n".join(["item;lot;pieces;best before;shelf", *rows])
    options = ("--lot", "lot", "--quantity", "pieces", "--expires", "best before", "--location", "shelf")
    file = written(folder / "lots.csv", text)
    result = run("import", file, "--item", "item", "--site", "=EAST", *options)
    assert result.exit_code == 0, result.output
    with stockline.open("stockline.db") as stock:
        assert stock.quantity_on_hand("SEALANT", lot="L1", location="A1") == 30
        assert {str(entry.expires) for entry in stock.ledger(item="SEALANT")} == {"2026-01-31", "2026-05-31"}


def test_a_journal(folder: Path, run: Run) -> None:
    file = drives(folder / "drives.csv", 40)
    assert run("import", file, *DRIVES, "--kind", "positive_adjustment").exit_code == 0
    assert run("import", file, *DRIVES, "--kind", "negative_adjustment", "--where", "model=ST2000").exit_code == 0
    assert on_hand() == 38


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"date,serial_number,model\n", "has a header, but no rows"),
        (b"date,serial,model\n2013-04-10,S1,A\n", "Did you mean 'serial'? The columns are: date, serial, model."),
        ("date,serial_number,model\n2013-04-10,S1,Kühl\n".encode("latin-1"), "is not UTF-8"),
        (b"date,serial_number,model\n2013-04-10,S1,A\n2013-04-11,S2,A\n", "holds 2 dates"),
    ],
)
def test_bad_files_get_a_clear_answer(folder: Path, run: Run, content: bytes, said: str) -> None:
    (folder / "file.csv").write_bytes(content)
    result = run("import", "file.csv", *DRIVES)
    assert result.exit_code == 1
    assert said in squeezed(result.output)
    assert not (folder / "stockline.db").exists()


def test_bad_options(folder: Path, run: Run) -> None:
    drives(folder / "drives.csv", 1)
    assert run("import", "drives.csv", *DRIVES, "--where", "model").exit_code == 2
    assert run("import", "drives.csv", *DRIVES, "--kind", "gift").exit_code == 2
    assert "There is no file none.csv" in run("import", "none.csv", *DRIVES).output


def test_the_file_imported_is_never_overwritten(folder: Path, run: Run) -> None:
    file = drives(folder / "drives.csv", 2, change=lambda _, fields: ["2013-04-10", "", fields[2]])
    before = file.read_bytes()
    result = run("import", file, *DRIVES, "--refused", file)
    assert "is the file that was read" in squeezed(result.output)
    assert file.read_bytes() == before


def test_where_a_database_is() -> None:
    assert sqlite_file("stock.db") == Path("stock.db")
    assert sqlite_file("sqlite:////tmp/stock.db") == Path("/tmp/stock.db")
    assert sqlite_file("sqlite://") is None
    assert sqlite_file("postgresql:///stock") is None


def test_on_any_database(folder: Path, run: Run, database_url: str) -> None:
    file = drives(folder / "drives.csv", 300)
    assert run("--database", database_url, "import", file, *DRIVES).exit_code == 0
    result = run("--database", database_url, "import", file, *DRIVES)
    assert result.exit_code == 1
    assert "rows refused │ 300" in squeezed(result.output)
    assert "300 in 36 stock lines of 36 items at 1 site." in run("--database", database_url, "stock").output


def test_skipping_goes_on_until_what_is_left_can_be_posted(folder: Path, run: Run) -> None:
    """Refusals of different codes come one after the other; each costs its own rows only."""
    run("import", written(folder / "bikes.csv", "item,serial\nBIKE,B1\nBIKE,B2\n"), *BIKES, "--site", "=EAST")
    run(
        "import",
        written(folder / "pumps.csv", "item,serial\nPUMP,1\n"),
        "--item",
        "item",
        "--site",
        "=EAST",
        "--create",
    )
    rows = ["item,serial,site", "BIKE,B1,EAST", "PUMP,P1,EAST", "BIKE,B3,EAST", "BIKE,B2,WEST", "BELL,C1,EAST"]
    file = written(folder / "all.csv", "\n".join(rows))
    result = run("import", file, *BIKES, "--site", "site", "--skip-bad")
    assert result.exit_code == 0, result.output
    assert {row["line"]: row["code"] for row in refused(folder / "all-refused.csv")} == {
        "2": "serial_already_in_stock",
        "3": "not_tracked",
        "5": "serial_already_in_stock",
    }
    assert on_hand("BIKE") == 3
    assert on_hand("BELL") == 1


def test_a_workbook(folder: Path, run: Run) -> None:
    with Workbook(folder / "bikes.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        for row, values in enumerate([["item", "serial"], ["BIKE", 1001], ["BIKE", 1002], ["BIKE", 1002]]):
            sheet.write_row(row, 0, values)
    assert run("import", "bikes.xlsx", *BIKES, "--site", "=EAST").exit_code == 1
    result = run("import", "bikes.xlsx", *BIKES, "--site", "=EAST", "--skip-bad")
    assert result.exit_code == 0, result.output
    assert [row["line"] for row in refused(folder / "bikes-refused.csv")] == ["4"]
    assert on_hand("BIKE") == 2
