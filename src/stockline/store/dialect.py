"""All that differs between SQLite and PostgreSQL (and Citus: PostgreSQL with the tables distributed by item)."""

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, event, text, tuple_
from sqlalchemy import Sequence as NumberSequence
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.exc import DBAPIError

from stockline.schema.base import metadata
from stockline.store.statistics import empty_again, gather_first

BATCH_NUMBER = NumberSequence("batch_number", metadata=metadata)
"""Numbers of postings, windows and other batches; gaps do not matter, order does."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for one table: the columns that are the same integer in all of them, and the others row by row."""

    table: Table
    same: Mapping[str, int]
    columns: Sequence[str]
    rows: Iterable[tuple[Any, ...]]


class Dialect(ABC):
    """What the engine asks of a database beyond plain SQL."""

    name: str
    parts: int = 1
    """In how many parts whole tables are read side by side, where one processor reads them for one query."""

    @abstractmethod
    def prepare(self, engine: Engine) -> None:
        """Set up every connection the engine will make."""

    @abstractmethod
    def insert(self, table: Table) -> "PostgresInsert | SqliteInsert":
        """An INSERT that knows ON CONFLICT."""

    @abstractmethod
    def is_among(self, table: Table, found: Select[Any]) -> ColumnElement[bool]:
        """The condition of a DELETE or UPDATE: the row's columns are those of a row found, by which it is looked up."""

    @abstractmethod
    def copy(self, connection: Connection, staged: Rows) -> None:
        """Write many rows the fastest way, past the toolkit; dates must come from `date_value`."""

    def have_grown(self, engine: Engine) -> None:  # noqa: B027 - only where planners gather statistics
        """Tables may have become large just now; runs outside any transaction."""

    def begin_write(self, connection: Connection) -> None:  # noqa: B027 - most need nothing
        """Prepare a transaction that will write."""

    def begin_scan(self, connection: Connection) -> None:  # noqa: B027 - most need nothing
        """Prepare a transaction that reads whole tables."""

    def commit_lightly(self, connection: Connection) -> None:  # noqa: B027 - only where a commit can wait
        """Let the commit of this transaction reach the disk with a later one."""

    def hold_schema(self, connection: Connection) -> None:  # noqa: B027 - one writer at a time needs nothing
        """Wait until nobody else changes the tables, and keep others from it until the transaction ends."""

    @abstractmethod
    def next_number(self, connection: Connection) -> int:
        """The next batch number, without queueing behind other transactions where the database can."""

    @abstractmethod
    def skip_numbers(self, connection: Connection, number: int) -> None:
        """Give this batch number, and those below it, to nobody any more."""

    def date_value(self, value: date | None) -> Any:
        """A date as the raw driver takes it."""
        return value

    @abstractmethod
    def should_retry(self, error: DBAPIError, attempt: int) -> bool:
        """Whether the transaction failed only because others ran beside it; attempts count from 0."""


class SqliteDialect(Dialect):
    """One file, WAL, one writer at a time; a write transaction takes the write lock when it begins."""

    name = "sqlite"
    parts = 4

    def prepare(self, engine: Engine) -> None:
        event.listen(engine, "connect", self._connect)
        event.listen(engine, "begin", self._begin)

    @staticmethod
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "busy_timeout = 60000",
            "synchronous = FULL",  # what was answered survives a power cut
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "cache_size = -65536",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("hashtext", 1, _hash_text, deterministic=True)
        _write_ahead(connection)

    @staticmethod
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def insert(self, table: Table) -> SqliteInsert:
        return sqlite.insert(table)

    def is_among(self, table: Table, found: Select[Any]) -> ColumnElement[bool]:
        # In the sequence of a key only its first column would be looked up, and all rows of the item read.
        reverse = list(found.selected_columns)[::-1]
        return tuple_(*(table.c[column.name] for column in reverse)).in_(found.with_only_columns(*reverse))

    def copy(self, connection: Connection, staged: Rows) -> None:
        # A value bound costs more than the row it goes into, so what is the same in every row is written out.
        places = ", ".join([*(str(int(value)) for value in staged.same.values()), *("?" * len(staged.columns))])
        raw: Any = connection.connection.driver_connection
        names = ", ".join([*staged.same, *staged.columns])
        raw.executemany(f"INSERT INTO {staged.table.name} ({names}) VALUES ({places})", staged.rows)

    def next_number(self, connection: Connection) -> int:
        return int(
            connection.exec_driver_sql(
                "INSERT INTO counter (name, value) VALUES ('batch', 1)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
            ).scalar_one()
        )

    def skip_numbers(self, connection: Connection, number: int) -> None:
        connection.exec_driver_sql(
            "INSERT INTO counter (name, value) VALUES ('batch', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (number,),
        )

    def date_value(self, value: date | None) -> Any:
        return value and value.isoformat()

    def should_retry(self, error: DBAPIError, attempt: int) -> bool:  # noqa: ARG002 - it waits for as long as it takes
        return "database is locked" in str(error.orig) or "database is busy" in str(error.orig)


