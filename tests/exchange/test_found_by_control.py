"""What other systems' files say wrong is loaded, and found by control (spec part 60, section 7)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import stockline
from stockline import Stockline
from stockline.exchange import business_central, erpnext, odoo, x3
from stockline.exchange.systems import System
from tests.exchange.foreign import stock_of

X3_OLD = """STOFCY,STOCOU,ITMREF,QTYSTU,LOC,LOCCAT,LOT,STA,SERNUM
EAST,13,BIKE,1,A1,1,L1,A,S3
EAST,11,BIKE,1,A1,1,L1,A,S1
EAST,12,BIKE,1,A2,1,L1,A,S2
EAST,14,BIKE,1,A2,1,L1,A,S1
EAST,15,BIKE,1,DOCK,2,L1,A,
"""
X3_STOCK = """STOFCY,STOCOU,ITMREF,QTYSTU,LOC,LOT,SLO,STA,ECCVALMAJ
EAST,1,BIKE,2,A1,L1,1,A,V1
EAST,2,BIKE,1,A1,L1,1,A,V1
EAST,3,BIKE,1,A1,L1,2,Z,V1
EAST,4,BIKE,0,A1,L1,1,Q,V1
"""
X3_STOSER = """ITMREF,SERNUM,STOFCY,STOCOU,LOT,SLO,ECCVALMAJ
BIKE,S1,EAST,1,L1,1,V1
BIKE,S2,EAST,1,L1,1,V2
BIKE,S3,EAST,2,L1,,
BIKE,S4,EAST,4,,,
BIKE,S5,EAST,99,,,
BIKE,S6,EAST,0,,,
"""
X3_STOJOU = """STOFCY,ITMREF,IPTDAT,MVTSEQ,QTYSTU,SERNUM,SERNUMF,LOC,LOT
EAST,BIKE,2025-03-01,1,6,S1,S6,A1,L1
EAST,BIKE,2025-03-02,1,-1,S3,,A1,L1
"""
CARDS = """name,item_code,warehouse,status
S1,BIKE,Stores,Active
S2,BIKE,Stores,Delivered
S3,BIKE,Stores,Consumed
S4,BIKE,,Inactive
S5,BIKE,Shop,Expired
"""
BIN = "item_code,warehouse,actual_qty\nBIKE,Stores,1\nBIKE,Shop,1\n"
QUANT = """product_id,location_id,lot_id,quantity
BIKE,WH/Stock/A1,S1,1
BIKE,WH/Stock/B1,S1,1
BIKE,WH/Stock/A1,,1
BIKE,WH/Stock/B1,S2,1
BIKE,WH/Stock/B1,S3,-1
"""
ENTRIES = """Entry No.,Item No.,Location Code,Serial No.,Lot No.,Remaining Quantity,Quantity
1,BIKE,BLUE,S1,,1,1
2,BIKE,BLUE,S2,,1,1
3,BIKE,BLUE,S2,,0,-1
4,BIKE,RED,S1,,1,1
"""

Found = list[tuple[str, str | None]]


@pytest.fixture
def stock(database_url: str) -> Iterator[Stockline]:
    with stockline.open(database_url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("system", "files", "expected"),
    [
        (x3.SYSTEM, {"STOCK": X3_OLD}, [("duplicate_link", "S1")]),
        (
            x3.SYSTEM,
            {"STOCK": X3_STOCK, "STOSER": X3_STOSER, "STOJOU": X3_STOJOU},
            [
                ("attribute_mismatch", "S2"),
                ("closed_line", "S4"),
                ("closed_line", "S5"),
                ("issued", "S3"),
                ("missing_serials", None),
                ("twin_lines", None),
                ("unknown_status", None),
                ("unlinked", "S6"),
            ],
        ),
        (
            erpnext.SYSTEM,
            {"serial_no": CARDS, "bin": BIN},
            [("issued", "S2"), ("issued", "S3"), ("surplus_serials", None)],
        ),
        (
            odoo.SYSTEM,
            {"stock_quant": QUANT},
            [("duplicate_link", "S1"), ("missing_serials", None), ("surplus_serials", None)],
        ),
        (
            business_central.SYSTEM,
            {"item_ledger_entry": ENTRIES},
            [("duplicate_link", "S1"), ("issued", "S2"), ("misplaced", "S1")],
        ),
    ],
    ids=["older-x3", "x3", "erpnext", "odoo", "business-central"],
)
def test_what_is_wrong_is_found(
    stock: Stockline, tmp_path: Path, system: System, files: dict[str, str], expected: Found
) -> None:
    found = stock_of(system, tmp_path, None, **files)
    assert found.unreadable == []
    stock.load(stock_lines=found.stock_lines, serials=found.serials, items=found.items, sites=found.sites)
    assert sorted(((one.finding, one.serial) for one in stock.control()), key=str) == sorted(expected, key=str)
