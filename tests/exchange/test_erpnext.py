"""ERPNext's Serial No, Bin, Stock Ledger Entry and bundles."""

from collections.abc import Iterable
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from stockline import FoundStockLine, LastMovement, TrackingCode
from stockline.exchange.erpnext import SYSTEM
from stockline.exchange.overrides import Overrides
from tests.exchange.foreign import lines, linked, serial, stock_of, unreadable

SERIAL_NO = """Serial No,Item Code,Warehouse,Batch No,Status
S1,BIKE,Stores - NF,,Active
S2,BIKE,,,Delivered
S3,BIKE,Stores - NF,,Delivered
S4,BIKE,Shop - NF,,Expired
B1,BATTERY,Stores - NF,X1,Active
"""
BIN = """item_code,warehouse,actual_qty
BIKE,Stores - NF,2.0
BIKE,Dock - NF,0
BATTERY,Stores - NF,3
OIL,Stores - NF,7
"""
LEDGER = """item_code,warehouse,batch_no,actual_qty,posting_date,posting_time,is_cancelled,docstatus,serial_no
BATTERY,Stores - NF,X1,2,2025-01-05,9:00:00,0,1,
BATTERY,Stores - NF,X2,5,2025-01-05,9:00:00,1,1,
BATTERY,Stores - NF,X2,1,2025-01-05,9:00:00,0,1,
BIKE,Stores - NF,,2,2025-01-05,9:00:00,0,1,"S1
S2"
BIKE,Stores - NF,,-1,2025-01-05,14:30:00,0,1,S2
BIKE,Stores - NF,,-1,2025-01-06,14:30:00,1,1,S1
"""


def test_lines_and_links(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, serial_no=SERIAL_NO, bin=BIN)
    stores = FoundStockLine(item="BIKE", site="Stores - NF", quantity=0)
    shop = FoundStockLine(item="BIKE", site="Shop - NF", quantity=0)
    battery = FoundStockLine(item="BATTERY", site="Stores - NF", quantity=0)
    oil = FoundStockLine(item="OIL", site="Stores - NF", quantity=0)
    assert lines(found) == {stores: 2, shop: 0, battery: 3, oil: 7}
    assert linked(found, "S1") == [stores]
    assert linked(found, "S2") == []
    assert linked(found, "S4") == [shop]
    assert found.items["BATTERY"].tracking == TrackingCode(serial="specific")
    assert sorted(found.keys) == [1, 2, 3, 4]


def test_a_delivered_serial_that_names_a_warehouse_is_linked_and_left_last(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, serial_no=SERIAL_NO, bin=BIN)
    assert linked(found, "S3")
    assert serial(found, "S3").last == LastMovement(direction="out", site="Stores - NF")
    assert serial(found, "S1").last is None


def test_the_ledger_tells_batches_and_the_last_movement(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, serial_no=SERIAL_NO, bin=BIN, stock_ledger_entry=LEDGER)
    of_battery = {one.lot: quantity for one, quantity in lines(found).items() if one.item == "BATTERY"}
    assert of_battery == {"X1": 2, "X2": 1}
    assert found.items["BATTERY"].tracking == TrackingCode(serial="specific", lot="specific")
    assert serial(found, "B1").lot == "X1"
    came = LastMovement(direction="in", date=date(2025, 1, 5), site="Stores - NF")
    assert serial(found, "S1").last == came
    last = serial(found, "S2").last
    assert last is not None
    assert last.direction == "out"


def test_bundles_tell_more_than_cards(tmp_path: Path) -> None:
    entries = """parent,serial_no,batch_no,qty,warehouse,posting_datetime,type_of_transaction,docstatus,is_cancelled
B-1,S1,,1,Stores - NF,2025-02-01 10:00:00,Inward,1,0
B-2,S1,,-1,Stores - NF,2025-02-03 10:00:00.5,Outward,1,0
B-3,S1,,1,Shop - NF,2025-02-03 11:00:00,,1,0
B-4,S1,,-1,Shop - NF,2025-02-09 11:00:00,Outward,2,0
B-5,S3,,1,Stores - NF,2025-02-01 10:00:00,Inward,1,0
"""
    found = stock_of(SYSTEM, tmp_path, serial_no=SERIAL_NO, bin=BIN, serial_and_batch_entry=entries)
    assert serial(found, "S1").last == LastMovement(direction="in", date=date(2025, 2, 3), site="Shop - NF")
    said = serial(found, "S3").last
    assert said is not None
    assert said.direction == "in"


