"""`stockline count`: what a file lists is there, and nothing else of its items (PO-47, CO-4)."""

import csv
from collections import Counter
from pathlib import Path

import pytest

import stockline
from stockline import FoundSerial, FoundStockLine, TrackingCode, TrackingRow
from tests.cli.conftest import Run

BIKES = ("--item", "item", "--serial", "serial", "--site", "=EAST")
PAINT = ("--item", "item", "--lot", "lot", "--quantity", "found", "--site", "=EAST")


@pytest.fixture(autouse=True)
def stock(folder: Path) -> None:
    """Bikes of which two are linked but three are said to be there, and two lots of paint."""
    with stockline.open(folder / "stockline.db") as opened:
        opened.create_site("EAST", locations=["A1", "B1"])
        opened.create_item("BIKE", tracking=TrackingCode(serial="specific"))
        opened.create_item("PAINT", tracking=TrackingCode(lot="specific"))
        opened.load(
            stock_lines=[FoundStockLine(id=1, item="BIKE", site="EAST", location="A1", quantity=3)],
            serials=[FoundSerial(item="BIKE", serial=serial, stock_line=1) for serial in ("S1", "S2")],
        )
        rows = [TrackingRow(lot=lot, quantity=5) for lot in ("L1", "L2")]
        opened.adjust("PAINT", "EAST", 10, location="A1", rows=rows)


def written(folder: Path, *rows: str) -> Path:
    path = folder / "found.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def on_hand(item: str) -> dict[str, int]:
    """By lot."""
    quantities: Counter[str] = Counter()
    with stockline.open("stockline.db") as opened:
        for line in opened.stock_lines(item=item):
            quantities[line.lot] += int(line.quantity)
    return dict(quantities)


def findings() -> list[str]:
    with stockline.open("stockline.db") as opened:
        return [one.finding for one in opened.control()]


def test_the_differences_are_posted_and_stock_agrees(folder: Path, run: Run) -> None:
    assert findings() == ["missing_serials"]
    result = run("count", written(folder, "item,serial", "BIKE,S2", "BIKE,S7"), *BIKES, "--report", "all.csv")
    assert result.exit_code == 0, result.output
    assert "1 item at a site" in result.output
    assert findings() == []
    with stockline.open("stockline.db") as opened:
        assert [opened.serial("BIKE", one).on_hand for one in ("S1", "S2", "S7")] == [False, True, True]
    with Path("all.csv").open(newline="") as file:
        rows = [(row["serial"], row["quantity"]) for row in csv.DictReader(file)]
    assert rows == [("S1", "-1"), ("S7", "1")]


def test_a_dry_run_shows_and_posts_nothing(folder: Path, run: Run) -> None:
    file = written(folder, "item,lot,found", "PAINT,L1,7", "PAINT,L1,1", "PAINT,L2,0")
    result = run("count", file, *PAINT, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "Nothing was posted." in result.output
    assert "+3" in result.output
    assert "-5" in result.output
    assert on_hand("PAINT") == {"L1": 5, "L2": 5}
    assert findings() == ["missing_serials"]
    assert run("count", file, *PAINT).exit_code == 0
    assert on_hand("PAINT") == {"L1": 8}


def test_a_serial_with_nothing_found_is_not_there(folder: Path, run: Run) -> None:
    file = written(folder, "item,serial,found", "BIKE,S1,0", "BIKE,S2,0")
    result = run("count", file, *BIKES, "--quantity", "found")
    assert result.exit_code == 0, result.output
    assert on_hand("BIKE") == {}
    assert findings() == []


def test_items_of_every_kind_in_one_file(folder: Path, run: Run) -> None:
    with stockline.open("stockline.db") as opened:
        opened.create_item("NAIL")
        opened.adjust("NAIL", "EAST", 7)
    rows = ("BIKE,S1,,1", "BIKE,S2,,0", "PAINT,,L1,4", "PAINT,,L1,2", "NAIL,,,2", "NAIL,,,3")
    file = written(folder, "item,serial,lot,found", *rows)
    result = run("count", file, *PAINT, "--serial", "serial")
    assert result.exit_code == 0, result.output
    assert "3 items at a site" in result.output
    assert (on_hand("BIKE"), on_hand("PAINT"), on_hand("NAIL")) == ({"": 1}, {"L1": 6}, {"": 5})
    assert findings() == []


def test_a_serial_is_one_unit(folder: Path, run: Run) -> None:
    result = run("count", written(folder, "item,serial,found", "BIKE,S1,2", "BIKE,S2,1"), *BIKES, "--quantity", "found")
    assert result.exit_code == 1
    assert "serial_quantity_not_one: 1 row" in result.output


def test_only_places_that_are_named_are_counted(folder: Path, run: Run) -> None:
    file = written(folder, "item,lot,found,place", "PAINT,L1,2,B1")
    assert run("count", file, *PAINT, "--location", "place").exit_code == 0
    assert on_hand("PAINT") == {"L1": 7, "L2": 5}


def test_every_bad_row_is_named_and_nothing_posted(folder: Path, run: Run) -> None:
    file = written(folder, "item,lot,found", "PAINT,L1,-1", "PAINT,L2,some", ",L3,4")
    result = run("count", file, *PAINT)
    assert result.exit_code == 1
    assert "Nothing was posted." in result.output
    with Path("found-refused.csv").open(newline="") as listed:
        assert [row["lot"] for row in csv.DictReader(listed)] == ["L1", "L2", "L3"]
    assert on_hand("PAINT") == {"L1": 5, "L2": 5}


def test_only_the_row_of_an_unknown_place_is_refused(folder: Path, run: Run) -> None:
    file = written(folder, "item,lot,found,place", "PAINT,L1,2,B1", "PAINT,L2,1,C9", "PAINT,L2,1,C9")
    result = run("count", file, *PAINT, "--location", "place")
    assert result.exit_code == 1
    with Path("found-refused.csv").open(newline="") as listed:
        rows = [(row["lot"], row["place"], row["reason"]) for row in csv.DictReader(listed)]
    assert rows == [("L2", "C9", "site EAST has no location C9.")] * 2
    assert on_hand("PAINT") == {"L1": 5, "L2": 5}


def test_a_file_without_rows_counts_nothing(folder: Path, run: Run) -> None:
    result = run("count", written(folder, "item,serial"), *BIKES)
    assert result.exit_code == 1
    assert "has a header, but no rows" in result.output


def test_a_report_that_cannot_be_written_says_what_is_done(folder: Path, run: Run) -> None:
    result = run("count", written(folder, "item,serial", "BIKE,S2"), *BIKES, "--report", folder / "no" / "all.csv")
    assert result.exit_code == 1
    assert "they are posted" in " ".join(result.output.split())
    assert findings() == []


def test_what_the_engine_refuses_is_named_for_all_items(folder: Path, run: Run) -> None:
    with stockline.open("stockline.db") as opened:
        opened.create_site("WEST")
        opened.adjust("BIKE", "WEST", 1, rows=[TrackingRow("S9")])
    file = written(folder, "item,serial", "BIKE,S1", "BIKE,S9", "TRIKE,T1", "BIKE,S2")
    result = run("count", file, *BIKES, "--report", "all.csv")
    assert result.exit_code == 1
    assert not Path("all.csv").exists()
    with Path("found-refused.csv").open(newline="") as listed:
        assert [(row["serial"], row["code"]) for row in csv.DictReader(listed)] == [
            ("S9", "serial_already_in_stock"),
            ("T1", "not_found"),
        ]
    assert findings() == ["missing_serials"]
