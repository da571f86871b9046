"""What other systems have reserved: read, loaded, and found by control where it is wrong (spec part 60, section 7)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stockline
from stockline import FoundReservation, Stockline
from stockline.exchange import business_central, erpnext, odoo, x3
from stockline.exchange.found import Found
from stockline.exchange.overrides import Overrides
from stockline.exchange.systems import System
from tests.exchange.foreign import serial, stock_of, unreadable

STOCK = """STOFCY,STOCOU,ITMREF,QTYSTU,LOC,LOT,PALNUM
EAST,1,BIKE,2,A1,L1,
EAST,2,BIKE,1,A1,L2,P1
EAST,3,NAIL,10,A1,,
"""
STOSER = """ITMREF,SERNUM,STOFCY,STOCOU,LOT
BIKE,S1,EAST,1,L1
BIKE,S2,EAST,1,L1
BIKE,S3,EAST,2,L2
BIKE,S9,EAST,0,L1
"""
STOALL = """STOFCY_0,ITMREF_0,STOCOU_0,QTYSTU_0,VCRTYP_0,VCRNUM_0,VCRLIN_0,VCRSEQ_0,LOT_0,LOC_0,STA_0,WRH_0,SERNUM_0
EAST,BIKE,1,1,2,SO1,1000,1,,A1,A,,S2
EAST,BIKE,2,1,Work order,WO1,10,1,,A1,A,,
EAST,NAIL,0,4,2,SO1,2000,1,,,,,
EAST,NAIL,3,0,2,SO2,1000,1,,A1,A,,
EAST,BIKE,99,1,2,SO3,1000,1,L1,A1,A,,S9
"""
CARDS = """name,item_code,warehouse,batch_no,status
S1,BIKE,Stores,,Active
S2,BIKE,Stores,,Active
S3,BIKE,,,Delivered
S4,BIKE,Shop,,Active
"""
BIN = "item_code,warehouse,actual_qty,reserved_qty\nBIKE,Stores,2,3\nBIKE,Shop,1,1\nNAIL,Stores,10,4\n"
SRE = """name,item_code,warehouse,voucher_type,voucher_no,voucher_detail_no,reserved_qty,delivered_qty,status,\
docstatus,reservation_based_on
SRE1,BIKE,Stores,Sales Order,SO1,a1b2,2,1,Partially Delivered,1,Serial and Batch
SRE2,NAIL,Stores,Sales Order,SO1,c3d4,4,,Reserved,1,Qty
SRE3,NAIL,Stores,Work Order,WO1,e5f6,3,3,Delivered,1,Qty
SRE4,NAIL,Stores,Sales Order,SO2,a7b8,3,0,Draft,0,Qty
SRE5,NAIL,Stores,Sales Order,SO3,a9b0,3,0,Cancelled,2,Qty
SRE6,BIKE,Shop,Work Order,WO2,c1d2,2,0,Reserved,1,Serial and Batch
"""
SB_ENTRIES = """parent,parenttype,serial_no,batch_no,qty,warehouse
SRE1,Stock Reservation Entry,S3,,-1,Stores
SRE1,Stock Reservation Entry,S2,,-1,Stores
SRE6,Stock Reservation Entry,S4,,-1,Shop
"""
QUANT = """product_id,location_id,lot_id,package_id,quantity,reserved_quantity,product_id/tracking
BIKE,WH/Stock/A1,S1,P1,1,1,serial
BIKE,WH/Stock/A1,S2,,1,1,serial
NAIL,WH/Stock/A1,,,10,7,none
PAINT,WH/Stock/A1,L1,,5,3,lot
PAINT,WH/Stock/A1,L2,,5,0,lot
NAIL,Partners/Customers,,,5,5,none
"""
MOVES = """id,product_id,lot_id,package_id,location_id,location_dest_id,date,{done},{reserved},state,reference,move_id,\
product_id/tracking
1,BIKE,S1,P1,WH/Stock/A1,Partners/Customers,2025-01-05,0,1,assigned,WH/OUT/1,31,serial
2,NAIL,,,WH/Stock/A1,Virtual Locations/Production,2025-01-06,0,4,partially_available,WH/MO/1,32,none
3,NAIL,,,WH/Stock/A1,Partners/Customers,2025-01-07,3,0,done,WH/OUT/2,33,none
4,NAIL,,,WH/Stock/A1,Partners/Customers,2025-01-07,0,2,cancel,WH/OUT/3,34,none
5,NAIL,,,Partners/Vendors,WH/Stock/A1,2025-01-07,0,9,assigned,WH/IN/1,35,none
6,PAINT,L1,,WH/Stock/A1,WH/Output,2025-01-07,0,5,assigned,WH/PICK/1,36,lot
"""
ILE = """Entry No.,Item No.,Location Code,Serial No.,Lot No.,Remaining Quantity,Quantity
1,BIKE,BLUE,S1,,1,1
2,BIKE,BLUE,S2,,1,1
3,BIKE,BLUE,S3,,0,1
4,BIKE,BLUE,S3,,0,-1
5,PAINT,BLUE,,L1,5,5
6,PAINT,BLUE,,L2,5,5
"""
RESERVATIONS = """Entry No.,Positive,Item No.,Location Code,Quantity (Base),Reservation Status,Source Type,\
Source Subtype,Source ID,Source Ref. No.,Serial No.,Lot No.,Shipment Date
1,No,BIKE,BLUE,-1,Reservation,37,1,SO1,10000,,,2025-02-01
1,Yes,BIKE,BLUE,1,Reservation,32,0,,2,S2,,
2,Yes,PAINT,BLUE,3,Reservation,32,0,,5,,,
2,No,PAINT,BLUE,-3,Reservation,5407,3,WO1,20000,,,
3,No,PAINT,BLUE,-4,Reservation,37,1,SO1,20000,,,2025-02-01
3,Yes,PAINT,BLUE,4,Reservation,39,1,PO1,10000,,,
4,No,PAINT,BLUE,-1,Tracking,37,1,SO2,10000,,,
4,Yes,PAINT,BLUE,1,Tracking,32,0,,6,,,
5,No,PAINT,BLUE,-1,Surplus,37,1,SO3,10000,,L1,
6,No,BIKE,BLUE,-1,Reservation,37,1,SO4,10000,,,2025-02-01
6,Yes,BIKE,BLUE,1,Reservation,32,0,,3,S3,,
"""
FILES: dict[str, tuple[System, dict[str, str]]] = {
    "x3": (x3.SYSTEM, {"STOCK": STOCK, "STOSER": STOSER, "one": STOALL}),
    "erpnext": (erpnext.SYSTEM, {"serial_no": CARDS, "bin": BIN, "one": SRE, "serial_and_batch_entry": SB_ENTRIES}),
    "odoo": (
        odoo.SYSTEM,
        {"stock_quant": QUANT, "one": MOVES.format(done="qty_done", reserved="reserved_uom_qty")},
    ),
    "business-central": (business_central.SYSTEM, {"item_ledger_entry": ILE, "one": RESERVATIONS}),
}
"""Of each system its files; the reservations' name says nothing."""
READ: dict[str, list[tuple[Any, ...]]] = {
    "x3": [
        ("SO1", "1000", "sale", "BIKE", 1, "S2", "L1", ""),
        ("WO1", "10", "production", "BIKE", 1, "", "L2", "P1"),
        ("SO1", "2000", "sale", "NAIL", 4, "", "", ""),
        ("SO3", "1000", "sale", "BIKE", 1, "S9", "L1", ""),
    ],
    "erpnext": [
        ("SO1", "a1b2", "sale", "BIKE", 1, "S2", "", ""),
        ("SO1", "c3d4", "sale", "NAIL", 4, "", "", ""),
        ("WO2", "c1d2", "production", "BIKE", 1, "S4", "", ""),
        ("WO2", "c1d2", "production", "BIKE", 1, "", "", ""),
    ],
    "odoo": [
        ("WH/OUT/1", "31", "sale", "BIKE", 1, "S1", "", "P1"),
        ("WH/MO/1", "32", "production", "NAIL", 4, "", "", ""),
        ("WH/PICK/1", "36", "sale", "PAINT", 5, "", "L1", ""),
        ("RESERVED WITHOUT MOVE", "", "sale", "BIKE", 1, "S2", "", ""),
        ("RESERVED WITHOUT MOVE", "", "sale", "NAIL", 3, "", "", ""),
    ],
    "business-central": [
        ("SO1", 10000, "sale", "BIKE", 1, "S2", "", ""),
        ("WO1", 20000, "production", "PAINT", 3, "", "L1", ""),
        ("SO4", 10000, "sale", "BIKE", 1, "S3", "", ""),
    ],
}
FINDINGS: dict[str, list[tuple[Any, ...]]] = {
    "x3": [("reserved_not_on_hand", "S9", None, None)],
    "erpnext": [("over_reserved", None, 1, 2)],
    "odoo": [],
    "business-central": [("reserved_not_on_hand", "S3", None, None)],
}
LEFT_OUT = {"x3": (1, 0), "erpnext": (3, 0), "odoo": (1, 2), "business-central": (3, 0)}
"""Rows that reserve no stock, and reservations nobody holds."""

