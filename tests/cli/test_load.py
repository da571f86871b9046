"""`stockline load`: counted first, loaded in one go, and nothing that is there already is hit by accident."""

import csv
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

import stockline
from stockline import FoundItem, FoundSerial, FoundSite, FoundStockLine, OrderLine, Refusal, Stockline, TrackingCode
from tests.cli.conftest import Run
from tests.exchange.files import written

STOCK = """STOFCY;STOCOU;ITMREF;QTYSTU;LOC;LOT
EAST;1001;BIKE;2;A1;L1
EAST;1002;BIKE;0;A2;L1
WEST;1001;BIKE;1;B1;L1
"""
STOSER = """ITMREF;SERNUM;STOFCY;STOCOU;LOT
BIKE;S1;EAST;1001;L1
BIKE;S2;EAST;1002;L1
BIKE;S3;WEST;1001;L1
BIKE;S3;EAST;1001;L1
"""
QUANT = """product_id,location_id,lot_id,package_id,owner_id,quantity
BIKE,WH/Stock,S1,,,1
BIKE,WH/Stock,,,,1
"""


def x3(folder: Path, stock: str = STOCK, serials: str = STOSER) -> tuple[str, ...]:
    written(folder / "STOCK.csv", stock)
    written(folder / "STOSER.csv", serials)
    return "load", "--from", "x3", "STOCK.csv", "STOSER.csv"


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def opened(folder: Path) -> Iterator[Stockline]:
    with stockline.open(folder / "stockline.db") as stock:
        yield stock


def test_a_dry_run_counts_and_writes_nothing(folder: Path, run: Run) -> None:
    result = run(*x3(folder))
    assert result.exit_code == 0, result.output
    for said in (
        "rows of STOCK in STOCK.csv │ 3",
        "stock lines │ 3",
        "of which closed │ 1",
        "serials │ 3",
        "links │ 4",
        "duplicates: serials on several lines │ 1",
        "unreadable rows │ 0",
        "items │ 1",
        "sites │ 2",
    ):
        assert said in squeezed(result.output)
    assert "this was a dry run" in result.output
    assert not (folder / "stockline.db").exists()


def test_loaded_as_it_is_and_found_by_control(folder: Path, run: Run) -> None:
    result = run(*x3(folder), "--yes")
    assert result.exit_code == 0, result.output
    assert "Loaded 3 stock lines and 3 serials; 1 item and 2 sites were new." in result.output
    result = run("control")
    assert result.exit_code == 1
    for finding in ("closed_line", "duplicate_link"):
        assert finding in result.output
    assert "ledger" not in result.output


STOALL = """STOFCY;ITMREF;STOCOU;QTYSTU;VCRNUM;VCRLIN;SERNUM
EAST;BIKE;1001;1;SO1;1000;S1
EAST;BIKE;1001;1;SO2;1000;
EAST;BIKE;1001;0;SO3;1000;
EAST;BIKE;1099;1;SO4;1000;S9
"""


def test_reservations_are_counted_and_loaded(folder: Path, run: Run, opened: Stockline) -> None:
    written(folder / "STOALL.csv", STOALL)
    command = (*x3(folder), "STOALL.csv")
    result = run(*command)
    for said in ("reservations │ 3", "documents that reserve │ 3", "rows that reserve no stock, left out │ 1"):
        assert said in squeezed(result.output)
    assert "Loaded 3 stock lines and 3 serials, 3 reservations;" in squeezed(run(*command, "--yes").output)
    assert opened.line("SO1/1000").reserved == 1
    assert "reserved_not_on_hand" in run("control").output


