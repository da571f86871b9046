"""Sage X3's STOCK, STOSER and STOJOU."""

from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from time import process_time

import pytest

from stockline import FoundStockLine, LastMovement, Location, TrackingCode
from stockline.exchange.overrides import Overrides
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.x3 import SYSTEM
from tests.exchange.foreign import line, linked, serial, stock_of, unreadable

STOCK = """STOFCY;STOCOU;ITMREF;QTYSTU;LOC;LOCCAT;LOT;STA;PALNUM;PCU;PCUSTUCOE
EAST;1001;BIKE;2;A1;1;L1;A;;BOX;2
EAST;1002;BIKE;0;A2;1;L1;Q1;;;
WEST;2001;BIKE;1;DOCK;2;L2;A;P1;;
EAST;1003;OIL;1.5;A1;1;;A;;;
"""
STOSER = """ITMREF;SERNUM;STOFCY;STOCOU;LOT
BIKE;S1;EAST;1001;L1
BIKE;S2;EAST;1002;
BIKE;S3;WEST;2001;
BIKE;S1;WEST;2001;
BIKE;S4;;0;
BIKE;S5;EAST;7777;
BIKE;S1;EAST;1001;L1
"""
STOJOU = """STOFCY;ITMREF;IPTDAT;MVTSEQ;MVTIND;QTYSTU;SERNUM;SERNUMF;LOC;LOT;PALNUM
EAST;BIKE;2025-03-01;7;1;3;S1;S3;A1;L1;
EAST;BIKE;2025-03-02;1;1;-1;S2;;A1;L1;
EAST;BIKE;2025-02-01;9;1;-1;S1;;A1;L1;
WEST;BIKE;2025-03-01;7;2;1;S3;S3;DOCK;L2;P1
"""


def test_lines_serials_and_links(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER)
    assert line(found, 1001) == FoundStockLine(
        id=1001,
        item="BIKE",
        site="EAST",
        quantity=Decimal(2),
        location="A1",
        lot="L1",
        packing_unit="BOX",
        packing_factor=Decimal(2),
    )
    assert line(found, 1002).status == "Q1"
    assert serial(found, "S1").stock_line == (1001, 2001)
    assert serial(found, "S4").stock_line is None
    assert linked(found, "S5") == [7777]
    assert (found.links, found.duplicates, found.repeated, found.made) == (5, 1, 1, frozenset())
    assert found.items["BIKE"].tracking == TrackingCode(serial="specific", lot="specific", package=())
    assert found.items["OIL"].tracking == TrackingCode()
    assert found.sites["WEST"].locations == (Location(id="DOCK", category="put_away"),)
    assert found.sites["EAST"].locations == (Location(id="A1"), Location(id="A2"))


def test_the_last_movement_is_that_of_the_highest_entry_whose_range_holds_the_serial(tmp_path: Path) -> None:
    found = stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER, STOJOU=STOJOU)
    assert serial(found, "S1").last == LastMovement(
        direction="in", date=date(2025, 3, 1), site="EAST", location="A1", lot="L1"
    )
    last = {name: serial(found, name).last for name in ("S2", "S3", "S4")}
    assert last["S2"] is not None
    assert last["S2"].direction == "out"
    assert last["S3"] == LastMovement(
        direction="in", date=date(2025, 3, 1), site="WEST", location="DOCK", lot="L2", package="P1"
    )
    assert last["S4"] is None


