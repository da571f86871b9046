"""Giving a database its tables: migrations for those that stay, the bare tables for those that are thrown away."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from stockline.schema import metadata
from stockline.store.database import Database, parse_url

MIGRATIONS = Path(__file__).parent / "migrations"


class OutdatedDatabase(RuntimeError):
    """The tables are those of another version of Stockline."""


def ensure_current(database: Database) -> None:
    """Make the tables of an empty database; refuse one of another version."""
    with database.engine.connect() as connection:
        version = MigrationContext.configure(connection).get_current_revision()
        empty = version is None and not inspect(connection).has_table("item")
    head = ScriptDirectory.from_config(_config(database)).get_current_head()
    if empty:
        upgrade(database)
    elif version != head:
        raise OutdatedDatabase(
            f"The database is at version {version}, this Stockline needs {head}: run `stockline database upgrade`."
        )


def upgrade(database: Database) -> None:
    """Bring the tables to this version."""
    config = _config(database)
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextmanager
def scratch(target: str | None) -> Iterator[Database]:
    """A database of its own that is thrown away: in memory, or a schema of the server named."""
    url = make_url("sqlite://") if target is None else parse_url(target)
    if url.get_backend_name() == "sqlite":
        with closing(Database(make_url("sqlite://"))) as database:
            _copy_template(database)
            yield database
    else:
        with _own_schema(url) as database:
            yield database


@cache
def _template() -> sqlite3.Connection:
    """An empty database in memory; copying it is a hundred times faster than making its tables."""
    with closing(Database(make_url("sqlite://"))) as database, database.engine.connect() as connection:
        metadata.create_all(connection)
        connection.commit()
        template = sqlite3.connect(":memory:", check_same_thread=False)
        connection.connection.driver_connection.backup(template)  # type: ignore[union-attr]
    return template


def _copy_template(database: Database) -> None:
    with database.engine.connect() as connection:
        _template().backup(connection.connection.driver_connection)  # type: ignore[arg-type]


@contextmanager
def _own_schema(url: URL) -> Iterator[Database]:
    name = f"scratch_{secrets.token_hex(8)}"
    with closing(Database(url)) as server:
        with server.engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
            connection.execute(text(f"SET LOCAL search_path = {name}"))
            connection.exec_driver_sql(_tables(server))
        try:
            inside = url.update_query_dict({"options": f"-csearch_path={name}"})
            with closing(Database(inside)) as database:
                yield database
        finally:
            with server.engine.begin() as connection:
                connection.execute(text(f"DROP SCHEMA {name} CASCADE"))


def _tables(database: Database) -> str:
    """All statements that make the tables, to be sent at once."""
    statements: list[str] = []
    for sequence in metadata._sequences.values():
        statements.append(str(CreateSequence(sequence).compile(database.engine)))
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(database.engine)))
        statements += [str(CreateIndex(index).compile(database.engine)) for index in table.indexes]
    return ";".join(statements)