def test_a_document_of_ones_own_stops_the_load(folder: Path, run: Run, opened: Stockline) -> None:
    opened.create_item("BOLT")
    opened.create_site("WEST")
    opened.create_order("SO1", "sale", site="WEST", lines=[OrderLine(item="BOLT", quantity=1)])
    written(folder / "STOALL.csv", STOALL)
    dry = run(*x3(folder), "STOALL.csv")
    assert dry.exit_code == 1
    assert "it would be refused: SO1 is a document of your own" in squeezed(dry.output)
    result = run(*x3(folder), "STOALL.csv", "--yes")
    assert result.exit_code == 1
    assert "Reservation row 1: SO1 is a document of your own." in squeezed(result.output)
    assert opened.stock_lines() == []


def test_a_document_that_was_loaded_before_does_not_stop_it(folder: Path, run: Run) -> None:
    written(folder / "STOALL.csv", STOALL)
    command = (*x3(folder), "STOALL.csv")
    assert run(*command, "--yes").exit_code == 0
    assert "this was a dry run" in run(*command).output


def test_a_file_given_twice_is_not_counted_twice(folder: Path, run: Run) -> None:
    result = run(*x3(folder), "./STOCK.csv")
    assert result.exit_code == 1
    assert "./STOCK.csv is given twice." in result.output


def test_loading_once_more_overwrites(folder: Path, run: Run, opened: Stockline) -> None:
    run(*x3(folder), "--yes")
    lines = opened.stock_lines()
    result = run(*x3(folder), "--apply")
    assert "0 items and 0 sites were new" in result.output
    assert opened.stock_lines() == lines


def test_made_numbers_are_those_of_equal_lines_here(folder: Path, run: Run, opened: Stockline) -> None:
    written(folder / "quant.csv", QUANT)
    run("load", "--from", "odoo", "quant.csv", "--yes")
    written(folder / "quant.csv", QUANT.replace("BIKE,WH/Stock,,", "BIKE,WH/Shop,S2,"))
    run("load", "--from", "odoo", "quant.csv", "--yes")
    assert {line.location: int(line.quantity) for line in opened.stock_lines()} == {"Stock": 1, "Shop": 1}
    assert opened.serial("BIKE", "S2").location == "Shop"


def test_numbers_that_something_else_has_are_changed(folder: Path, run: Run, opened: Stockline) -> None:
    opened.create_item("PUMP", tracking=TrackingCode(serial="specific"))
    opened.create_site("SOUTH")
    opened.load(
        stock_lines=[FoundStockLine(id=number, item="PUMP", site="SOUTH", quantity=1) for number in (1001, 10001)],
        serials=[FoundSerial(item="PUMP", serial="P1", stock_line=1001)],
    )
    serials = STOSER + "BIKE;S4;EAST;10001;L1\n"
    assert run(*x3(folder, serials=serials), "--yes").exit_code == 0
    numbers = {line.stock_line: (line.item, line.site) for line in opened.stock_lines()}
    assert numbers[1001] == ("PUMP", "SOUTH")
    assert sorted(numbers.values()) == [("BIKE", "EAST"), ("BIKE", "WEST"), ("PUMP", "SOUTH"), ("PUMP", "SOUTH")]
    assert opened.serial("BIKE", "S1").site == "EAST"
    assert opened.serial("BIKE", "S4").stock_line not in (1001, 10001)


def test_the_largest_number_where_something_else_has_one(folder: Path, run: Run, opened: Stockline) -> None:
    run(*x3(folder, STOCK.replace("1001", str(2**62 - 1)), STOSER.replace("1001", str(2**62 - 1))), "--yes")
    stock = STOCK.replace("1001", str(2**62 - 1)).replace("BIKE", "PUMP")
    result = run(*x3(folder, stock, STOSER.replace("BIKE", "PUMP")), "--yes")
    assert result.exit_code == 0, result.output
    pumps = [line.stock_line for line in opened.stock_lines(item="PUMP")]
    assert len(pumps) == 2
    assert 2**62 - 1 not in pumps


