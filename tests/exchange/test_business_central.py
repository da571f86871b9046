"""Business Central's item ledger entries and warehouse entries."""

from datetime import date
from pathlib import Path

from stockline import FoundStockLine, LastMovement, TrackingCode
from stockline.exchange.business_central import SYSTEM
from stockline.exchange.overrides import Overrides
from tests.exchange.foreign import lines, linked, serial, stock_of, unreadable

HEADER = "Entry No.,Posting Date,Item No.,Variant Code,Location Code,Quantity,Remaining Quantity,Positive,"
LEDGER = f"""{HEADER}Serial No.,Lot No.,Package No.
1,2025-01-01,BIKE,RED,EAST,1,1,Yes,S1,L1,
2,2025-01-02,BIKE,RED,EAST,1,0,Yes,S2,L1,
3,2025-01-02,BIKE,RED,EAST,-1,0,No,S2,L1,
4,2025-01-02,BIKE,RED,WEST,1,1,Yes,S2,L1,
5,2025-01-02,BIKE,RED,EAST,2,2,Yes,,L1,
6,2025-01-02,BIKE,RED,EAST,1,1,Yes,S3,L1,P1
7,2025-01-02,BIKE,RED,EAST,-1,-1,No,,L1,
8,2025-01-03,BIKE,RED,EAST,-1,0,No,S3,L1,P1
9,2025-01-03,OIL,,,5,5,Yes,,,
"""
WAREHOUSE = """Entry No.,Item No.,Variant Code,Location Code,Bin Code,Qty. (Base),Serial No.,Lot No.,Package No.
1,BIKE,RED,EAST,DOCK,1,S1,L1,
2,BIKE,RED,EAST,DOCK,-1,S1,L1,
3,BIKE,RED,EAST,A1,1,S1,L1,
4,BIKE,RED,WEST,W1,1,S2,L1,
"""
EAST = FoundStockLine(item="BIKE", variant="RED", site="EAST", lot="L1", quantity=0)
PACKED = FoundStockLine(item="BIKE", variant="RED", site="EAST", lot="L1", package="P1", quantity=0)
WEST = FoundStockLine(item="BIKE", variant="RED", site="WEST", lot="L1", quantity=0)
OIL = FoundStockLine(item="OIL", site="-", quantity=0)


def test_open_entries_are_summed(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, ledger=LEDGER)
    assert lines(found) == {EAST: 2, PACKED: 1, WEST: 1, OIL: 5}
    assert linked(found, "S1") == [EAST]
    assert linked(found, "S2") == [WEST]
    assert linked(found, "S3") == [PACKED]
    assert serial(found, "S1").variant == "RED"
    assert found.items["BIKE"].tracking == TrackingCode(serial="specific", lot="specific", package=())
    assert found.items["BIKE"].variants == ("RED",)


def test_the_highest_entry_is_the_last_movement(tmp_path: Path) -> None:
    rows = LEDGER.splitlines()
    found = stock_of(SYSTEM, tmp_path, ledger="\n".join([rows[0], *reversed(rows[1:])]))
    assert serial(found, "S2").last == LastMovement(direction="in", date=date(2025, 1, 2), site="WEST", lot="L1")
    last = serial(found, "S3").last
    assert last is not None
    assert last.direction == "out"


def test_bins_come_from_warehouse_entries(tmp_path: Path) -> None:
    """The ledger's quantity is the true one; what no bin explains is in none."""
    found = stock_of(SYSTEM, tmp_path, ledger=LEDGER, warehouse_entries=WAREHOUSE)
    places = {(one.site, one.location, one.package): quantity for one, quantity in lines(found).items()}
    assert places == {
        ("EAST", "A1", ""): 1,
        ("EAST", "", ""): 1,
        ("EAST", "", "P1"): 1,
        ("WEST", "W1", ""): 1,
        ("-", "", ""): 5,
    }
    there = serial(found, "S2").last
    assert there is not None
    assert there.location == "W1"


def test_names_of_columns_in_other_exports(tmp_path: Path) -> None:
    text = (
        LEDGER.replace("Entry No.", "Entry_No").replace("Item No.", "ItemNo").replace("Location Code", "Location_Code")
    )
    found = stock_of(SYSTEM, tmp_path, ledger=text)
    assert EAST in lines(found)


def test_stock_without_location_has_a_site_if_the_mapping_says_so(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, Overrides(sites={"": ("MAIN", "")}), ledger=LEDGER)
    assert {one.site for one in found.stock_lines} == {"EAST", "WEST", "MAIN"}


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    more = "10,2025-01-03,,,EAST,1,1,Yes,,,\n11,03.01.2025,BIKE,,EAST,1,1,Yes,,,\n12,2025-01-03,BIKE,,EAST,1,,Yes,,,\n"
    found = stock_of(SYSTEM, tmp_path, ledger=LEDGER + more)
    assert unreadable(found) == [
        ("ledger", 11, "Item No."),
        ("ledger", 12, "Posting Date"),
        ("ledger", 13, "Remaining Quantity"),
    ]


def test_an_entry_that_stands_in_two_rows_counts_once(tmp_path: Path) -> None:
    header = "Entry No.,Item No.,Location Code,Remaining Quantity,Serial No.\n"
    ledger = f"{header}1,BIKE,EAST,1,S1\n2,BIKE,EAST,1,S2\n1,BIKE,EAST,1,S1\n2,BIKE,WEST,1,S2\n"
    found = stock_of(SYSTEM, tmp_path, ledger=ledger)
    assert unreadable(found) == [("ledger", 5, "Entry No.")]
    assert found.repeated == 1
    assert [line.quantity for line in found.stock_lines] == [2]
