"""What a resynchronization has changed, in the columns of the system that the stock came from."""

from pathlib import Path

import pytest

from stockline import FoundSerial, FoundStockLine, ResyncAction, ResyncCorrections
from stockline.exchange import business_central, erpnext, odoo, x3
from stockline.exchange.corrections import OWN, Corrections, corrections, corrections_of_run
from stockline.exchange.overrides import Overrides
from stockline.exchange.systems import Shape
from tests.exchange.foreign import stock_of

X3_STOCK = """STOFCY,STOCOU,ITMREF,QTYSTU,LOC
EAST,12,BIKE,1,A1
WEST,12,BIKE,2,B1
EAST,13,BIKE,1,A1
EAST,14,BIKE,4,A1
"""
X3_SERIALS = """ITMREF,SERNUM,STOFCY,STOCOU
BIKE,S1,WEST,12
BIKE,S2,EAST,13
BIKE,S3,EAST,14
BIKE,S3,EAST,12
BIKE,S4,,0
BIKE,S5,EAST,99
BIKE,S6,EAST,13
"""


def action(kind: str, serial: str | None, old: int | None, new: int | None, reason: str = "home") -> ResyncAction:
    return ResyncAction(
        item="BIKE",
        action=kind,  # type: ignore[arg-type]
        serial=serial,
        from_line=old,
        to_line=new,
        reason=reason,
    )


def rows(table: Corrections, *columns: str) -> list[tuple[str, ...]]:
    places = [list(table.columns).index(name) for name in columns]
    return [tuple(str(row[place]) for place in places) for row in table.rows]


def test_links_by_the_key_of_x3_whatever_the_number_here(tmp_path: Path) -> None:
    found = stock_of(x3.SYSTEM, tmp_path, STOCK=X3_STOCK, STOSER=X3_SERIALS)
    made = {key: number for number, key in found.keys.items()}
    west = made["WEST", "12"]
    actions = [
        action("move", "S1", west, 12),
        action("link", "S4", None, west),
        action("unlink", "S5", 99, None, "only_fit"),
        action("unlink", "S3", 14, None, "duplicate"),
    ]
    (table,) = corrections(x3.SYSTEM, found, actions)
    assert table.table == "STOSER"
    where = ("STOFCY before", "STOCOU before", "LOC before", "STOFCY after", "STOCOU after", "LOC after", "reason")
    assert rows(table, "ITMREF", "SERNUM", *where) == [
        ("BIKE", "S1", "WEST", "12", "B1", "EAST", "12", "A1", "home"),
        ("BIKE", "S3", "EAST", "14", "A1", "", "", "", "duplicate"),
        ("BIKE", "S4", "", "", "", "WEST", "12", "B1", "home"),
        ("BIKE", "S5", "EAST", "99", "", "", "", "", "only_fit"),
    ]


def test_merged_lines_take_their_serials_along(tmp_path: Path) -> None:
    """A serial that is moved off the merged line afterwards has one change, from where it was to where it is."""
    found = stock_of(x3.SYSTEM, tmp_path, STOCK=X3_STOCK, STOSER=X3_SERIALS)
    made = {key: number for number, key in found.keys.items()}
    actions = [
        action("merge", None, 13, 12, "equal_lines"),
        action("merge", None, 14, 12, "equal_lines"),
        action("move", "S2", 12, made["WEST", "12"]),
    ]
    serials, lines = corrections(x3.SYSTEM, found, actions)
    assert rows(serials, "SERNUM", "STOCOU before", "STOFCY after", "STOCOU after", "reason") == [
        ("S2", "13", "WEST", "12", "home"),
        ("S3", "14", "", "", "equal_lines"),
        ("S6", "13", "EAST", "12", "equal_lines"),
    ]
    assert lines.table == "STOCK"
    assert rows(lines, "STOFCY", "STOCOU", "QTYSTU before", "QTYSTU after") == [
        ("EAST", "12", "1", "6"),
        ("EAST", "13", "1", "0"),
        ("EAST", "14", "4", "0"),
    ]


def test_serials_that_stock_itself_has(tmp_path: Path) -> None:
    stock = "STOFCY,STOCOU,ITMREF,QTYSTU,SERNUM,LOC\nEAST,1,BIKE,1,S1,A1\nEAST,2,BIKE,1,,A2\n"
    found = stock_of(x3.SYSTEM, tmp_path, STOCK=stock)
    (table,) = corrections(x3.SYSTEM, found, [action("move", "S1", 1, 2)])
    assert table.table == "STOCK"
    assert rows(table, "SERNUM", "LOC before", "LOC after") == [("S1", "A1", "A2")]


