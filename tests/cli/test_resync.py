"""`stockline resync`: load, control, repair and report, on another system's files or on one's own database."""

import csv
import os
import signal
from pathlib import Path

import pytest
from python_calamine import load_workbook

import stockline
from stockline import FoundSerial, FoundStockLine, TrackingCode
from stockline.operations.catalog import Item
from stockline.operations.resync import auto, plan
from stockline.store.database import Transaction
from tests.cli.conftest import Run
from tests.exchange.files import written

STOCK = """STOFCY;STOCOU;ITMREF;QTYSTU;LOC;LOT
EAST;1001;BIKE;1;A1;L1
EAST;1002;BIKE;1;A2;L2
EAST;1003;BIKE;3;A3;
EAST;1004;PUMP;1;A1;
EAST;1005;PUMP;1;A1;
EAST;1006;PUMP;0;A2;
EAST;1007;BELL;2;A2;
"""
STOSER = """ITMREF;SERNUM;STOFCY;STOCOU;LOT
BIKE;SA;EAST;1002;L1
BIKE;SB;EAST;1001;L2
BIKE;SC;EAST;1003;
PUMP;P1;EAST;1004;
PUMP;P2;EAST;1005;
PUMP;P3;EAST;1006;
BELL;B1;EAST;1007;
BELL;B2;EAST;1007;
BELL;B3;EAST;1007;
"""
STOJOU = """STOFCY;ITMREF;IPTDAT;QTYSTU;SERNUM;LOC;LOT;PALNUM
EAST;BELL;2025-03-01;-1;B3;A2;;
"""
"""Lots swapped, twin lines, a link to a closed line, an issued serial; and a line whose serials nobody knows."""


def x3(folder: Path) -> tuple[str, ...]:
    for name, text in (("STOCK", STOCK), ("STOSER", STOSER), ("STOJOU", STOJOU)):
        written(folder / f"{name}.csv", text)
    return "resync", "--from", "x3", "STOCK.csv", "STOSER.csv", "STOJOU.csv"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def sheet(path: Path, name: str) -> list[dict[str, object]]:
    header, *rows = load_workbook(path).get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_load_control_repair_and_report_in_one(folder: Path, run: Run) -> None:
    result = run(*x3(folder), "--report", "report.xlsx")
    assert result.exit_code == 1
    assert "5 actions, 1 case left alone." in result.output
    assert "missing_serials │ 1 │ 1" in squeezed(result.output)
    assert not (folder / "stockline.db").exists()
    report = folder / "report.xlsx"
    assert load_workbook(report).sheet_names == [
        "Summary",
        "Findings",
        "Actions",
        "Left",
        "Change STOSER",
        "Change STOCK",
        "Unreadable",
    ]
    verdicts = {row["item"]: (row["verdict before"], row["verdict after"]) for row in sheet(report, "Summary")}
    assert verdicts == {
        "BELL": ("total_mismatch", "synchronized"),
        "BIKE": ("total_mismatch", "total_mismatch"),
        "PUMP": ("total_mismatch", "synchronized"),
    }
    left = [(row["finding"], row["stock line"]) for row in sheet(report, "Findings") if row["settled"] == "no"]
    assert left == [("missing_serials", "1003")]
    actions = {(row["action"], row["serial"], row["reason"]) for row in sheet(report, "Actions")}
    assert actions == {
        ("merge", "", "equal_lines"),
        ("move", "SA", "attributes"),
        ("move", "SB", "attributes"),
        ("unlink", "P3", "only_fit"),
        ("unlink", "B3", "left"),
    }
    assert [row["cause"] for row in sheet(report, "Left")] == ["no_serial"]


