"""What databases are told about their tables, so that plans are those of a large stock from the first row on.

Without statistics SQLite takes every column of a key for selective, and reads all entries of an item where it should
look one up. The figures say: ten million rows, a hundred items, and how much each further column narrows.

PostgreSQL gathers its own, but those of whose links there are just now are wrong in the next minute: between two
drives all links can be of one line, or of supplies only, and it would read them all to find those of a demand.
"""

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import OperationalError

from stockline.schema import metadata
from stockline.schema.base import REFERENCE, STAGE

ROWS = 10_000_000
FEW_ROWS = 1_000
FEW = (
    "extra_link",
    "staged_line",
    "ix_open_entry_short",
    "ix_serial_lost",
    "ix_serial_particular",
    "ix_stock_line_twin",
    "ix_tracking_specification_to_invoice",
    "ix_link_bound",
    "ix_link_empty",
    "ix_link_demand_lot_of_serial",
    "ix_link_supply_lot_of_serial",
)
"""Tables that hold few rows, and indexes that hold few of their table's."""

SHARE = {
    "item_id": 1e-2,
    "variant": 0.5,
    "site_id": 0.5,
    "location": 0.1,
    "lot": 0.1,
    "package": 0.5,
    "posting_date": 0.1,
    "batch_id": 0.1,
    "window_id": 1e-3,
    "line_id": 1e-3,
    "demand_line_id": 1e-3,
    "supply_line_id": 1e-3,
    "ix_characteristic_set_lot.lot": 1e-5,
    "ix_characteristic_set_package.package": 1e-5,
}
"""Which part of the rows one value of a column leaves, by its name, in one index or in all; columns not named leave one
in 100,000."""

FLEETING = {"link": ("item_id", "status", "demand_line_id", "supply_line_id", "demand_entry_id", "supply_entry_id")}
"""Columns by table of which PostgreSQL gathers no statistics: it takes any value to be one of two hundred."""


EMPTIED = [*(table.name for table in metadata.sorted_tables if table.info["placement"] == STAGE), "window_row"]
"""Tables whose rows come and go. Whoever sweeps them just when they are empty tells PostgreSQL that they always are:
then an index is as good as any, and one large operation pairs all staged rows with all."""
_SELDOM = (
    "autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0,"
    " autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1"
)

LASTING = ("ledger_entry", "open_entry", "application", "characteristic_set", "stock_line", "serial")
"""Tables that grow large with one posting and stay so."""
_NEVER_GATHERED = text(
    "SELECT oid::regclass::text FROM unnest(CAST(:tables AS text[])) name JOIN pg_class ON oid = to_regclass(name)"
    " WHERE reltuples < 0 AND pg_relation_size(oid) > 100000"
)


def gather_first(connection: Connection) -> None:
    """Have PostgreSQL look at tables that have grown and were never looked at.

    It would do so by itself within a minute or two. Until then it takes every selection of rows for a handful, and
    pairs stock lines and their characteristics all with all.
    """
    for table in connection.execute(_NEVER_GATHERED, {"tables": list(LASTING)}).scalars().all():
        connection.exec_driver_sql(f"ANALYZE {table}")


_LARGE = text(
    "SELECT oid::regclass::text FROM unnest(CAST(:tables AS text[])) name JOIN pg_class ON oid = to_regclass(name)"
    " WHERE pg_relation_size(oid) > 5000000"
)
"""Tables of which much has been used."""


def empty_again(connection: Connection) -> None:
    """Give back the room that rows gone since have taken; a table that somebody uses just now stays as it is."""
    with connection.begin():
        large = connection.execute(_LARGE, {"tables": EMPTIED}).scalars().all()
    for table in large:
        with suppress(OperationalError), connection.begin():
            connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT")
            if not connection.exec_driver_sql(f"SELECT EXISTS (SELECT 1 FROM {table})").scalar():
                connection.exec_driver_sql(f"TRUNCATE {table}")


def forgetting() -> list[str]:
    """The statements that keep PostgreSQL from gathering what does not last."""
    columns = [(table, column) for table, columns in FLEETING.items() for column in columns]
    return [
        *(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0" for table, column in columns),
        *(f"ALTER TABLE {table} SET ({_SELDOM})" for table in EMPTIED),
    ]


def tell_planner(connection: Connection) -> None:
    """Write the figures where the planner looks for them."""
    connection.exec_driver_sql("ANALYZE sqlite_schema")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for table in metadata.sorted_tables:
        if table.info["placement"] != REFERENCE:
            for index, figures in _figures(connection, table):
                connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table.name, index, figures))
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads what was written


def _figures(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    yield table.name, _narrowing(table.name, [column.name for column in table.primary_key], unique=True)
    for name in connection.exec_driver_sql(_UNIQUE_CONSTRAINTS, (table.name,)).scalars().all():
        of_constraint = connection.exec_driver_sql("SELECT name FROM pragma_index_info(?)", (name,)).scalars()
        # Its first columns narrow little: without the last word SQLite skips them, and searches what is behind them.
        yield name, _narrowing(table.name, list(of_constraint), unique=True) + " noskipscan"
    for index in table.indexes:
        columns = [str(getattr(column, "name", column)) for column in index.expressions]
        yield str(index.name), _narrowing(str(index.name), columns, unique=bool(index.unique))


_UNIQUE_CONSTRAINTS = "SELECT name FROM pragma_index_list(?) WHERE origin = 'u'"


def _narrowing(name: str, columns: list[str], *, unique: bool) -> str:
    rows = FEW_ROWS if name in FEW else ROWS
    left = float(rows)
    figures = [str(rows)]
    for column in columns:
        share = SHARE.get(f"{name}.{column}", SHARE.get(column, 1e-5))
        left = max(left * share, 1)
        figures.append(str(int(left)))
    if unique:
        figures[-1] = "1"
    return " ".join(figures)