def test_warehouses_of_erpnext_are_those_of_erpnext(tmp_path: Path) -> None:
    found = stock_of(
        erpnext.SYSTEM,
        tmp_path,
        serial_no="name,item_code,warehouse\nS1,BIKE,Stores - NF\n",
        bin="item_code,warehouse,actual_qty\nBIKE,Shop - NF,1\n",
    )
    numbers = {key[2]: number for number, key in found.keys.items()}
    (table,) = corrections(erpnext.SYSTEM, found, [action("move", "S1", numbers["Stores - NF"], numbers["Shop - NF"])])
    assert table.table == "Serial No"
    assert rows(table, "name", "item_code", "warehouse before", "warehouse after") == [
        ("S1", "BIKE", "Stores - NF", "Shop - NF")
    ]


def test_quants_of_odoo(tmp_path: Path) -> None:
    quants = "product_id,location_id,lot_id,package_id,quantity\nBIKE,WH/A,S1,P1,1\nBIKE,WH/B,,,1\n"
    found = stock_of(odoo.SYSTEM, tmp_path, stock_quant=quants)
    (table,) = corrections(odoo.SYSTEM, found, [action("move", "S1", 1, 2)])
    assert rows(table, "lot_id", "location_id", "package_id", "quantity before", "quantity after") == [
        ("S1", "WH/A", "P1", "1", "0"),
        ("S1", "WH/B", "", "0", "1"),
        ("", "WH/A", "P1", "0", "1"),
        ("", "WH/B", "", "1", "0"),
    ]


def test_quants_of_a_serial_that_are_not_one(tmp_path: Path) -> None:
    quants = "product_id,location_id,lot_id,quantity\nBIKE,WH/A,S1,2\nBIKE,WH/A,S2,1\nBIKE,WH/B,S1,-1\nBIKE,WH/B,,2\n"
    found = stock_of(odoo.SYSTEM, tmp_path, stock_quant=quants)
    (table,) = corrections(odoo.SYSTEM, found, [action("move", "S1", 1, 2)])
    assert rows(table, "lot_id", "location_id", "quantity before", "quantity after") == [
        ("S1", "WH/A", "2", "0"),
        ("S1", "WH/B", "-1", "1"),
        ("", "WH/A", "0", "2"),
        ("", "WH/B", "2", "0"),
    ]


def test_serials_that_change_places_leave_the_rest_as_it_is(tmp_path: Path) -> None:
    quants = "product_id,location_id,lot_id,quantity\nBIKE,WH/A,S1,1\nBIKE,WH/B,S2,1\n"
    found = stock_of(odoo.SYSTEM, tmp_path, stock_quant=quants)
    (table,) = corrections(odoo.SYSTEM, found, [action("move", "S1", 1, 2), action("move", "S2", 2, 1)])
    assert {row for row, *_ in rows(table, "lot_id")} == {"S1", "S2"}


def test_places_that_a_mapping_makes_one_are_not_merged_there(tmp_path: Path) -> None:
    one = Overrides(sites={"Shop": ("EAST", ""), "Back": ("EAST", "")})
    cards, bins = "S1,BIKE,Shop\nS2,BIKE,Back\n", "BIKE,Shop,1\nBIKE,Back,1\n"
    found = stock_of(
        erpnext.SYSTEM,
        tmp_path,
        one,
        serial_no=f"name,item_code,warehouse\n{cards}",
        bin=f"item_code,warehouse,actual_qty\n{bins}",
    )
    merge = action("merge", None, 2, 1, "equal_lines")
    assert corrections(erpnext.SYSTEM, found, [merge]) == []
    (table,) = corrections(erpnext.SYSTEM, found, [merge, action("unlink", "S2", 1, None)])
    assert rows(table, "name", "warehouse before", "warehouse after") == [("S2", "Back", "")]


def test_bins_of_business_central(tmp_path: Path) -> None:
    header = "Entry No.,Item No.,Location Code,Remaining Quantity,Serial No.,Lot No."
    ledger = f"{header}\n1,BIKE,EAST,1,S1,L1\n2,BIKE,EAST,1,,L2\n"
    found = stock_of(business_central.SYSTEM, tmp_path, ledger=ledger)
    (table,) = corrections(business_central.SYSTEM, found, [action("move", "S1", 1, 2)])
    quantity = "Remaining Quantity before", "Remaining Quantity after"
    assert rows(table, "Serial No.", "Location Code", "Lot No.", *quantity) == [
        ("S1", "EAST", "L1", "1", "0"),
        ("S1", "EAST", "L2", "0", "1"),
        ("", "EAST", "L1", "0", "1"),
        ("", "EAST", "L2", "1", "0"),
    ]