def test_the_corrections_carried_home_leave_only_what_was_left(folder: Path, run: Run) -> None:
    command = x3(folder)
    run(*command, "--corrections", "home")
    lines = {row["STOCOU"]: row["QTYSTU after"] for row in table(folder / "home" / "corrections-STOCK.csv")}
    links = {row["SERNUM"]: row["STOCOU after"] for row in table(folder / "home" / "corrections-STOSER.csv")}
    assert lines == {"1004": "2", "1005": "0"}
    assert links == {"SA": "1001", "SB": "1002", "P2": "1004", "P3": "", "B3": ""}
    for path, key, changed, values in (
        ("STOCK.csv", "STOCOU", "QTYSTU", lines),
        ("STOSER.csv", "SERNUM", "STOCOU", links),
    ):
        with (folder / path).open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        with (folder / path).open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], delimiter=";")
            writer.writeheader()
            writer.writerows({**row, changed: values.get(row[key], row[changed])} for row in rows)
    result = run(*command, "--corrections", "again")
    assert "0 actions, 1 case left alone." in result.output
    assert "1 finding left." in result.output
    assert not list((folder / "again").iterdir())


def test_nothing_is_repaired_while_rows_cannot_be_read(folder: Path, run: Run) -> None:
    command = x3(folder)
    written(folder / "STOCK.csv", STOCK.replace("BELL;2", "BELL;two"))
    result = run(*command, "--report", "report.xlsx", "--corrections", "home")
    assert result.exit_code == 1
    assert "Nothing was repaired" in result.output
    report = folder / "report.xlsx"
    assert not sheet(report, "Actions")
    assert [(row["line"], row["column"]) for row in sheet(report, "Unreadable")] == [(8, "QTYSTU")]
    assert sheet(report, "Findings")


def test_what_an_unreadable_row_is_about_is_not_repaired(folder: Path, run: Run) -> None:
    command = x3(folder)
    written(folder / "STOCK.csv", STOCK.replace("PUMP;1;A1;", "PUMP;one;A1;", 1))
    result = run(*command, "--skip-bad", "--report", "report.xlsx", "--corrections", "home")
    assert result.exit_code == 1
    report = folder / "report.xlsx"
    assert {row["item"] for row in sheet(report, "Actions")} == {"BIKE", "BELL"}
    assert {row["ITMREF"] for row in table(folder / "home" / "corrections-STOSER.csv")} == {"BIKE", "BELL"}
    assert [row["item"] for row in sheet(report, "Left") if row["cause"] == "unreadable"] == ["PUMP"]
    assert {row["repair"] for row in sheet(report, "Findings") if row["item"] == "PUMP"} == {"person"}
    assert [row["item"] for row in sheet(report, "Unreadable")] == ["PUMP"]
    result = run(*command, "--skip-bad", "--items", "BIKE")
    assert "unreadable" not in result.output.partition("left alone")[-1]


def test_a_row_of_no_item_may_be_about_any(folder: Path, run: Run) -> None:
    command = x3(folder)
    written(folder / "STOCK.csv", STOCK + "EAST;1008;;1;A1;\n")
    result = run(*command, "--skip-bad", "--corrections", "home")
    assert result.exit_code == 1
    assert "Nothing was repaired: of an unreadable row the item is not known." in squeezed(result.output)
    assert not list((folder / "home").iterdir())


def test_the_report_names_stock_lines_as_their_system_does(folder: Path, run: Run) -> None:
    stock = "STOFCY;STOCOU;ITMREF;QTYSTU;LOC;LOT\nEAST;1;BIKE;1;A1;L1\nWEST;1;BIKE;2;B1;L2\nWEST;2;BIKE;0;B2;L2\n"
    written(folder / "STOCK.csv", stock)
    links = "BIKE;S1;EAST;1\nBIKE;S2;WEST;1\nBIKE;S3;NORTH;7\n"
    written(folder / "STOSER.csv", "ITMREF;SERNUM;STOFCY;STOCOU\n" + links)
    result = run("resync", "--from", "x3", "STOCK.csv", "STOSER.csv", "--report", "report.xlsx")
    report = folder / "report.xlsx"
    (missing, closed) = sheet(report, "Findings")
    names = ("finding", "STOFCY", "STOCOU", "LOC", "LOT", "repair")
    assert [missing[name] for name in names] == ["missing_serials", "WEST", "1", "B1", "L2", "person"]
    assert [closed[name] for name in names] == ["closed_line", "NORTH", "7", "", "", "machine"]
    (unlink,) = sheet(report, "Actions")
    assert [unlink[name] for name in ("serial", "from STOFCY", "from STOCOU", "to STOFCY")] == ["S3", "NORTH", "7", ""]
    (left,) = sheet(report, "Left")
    assert left["stock lines"] == f"{missing['stock line']}: STOFCY WEST, STOCOU 1, LOC B1, LOT L2, STA A"
    assert left["stock lines"] in squeezed(result.output)