def test_a_range_holds_only_numbers_that_count_on(tmp_path: Path) -> None:
    serials = "\n".join(["ITMREF,SERNUM,STOFCY,STOCOU", *(f"BIKE,{name},,0" for name in ("A09", "A10", "AX0", "A011"))])
    journal = "STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,SERNUMF\nEAST,BIKE,2025-03-01,9,A08,A11\n"
    found = stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=serials, STOJOU=journal)
    assert [one.serial for one in found.serials if one.last] == ["A09", "A10"]


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [
        ("S8", "S12", ["S8", "S9", "S10", "S11", "S12"]),
        ("S8", "S100", ["S8", "S9", "S10", "S11", "S12", "S13", "S99", "S100"]),
        ("S08", "S100", ["S08", "S10", "S11", "S12", "S13", "S99", "S100"]),
        ("S9X", "S12X", ["S9X", "S10X"]),
        ("S9", "S012", ["S9"]),
        ("S9", "T12", ["S9"]),
        ("S12", "S8", ["S12"]),
        ("S8", "", ["S8"]),
    ],
)
def test_a_range_may_cross_a_length_of_digits(tmp_path: Path, first: str, last: str, held: list[str]) -> None:
    names = ["S7", "S8", "S08", "S9", "S10", "S11", "S12", "S012", "S13", "S99", "S100", "S101"]
    names += ["S1A", "S8X", "S9X", "S10X", "SA0"]
    serials = "".join(f"BIKE,{name},,0\n" for name in names)
    journal = f"STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,SERNUMF\nEAST,BIKE,2025-03-01,9,{first},{last}\n"
    found = stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=f"ITMREF,SERNUM,STOFCY,STOCOU\n{serials}", STOJOU=journal)
    assert {one.serial for one in found.serials if one.last} == set(held)


def test_entries_of_one_day_without_sequence(tmp_path: Path) -> None:
    """A move is an issue and a receipt, in whatever order the export has them."""
    rows = ["EAST,BIKE,2025-03-01,-1,S1,A1", "EAST,BIKE,2025-03-01,1,S1,A2", "EAST,BIKE,2025-03-01,1,S1,A1"]
    for order in permutations(rows):
        journal = "\n".join(["STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,LOC", *order])
        last = serial(stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER, STOJOU=journal), "S1").last
        assert last is not None
        assert (last.direction, last.location) == ("in", "A2")


def test_who_came_and_went_on_one_day_is_proven_neither_in_nor_out(tmp_path: Path) -> None:
    rows = ["EAST,BIKE,2025-03-01,1,S1,A1", "EAST,BIKE,2025-03-01,-1,S1,A1"]
    for order in permutations(rows):
        journal = "\n".join(["STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,LOC", *order])
        assert serial(stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER, STOJOU=journal), "S1").last is None
    told = "\n".join(["STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,LOC,MVTSEQ", f"{rows[0]},1", f"{rows[1]},2"])
    last = serial(stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER, STOJOU=told), "S1").last
    assert last is not None
    assert last.direction == "out"


def test_what_the_journal_does_not_tell_is_taken_from_the_line_it_fits(tmp_path: Path) -> None:
    journal = "STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM\nEAST,BIKE,2025-03-01,1,S1\nWEST,BIKE,2025-03-01,1,S2\n"
    found = stock_of(SYSTEM, tmp_path, STOCK=STOCK, STOSER=STOSER, STOJOU=journal)
    here, there = serial(found, "S1").last, serial(found, "S2").last
    assert here is not None
    assert (here.location, here.lot) == ("A1", "L1")
    assert there is not None
    assert (there.location, there.lot, there.package) == ("DOCK", "L2", "P1")


def test_numbers_that_two_sites_use(tmp_path: Path) -> None:
    """STOCOU counts within a site; the second site's line gets another number, and so do its links."""
    stock = "STOFCY,STOCOU,ITMREF,QTYSTU\nEAST,12,BIKE,1\nWEST,12,BIKE,1\nWEST,13,BIKE,0\n"
    serials = "ITMREF,SERNUM,STOFCY,STOCOU\nBIKE,S1,EAST,12\nBIKE,S2,WEST,12\nBIKE,S3,EAST,13\n"
    found = stock_of(SYSTEM, tmp_path, STOCK=stock, STOSER=serials)
    assert found.keys == {12: ("EAST", "12"), 101: ("WEST", "12"), 13: ("WEST", "13"), 102: ("EAST", "13")}
    assert found.made == {101, 102}
    assert [one.stock_line for one in found.serials] == [(12,), (101,), (102,)]


