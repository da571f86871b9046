"""Giving a database its tables: migrations for those that stay, the bare tables for those that are thrown away."""

import atexit
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from stockline.schema import metadata
from stockline.store.database import Database, parse_url
from stockline.store.migrations import HEAD
from stockline.store.statistics import forgetting, tell_planner

MIGRATIONS = Path(__file__).parent / "migrations"


class UnusableDatabase(RuntimeError):
    """What was named cannot be opened: it is no database, or does not answer, or its name makes no sense."""


class OutdatedDatabase(UnusableDatabase):
    """The tables are those of another version of Stockline."""


_migrating = threading.Lock()
"""Alembic keeps what it works on in global variables: one migration at a time in a process."""


def opened(target: str | Path, provide: Callable[[Database], None]) -> Database:
    """The database a person named, its tables provided; whatever a driver raises becomes an `UnusableDatabase`."""
    try:
        database = Database(parse_url(target))
        try:
            provide(database)
        except BaseException:
            database.close()
            raise
    except UnusableDatabase:
        raise
    except Exception as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        named = re.sub(r"(://[^:@/]*):[^@/]*@", r"\1:***@", str(target))
        raise UnusableDatabase(f"The database {named} cannot be opened: {reason or type(error).__name__}.") from error
    return database


def ensure_current(database: Database) -> None:
    """Make the tables of an empty database; refuse one of another version."""
    if _is_empty(database):
        upgrade(database)
    elif (version := _version(database)) != HEAD:
        raise OutdatedDatabase(
            f"The database is at version {version}, this Stockline needs {HEAD}: run `stockline database upgrade`."
        )


def upgrade(database: Database) -> None:
    """Bring the tables to this version; of several that try at once the first does it, the others wait."""
    from alembic import command, config  # noqa: PLC0415 - a quarter of a second that only a migration needs

    setting = config.Config()
    setting.set_main_option("script_location", str(MIGRATIONS))
    with _migrating, database.transaction() as transaction:
        database.dialect.hold_schema(transaction.connection)
        setting.attributes["connection"] = transaction.connection
        command.upgrade(setting, "head")
        if database.dialect.name == "sqlite":
            tell_planner(transaction.connection)


def _is_empty(database: Database) -> bool:
    with database.engine.connect() as connection:
        return not inspect(connection).has_table("item")


def _version(database: Database) -> str | None:
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


_idle: dict[str, list[Database]] = {}
"""Thrown away databases, kept for the next: the statements they have compiled are worth more than their tables."""


@contextmanager
def scratch(target: str | None) -> Iterator[Database]:
    """A database of its own that is thrown away: in memory, or a schema of the server named."""
    url = make_url("sqlite://") if target is None else parse_url(target)
    in_memory = url.get_backend_name() == "sqlite"
    idle = _idle.setdefault("sqlite" if in_memory else url.render_as_string(hide_password=False), [])
    database = idle.pop() if idle else Database(make_url("sqlite://")) if in_memory else _in_own_schema(url)
    (_copy_template if in_memory else _make_schema)(database)
    try:
        yield database
    finally:
        if not in_memory:
            _drop_schema(database)
        idle.append(database)


@atexit.register
def close_idle() -> None:
    """Let go of the databases kept for the next scratch."""
    for databases in _idle.values():
        while databases:
            databases.pop().close()


@cache
def _template() -> sqlite3.Connection:
    """An empty database in memory; copying it is a hundred times faster than making its tables."""
    with closing(Database(make_url("sqlite://"))) as database, database.engine.connect() as connection:
        metadata.create_all(connection)
        tell_planner(connection)
        connection.commit()
        template = sqlite3.connect(":memory:", check_same_thread=False)
        connection.connection.driver_connection.backup(template)  # type: ignore[union-attr]
    return template


def _copy_template(database: Database) -> None:
    with database.engine.connect() as connection:
        _template().backup(connection.connection.driver_connection)  # type: ignore[arg-type]


def _in_own_schema(url: URL) -> Database:
    name = f"scratch_{secrets.token_hex(8)}"
    return Database(url.update_query_dict({"options": f"-csearch_path={name}"}))


def _schema(database: Database) -> str:
    return str(database.url.query["options"]).removeprefix("-csearch_path=")


def _make_schema(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {_schema(database)}")
        connection.exec_driver_sql(_tables())


def _drop_schema(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {_schema(database)} CASCADE")


@cache
def _tables() -> str:
    """All statements that make the tables, to be sent at once."""
    compiler = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [str(CreateSequence(sequence).compile(dialect=compiler)) for sequence in metadata._sequences.values()]
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=compiler)))
        statements += [str(CreateIndex(index).compile(dialect=compiler)) for index in table.indexes]
    return ";".join(statements + forgetting())
