"""The corrections of a resynchronization carried home, as a person would by hand, leave nothing to be corrected."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.exchange.files import written

QUANTS = """product_id,location_id,lot_id,package_id,owner_id,quantity
BIKE,WH/A,S1,,,1
BIKE,WH/A,S2,,,1
BIKE,WH/A,S3,,,1
BIKE,WH/A,,,,-1
BIKE,WH/B,S4,,,1
BIKE,WH/B,,,,1
PUMP,WH/A,P1,,,1
PUMP,WH/B,P1,,,1
PUMP,WH/B,,,,-1
PUMP,WH/B,P2,,,1
BELL,WH/A,,X1,,1
TYRE,WH/A,T1,,,1
TYRE,WH/A,T2,,,1
TYRE,WH/A,,,,-1
"""
MOVES = """id,product_id,lot_id,location_id,location_dest_id,date,quantity,state,result_package_id
1,BIKE,S3,Partners/Vendors,WH/B,2024-01-01,1,done,
2,BELL,B1,Partners/Vendors,WH/A,2024-01-01,1,done,X1
3,TYRE,T2,WH/A,Partners/Customers,2024-01-01,1,done,
"""
ENTRIES = """Entry No.,Item No.,Variant Code,Location Code,Lot No.,Package No.,Serial No.,Quantity,Remaining Quantity
1,BIKE,,WEST,,,S1,1,1
2,BIKE,,WEST,,,S2,1,1
3,BIKE,,WEST,,,S3,1,1
4,BIKE,,WEST,,,,-1,-1
5,BIKE,,EAST,,,S4,1,1
6,BIKE,,EAST,,,,1,1
7,BIKE,,EAST,,,S3,1,0
8,PUMP,,WEST,,,P1,1,0
9,PUMP,,EAST,,,P1,1,1
10,PUMP,,EAST,,,P2,1,1
11,PUMP,,WEST,,,,1,1
12,PUMP,,EAST,,,,-1,-1
13,PUMP,,WEST,,,P1,1,0
14,BELL,,WEST,,,B1,1,0
15,BELL,,WEST,,,,1,1
16,TYRE,,WEST,,,T1,1,1
17,TYRE,,WEST,,,T2,1,1
18,TYRE,,WEST,,,,-1,-1
19,TYRE,,WEST,,,T2,-1,0
"""
"""Of both: serials to be moved, taken off and put on, while their rows are a part of the quantities."""


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def carry_home(file: Path, corrections: Path, quantity: str) -> None:
    """Set every quantity that is to be changed, in the rows there are, else in a new one."""
    rows = table(file)
    for number, wanted in enumerate(table(corrections), start=1000):
        named = {name: value for name, value in wanted.items() if name in rows[0]}
        there = [row for row in rows if named.items() <= row.items()]
        assert sum(Decimal(row[quantity]) for row in there) == Decimal(wanted[f"{quantity} before"])
        for row in there:
            row[quantity] = "0"
        if there:
            there[-1][quantity] = wanted[f"{quantity} after"]
        else:
            new = {"Entry No.": str(number), "Quantity": wanted[f"{quantity} after"], **named}
            rows.append({name: new.get(name, "") for name in rows[0]} | {quantity: wanted[f"{quantity} after"]})
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("system", "files", "name", "quantity"),
    [
        ("odoo", {"stock.quant.csv": QUANTS, "stock.move.line.csv": MOVES}, "stock.quant", "quantity"),
        ("business-central", {"ledger.csv": ENTRIES}, "Item-Ledger-Entry", "Remaining Quantity"),
    ],
)
def test_serials_whose_rows_are_quantities(
    folder: Path, run: Run, system: str, files: dict[str, str], name: str, quantity: str
) -> None:
    for file, text in files.items():
        written(folder / file, text)
    command = ("resync", "--from", system, *files)
    first = run(*command, "--corrections", "home")
    assert first.exit_code == 0, first.output
    assert "4 actions, 0 cases left alone." in first.output
    carry_home(folder / next(iter(files)), folder / "home" / f"corrections-{name}.csv", quantity)
    again = run(*command, "--corrections", "again")
    assert again.exit_code == 0, again.output
    assert "0 actions, 0 cases left alone." in again.output
    assert not list((folder / "again").iterdir())