SYSTEMS = pytest.mark.parametrize("system", FILES)


def found_in(system: str, folder: Path, overrides: Overrides | None = None, **more: str) -> Found:
    read, files = FILES[system]
    return stock_of(read, folder, overrides, **{**files, **more})


def shown(one: FoundReservation) -> tuple[Any, ...]:
    return one.document, one.line, one.kind, one.item, one.quantity, one.serial, one.lot, one.package


@pytest.fixture
def stock(database_url: str) -> Iterator[Stockline]:
    with stockline.open(database_url) as opened:
        yield opened


def load(stock: Stockline, found: Found) -> None:
    stock.load(
        stock_lines=found.stock_lines,
        serials=found.serials,
        reservations=found.reservations,
        items=found.items,
        sites=found.sites,
    )


@SYSTEMS
def test_what_is_reserved_is_read(tmp_path: Path, system: str) -> None:
    found = found_in(system, tmp_path)
    assert found.unreadable == []
    assert list(map(shown, found.reservations)) == READ[system]
    assert (found.not_reserved, found.unheld) == LEFT_OUT[system]


@SYSTEMS
def test_what_is_reserved_is_loaded_and_controlled(stock: Stockline, tmp_path: Path, system: str) -> None:
    found = found_in(system, tmp_path)
    for _ in ("first", "once more"):
        load(stock, found)
        told = [one for one in stock.control() if one.control == "reservations"]
        assert [(one.finding, one.serial, one.expected, one.found) for one in told] == FINDINGS[system]
    held = sum(link.quantity for item in found.items for link in stock.links(item=item))
    assert held == sum(Decimal(one.quantity) for one in found.reservations)