def _hash_text(value: str) -> int:
    """32 bits of a text, as PostgreSQL's function of that name gives them: evenly spread, another for another text."""
    return int.from_bytes(blake2b(value.encode(), digest_size=4).digest(), signed=True)


def _write_ahead(connection: Any) -> None:
    """Make the log of the file a write-ahead log, which its first connection does for good.

    That needs the file for a moment, and, unlike any statement, does not wait while others have it.
    """
    deadline = time.monotonic() + 60
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


class PostgresDialect(Dialect):
    """Many users; row locks, COPY, and a planner that must be told what an operation has staged."""

    name = "postgresql"
    _RETRY = frozenset({"40001", "40P01", "55P03"})
    _TAKEN = "23505"
    """A unique key: another has just made the same thing. The next attempt sees it, and refuses for a good reason."""
    _SKIP = text("SELECT setval('batch_number', :ahead) FROM batch_number WHERE last_value <= :number")
    _SETTINGS = text(
        # An operation touches few rows of big tables: find them by index, in the order its joins are written, whatever
        # the tables' size and however old their statistics are.
        "SELECT set_config('random_page_cost', '1', true), set_config('enable_mergejoin', 'off', true),"
        " set_config('join_collapse_limit', '1', true), set_config('jit', 'off', true),"
        " set_config('work_mem', '128MB', true)"
    )

    _SCAN = text(
        "SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true),"
        " set_config('join_collapse_limit', '1', true), set_config('random_page_cost', '1', true)"
    )

    def prepare(self, engine: Engine) -> None:
        """Nothing: settings hold for a transaction, so that connection poolers may share connections."""

    def insert(self, table: Table) -> PostgresInsert:
        return postgresql.insert(table)

    def is_among(self, table: Table, found: Select[Any]) -> ColumnElement[bool]:
        # An IN would hash what is found first, and look the rows up in the order of the hashes, twice as slowly.
        return and_(*(table.c[column.name] == column for column in found.subquery("found").c))

    def copy(self, connection: Connection, staged: Rows) -> None:
        raw: Any = connection.connection.driver_connection
        names = ", ".join([*staged.same, *staged.columns])
        same = tuple(staged.same.values())
        with raw.cursor() as cursor, cursor.copy(f"COPY {staged.table.name} ({names}) FROM STDIN") as copy:
            write = copy.write_row
            for row in staged.rows:
                write(same + row)

    def have_grown(self, engine: Engine) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            gather_first(connection)
        with engine.connect() as connection:
            empty_again(connection)

    def begin_write(self, connection: Connection) -> None:
        connection.execute(self._SETTINGS)

    def begin_scan(self, connection: Connection) -> None:
        connection.execute(self._SCAN)

    def commit_lightly(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    def hold_schema(self, connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('stockline schema'))")

    def next_number(self, connection: Connection) -> int:
        return int(connection.execute(BATCH_NUMBER.next_value().select()).scalar_one())

    def skip_numbers(self, connection: Connection, number: int) -> None:
        # Others draw meanwhile: so far ahead that none of them can have come beyond it.
        connection.execute(self._SKIP, {"ahead": number + 1000, "number": number})

    def should_retry(self, error: DBAPIError, attempt: int) -> bool:
        state = getattr(error.orig, "sqlstate", None)
        return state in self._RETRY or (state == self._TAKEN and attempt < 3)


def dialect_of(engine: Engine) -> Dialect:
    """The dialect of an engine's database."""
    return {"sqlite": SqliteDialect, "postgresql": PostgresDialect}[engine.dialect.name]()
