"""Odoo's tables read from its own PostgreSQL database: the same columns as its exports, in one snapshot, read only."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stockline.exchange.odoo import RESERVED
from stockline.exchange.sheets import SheetProblem
from stockline.store.database import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockline.exchange.sheets import Row, Sheet

BATCH = 5_000
"""Rows fetched at once."""

PRODUCTS = """
    SELECT product.id, template.tracking,
           CASE WHEN coalesce(product.default_code, '') = '' THEN 'product ' || product.id
                WHEN count(*) OVER (PARTITION BY product.default_code) > 1
                THEN product.default_code || ' #' || product.id
                ELSE product.default_code END AS code
    FROM product_product AS product JOIN product_template AS template ON template.id = product.product_tmpl_id"""
"""Every product by its internal reference, made unique by its id where it is not."""

QUANTS = """
    WITH product AS ({products})
    SELECT product.code AS product_id, product.tracking AS "product_id/tracking",
           place.complete_name AS location_id, place.usage AS "location_id/usage",
           lot.name AS lot_id, package.name AS package_id, owner.name AS owner_id, quant.quantity AS quantity,
           quant.reserved_quantity AS reserved_quantity
    FROM stock_quant AS quant
    JOIN product ON product.id = quant.product_id
    JOIN stock_location AS place ON place.id = quant.location_id
    LEFT JOIN {lots} AS lot ON lot.id = quant.lot_id
    LEFT JOIN {packages} AS package ON package.id = quant.package_id
    LEFT JOIN res_partner AS owner ON owner.id = quant.owner_id
    ORDER BY quant.id"""
LOTS = """
    WITH product AS ({products})
    SELECT lot.name AS name, product.code AS product_id, product.tracking AS "product_id/tracking"
    FROM {lots} AS lot JOIN product ON product.id = lot.product_id
    WHERE lot.name IS NOT NULL
    ORDER BY lot.id"""
MOVE_LINES = """
    WITH product AS ({products})
    SELECT line.id AS id, product.code AS product_id, lot.name AS lot_id, line.date AS date, line.state AS state,
           source.complete_name AS location_id, source.usage AS "location_id/usage",
           target.complete_name AS location_dest_id, target.usage AS "location_dest_id/usage",
           package.name AS result_package_id, line.{quantity} AS quantity, line.{reserved} AS reserved,
           from_package.name AS package_id, owner.name AS owner_id, picking.name AS reference, line.move_id AS move_id
    FROM stock_move_line AS line
    JOIN product ON product.id = line.product_id
    LEFT JOIN {lots} AS lot ON lot.id = line.lot_id
    JOIN stock_location AS source ON source.id = line.location_id
    JOIN stock_location AS target ON target.id = line.location_dest_id
    LEFT JOIN {packages} AS package ON package.id = line.result_package_id
    LEFT JOIN {packages} AS from_package ON from_package.id = line.package_id
    LEFT JOIN res_partner AS owner ON owner.id = line.owner_id
    LEFT JOIN stock_picking AS picking ON picking.id = line.picking_id
    WHERE line.lot_id IS NOT NULL AND line.state = 'done' OR line.state NOT IN ('draft', 'cancel', 'done')
    ORDER BY line.id"""
QUERIES = {"stock_quant": QUANTS, "stock_lot": LOTS, "stock_move_line": MOVE_LINES}


@contextmanager
def open_odoo(url: str) -> Iterator[list[Sheet]]:
    """The tables of an Odoo database, as sheets. Nothing can be written through them.

    Raises:
        SheetProblem: the database cannot be read, or is not Odoo's.
    """
    try:
        engine = create_engine(parse_url(url), isolation_level="REPEATABLE READ", poolclass=NullPool)
        with engine.connect() as connection:
            reading = connection.execution_options(postgresql_readonly=True, stream_results=True)
            names = _names(reading)
            yield [QuerySheet(reading, table, query.format(**names)) for table, query in QUERIES.items()]
    except (DBAPIError, ImportError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        raise SheetProblem(f"The database of Odoo cannot be read: {reason}.") from None


def _names(connection: Connection) -> dict[str, str]:
    """What the tables and columns are called in this version of Odoo."""
    tables = inspect(connection)
    if not tables.has_table("stock_quant"):
        raise SheetProblem("The database has no table stock_quant: it is not Odoo's, or has no inventory.")
    columns = {column["name"] for column in tables.get_columns("stock_move_line")}
    return {
        "products": PRODUCTS,
        "lots": "stock_lot" if tables.has_table("stock_lot") else "stock_production_lot",
        "packages": "stock_package" if tables.has_table("stock_package") else "stock_quant_package",
        "quantity": "quantity" if "quantity" in columns else "qty_done",
        "reserved": next((name for name in RESERVED if name in columns), "quantity"),
    }


class QuerySheet:
    """The rows of a query as a sheet of text; a row's line is its number."""

    size = 1
    position = 0
    typed = True

    def __init__(self, connection: Connection, table: str, query: str) -> None:
        self.path = Path(table)
        self._connection = connection
        self._query = text(query)
        with connection.execute(text(f"SELECT * FROM ({query}) AS every LIMIT 0")) as none:
            self.columns = list(none.keys())

    def rows(self) -> Iterator[Row]:
        """The rows, fetched as they are read."""
        self.position = 0
        with self._connection.execute(self._query) as result:
            for line, values in enumerate(result.yield_per(BATCH), start=1):
                yield line, ["" if value is None else str(value) for value in values], ""
        self.position = self.size