def test_entries_of_version_15_lean_on_their_bundle(tmp_path: Path) -> None:
    entries = "parent,serial_no,batch_no,qty\nB-1,B1,X1,1\nB-1,,X2,2\nB-2,B1,X1,-1\n"
    bundles = """name,type_of_transaction,warehouse,posting_date,posting_time,docstatus
B-1,Inward,Stores - NF,2025-02-01,10:00:00,1
B-2,Outward,Stores - NF,2025-02-01,9:59:00,1
"""
    ledger = """item_code,warehouse,actual_qty,posting_datetime,serial_and_batch_bundle
BATTERY,Stores - NF,3,2025-02-01 10:00:00,B-1
"""
    found = stock_of(
        SYSTEM,
        tmp_path,
        serial_no=SERIAL_NO,
        serial_and_batch_entry=entries,
        serial_and_batch_bundle=bundles,
        stock_ledger_entry=ledger,
    )
    assert {one.lot: quantity for one, quantity in lines(found).items() if one.item == "BATTERY"} == {"X1": 1, "X2": 2}
    assert serial(found, "B1").last == LastMovement(direction="in", date=date(2025, 2, 1), site="Stores - NF", lot="X1")


def test_warehouses_are_mapped(tmp_path: Path) -> None:
    overrides = Overrides(
        sites={"Stores - NF": ("EAST", "STORES"), "Dock - NF": ("EAST", "DOCK"), "Shop - NF": ("SHOP", "")},
        put_away_locations=frozenset({"EAST/DOCK"}),
    )
    found = stock_of(SYSTEM, tmp_path, overrides, serial_no=SERIAL_NO, bin=BIN.replace("Dock - NF,0", "Dock - NF,4"))
    places = {(one.site, one.location): quantity for one, quantity in lines(found).items() if one.item == "BIKE"}
    assert places == {("EAST", "STORES"): 2, ("EAST", "DOCK"): 4, ("SHOP", ""): 0}
    categories = {place.id: place.category for place in found.sites["EAST"].locations}
    assert categories == {"STORES": "", "DOCK": "put_away"}


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    found = stock_of(
        SYSTEM,
        tmp_path,
        serial_no=SERIAL_NO + ",BIKE,Stores - NF,,Active\n",
        bin=BIN + "BIKE,,1\nBIKE,Attic - NF,none\n",
    )
    assert unreadable(found) == [("serial_no", 7, "Serial No"), ("bin", 6, "warehouse"), ("bin", 7, "actual_qty")]


def test_what_can_stand_only_once(tmp_path: Path) -> None:
    found = stock_of(
        SYSTEM,
        tmp_path,
        serial_no="name,item_code,warehouse\nS1,BIKE,Shop\nS2,BIKE,Shop\nS1,BIKE,Shop\nS2,BIKE,Stores\n",
        bin="item_code,warehouse,actual_qty\nBIKE,Shop,2\nBIKE,Stores,1\nBIKE,Shop,3\n",
    )
    assert unreadable(found) == [("serial_no", 5, "name"), ("bin", 4, "warehouse")]
    assert found.unreadable[0].reason == "S2 stands in an earlier row, with other values"
    assert found.repeated == 1
    assert [line.quantity for line in found.stock_lines] == [2, 1]


TRANSFER = ("B1,S1,-1,Stores,Outward", "B2,S1,1,Shop,Inward")
RENAMED = ("B1,S1,-1,Stores,Outward", "B2,S1,1,Stores,Inward")
TWO_TRANSFERS = (*TRANSFER, "B3,S1,-1,Shop,Outward", "B4,S1,1,Attic,Inward")


def last_of_entries(folder: Path, entries: Iterable[str]) -> LastMovement | None:
    rows = "".join(f"{entry},2026-01-05 10:00:00\n" for entry in entries)
    text = (
        f"parent,serial_no,qty,warehouse,type_of_transaction,posting_datetime\nB0,S1,1,Dock,Inward,2026-01-04\n{rows}"
    )
    return serial(stock_of(SYSTEM, folder, serial_no=SERIAL_NO, bin=BIN, serial_and_batch_entry=text), "S1").last


@pytest.mark.parametrize(("entries", "warehouse"), [(TRANSFER, "Shop"), (RENAMED, "Stores"), (TWO_TRANSFERS, "Attic")])
def test_of_movements_of_one_moment_the_one_that_ends_them_counts_in_any_order(
    tmp_path: Path, entries: tuple[str, ...], warehouse: str
) -> None:
    came = LastMovement(direction="in", date=date(2026, 1, 5), site=warehouse)
    assert {last_of_entries(tmp_path, order) for order in permutations(entries)} == {came}


def test_nobody_knows_where_a_serial_is_that_came_to_two_places_at_once(tmp_path: Path) -> None:
    assert last_of_entries(tmp_path, ("B1,S1,1,Stores,Inward", "B2,S1,1,Shop,Inward")) is None


def test_an_issue_alone_is_outward(tmp_path: Path) -> None:
    gone = LastMovement(direction="out", date=date(2026, 1, 5), site="Stores")
    assert last_of_entries(tmp_path, TRANSFER[:1]) == gone