def test_stock_that_agrees(folder: Path, run: Run) -> None:
    written(folder / "STOCK.csv", "STOFCY;STOCOU;ITMREF;QTYSTU\nEAST;1;BIKE;1\n")
    written(folder / "STOSER.csv", "ITMREF;SERNUM;STOFCY;STOCOU\nBIKE;S1;EAST;1\n")
    result = run("resync", "--from", "x3", "STOCK.csv", "STOSER.csv", "--report", "report.xlsx")
    assert result.exit_code == 0, result.output
    assert "Everything agrees." in result.output
    assert not sheet(folder / "report.xlsx", "Findings")


def test_a_delivered_serial_that_erpnext_still_has_in_a_warehouse(folder: Path, run: Run) -> None:
    cards = "name,item_code,warehouse,status\nS1,BIKE,Stores - NF,Active\nS2,BIKE,Stores - NF,Delivered\n"
    written(folder / "serial_no.csv", cards)
    written(folder / "bin.csv", "item_code,warehouse,actual_qty\nBIKE,Stores - NF,1\n")
    result = run("resync", "--from", "erpnext", "serial_no.csv", "bin.csv", "--corrections", "home")
    assert result.exit_code == 0, result.output
    assert table(folder / "home" / "corrections-Serial-No.csv") == [
        {
            "name": "S2",
            "item_code": "BIKE",
            "warehouse before": "Stores - NF",
            "batch_no before": "",
            "warehouse after": "",
            "batch_no after": "",
            "reason": "left",
        }
    ]


def test_a_serial_in_two_places_of_odoo(folder: Path, run: Run) -> None:
    quants = """product_id,location_id,lot_id,quantity
BIKE,WH/Stock/A,S1,1
BIKE,WH/Stock/B,S1,1
BIKE,WH/Stock/B,,-1
BIKE,WH/Stock/B,S2,1
"""
    written(folder / "stock_quant.csv", quants)
    result = run("resync", "--from", "odoo", "stock_quant.csv", "--corrections", "home")
    assert result.exit_code == 0, result.output
    changed = table(folder / "home" / "corrections-stock.quant.csv")
    where = ("lot_id", "location_id", "quantity before", "quantity after")
    assert [tuple(row[name] for name in where) for row in changed] == [
        ("S1", "WH/Stock/B", "1", "0"),
        ("", "WH/Stock/B", "-1", "0"),
    ]


def test_bins_of_business_central_are_no_misplaced_serials(folder: Path, run: Run) -> None:
    ledger = """Entry No.,Item No.,Location Code,Remaining Quantity,Positive,Serial No.
1,BIKE,EAST,1,Yes,S1
2,BIKE,EAST,1,Yes,S2
"""
    entries = """Item No.,Location Code,Bin Code,Qty. (Base),Serial No.
BIKE,EAST,A1,1,S1
BIKE,EAST,A2,1,S2
"""
    written(folder / "ledger.csv", ledger)
    written(folder / "entries.csv", entries)
    result = run("resync", "--from", "business-central", "ledger.csv", "entries.csv")
    assert result.exit_code == 0, result.output


def test_on_ones_own_database(folder: Path, run: Run, database_url: str) -> None:
    x3(folder)
    files = ("STOCK.csv", "STOSER.csv", "STOJOU.csv")
    run("--database", database_url, "load", "--from", "x3", *files, "--yes")
    result = run("--database", database_url, "resync", "--dry-run", "--report", "report.xlsx")
    assert result.exit_code == 1
    assert len(sheet(folder / "report.xlsx", "Actions")) == 5
    with stockline.open(database_url) as stock:
        assert len(stock.control(site="EAST")) == 7
    result = run("--database", database_url, "resync", "--items", "PUMP")
    assert result.exit_code == 0, result.output
    assert "2 actions, 0 cases left alone." in result.output
    result = run("--database", database_url, "resync", "--site", "EAST")
    assert "1 finding left." in result.output
    with stockline.open(database_url) as stock:
        assert [finding.finding for finding in stock.control()] == ["missing_serials"]
        assert stock.serial("BIKE", "SA").stock_line == 1001