def test_rows_that_cannot_be_read_are_listed_and_nothing_else_is_lost(tmp_path: Path) -> None:
    stock = """STOFCY,STOCOU,ITMREF,QTYSTU
EAST,1,BIKE,"1,5"
EAST,2,,1
EAST,3,BIKE,many
,x,BIKE,1
EAST,5,BIKE
EAST,6,BIKE,-2
EAST,7,BIKE,2.000000000001
EAST,6,BIKE,3
EAST,6,BIKE,-2
"""
    found = stock_of(SYSTEM, tmp_path, STOCK=stock)
    assert unreadable(found) == [
        ("STOCK", 2, "QTYSTU"),
        ("STOCK", 3, "ITMREF"),
        ("STOCK", 4, "QTYSTU"),
        ("STOCK", 5, "STOFCY"),
        ("STOCK", 5, "STOCOU"),
        ("STOCK", 6, ""),
        ("STOCK", 9, "STOCOU"),
    ]
    assert "write a decimal point" in found.unreadable[0].reason
    assert {one.id: one.quantity for one in found.stock_lines} == {6: -2, 7: Decimal("2.000000000001")}
    assert found.repeated == 1
    assert [(file.table, file.rows) for file in found.files] == [("STOCK", 9)]
    assert found.unreadable_rows == 6


def test_numbers_of_lines_that_cannot_be(tmp_path: Path) -> None:
    header = "STOFCY,STOCOU,ITMREF,QTYSTU"
    lines = [0, -5, 2**62, 2**62 - 1, 1]
    stock = "".join(f"EAST,{number},BIKE,1\n" for number in lines)
    links = "".join(f"BIKE,S{row},EAST,{number}\n" for row, number in enumerate([-7, 2**62, 0, "", 2**62 - 1]))
    found = stock_of(SYSTEM, tmp_path, STOCK=f"{header}\n{stock}", STOSER=f"ITMREF,SERNUM,STOFCY,STOCOU\n{links}")
    bad = [("STOCK", line, "STOCOU") for line in (2, 3, 4)] + [("STOSER", line, "STOCOU") for line in (2, 3)]
    assert unreadable(found) == bad
    assert found.unreadable[0].reason == "stock lines have numbers from 1 to 4611686018427387903, not 0"
    assert [one.id for one in found.stock_lines] == [2**62 - 1, 1]
    assert [one.stock_line for one in found.serials] == [None, None, (2**62 - 1,)]


def test_the_largest_number_at_two_sites(tmp_path: Path) -> None:
    rows = f"EAST,{2**62 - 1},BIKE,1\nWEST,{2**62 - 1},BIKE,1\nEAST,{10**3 + 1},BIKE,1\nEAST,900,BIKE,1\n"
    found = stock_of(SYSTEM, tmp_path, STOCK=f"STOFCY,STOCOU,ITMREF,QTYSTU\n{rows}")
    assert [one.id for one in found.stock_lines] == [2**62 - 1, 10_001, 1001, 900]


def test_serials_in_stock_itself_make_one_line_of_equal_rows(tmp_path: Path) -> None:
    stock = """STOFCY,STOCOU,ITMREF,QTYSTU,LOC,SERNUM
EAST,13,BIKE,1,A1,S3
EAST,11,BIKE,1,A1,S1
EAST,12,BIKE,1,A2,S2
EAST,14,BIKE,0,A1,S4
EAST,15,BIKE,1,A1,
EAST,16,OIL,5,A1,
EAST,17,OIL,5,A1,
"""
    found = stock_of(SYSTEM, tmp_path, STOCK=stock)
    assert {one.id: one.quantity for one in found.stock_lines} == {11: 3, 12: 1, 14: 0, 16: 5, 17: 5}
    assert {one.serial: one.stock_line for one in found.serials} == {
        "S1": (11,),
        "S3": (11,),
        "S2": (12,),
        "S4": (14,),
    }


