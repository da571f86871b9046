"""Odoo's own database, as its versions have it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from stockline.exchange.found import Found
from stockline.exchange.odoo import SYSTEM
from stockline.exchange.odoo_database import open_odoo
from stockline.exchange.overrides import Overrides
from stockline.exchange.sheets import SheetProblem
from stockline.exchange.systems import read_stock
from stockline.store.database import parse_url
from tests.exchange.foreign import lines, linked, serial
from tests.support.postgres import fresh_database

TABLES = """
CREATE TABLE product_template (id int, tracking text);
CREATE TABLE product_product (id int, default_code text, product_tmpl_id int);
CREATE TABLE stock_location (id int, complete_name text, usage text);
CREATE TABLE {lots} (id int, name text, product_id int);
CREATE TABLE {packages} (id int, name text);
CREATE TABLE res_partner (id int, name text);
CREATE TABLE stock_quant (
    id int, product_id int, location_id int, lot_id int, package_id int, owner_id int, quantity numeric,
    reserved_quantity numeric
);
CREATE TABLE stock_picking (id int, name text);
CREATE TABLE stock_move_line (
    id int, product_id int, lot_id int, location_id int, location_dest_id int, date timestamp, state text,
    result_package_id int, {quantity} numeric, {reserved} numeric, package_id int, owner_id int, picking_id int,
    move_id int
);
INSERT INTO product_template VALUES (1, 'serial'), (2, 'lot'), (3, 'none');
INSERT INTO product_product VALUES (11, 'BIKE', 1), (12, 'GLUE', 2), (13, 'X', 3), (14, 'X', 3), (15, NULL, 3);
INSERT INTO stock_location VALUES (1, 'WH/Stock/A1', 'internal'), (2, 'Kunden', 'customer');
INSERT INTO {lots} VALUES (21, 'S1', 11), (22, 'L1', 12), (23, 'S2', 11);
INSERT INTO {packages} VALUES (31, 'P1');
INSERT INTO res_partner VALUES (41, 'ACME');
INSERT INTO stock_quant VALUES
    (1, 11, 1, 21, 31, 41, 1, 1), (2, 12, 1, 22, NULL, NULL, 2.5, 2), (3, 13, 1, NULL, NULL, NULL, 1, 0),
    (4, 14, 1, NULL, NULL, NULL, 1, 0), (5, 15, 1, NULL, NULL, NULL, 1, 0), (6, 11, 2, 23, NULL, NULL, 1, 1);
INSERT INTO stock_picking VALUES (51, 'WH/OUT/1');
INSERT INTO stock_move_line VALUES
    (1, 11, 21, 2, 1, '2025-01-02 08:00', 'done', 31, 1, 0, NULL, NULL, NULL, 61),
    (2, 11, 21, 1, 2, '2025-01-03 08:00', 'draft', NULL, 1, 0, NULL, NULL, 51, 62),
    (3, 11, 21, 1, 2, '2025-01-04 08:00', 'assigned', NULL, 0, 1, 31, 41, 51, 63),
    (4, 12, NULL, 1, 2, '2025-01-04 08:00', 'partially_available', NULL, 0, 1.5, NULL, NULL, NULL, 64),
    (5, 12, NULL, 2, 1, '2025-01-04 08:00', 'assigned', NULL, 0, 1, NULL, NULL, NULL, 65);
"""
NEW = {
    "lots": "stock_lot",
    "packages": "stock_package",
    "quantity": "quantity",
    "reserved": "quantity_product_uom",
}
OLD = {
    "lots": "stock_production_lot",
    "packages": "stock_quant_package",
    "quantity": "qty_done",
    "reserved": "reserved_qty",
}


@pytest.fixture
def url(postgres: str) -> Iterator[str]:
    with fresh_database(postgres) as url:
        yield url


def run(url: str, statements: str) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text(statements))
    engine.dispose()


def read(url: str) -> Found:
    with open_odoo(url) as sheets:
        return read_stock(SYSTEM, sheets, Overrides())


@pytest.mark.parametrize("names", [NEW, OLD], ids=["new", "old"])
def test_the_tables_of_a_version(url: str, names: dict[str, str]) -> None:
    run(url, TABLES.format(**names))
    found = read(url)
    by_item = {one.item: one for one in lines(found)}
    assert sorted(by_item) == ["BIKE", "GLUE", "X #13", "X #14", "product 15"]
    assert linked(found, "S1") == [by_item["BIKE"]]
    assert (by_item["BIKE"].package, by_item["BIKE"].owner, by_item["GLUE"].lot) == ("P1", "ACME", "L1")
    last = serial(found, "S1").last
    assert last is not None
    assert (last.direction, last.location, last.package) == ("in", "Stock/A1", "P1")
    assert linked(found, "S2") == []
    assert found.left_out == 1
    assert [
        (one.document, one.line, one.item, one.serial, one.lot, one.package, one.quantity) for one in found.reservations
    ] == [
        ("WH/OUT/1", "63", "BIKE", "S1", "", "P1", 1),
        ("64", "64", "GLUE", "", "", "", Decimal("1.5")),
        ("RESERVED WITHOUT MOVE", "", "GLUE", "", "L1", "", 2),
    ]
    assert (found.not_reserved, found.unheld) == (1, 1)


def test_nothing_can_be_written(url: str) -> None:
    run(url, TABLES.format(**NEW))
    with open_odoo(url) as sheets, pytest.raises(SheetProblem, match="read-only transaction"), open_odoo(url) as _:
        connection = sheets[0]._connection  # type: ignore[attr-defined]
        connection.execution_options(stream_results=False).execute(text("DELETE FROM stock_quant"))


def test_a_database_that_is_not_odoos(url: str) -> None:
    with pytest.raises(SheetProblem, match="no table stock_quant"):
        read(url)


def test_a_database_that_is_not_there(url: str) -> None:
    with pytest.raises(SheetProblem, match="cannot be read"):
        read(f"{url}_none" if "?" not in url else url.replace("?", "_none?"))