def test_nothing_done_is_nothing_to_change(tmp_path: Path) -> None:
    found = stock_of(x3.SYSTEM, tmp_path, STOCK=X3_STOCK, STOSER=X3_SERIALS)
    assert corrections(x3.SYSTEM, found, []) == []


LINES = [
    FoundStockLine(id=1, item="BIKE", site="Stores - NF", quantity=1, lot="L1"),
    FoundStockLine(id=2, item="BIKE", site="EAST", location="A2", quantity=1, lot="L2", package="P2", owner="ANN"),
]
SERIALS = [FoundSerial(item="BIKE", serial="S1", stock_line=1)]


def of_run(system: Shape, overrides: Overrides | None = None, *actions: ResyncAction) -> list[Corrections]:
    changed = actions or (action("move", "S1", 1, 2),)
    run = ResyncCorrections(run=7, actions=changed, stock_lines=LINES, serials=SERIALS)
    return corrections_of_run(system, run, overrides or Overrides())


@pytest.mark.parametrize(
    ("system", "table", "before", "after"),
    [
        (x3.SYSTEM, "STOSER", {"STOFCY": "Stores - NF", "STOCOU": "1"}, {"STOFCY": "EAST", "STOCOU": "2", "LOC": "A2"}),
        (erpnext.SYSTEM, "Serial No", {"warehouse": "Stores - NF"}, {"warehouse": "EAST", "batch_no": "L2"}),
        (OWN, "serials", {"stock_line": "1", "lot": "L1"}, {"stock_line": "2", "site": "EAST", "location": "A2"}),
    ],
)
def test_a_run_on_ones_own_database(system: Shape, table: str, before: dict[str, str], after: dict[str, str]) -> None:
    (made,) = of_run(system)
    assert made.table == table
    (row,) = (dict(zip(made.columns, row, strict=True)) for row in made.rows)
    assert {row[name] for name, its in system.serial_columns.items() if its == "serial"} == {"S1"}
    assert {name: row[f"{name} before"] for name in before} == before
    assert {name: row[f"{name} after"] for name in after} == after


@pytest.mark.parametrize(
    ("system", "table", "columns", "old", "new"),
    [
        (odoo.SYSTEM, "stock.quant", ("lot_id", "location_id", "package_id"), ("Stores - NF", ""), ("EAST/A2", "P2")),
        (
            business_central.SYSTEM,
            "Item Ledger Entry",
            ("Serial No.", "Bin Code", "Package No."),
            ("", ""),
            ("A2", "P2"),
        ),
    ],
)
def test_a_run_on_ones_own_database_where_serials_are_quantities(
    system: Shape, table: str, columns: tuple[str, ...], old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    (made,) = of_run(system)
    assert made.table == table
    before, after = f"{system.quantity_column} before", f"{system.quantity_column} after"
    assert rows(made, *columns, before, after) == [
        ("S1", *old, "1", "0"),
        ("S1", *new, "0", "1"),
        ("", *old, "0", "1"),
        ("", *new, "1", "0"),
    ]


def test_places_go_home_under_the_names_they_came_with() -> None:
    there = Overrides(sites={"Back - NF": ("EAST", "A2"), "Shop - NF": ("EAST", "")})
    (made,) = of_run(erpnext.SYSTEM, there)
    assert rows(made, "warehouse before", "warehouse after") == [("Stores - NF", "Back - NF")]
    there = Overrides(sites={"E1": ("EAST", "")}, locations={"EAST": {"SHELF": "A2"}})
    (made,) = of_run(business_central.SYSTEM, there)
    assert ("E1", "SHELF") in rows(made, "Location Code", "Bin Code")


def test_lines_merged_in_ones_own_database() -> None:
    serials, lines = of_run(OWN, None, action("merge", None, 1, 2, "equal_lines"))
    assert rows(serials, "serial", "stock_line before", "stock_line after") == [("S1", "1", "2")]
    assert rows(lines, "stock_line", "quantity before", "quantity after") == [("2", "1", "2"), ("1", "1", "0")]