def test_columns_have_the_suffix_of_the_database_too(tmp_path: Path) -> None:
    found = stock_of(
        SYSTEM,
        tmp_path,
        one="STOFCY_0,STOCOU_0,ITMREF_0,QTYSTU_0,LOT_0\nEAST,1,BIKE,1,L1\n",
        two="ITMREF_0,SERNUM_0,STOFCY_0,STOCOU_0\nBIKE,S1,EAST,1\n",
    )
    assert line(found, 1).lot == "L1"
    assert linked(found, "S1")


def test_serials_alone_are_no_stock(tmp_path: Path) -> None:
    with pytest.raises(SheetProblem, match="a file of STOCK is needed"):
        stock_of(SYSTEM, tmp_path, STOSER=STOSER)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(SheetProblem, match=r"as STOCK: There is no column 'STOCOU'.*QTYSTU.*Did you mean 'QTY'"):
        stock_of(SYSTEM, tmp_path, STOCK="STOFCY,ITMREF,QTY\nEAST,BIKE,1\n")


def test_a_mapping_says_what_the_file_does_not(tmp_path: Path) -> None:
    overrides = Overrides(
        decimal=",",
        columns={"STOCK": {"QTYSTU": "Menge", "STOFCY": "=E1"}},
        sites={"E1": ("EAST", "")},
        locations={"EAST": {"R1": "A1"}},
        put_away_locations=frozenset({"EAST/A1"}),
    )
    found = stock_of(SYSTEM, tmp_path, overrides, STOCK='STOCOU;ITMREF;Menge;LOC\n1;BIKE;"1.000,5";R1\n')
    assert line(found, 1).quantity == Decimal("1000.5")
    assert found.sites["EAST"].locations == (Location(id="A1", category="put_away"),)


def test_a_hundred_thousand_serials(tmp_path: Path) -> None:
    stock = ["STOFCY,STOCOU,ITMREF,QTYSTU,LOC", *(f"EAST,{n},ITEM{n % 97},10,A{n}" for n in range(1, 10_001))]
    serials = ["ITMREF,SERNUM,STOFCY,STOCOU"]
    serials += [f"ITEM{n % 97},S{n:05}{digit},EAST,{n}" for n in range(1, 10_001) for digit in range(10)]
    journal = ["STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM,SERNUMF"]
    journal += [f"EAST,ITEM{n % 97},2025-03-01,10,S{n:05}0,S{n:05}9" for n in range(1, 10_001)]
    journal += [f"EAST,ITEM{n % 97},2025-03-01,10,S{n},S{n * 10}" for n in range(1, 90_001)]
    before = process_time()
    found = stock_of(SYSTEM, tmp_path, STOCK="\n".join(stock), STOSER="\n".join(serials), STOJOU="\n".join(journal))
    assert (len(found.stock_lines), len(found.serials), found.links) == (10_000, 100_000, 100_000)
    assert all(one.last for one in found.serials)
    assert process_time() - before < 30


def test_rows_that_are_not_taken_tell_their_item(tmp_path: Path) -> None:
    stock = """STOFCY,STOCOU,ITMREF,QTYSTU
EAST,1,BIKE,"1,5"
EAST,2,PUMP,2
EAST,2,BELL,2
EAST,3,TYRE,1
"""
    found = stock_of(SYSTEM, tmp_path, STOCK=stock)
    assert found.doubtful == {"BIKE", "PUMP", "BELL"}
    assert found.unreadable_rows == 2
    assert stock_of(SYSTEM, tmp_path, STOCK=stock + "EAST,4,,1\n").doubtful == {"BIKE", "PUMP", "BELL", ""}
    assert "" in stock_of(SYSTEM, tmp_path, STOCK=stock + "EAST,4,BIKE\n").doubtful