def test_rows_that_cannot_be_read_stop_it_and_are_listed(folder: Path, run: Run) -> None:
    command = x3(folder, stock=STOCK + 'EAST;1003;BIKE;"1,5";A1;L1\nEAST;1004;;1;A1;L1\n')
    result = run(*command, "--yes")
    assert result.exit_code == 1
    assert "write a decimal point" in squeezed(result.output)
    assert not (folder / "stockline.db").exists()
    with (folder / "unreadable.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["line"], row["column"]) for row in rows] == [
        ("STOCK.csv", "5", "QTYSTU"),
        ("STOCK.csv", "6", "ITMREF"),
    ]
    result = run(*command, "--yes", "--skip-bad", "--unreadable", "bad.csv")
    assert result.exit_code == 0, result.output
    assert (folder / "bad.csv").exists()
    assert "Loaded 3 stock lines" in result.output


def test_an_encoding_that_is_not_utf_8(folder: Path, run: Run) -> None:
    command = x3(folder)
    (folder / "STOCK.csv").write_bytes(STOCK.replace("A1", "Kühl").encode("latin-1"))
    result = run(*command)
    assert result.exit_code == 1
    with (folder / "unreadable.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["column"]) for row in rows] == [("2", "LOC")]
    assert "--encoding" in rows[0]["reason"]
    assert run(*command, "--encoding", "latin-1").exit_code == 0


def test_a_mapping_file(folder: Path, run: Run, opened: Stockline) -> None:
    written(folder / "map.toml", 'decimal = ","\n[sites]\nEAST = "NORTH"\n[put_away]\nlocations = ["NORTH/A1"]\n')
    command = x3(folder, stock=STOCK.replace("BIKE;2;", "BIKE;2,0;"))
    assert run(*command, "--mapping", "map.toml", "--yes").exit_code == 0
    assert {line.site for line in opened.stock_lines()} == {"NORTH", "WEST"}
    assert {finding.stock_line for finding in opened.control(site="NORTH", only=["serials"])} == {1002}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"STOCK.csv": "STOFCY;ITMREF;QTY\nEAST;BIKE;1\n"}, "There is no column 'STOCOU'"),
        ({"what.csv": "a;b\n1;2\n"}, "There is no column"),
        ({}, "There is no file"),
        ({"map.toml": "colums = 1", "STOCK.csv": STOCK}, "says colums"),
    ],
)
def test_files_that_are_no_table(folder: Path, run: Run, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        written(folder / name, text)
    tables = [name for name in files if name.endswith(".csv")] or ["none.csv"]
    mapping = ["--mapping", "map.toml"] if "map.toml" in files else []
    result = run("load", "--from", "x3", *tables, *mapping)
    assert result.exit_code == 1
    assert said in squeezed(result.output)


def test_on_any_database(folder: Path, run: Run, database_url: str) -> None:
    assert run("--database", database_url, *x3(folder), "--yes").exit_code == 0
    result = run("--database", database_url, *x3(folder), "--yes")
    assert "0 items and 0 sites were new" in result.output
    with stockline.open(database_url) as stock:
        assert sum(line.quantity for line in stock.stock_lines()) == 3
        with pytest.raises(Refusal, match="serial_unknown"):
            stock.serial("BIKE", "S9")


def test_more_items_than_a_statement_binds(database_url: str) -> None:
    items = {f"ITEM{n}": FoundItem(tracking=TrackingCode()) for n in range(33_000)}
    with stockline.open(database_url) as stock:
        assert len(stock.load(items=items).items) == 33_000
        assert not stock.load(items=items).items
        assert not stock.owners_of_numbers(range(70_000))


def test_a_number_for_each_of_many_items(database_url: str) -> None:
    """Rows of a load are many, whatever the number of items among them."""
    lines = [FoundStockLine(id=n, item=f"ITEM{n}", site="EAST", quantity=1) for n in range(1, 10_001)]
    items = {line.item: FoundItem(tracking=TrackingCode()) for line in lines}
    with stockline.open(database_url) as stock:
        before = monotonic()
        stock.load(stock_lines=lines, items=items, sites={"EAST": FoundSite()})
        assert monotonic() - before < 30