def loaded(folder: Path, run: Run, database_url: str) -> None:
    x3(folder)
    run("--database", database_url, "load", "--from", "x3", "STOCK.csv", "STOSER.csv", "STOJOU.csv", "--yes")


def test_the_corrections_of_ones_own_database(folder: Path, run: Run, database_url: str) -> None:
    loaded(folder, run, database_url)
    result = run("--database", database_url, "resync", "--corrections", "home", "--as", "x3")
    assert "See home/corrections-STOCK.csv for 2 rows to change in STOCK." in result.output
    stock = table(folder / "home" / "corrections-STOCK.csv")
    lines = {row["STOCOU"]: (row["QTYSTU before"], row["QTYSTU after"]) for row in stock}
    assert lines == {"1004": ("1", "2"), "1005": ("1", "0")}
    serials = table(folder / "home" / "corrections-STOSER.csv")
    links = {row["SERNUM"]: (row["STOCOU before"], row["STOCOU after"], row["reason"]) for row in serials}
    assert links == {
        "SA": ("1002", "1001", "attributes"),
        "SB": ("1001", "1002", "attributes"),
        "P2": ("1005", "1004", "equal_lines"),
        "P3": ("1006", "", "only_fit"),
        "B3": ("1007", "", "left"),
    }
    assert {row["STOFCY before"] for row in serials} == {"EAST"}


def test_the_corrections_of_an_earlier_run_in_our_own_columns(folder: Path, run: Run, database_url: str) -> None:
    loaded(folder, run, database_url)
    with stockline.open(database_url) as stock:
        number = stock.resync_auto().number
    result = run("--database", database_url, "runs", "corrections", str(number), "home")
    assert result.exit_code == 0, result.output
    serials = table(folder / "home" / "corrections-serials.csv")
    links = {row["serial"]: (row["stock_line before"], row["stock_line after"]) for row in serials}
    assert links["SA"] == ("1002", "1001")
    assert {row["stock_line"] for row in table(folder / "home" / "corrections-stock_lines.csv")} == {"1004", "1005"}
    assert run("--database", database_url, "runs", "corrections", "999", "home").exit_code == 1


def test_a_dry_run_has_no_corrections(folder: Path, run: Run, database_url: str) -> None:
    loaded(folder, run, database_url)
    run("--database", database_url, "resync", "--dry-run", "--corrections", "home")
    assert not list((folder / "home").iterdir())


def test_the_competing_plans_of_a_case_left_are_shown(run: Run, database_url: str) -> None:
    with stockline.open(database_url) as stock:
        stock.create_item("BIKE", tracking=TrackingCode(serial="specific"))
        stock.create_site("EAST", locations=["A1", "B1"])
        stock.load(
            stock_lines=[
                FoundStockLine(id=1, item="BIKE", site="EAST", location="A1", quantity=1),
                FoundStockLine(id=2, item="BIKE", site="EAST", location="B1", quantity=2),
            ],
            serials=[
                FoundSerial(item="BIKE", serial="S1", stock_line=1),
                FoundSerial(item="BIKE", serial="S2", stock_line=1),
                FoundSerial(item="BIKE", serial="S3", stock_line=2),
            ],
        )
    result = run("--database", database_url, "resync")
    assert result.exit_code == 1
    assert "move S1 from 1 to 2" in result.output
    assert "move S2 from 1 to 2" in result.output