def test_dates_are_those_of_the_shipment(tmp_path: Path) -> None:
    of_odoo, of_central = (found_in(system, tmp_path).reservations[0] for system in ("odoo", "business-central"))
    assert (of_odoo.date, of_central.date) == (date(2025, 1, 5), date(2025, 2, 1))


def test_a_reservation_is_no_movement(tmp_path: Path) -> None:
    """ERPNext keeps the serials of reservations among those of movements."""
    assert serial(found_in("erpnext", tmp_path), "S2").last is None
    files = {name: text for name, text in FILES["erpnext"][1].items() if name != "one"}
    assert serial(stock_of(erpnext.SYSTEM, tmp_path, None, **files), "S2").last is None


def test_the_newer_odoo_has_one_quantity(tmp_path: Path) -> None:
    moves = "\n".join(
        ",".join(field for place, field in enumerate(row.split(",")) if place != 7)
        for row in MOVES.format(done="done", reserved="quantity").splitlines()
    )
    found = found_in("odoo", tmp_path, one=moves)
    assert list(map(shown, found.reservations)) == READ["odoo"]


def test_quants_that_agree_with_the_moves_say_nothing_more(tmp_path: Path) -> None:
    quants = QUANT.replace("S2,,1,1", "S2,,1,0").replace("10,7", "10,4")
    assert found_in("odoo", tmp_path, stock_quant=quants).unheld == 0


