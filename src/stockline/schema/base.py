"""What all tables share: the metadata, where a table lives on a cluster, and the columns that recur.

Placement (`table.info["placement"]`) is the cluster rule of ADR 3, checked by a test that walks the schema:

* ITEM: rows belong to one item and are distributed by it. Primary key and unique keys begin with `item_id`.
* STAGE: like ITEM, but technical: rows live only while one operation runs.
* REFERENCE: small tables, copied to every machine; they hold no row per tracking number.
"""

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

ITEM, STAGE, REFERENCE = "item", "stage", "reference"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

CodeText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""A text that is compared and sorted exactly, by code point, on every database."""

Identity = BigInteger().with_variant(Integer, "sqlite")
"""A number the database hands out; SQLite does so for INTEGER only."""


class Moment(TypeDecorator[dt.datetime]):
    """A point in time, in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Dialect) -> dt.datetime | None:
        """What is written."""
        return value and value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, _dialect: Dialect) -> dt.datetime | None:
        """What is read. SQLite keeps no zone."""
        return value and (value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC))


def item_table(name: str, *columns: SchemaItem) -> Table:
    """A table whose rows live together by item; on SQLite it is clustered by its key."""
    return Table(name, metadata, *columns, info={"placement": ITEM}, sqlite_with_rowid=False)


def stage_table(name: str, *columns: SchemaItem) -> Table:
    """A technical table: rows of one running operation. Losing it in a crash loses nothing."""
    return Table(name, metadata, *columns, info={"placement": STAGE}, sqlite_with_rowid=False)


def reference_table(name: str, *columns: SchemaItem) -> Table:
    """A small table that every machine of a cluster holds whole."""
    # A number once given must not come back with another meaning, so SQLite must not reuse it either.
    numbered = any(isinstance(column, Column) and column.name == "id" and column.type is Identity for column in columns)
    return Table(name, metadata, *columns, info={"placement": REFERENCE}, sqlite_autoincrement=numbered)


def key(name: str = "item_id", type_: Any = BigInteger) -> Column[Any]:
    """A column of the primary key, its value given by us."""
    return Column(name, type_, primary_key=True, autoincrement=False)


def text_key(name: str) -> Column[str]:
    """A text that is part of the primary key; blank is the empty text, never NULL, so that blank equals blank."""
    return Column(name, CodeText, primary_key=True)


def text(name: str, default: str = "") -> Column[str]:
    """A text; blank is the empty text."""
    return Column(name, CodeText, nullable=False, server_default=default)


def quantity(name: str = "quantity") -> Column[int]:
    """A base quantity in engine units of 0.00001."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def number(name: str, *, nullable: bool = False) -> Column[Any]:
    """The number of another row (a line, an entry, a stock line, a posting)."""
    return Column(name, BigInteger, nullable=nullable)


def small(name: str, default: int = 0) -> Column[int]:
    """A flag or a sign."""
    return Column(name, SmallInteger, nullable=False, server_default=str(default))
