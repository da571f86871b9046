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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from stockline.operations import (
    adjustment,
    catalog,
    control,
    documents,
    line_changes,
    lines,
    load,
    locks,
    posting,
    questions,
    window,
    window_view,
)
from stockline.operations.posting_lines import Quantities
from stockline.results import (
    ControlFinding,
    FoundSerial,
    FoundStockLine,
    LedgerEntry,
    LineState,
    Link,
    Loaded,
    Location,
    OrderLine,
    Posting,
    Result,
    SerialState,
    Specification,
    StockLineState,
    SyncState,
    TrackingRow,
    WindowClosed,
    WindowView,
)
from stockline.store import provision
from stockline.store.database import Database, Transaction, parse_url
from stockline.store.provision import OutdatedDatabase
from stockline.store.snapshot import snapshot
from stockline.tracking_code import TrackingCode
from stockline.values import QuantityLike

__all__ = ["OutdatedDatabase", "Stockline", "open", "open_scratch", "upgrade"]

T = TypeVar("T")


def open(target: str | Path, *, today: dt.date | Callable[[], dt.date] = dt.date.today) -> "Stockline":
    """Open a database: the path of an SQLite file, or a URL (`sqlite:///stock.db`, `postgresql://user@host/name`).

    An empty database gets its tables; one of an older version is refused until `upgrade` has been run.
    `today` is the work date, fixed or asked for each time.
    """
    database = Database(parse_url(target))
    try:
        provision.ensure_current(database)
    except BaseException:
        database.close()
        raise
    return Stockline(database, today)


def upgrade(target: str | Path) -> None:
    """Bring a database to this version."""
    database = Database(parse_url(target))
    try:
        provision.upgrade(database)
    finally:
        database.close()


@contextmanager
def open_scratch(target: str | None, today: dt.date) -> "Iterator[Stockline]":
    """A Stockline with tables of its own, thrown away afterwards: in memory, or a schema of the server named."""
    with provision.scratch(target) as database:
        yield Stockline(database, today)


