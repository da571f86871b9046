"""Odoo's stock.quant, stock.lot and stock.move.line."""

from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from stockline import FoundStockLine, LastMovement, TrackingCode
from stockline.exchange.odoo import SYSTEM
from stockline.exchange.overrides import Overrides
from tests.exchange.foreign import lines, linked, serial, stock_of, unreadable

QUANT = """product_id,location_id,lot_id,package_id,owner_id,quantity,reserved_quantity
BIKE,WH/Stock/A1,S1,,,1.0,0
BIKE,WH/Stock/A1,S2,,,1.0,0
BIKE,WH/Stock/A1,,,,1.0,0
BIKE,WH/Stock/A1,S3,,,-1.0,0
BIKE,WH/Stock/B1,S1,,,1.0,0
BIKE,WH/Stock/B1,S4,P1,ACME,1.0,1
BIKE,Partners/Customers,S5,,,1.0,0
BIKE,Virtual Locations/Inventory adjustment,S4,,,-1.0,0
GLUE,WH/Stock,L7,,,2.5,0
"""
LOT = """name,product_id,tracking
S1,BIKE,serial
S2,BIKE,serial
S5,BIKE,By Unique Serial Number
S6,BIKE,serial
L7,GLUE,lot
"""
MOVES = """id,product_id,lot_id,location_id,location_dest_id,date,state,quantity
1,BIKE,S1,Partners/Vendors,WH/Stock/A1,2025-01-02 08:00:00,done,1
2,BIKE,S1,WH/Stock/A1,WH/Stock/B1,2025-01-03 08:00:00,done,1
3,BIKE,S1,WH/Stock/B1,Partners/Customers,2025-01-04 08:00:00,assigned,1
4,BIKE,S5,WH/Stock/A1,Partners/Customers,2025-01-04 08:00:00,done,1
5,BIKE,S5,Partners/Customers,WH/Stock/A1,2025-01-01 08:00:00,done,1
6,BIKE,S6,Partners/Vendors,Partners/Customers,2025-01-01 08:00:00,Done,1
"""
A1 = FoundStockLine(item="BIKE", site="WH", location="Stock/A1", quantity=0)
B1 = FoundStockLine(item="BIKE", site="WH", location="Stock/B1", quantity=0)
OWNED = FoundStockLine(item="BIKE", site="WH", location="Stock/B1", package="P1", owner="ACME", quantity=0)
GLUE = FoundStockLine(item="GLUE", site="WH", location="Stock", lot="L7", quantity=0)


def test_quants_are_summed_and_say_where_serials_are(tmp_path: Path) -> None:
    """A quant without lot counts without serial, a negative one lowers the line and links nothing."""
    found = stock_of(SYSTEM, tmp_path, stock_quant=QUANT, stock_lot=LOT)
    assert lines(found) == {A1: 2, B1: 1, OWNED: 1, GLUE: 2}
    assert next(one.quantity for one in found.stock_lines if one.item == "GLUE") == Decimal("2.5")
    assert linked(found, "S1") == [A1, B1]
    assert linked(found, "S2") == [A1]
    assert linked(found, "S3") == linked(found, "S5") == linked(found, "S6") == []
    assert linked(found, "S4") == [OWNED]
    assert (found.duplicates, found.left_out) == (1, 2)
    assert found.items["BIKE"].tracking == TrackingCode(serial="specific", package=())
    assert found.items["GLUE"].tracking == TrackingCode(lot="specific")


def test_the_last_move_line_that_is_done(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, stock_quant=QUANT, stock_lot=LOT, stock_move_line=MOVES)
    assert serial(found, "S1").last == LastMovement(
        direction="in", date=date(2025, 1, 3), site="WH", location="Stock/B1"
    )
    assert serial(found, "S5").last == LastMovement(
        direction="out", date=date(2025, 1, 4), site="WH", location="Stock/A1"
    )
    assert serial(found, "S6").last == LastMovement(direction="out", date=date(2025, 1, 1))
    assert serial(found, "S2").last is None


