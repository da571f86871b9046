"""One database, its transactions, and the work date: what every part of the library stands on."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from stockline.store.database import Database, Transaction
from stockline.store.snapshot import snapshot

T = TypeVar("T")


WINDOWS_EXPIRE_AFTER = dt.timedelta(hours=12)
"""How long after the last change a tracking window is taken for abandoned."""


def utc_now() -> dt.datetime:
    """The time of the clock."""
    return dt.datetime.now(dt.UTC)


class Service:
    """One database, its transactions, and the work date: what every part of the library stands on."""

    def __init__(
        self,
        database: Database,
        today: dt.date | Callable[[], dt.date],
        now: Callable[[], dt.datetime] = utc_now,
        windows_expire_after: dt.timedelta = WINDOWS_EXPIRE_AFTER,
    ) -> None:
        self._database = database
        self._today = today
        self._now = now
        self._windows_expire_after = windows_expire_after

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    @property
    def today(self) -> dt.date:
        """The work date."""
        return self._today() if callable(self._today) else self._today

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the calls inside one transaction: all of them are kept, or, on any exception, none.

        What loses a deadlock inside it cannot be run again by us: the exception reaches the caller, who may.
        """
        with self._database.transaction():
            yield

    def snapshot(self) -> Mapping[str, Sequence[tuple[Any, ...]]]:
        """The rows of every table that is not technical, sorted: two are equal when nothing has changed."""
        return self._read(snapshot)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        return self._database.write(work)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return self._database.read(work)
