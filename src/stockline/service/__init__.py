"""Stockline as a Python library: one class, one method per operation. Everything public is here.

    import stockline

    with stockline.open("stock.db") as stock:
        stock.create_item("BIKE", tracking=stockline.TrackingCode(serial="specific"))
        stock.create_site("EAST")
        stock.create_order("PO1", "purchase", site="EAST", lines=[stockline.OrderLine(item="BIKE", quantity=2)])
        stock.track("PO1/1", [stockline.TrackingRow("S1"), stockline.TrackingRow("S2")])
        stock.post("PO1")

Every method is one transaction: done as a whole or, refused or failed, not at all. A broken rule raises `Refusal`.
Quantities are `Decimal`, int or text, never float; a line's quantities are in its unit. Lines are named `PO1/1`.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stockline.service.availability import Availabilities
from stockline.service.base import WINDOWS_EXPIRE_AFTER, utc_now
from stockline.service.catalog import Catalog
from stockline.service.documents import Documents
from stockline.service.planning import Planning
from stockline.service.posting import Postings
from stockline.service.reservation import Reservations
from stockline.service.resync import Resynchronization
from stockline.service.stock import Stock
from stockline.service.tracking import Tracking
from stockline.store import provision
from stockline.store.provision import OutdatedDatabase, UnusableDatabase

__all__ = ["OutdatedDatabase", "Stockline", "UnusableDatabase", "open", "open_scratch", "upgrade"]


def open(
    target: str | Path,
    *,
    today: dt.date | Callable[[], dt.date] = dt.date.today,
    now: Callable[[], dt.datetime] = utc_now,
    windows_expire_after: dt.timedelta = WINDOWS_EXPIRE_AFTER,
) -> "Stockline":
    """Open a database: the path of an SQLite file, or a URL (`sqlite:///stock.db`, `postgresql://user@host/name`).

    An empty database gets its tables; one of an older version is refused until `upgrade` has been run.
    `today` is the work date, fixed or asked for each time; `now` tells the time, with its zone. A tracking window that
    nobody has touched for `windows_expire_after` is discarded when somebody else opens its line.

    Raises:
        UnusableDatabase: what was named is no database, or does not answer.
        OutdatedDatabase: its tables are those of another version.
    """
    return Stockline(provision.opened(target, provision.ensure_current), today, now, windows_expire_after)


def upgrade(target: str | Path) -> None:
    """Bring a database to this version.

    Raises:
        UnusableDatabase: what was named is no database, or does not answer.
    """
    provision.opened(target, provision.upgrade).close()


@contextmanager
def open_scratch(target: str | None, today: dt.date) -> "Iterator[Stockline]":
    """A Stockline with tables of its own, thrown away afterwards: in memory, or a schema of the server named."""
    with provision.scratch(target) as database:
        yield Stockline(database, today)


class Stockline(
    Catalog, Documents, Tracking, Postings, Reservations, Planning, Stock, Availabilities, Resynchronization
):
    """One database and everything that can be done with it. Safe to share between threads."""