class Stockline:
    """One database and everything that can be done with it. Safe to share between threads."""

    def __init__(self, database: Database, today: dt.date | Callable[[], dt.date]) -> None:
        self._database = database
        self._today = today

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

    # ------------------------------------------------------------ catalogue

    def create_item(
        self,
        id: str,
        *,
        unit: str = "PCS",
        units: Mapping[str, QuantityLike] | None = None,
        variants: Sequence[str] = (),
        tracking: TrackingCode | None = None,
        rounding: QuantityLike = "0.00001",
        **planning: Any,
    ) -> Result:
        """A new item; `units` are base units per further unit, `planning` its reservation and planning policies.

        Raises:
            Refusal: `invalid` when the id is taken or a value makes no sense (TW-5, PO-48).
        """
        self._write(
            lambda transaction: catalog.create_item(
                transaction,
                id,
                unit=unit,
                units=units or {},
                variants=variants,
                tracking=tracking or TrackingCode(),
                rounding=rounding,
                planning=planning,
            )
        )
        return Result()

    def change_item(self, id: str, **changes: Any) -> Result:
        """Change what is given of an item, by the names of `create_item`; a tracking code replaces the former whole.

        Raises:
            Refusal: `not_found`, `invalid`, `tracking_code_in_use` (TW-6).
        """
        self._write(lambda transaction: catalog.change_item(transaction, id, changes))
        return Result()

    def create_site(
        self,
        id: str,
        *,
        locations: Sequence[Location | str] = (),
        warehouses: Sequence[str] = (),
        in_transit: bool = False,
    ) -> Result:
        """A new site with its locations and warehouses.

        Raises:
            Refusal: `invalid` when the id is taken (IN-14).
        """
        self._write(
            lambda transaction: catalog.create_site(
                transaction, id, locations=locations, warehouses=warehouses, in_transit=in_transit
            )
        )
        return Result()

    def set_information_card(
        self,
        kind: Literal["serial", "lot", "package"],
        item: str,
        number: str,
        *,
        variant: str = "",
        blocked: bool = False,
        expires: dt.date | None = None,
        description: str = "",
    ) -> Result:
        """Make the information card of a number, or change it (TW-40).

        Raises:
            Refusal: `not_found` for item or variant, `invalid` without number.
        """
        self._write(
            lambda transaction: catalog.set_information_card(
                transaction,
                kind,
                item,
                number,
                variant=variant,
                blocked=blocked,
                expires=expires,
                description=description,
            )
        )
        return Result()

    # ------------------------------------------------------------ documents

    def create_order(
        self,
        id: str,
        kind: str,
        *,
        lines: Sequence[OrderLine],
        site: str | None = None,
        location: str | None = None,
        date: dt.date | None = None,
        party: str | None = None,
    ) -> Result:
        """A new order or journal; its lines are named `id/1`, `id/2` and so on.

        Raises:
            Refusal: `not_found` for names that do not exist, `invalid` for the rest (IN-14, IN-15, PO-48).
        """
        order = documents.NewOrder(id, kind, lines, site, location, date, party)
        self._write(lambda transaction: documents.create_order(transaction, order, self.today))
        return Result()

    def change_line(self, line: str, **changes: Any) -> Result:
        """Change quantity, date, site, variant, location, unit, reserve or item of a line.

        Raises:
            Refusal: `not_found`, `invalid`, `already_handled`, `quantity_below_handled`, `has_tracking`,
                `quantity_below_tracked` (IN-4, IN-5, TW-44, TW-45).
        """

        def work(transaction: Transaction) -> None:
            line_changes.change_line(transaction, _held(transaction, line), changes)

        self._write(work)
        return Result()

    def delete_line(self, line: str, *, confirm: bool = False) -> Result:
        """Delete a line, with `confirm` its numbers too.

        Raises:
            Refusal: `not_found`, `already_handled`, `has_tracking` (TW-44).
        """

        def work(transaction: Transaction) -> None:
            documents.delete_lines(transaction, [_held(transaction, line)], confirm=confirm)

        self._write(work)
        return Result()

    def delete_order(self, order: str, *, confirm: bool = False) -> Result:
        """Delete an order, with `confirm` the numbers on its lines too.

        Raises:
            Refusal: `not_found`, `already_handled`, `has_tracking` (TW-44).
        """
        self._write(lambda transaction: documents.delete_order(transaction, order, confirm=confirm))
        return Result()

    # ------------------------------------------------------------ tracking

    def track(self, line: str, rows: Iterable[TrackingRow], *, side: str | None = None) -> WindowClosed:
        """Open the tracking window of a line, make its rows exactly these, and close it.

        Warns `tracking_undefined` when a part of the line stays without number.

        Raises:
            Refusal: `not_found`, `not_tracked`, `serial_quantity_not_one`, `invalid`, `already_handled`,
                `quantity_below_handled`, `tracking_duplicate`, `tracking_exceeds_line` (TW-9 to TW-19).
        """
        rows = list(rows)
        return self._write(lambda transaction: window.track(transaction, _with_side(line, side), rows))

    def tracking(self, line: str, *, side: str | None = None) -> WindowView:
        """The tracking window of a line as it would open now: rows and header matrix (TW-7, TW-8)."""
        return self._read(
            lambda transaction: window_view.view(transaction, lines.find_line(transaction, _with_side(line, side)))
        )

    def specification(self, line: str) -> Specification:
        """Sums over the numbers of a line, active and historic (PO-10)."""
        return self._read(
            lambda transaction: window_view.specification(transaction, lines.find_line(transaction, line))
        )

    # ------------------------------------------------------------ posting

    def post(
        self,
        orders: str | Sequence[str],
        *,
        handle: bool = True,
        invoice: bool = False,
        quantities: Mapping[str, QuantityLike] | None = None,
        invoice_quantities: Mapping[str, QuantityLike] | None = None,
        date: dt.date | None = None,
        apply_to: Mapping[str, int] | None = None,
    ) -> Posting:
        """Post orders or journals, all or nothing, in the sequence given.

        `quantities` and `invoice_quantities` say, by line name and in the line's unit, how much is handled and
        invoiced; lines not named handle all that is outstanding. `apply_to` names, by line, the entry to apply to.

        Raises:
            Refusal: in the order of PO-4: `not_found`, `invalid`, `nothing_to_post`, `tracking_incomplete`,
                `serial_required`, `lot_required`, `package_required`, `serial_already_in_stock`, `not_in_stock`,
                `application_invalid`, `insufficient_stock`.
        """
        said = Quantities(handle, invoice, quantities, invoice_quantities)
        request = posting.PostRequest([orders] if isinstance(orders, str) else list(orders), said, date, apply_to)
        return self._write(lambda transaction: posting.post(transaction, request, self.today))

    def adjust(  # noqa: PLR0913 - a journal line has that many sides
        self,
        item: str,
        site: str,
        quantity: QuantityLike,
        *,
        variant: str = "",
        location: str = "",
        unit: str | None = None,
        date: dt.date | None = None,
        rows: Iterable[TrackingRow] = (),
        apply_to: int | None = None,
    ) -> Posting:
        """Make and post a journal of one line at once; the sign of the quantity is the direction, rows are positive.

        Raises:
            Refusal: what `create_order`, `track` and `post` refuse.
        """
        given = adjustment.Adjustment(item, site, quantity, variant, location, unit, date, list(rows), apply_to)
        return self._write(lambda transaction: adjustment.adjust(transaction, given, self.today))

    # ------------------------------------------------------------ stock as it is found

    def load(self, *, stock_lines: Iterable[FoundStockLine] = (), serials: Iterable[FoundSerial] = ()) -> Loaded:
        """Put in stock that comes from elsewhere, as it is, right or wrong (ST-11, ST-14).

        Raises:
            Refusal: `not_found` or `invalid`, naming every row that cannot be read.
        """
        found_lines, found_serials = list(stock_lines), list(serials)
        return self._write(lambda transaction: load.load(transaction, found_lines, found_serials, self.today))

    def control(
        self,
        *,
        site: str | None = None,
        items: tuple[str, str] | None = None,
        only: Collection[str] | None = None,
    ) -> list[ControlFinding]:
        """Everything that does not agree, for a site and a range of items, by the controls asked for (CO-1, CO-2)."""
        return self._read(lambda transaction: control.control(transaction, site, items, only))

    # ------------------------------------------------------------ questions

    def line(self, line: str) -> LineState:
        """A source line; quantities in its unit. Refused `not_found`."""
        return self._read(lambda transaction: questions.line_state(transaction, line))

    def quantity_on_hand(
        self, item: str, *, site: str | None = None, serial: str | None = None, **characteristics: Any
    ) -> Decimal:
        """The quantity on hand over all stock lines with these characteristics (ST-1); of a serial, 1 or 0."""
        return self._read(
            lambda transaction: questions.quantity_on_hand(transaction, item, site, serial, characteristics)
        )

    def stock_lines(
        self, *, item: str | None = None, site: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[StockLineState]:
        """Open stock lines in the order of their numbers, at most `limit` of those after the number `after`."""
        return self._read(lambda transaction: questions.stock_lines(transaction, item, site, after=after, limit=limit))

    def serial(self, item: str, serial: str, *, variant: str = "") -> SerialState:
        """Where a serial is and what is known of it (ST-10). Refused `serial_unknown`."""
        return self._read(lambda transaction: questions.serial_state(transaction, item, serial, variant))

    def ledger(
        self,
        *,
        order: str | None = None,
        line: str | None = None,
        item: str | None = None,
        posting: int | None = None,
    ) -> list[LedgerEntry]:
        """Ledger entries that match all that is given, oldest first (PO-6)."""
        return self._read(
            lambda transaction: questions.ledger(transaction, order=order, line=line, item_code=item, posting=posting)
        )

    def applied(self, outbound: int, inbound: int) -> Decimal:
        """How much one ledger entry took from another (PO-20)."""
        return self._read(lambda transaction: questions.applied(transaction, outbound, inbound))

    def links(self, *, item: str | None = None, line: str | None = None) -> list[Link]:
        """The links of an item or a line (RE-4)."""
        return self._read(lambda transaction: questions.links(transaction, item, line))

    def sync_state(self, site: str, item: str, *, variant: str | None = None) -> SyncState:
        """Whether quantity and serials of an item at a site agree (CO-3). Refused `invalid` without serials."""
        return self._read(lambda transaction: control.sync_state(transaction, site, item, variant))


def _held(transaction: Transaction, name: str) -> lines.SourceLine:
    """The line, held until the transaction ends."""
    locks.lock_line(transaction, lines.find_line(transaction, name))
    return lines.find_line(transaction, name)


def _with_side(line: str, side: str | None) -> str:
    return f"{line}:{side}" if side else line
