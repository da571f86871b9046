"""The commands that only tell."""

from pathlib import Path

import pytest

import stockline
from stockline import FoundSerial, FoundStockLine, TrackingCode
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


def test_there_is_no_database(folder: Path, run: Run) -> None:
    result = run("--database", "other.db", "stock")
    assert result.exit_code == 1
    assert "There is no database other.db" in result.output
    assert not (folder / "other.db").exists()


def test_a_file_that_is_no_database(folder: Path, run: Run) -> None:
    (folder / "notes.db").write_text("Nothing but a few words, again and again. " * 50)
    result = run("--database", "notes.db", "stock")
    assert result.exit_code == 1
    assert "The database cannot be opened" in result.output


def test_a_url_that_makes_no_sense(run: Run) -> None:
    assert "The database cannot be opened" in run("--database", "nonsense://here", "stock").output


def test_the_database_comes_from_the_environment(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKLINE_DATABASE", "elsewhere.db")
    received(folder, run)
    assert (folder / "elsewhere.db").exists()
