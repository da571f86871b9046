"""The commands that only tell."""

import csv
from pathlib import Path

import pytest

import stockline
from stockline import FoundSerial, FoundStockLine, TrackingCode
from stockline.exchange.opening import open_sheet
from tests.cli.conftest import Run
from tests.exchange.files import drives


def received(folder: Path, run: Run) -> None:
    file = drives(folder / "drives.csv", 72)
    run("import", file, "--item", "model", "--serial", "serial_number", "--site", "=EAST")


def test_stock(folder: Path, run: Run) -> None:
    received(folder, run)
    result = run("stock", "--item", "ST2000")
    assert result.exit_code == 0
    assert "2 in 1 stock line of 1 item at 1 site." in result.output


def test_where_a_serial_is(folder: Path, run: Run) -> None:
    received(folder, run)
    result = run("serial", "ST2000", "Z000000002")
    assert "on hand" in result.output
    assert "EAST" in result.output
    assert run("serial", "ST2000", "NONE").exit_code == 1


def test_control(folder: Path, run: Run) -> None:
    received(folder, run)
    assert run("control").exit_code == 0
    with stockline.open("stockline.db") as stock:
        stock.create_item("BIKE", tracking=TrackingCode(serial="specific"))
        stock.load(
            stock_lines=[FoundStockLine(id=1001, item="BIKE", site="EAST", quantity=3)],
            serials=[FoundSerial(item="BIKE", serial="B1", stock_line=1001)],
        )
    result = run("control")
    assert result.exit_code == 1
    assert "BIKE at EAST: 1 finding" in result.output
    assert "missing_serials" in result.output
    assert run("control", "--items", "A..B").exit_code == 0
    assert run("control", "--items", "BIKE", "--only", "ledger").exit_code == 0


def test_findings_of_control_as_a_file(folder: Path, run: Run) -> None:
    received(folder, run)
    with stockline.open("stockline.db") as stock:
        for item in ("BIKE", "CART"):
            stock.create_item(item, tracking=TrackingCode(serial="specific"))
        stock.load(
            stock_lines=[
                FoundStockLine(id=1001, item="BIKE", site="EAST", quantity=1, status="A"),
                FoundStockLine(id=1002, item="BIKE", site="EAST", quantity=1, status="Q"),
                FoundStockLine(id=1003, item="CART", site="EAST", quantity=2),
            ],
            serials=[
                FoundSerial(item="BIKE", serial="B1", stock_line=1001),
                FoundSerial(item="BIKE", serial="B2", stock_line=(1001, 1002)),
            ],
        )
    run("control", "--output", "findings.csv")
    with Path("findings.csv").open(encoding="utf-8", newline="") as file:
        found = {row["finding"]: row for row in csv.DictReader(file)}
    assert {name: (row["item"], row["repair"]) for name, row in found.items()} == {
        "surplus_serials": ("BIKE", "machine"),
        "duplicate_link": ("BIKE", "machine"),
        "missing_serials": ("CART", "person"),
    }
    assert found["missing_serials"]["stock_line"] == "1003"
    run("control", "--output", "findings.xlsx")
    sheet = open_sheet(Path("findings.xlsx"))
    assert [fields[sheet.columns.index("finding")] for _, fields, _ in sheet.rows()] == list(found)
    assert run("control", "--output", "nowhere/findings.csv").exit_code == 1


def test_there_is_no_database(folder: Path, run: Run) -> None:
    result = run("--database", "other.db", "stock")
    assert result.exit_code == 1
    assert "There is no database other.db" in result.output
    assert not (folder / "other.db").exists()


def test_a_file_that_is_no_database(folder: Path, run: Run) -> None:
    (folder / "notes.db").write_text("Nothing but a few words, again and again. " * 50)
    for command in (["stock"], ["database", "upgrade"]):
        result = run("--database", "notes.db", *command)
        assert result.exit_code == 1
        assert "The database notes.db cannot be opened: file is not a database." in result.output


def test_a_url_that_makes_no_sense(run: Run) -> None:
    assert "The database nonsense://here cannot be opened" in run("--database", "nonsense://here", "stock").output


def test_the_database_comes_from_the_environment(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKLINE_DATABASE", "elsewhere.db")
    received(folder, run)
    assert (folder / "elsewhere.db").exists()
