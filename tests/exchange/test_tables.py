"""Which table of its system a file is taken for."""

from pathlib import Path
from types import ModuleType

import pytest

from stockline.exchange import business_central, erpnext, odoo, x3
from stockline.exchange.opening import open_sheet
from stockline.exchange.overrides import Overrides
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.systems import System
from stockline.exchange.tables import recognize
from tests.exchange.files import written

STOCK = "STOFCY,STOCOU,ITMREF,QTYSTU,LOC,LOCCAT"
WRONG = STOCK.replace("QTYSTU", "Menge")
BIN = "name,item_code,warehouse,actual_qty,reserved_qty,docstatus"
QUANT = "id,product_id,location_id,quantity,lot_id,in_date,company_id"


def table_of(system: System, path: Path, header: str) -> str:
    return recognize(open_sheet(written(path, f"{header}\n")), system.tables, Overrides()).table.name


@pytest.mark.parametrize(
    ("system", "name", "header", "table"),
    [
        (x3, "a", STOCK, "STOCK"),
        (x3, "a", "STOFCY,LOC,LOCCAT", "STOLOC"),
        (x3, "a", "STOFCY,LOC,LOCCAT,WRH,Menge", "STOLOC"),
        (x3, "STOLOC", "STOFCY,LOC,LOCCAT,STOCOU,ITMREF,QTYSTU", "STOLOC"),
        (x3, "stock serials", "ITMREF,SERNUM,STOFCY,STOCOU", "STOSER"),
        (x3, "stock journal", "STOFCY,ITMREF,IPTDAT,QTYSTU,SERNUM", "STOJOU"),
        (x3, "stock allocations", "STOFCY,ITMREF,QTYSTU,VCRNUM,STOCOU", "STOALL"),
        (x3, "STOSER of May", "ITMREF,SERNUM,STOFCY,STOCOU,LOC,STA,PALNUM,CREDAT", "STOSER"),
        (erpnext, "tabBin", BIN, "Bin"),
        (erpnext, "a", BIN, "Bin"),
        (erpnext, "Cabinets", "serial_no,item_code,warehouse,actual_qty,posting_date", "Stock Ledger Entry"),
        (erpnext, "Serial No", "serial_no,item_code,warehouse,actual_qty,posting_date", "Serial No"),
        (odoo, "a", QUANT, "stock.quant"),
        (odoo, "Lot_Serial (stock.lot)", "Lot/Serial Number,Product,Location,Package,Owner", "stock.lot"),
        (
            business_central,
            "Item Ledger Entries",
            "Entry No.,Item No.,Location Code,Remaining Quantity",
            "Item Ledger Entry",
        ),
    ],
)
def test_the_table_a_file_is(tmp_path: Path, system: ModuleType, name: str, header: str, table: str) -> None:
    assert table_of(system.SYSTEM, tmp_path / f"{name}.csv", header) == table


@pytest.mark.parametrize(
    ("system", "name", "header", "said"),
    [
        (x3, "STOCK_b", WRONG, "as STOCK: There is no column 'QTYSTU'.*If it is STOLOC, name the file STOLOC.csv"),
        (x3, "STOCK", WRONG, "as STOCK: There is no column 'QTYSTU'"),
        (x3, "a", WRONG, "as STOCK: There is no column 'QTYSTU'"),
        (x3, "a", STOCK.replace("QTYSTU,", ""), "as STOCK: There is no column 'QTYSTU'"),
        (x3, "a", f"{STOCK},QTYSTU", "as STOCK: The header has the column 'QTYSTU' 2 times"),
        (x3, "STOSER 2025", STOCK, "as STOSER: There is no column 'SERNUM'"),
        (erpnext, "Stock Ledger Entry", "item_code,warehouse,actual_qty,Date", "no column 'posting_datetime'"),
        (erpnext, "a", "item_code,warehouse,actual_qty,Date,batch_no,serial_no", "as Stock Ledger Entry"),
        (odoo, "a", "product_id,lot_id,location_id,location_dest_id,Tag,quantity", "stock.move.line.*no column 'date'"),
        (odoo, "quants", "Product,Location,Lot/Serial Number,Owner,Menge", "as stock.quant: .*no column 'quantity'"),
        (odoo, "a", "colour,size", "There is no column"),
    ],
)
def test_a_file_that_is_not_quite_what_it_seems(
    tmp_path: Path, system: ModuleType, name: str, header: str, said: str
) -> None:
    with pytest.raises(SheetProblem, match=said):
        table_of(system.SYSTEM, tmp_path / f"{name}.csv", header)