def test_without_move_lines_quants_say_what_is_reserved(tmp_path: Path) -> None:
    found = stock_of(odoo.SYSTEM, tmp_path, stock_quant=QUANT)
    assert [(one.document, one.item, one.serial, one.quantity) for one in found.reservations] == [
        ("RESERVED", "BIKE", "S1", 1),
        ("RESERVED", "BIKE", "S2", 1),
        ("RESERVED", "NAIL", "", 7),
        ("RESERVED", "PAINT", "", 3),
    ]
    assert found.unheld == 0


def test_an_older_x3_has_the_serial_on_the_stock_line(tmp_path: Path) -> None:
    old = "STOFCY,STOCOU,ITMREF,QTYSTU,LOC,SERNUM\nEAST,1,BIKE,1,A1,S1\nEAST,2,BIKE,1,A1,S2\n"
    stoall = "STOFCY,ITMREF,QTYSTU,STOCOU,VCRNUM\nEAST,BIKE,1,2,SO1\n"
    found = stock_of(x3.SYSTEM, tmp_path, STOCK=old, STOALL=stoall)
    assert [shown(one) for one in found.reservations] == [("SO1", "", "sale", "BIKE", 1, "S2", "", "")]


def test_a_journal_that_names_documents_is_a_journal(tmp_path: Path) -> None:
    journal = (
        "STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,STOCOU,VCRTYP,VCRNUM,VCRLIN,LOT\nEAST,BIKE,2025-01-01,1,S1,1,6,R1,1,L1\n"
    )
    found = stock_of(x3.SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER, one=journal)
    assert found.reservations == []
    assert serial(found, "S1").last is not None


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    stoall = STOALL + (
        "EAST,BIKE,1,x,2,SO1,1,1,,A1,A,,S1\n"
        "EAST,BIKE,1,1,2,,1,1,,A1,A,,S1\n"
        "EAST,BIKE,1,-1,2,SO1,1,1,,A1,A,,\n"
        "EAST,BIKE,1,2,2,SO1,1,1,,A1,A,,S1\n"
    )
    found = found_in("x3", tmp_path, one=stoall)
    assert unreadable(found) == [
        ("one", 7, "QTYSTU_0"),
        ("one", 8, "VCRNUM_0"),
        ("one", 9, "QTYSTU"),
        ("one", 10, "QTYSTU"),
    ]
    assert list(map(shown, found.reservations)) == READ["x3"]


def test_a_reservation_of_no_document_cannot_be_read(tmp_path: Path) -> None:
    found = found_in("business-central", tmp_path, one=RESERVATIONS.replace("37,1,SO4", "37,1,"))
    assert unreadable(found) == [("one", 11, "Source ID")]


def test_sites_and_columns_as_the_mapping_has_them(tmp_path: Path) -> None:
    renamed = STOALL.replace("VCRNUM_0", "Pièce")
    overrides = Overrides(sites={"EAST": ("SHOP", "")}, columns={"STOALL": {"VCRNUM": "Pièce"}})
    found = stock_of(x3.SYSTEM, tmp_path, overrides, STOCK=STOCK, STOALL=renamed)
    assert {one.site for one in found.reservations} == {"SHOP"}
    assert found.reservations[0].document == "SO1"


def test_an_item_that_is_only_reserved_is_made(stock: Stockline, tmp_path: Path) -> None:
    more = STOALL + "WEST,PUMP,0,1,2,SO7,1,1,,,,,P1\n"
    found = found_in("x3", tmp_path, one=more)
    load(stock, found)
    assert ("reserved_not_on_hand", "P1") in [(one.finding, one.serial) for one in stock.control()]


def test_a_reserved_serial_stays(stock: Stockline, tmp_path: Path) -> None:
    """RS-5 (d): without the reservation the other serial would be the one that stays."""
    stoser = STOSER.replace("S3,EAST,2,L2", "S3,EAST,1,L1") + "BIKE,S4,EAST,2,L2\n"
    stojou = (
        "STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,SERNUMF,LOC,LOT\nEAST,BIKE,2025-03-01,1,S1,S3,A1,L1\n"
        "EAST,BIKE,2025-03-02,-1,S2,,A1,L1\n"
    )
    found = found_in("x3", tmp_path, STOSER=stoser, STOJOU=stojou)
    load(stock, found)
    run = stock.resync_auto()
    assert (run.actions, [case.cause for case in run.left]) == ([], ["reserved"])