def test_move_lines_of_one_moment_without_id_are_a_chain_in_any_order(tmp_path: Path) -> None:
    """S1 is received and put away, S2 received and delivered, S3 delivered and taken back, all at one time."""
    moves = [
        "S1,Partners/Vendors,WH/Input",
        "S1,WH/Input,WH/Stock/B1",
        "S2,Partners/Vendors,WH/Input",
        "S2,WH/Input,Partners/Customers",
        "S3,WH/Stock/A1,Partners/Customers",
        "S3,Partners/Customers,WH/Stock/A1",
    ]
    for order in (moves, moves[::-1]):
        rows = "".join(f"BIKE,{move},2025-01-02 08:00:00,done,1\n" for move in order)
        text = f"product_id,lot_id,location_id,location_dest_id,date,state,quantity\n{rows}"
        found = stock_of(SYSTEM, tmp_path, stock_quant=QUANT, stock_lot=LOT, stock_move_line=text)
        last = [serial(found, name).last for name in ("S1", "S2", "S3")]
        assert [(one.direction, one.location) for one in last if one] == [
            ("in", "Stock/B1"),
            ("out", "Input"),
            ("in", "Stock/A1"),
        ]


@pytest.mark.parametrize("telling", ["stock_lot", "stock_quant", "stock_move_line"])
def test_whatever_row_tells_how_a_product_is_tracked_it_counts_for_all(tmp_path: Path, telling: str) -> None:
    """One row tells it, the last one of the files in any order; all others of the product say nothing."""
    files = {
        "stock_lot": "name,product_id,tracking\nL1,PAINT,\nL2,PAINT,\nS1,BIKE,\n",
        "stock_quant": "product_id,location_id,quantity,lot_id,tracking\n"
        "BIKE,WH/Stock,1,S1,\nPAINT,WH/Stock,5,L1,\nPAINT,WH/Stock,3,L2,\n",
        "stock_move_line": "product_id,lot_id,location_id,location_dest_id,date,quantity,tracking\n"
        "PAINT,L1,Partners/Vendors,WH/Stock,2025-01-02,5,\nPAINT,L2,Partners/Vendors,WH/Stock,2025-01-02,3,\n",
    }
    files[telling] = files[telling].replace("S1,BIKE,\n", "S1,BIKE,serial\n")[:-1]
    files[telling] = (
        files[telling].replace("L2,PAINT,", "L2,PAINT,lot") + ("" if telling == "stock_lot" else "lot") + "\n"
    )
    for names in permutations(files):
        found = stock_of(SYSTEM, tmp_path, None, **{name: files[name] for name in names})
        assert [one.serial for one in found.serials] == ["S1"]
        assert {one.lot for one in found.stock_lines} == {"", "L1", "L2"}
        assert found.unreadable == []


def test_moves_before_version_17_have_another_quantity(tmp_path: Path) -> None:
    moves = MOVES.replace("state,quantity", "state,qty_done")
    found = stock_of(SYSTEM, tmp_path, stock_quant=QUANT, stock_lot=LOT, stock_move_line=moves)
    assert serial(found, "S1").last


def test_the_usage_of_a_place_goes_before_its_name(tmp_path: Path) -> None:
    quants = """product_id,location_id,location_id/usage,lot_id,quantity
BIKE,Kunden/Rhein,customer,S1,1
BIKE,Partners/Depot,internal,S2,1
"""
    found = stock_of(SYSTEM, tmp_path, stock_quant=quants)
    assert [one.site for one in found.stock_lines] == ["Partners"]
    assert found.left_out == 1


def test_the_labels_of_the_screen_and_a_mapping(tmp_path: Path) -> None:
    quants = "Product,Location,Lot/Serial Number,Package,Owner,Quantity\nGLUE,WH/Stock,L1,,,2\nGLUE,Lager,L2,,,3\n"
    overrides = Overrides(items={"GLUE": TrackingCode(lot="specific")}, no_stock=frozenset({"Lager"}))
    found = stock_of(SYSTEM, tmp_path, overrides, quants=quants)
    assert [one.lot for one in found.stock_lines] == ["L1"]
    assert not found.serials


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, stock_quant=QUANT + ',WH/Stock,S9,,,1,0\nBIKE,WH/Stock,S9,,,"1,5",0\n')
    assert unreadable(found) == [("stock_quant", 11, "product_id"), ("stock_quant", 12, "quantity")]


def test_quants_that_add_up_to_more_than_a_quantity_can_be(tmp_path: Path) -> None:
    header = "product_id,location_id,lot_id,quantity\n"
    quants = "TYRE,WH/Stock,,80000000000\n" * 2 + "BELL,WH/Stock,,80000000000\n"
    found = stock_of(SYSTEM, tmp_path, stock_quant=header + quants)
    assert [one.item for one in found.stock_lines] == ["BELL"]
    (sum_,) = found.unreadable
    assert (Path(sum_.file).name, sum_.line, sum_.item) == ("stock_quant.csv", None, "TYRE")
    assert sum_.reason == "the quantities of TYRE at WH, Stock add up to 160,000,000,000, which is out of range"