def test_what_is_done_stays_when_it_is_cancelled(
    folder: Path, run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(folder, run, database_url)
    planned = plan.ItemPlan

    def slow_plan(transaction: Transaction, item: Item, site: int | None) -> plan.ItemPlan:
        if item.code == "BIKE":
            os.kill(os.getpid(), signal.SIGINT)
        return planned(transaction, item, site)

    monkeypatch.setattr(auto, "ItemPlan", slow_plan)
    result = run("--database", database_url, "resync")
    assert result.exit_code == 130
    assert "Cancelled: 1 action done, which stay." in squeezed(result.output)
    monkeypatch.undo()
    with stockline.open(database_url) as stock:
        assert stock.serial("BELL", "B3").stock_line is None
        assert stock.serial("BIKE", "SA").stock_line == 1002
    result = run("--database", database_url, "resync")
    assert "4 actions, 1 case left alone." in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("STOCK.csv",), "say which system they come from"),
        (("--from", "x3"), "a file of STOCK is needed"),
        (("--from", "x3", "none.csv"), "There is no file none.csv"),
        (("--from", "x3", "STOCK.csv", "--report", "none/report.xlsx"), "The report cannot be written"),
        (("--from", "x3", "STOCK.csv", "--corrections", "STOCK.csv"), "The corrections cannot be written"),
    ],
)
def test_what_cannot_be_done(folder: Path, run: Run, arguments: tuple[str, ...], said: str) -> None:
    x3(folder)
    result = run("resync", *arguments)
    assert result.exit_code == 1
    assert said in squeezed(result.output)


def test_a_hundred_thousand_serials(folder: Path, run: Run) -> None:
    """Lots swapped on 1 of 100 lines, and a serial too many on another; all else is in order."""
    stock = ["STOFCY,STOCOU,ITMREF,QTYSTU,LOC,LOT", *(f"EAST,{n},ITEM{n % 97},10,A{n},L{n}" for n in range(1, 10_001))]
    serials = ["ITMREF,SERNUM,STOFCY,STOCOU,LOT"]
    for n in range(1, 10_001):
        there = n + 97 if n % 9700 == 1 else n - 97 if n % 9700 == 98 else n
        serials += [f"ITEM{n % 97},S{n:05}{digit},EAST,{n if digit else there},L{n}" for digit in range(10)]
    written(folder / "STOCK.csv", "\n".join(stock))
    written(folder / "STOSER.csv", "\n".join(serials))
    result = run("resync", "--from", "x3", "STOCK.csv", "STOSER.csv", "--report", "report.xlsx")
    assert result.exit_code == 0, result.output
    assert "move (attributes): 4" in result.output


def test_what_is_reserved_stays_and_is_reported(folder: Path, run: Run) -> None:
    """The bell that was issued is taken off, unless it is reserved; a reserved pump that is nowhere is told."""
    stoall = "STOFCY;ITMREF;STOCOU;QTYSTU;VCRNUM;SERNUM\nEAST;BELL;1007;1;SO1;B3\nEAST;PUMP;1006;1;SO2;P9\n"
    written(folder / "STOALL.csv", stoall)
    run(*x3(folder), "STOALL.csv", "--report", "report.xlsx", "--corrections", "home")
    report = folder / "report.xlsx"
    findings = [(row["finding"], row["serial"]) for row in sheet(report, "Findings")]
    assert ("reserved_not_on_hand", "P9") in findings
    assert [row["cause"] for row in sheet(report, "Left") if row["item"] == "BELL"] == ["reserved"]
    assert "BELL" not in {row["item"] for row in sheet(report, "Actions")}
    assert "BELL" not in {row["ITMREF"] for row in table(folder / "home" / "corrections-STOSER.csv")}


def test_quantities_in_the_workbook_are_numbers(folder: Path, run: Run) -> None:
    run(*x3(folder), "--report", "report.xlsx")
    found = sheet(folder / "report.xlsx", "Findings")
    figures = {row["finding"]: (row["expected"], row["found"]) for row in found}
    assert figures["surplus_serials"] == (2.0, 3.0)
    merged = {row["STOCOU"]: row["QTYSTU after"] for row in sheet(folder / "report.xlsx", "Change STOCK")}
    assert merged == {"1004": 2.0, "1005": 0.0}
