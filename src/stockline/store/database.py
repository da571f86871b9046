"""Databases and transactions: everything begins, is retried, is committed or leaves no trace here."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, CursorResult, Engine, Executable, Select, Table, create_engine, delete
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

from stockline.store.dialect import Dialect, Rows, dialect_of

T = TypeVar("T")
ATTEMPTS = 30
LONG = 0.1
"""Seconds; a transaction that takes longer may have written much."""

READERS = 2
"""Transactions that read whole tables side by side."""

BOUND = 10_000
"""Values that one statement binds at most; SQLite takes 32,766, PostgreSQL 65,535."""


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Values in parts that a statement can bind."""
    for start in range(0, len(values), BOUND):
        yield values[start : start + BOUND]


class Transaction:
    """One open transaction: runs statements, stages rows, hands out numbers."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        self.began = time.monotonic()

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement; with a list of mappings, once for each of them."""
        return self.connection.execute(statement, parameters)

    def insert(self, table: Table) -> Any:
        """An INSERT that knows ON CONFLICT in this database's way."""
        return self.dialect.insert(table)

    def is_among(self, table: Table, found: Select[Any]) -> ColumnElement[bool]:
        """The condition of a DELETE or UPDATE: the row's columns are those of a row found, by which it is looked up."""
        return self.dialect.is_among(table, found)

    def next_number(self) -> int:
        """A number for a posting, a window or another batch; later ones are greater."""
        return self.dialect.next_number(self.connection)

    def skip_numbers(self, number: int) -> None:
        """Give this number, and those below it, to no batch any more."""
        self.dialect.skip_numbers(self.connection, number)

    def stage(
        self,
        table: Table,
        columns: Sequence[str],
        rows: Iterable[tuple[Any, ...]],
        same: Mapping[str, int] | None = None,
    ) -> None:
        """Write many rows at once; `same` are columns, beside `columns`, with one integer for all rows."""
        self.dialect.copy(self.connection, Rows(table, same or {}, columns, rows))

    def clear(self, table: Table, batch: int) -> None:
        """Remove what a batch has staged."""
        self.execute(delete(table).where(table.c.batch_id == batch))


class Database:
    """One database: an engine and the transactions on it. Safe to share between threads."""

    def __init__(self, url: URL, *, options: Mapping[str, Any] | None = None) -> None:
        self.url = url
        self.engine: Engine = _engine(url, options or {})
        self.dialect = dialect_of(self.engine)
        self.dialect.prepare(self.engine)
        # A database in memory has one connection for everybody.
        self._alone = threading.RLock() if isinstance(self.engine.pool, StaticPool) else None
        self._local = threading.local()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def write(self, work: Callable[[Transaction], T], *, lasting: bool = True) -> T:
        """Run `work` in a transaction and commit; run it again when it lost against others running beside it.

        Inside `transaction()` it joins that transaction, in a savepoint, so that a refusal undoes only its own work.
        Not `lasting`: a power cut may take it back as long as no lasting transaction has followed; for long work that
        is answered at its end.
        """
        outer: Transaction | None = getattr(self._local, "transaction", None)
        if outer is not None:
            with outer.connection.begin_nested():
                return work(outer)
        for attempt in range(ATTEMPTS):
            try:
                with self._begin(writes=True) as transaction:
                    if not lasting:
                        self.dialect.commit_lightly(transaction.connection)
                    result = work(transaction)
            except DBAPIError as error:
                if attempt == ATTEMPTS - 1 or not self.dialect.should_retry(error, attempt):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))
            else:
                self._note_growth(transaction)
                return result
        raise AssertionError("the last attempt returns or raises")

    def read(self, work: Callable[[Transaction], T], *, scans: bool = False) -> T:
        """Run `work`, which only reads; `scans`: whole tables, so that it wants memory to do so."""
        outer: Transaction | None = getattr(self._local, "transaction", None)
        if outer is not None:
            return work(outer)
        with self._begin(writes=False) as transaction:
            if scans:
                self.dialect.begin_scan(transaction.connection)
            return work(transaction)

    @property
    def parts(self) -> int:
        """In how many parts a whole table is best read by `read_each`."""
        return self.dialect.parts if self._side_by_side else 1

    @property
    def _side_by_side(self) -> bool:
        return self._alone is None and getattr(self._local, "transaction", None) is None

    def read_each(self, works: Sequence[Callable[[Transaction], T]]) -> Iterator[T]:
        """Run works that read whole tables, two at a time, each in a transaction of its own; answers in their order.

        While an answer is looked at, others are read. Inside `transaction()`, and in memory, all works are one
        transaction, one after the other.
        """
        if not self._side_by_side:
            yield from self.read(lambda transaction: [work(transaction) for work in works], scans=True)
            return
        readers = ThreadPoolExecutor(READERS, "stockline-reader")
        try:
            yield from readers.map(lambda work: self.read(work, scans=True), works)
        finally:
            readers.shutdown(cancel_futures=True)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Make every `write` of this thread one transaction: kept whole or not at all; within another, a part of it."""
        outer: Transaction | None = getattr(self._local, "transaction", None)
        if outer is not None:
            with outer.connection.begin_nested():
                yield outer
            return
        with self._begin(writes=True) as transaction:
            self._local.transaction = transaction
            try:
                yield transaction
            finally:
                self._local.transaction = None
        self._note_growth(transaction)

    def _note_growth(self, transaction: Transaction) -> None:
        """Look after the planner when a transaction that has been committed may have made tables large."""
        if time.monotonic() - transaction.began > LONG:
            with suppress(OperationalError):  # what is committed stands; the next long one tries again
                self.dialect.have_grown(self.engine)

    @contextmanager
    def _begin(self, *, writes: bool) -> Iterator[Transaction]:
        with self._exclusively(), self.engine.connect() as connection:
            connection.execution_options(writes=writes)
            with connection.begin():
                if writes:
                    self.dialect.begin_write(connection)
                yield Transaction(connection, self.dialect)

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        if self._alone is None:
            yield
            return
        with self._alone:
            yield


def parse_url(target: str | Path) -> URL:
    """The database a person named: a URL, or the path of an SQLite file."""
    if isinstance(target, str) and "://" in target:
        url = make_url(target)
        return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url
    return URL.create("sqlite", database=str(target))


def _engine(url: URL, options: Mapping[str, Any]) -> Engine:
    if url.get_backend_name() == "sqlite":
        arguments: dict[str, Any] = {"check_same_thread": False, "cached_statements": 512}
        if url.database in (None, "", ":memory:"):
            return create_engine(url, poolclass=StaticPool, connect_args=arguments, **options)
        return create_engine(url, connect_args=arguments, **options)
    return create_engine(url, pool_pre_ping=False, **options)
