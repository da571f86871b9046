"""The tracking window of a source line: its numbers given whole, or drafted in a window that stays open."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from stockline.operations import lines
from stockline.operations.windows import assign, close, contents, drafts, edit, pick, selection, steps, view, whole
from stockline.operations.windows.drafts import Visit
from stockline.results import (
    Result,
    Specification,
    TrackingRow,
    Window,
    WindowChanged,
    WindowClosed,
    WindowRow,
    WindowView,
)
from stockline.service.base import Service
from stockline.store.database import Transaction
from stockline.values import QuantityLike

T = TypeVar("T")


class Tracking(Service):
    """The tracking window of a source line.

    A window is known by its number. A method that changes one answers its new `revision`, the rows that changed and the
    header matrix; it raises `Refusal` with `not_found` for a window that is not open (any more) and `window_stale` when
    its line is gone. `revision` given to it is the one its caller saw: what has changed since is `window_stale`.
    """

    def track(self, line: str, rows: Iterable[TrackingRow], *, side: str | None = None) -> WindowClosed:
        """Open the tracking window of a line, make its rows exactly these, and close it.

        Warns `tracking_undefined` when a part of the line stays without number, `not_available` when rows ask for more
        of a specific number than is available (TW-34).

        Raises:
            Refusal: `not_found`, `not_tracked`, `window_open`, `serial_quantity_not_one`, `invalid`, `already_handled`,
                `quantity_below_handled`, `tracking_duplicate`, `tracking_exceeds_line` (TW-9 to TW-19).
        """
        rows, abandoned = list(rows), self._visit().abandoned_before
        return self._write(lambda transaction: whole.track(transaction, lines.with_side(line, side), rows, abandoned))

    def tracking(self, line: str, *, side: str | None = None) -> WindowView:
        """The tracking window of a line as it would open now: rows and header matrix (TW-7, TW-8)."""
        return self._read(
            lambda transaction: view.view(transaction, lines.find_line(transaction, lines.with_side(line, side)))
        )

    def specification(self, line: str) -> Specification:
        """Sums over the numbers of a line, active and historic (PO-10)."""
        return self._read(lambda transaction: view.specification(transaction, lines.find_line(transaction, line)))

    def open_tracking(self, line: str, *, side: str | None = None, by: str = "", limit: int | None = None) -> Window:
        """Open the tracking window of a line: active and historic numbers as one, a row per combination (TW-7).

        It stays open, also over a restart, until it is closed or discarded, or somebody else opens the line after
        nobody has touched it for long. `limit` is how many rows are answered at most.

        Raises:
            Refusal: `not_found`, `not_tracked`, `window_open`.
        """

        def work(transaction: Transaction) -> Window:
            number = drafts.open_window(transaction, lines.with_side(line, side), self._visit(by))
            return contents.contents(transaction, number, 0, limit)

        return self._write(work)

    def window(self, window: int, *, after: int = 0, limit: int | None = None) -> Window:
        """An open window; of its rows those after the key `after`, at most `limit`."""
        return self._read(lambda transaction: contents.contents(transaction, window, after, limit))

    def window_row(self, window: int, row: int) -> WindowRow:
        """The row of an open window at a place counted from 1; refused `not_found`."""
        return self._read(lambda transaction: contents.row_at(transaction, window, row))

    def enter_row(self, window: int, row: TrackingRow) -> WindowChanged:
        """Enter a row.

        Warns `not_available` when it asks for more of a specific number than is available (TW-34).

        Raises:
            Refusal: `serial_quantity_not_one`, `invalid`, `tracking_duplicate`, `application_invalid`,
                `insufficient_stock` (TW-9 to TW-15).
        """
        return self._step(edit.enter_rows, window, [row])

    def paste_rows(self, window: int, rows: Iterable[TrackingRow]) -> WindowChanged:
        """Enter many rows as one step; those that would be refused are kept, each with its refusal, and not counted."""
        return self._step(edit.paste_rows, window, list(rows))

    def edit_row(self, window: int, key: int, *, revision: int | None = None, **changes: Any) -> WindowChanged:
        """Change what is given of a row, by the names of `TrackingRow`; None clears a number, a date or an entry named.

        A new quantity makes a new handle, either makes a new invoice (TW-14). A row that was refused is tried again.

        Raises:
            Refusal: as in `enter_row`, and `already_handled`, `quantity_below_handled` (TW-11, TW-12).
        """
        return self._step(edit.edit_row, window, key, changes, seen=revision)

    def remove_row(self, window: int, key: int, *, revision: int | None = None) -> WindowChanged:
        """Remove a row. Refused `already_handled` when something of it has been handled or invoiced (TW-12)."""
        return self._step(edit.remove_row, window, key, seen=revision)

    def assign_serials(
        self,
        window: int,
        *,
        quantity: QuantityLike | None = None,
        base_quantity: QuantityLike | None = None,
        series: str | None = None,
        pattern: str | None = None,
        increment: int = 1,
        new_lot: bool = False,
        new_package: bool = False,
    ) -> WindowChanged:
        """Add a row for each of so many new serials, by default as many as are undefined (TW-26, TW-27).

        They are the next of a series (`SN` if none is named), or follow a `pattern`, which is the first of them, each
        raised by `increment`. All get one new lot or package if that is wanted.

        Raises:
            Refusal: `invalid` for a quantity that is no positive whole number and a pattern without digit,
                `tracking_duplicate`; no row is added.
        """
        wanted = assign.NewSerials(
            quantity, base_quantity, series, pattern, increment, new_lot=new_lot, new_package=new_package
        )
        return self._step(assign.assign_serials, window, wanted)

    def assign_lot(self, window: int, key: int | None = None, *, revision: int | None = None) -> WindowChanged:
        """Give a row, or the last one, the next number of the series `LOT`.

        If it has a lot, a new row gets it, with the other numbers of that row and what is undefined (TW-28).
        """
        return self._step(assign.assign_number, window, "lot", key, seen=revision)

    def assign_package(self, window: int, key: int | None = None, *, revision: int | None = None) -> WindowChanged:
        """Give a row a package of the series `PKG`, as `assign_lot` gives it a lot."""
        return self._step(assign.assign_number, window, "package", key, seen=revision)

    def select_entries(self, window: int, rows: Iterable[TrackingRow] = ()) -> WindowChanged:
        """Take stock into the window of a line that takes from it: these rows, or, if there are none, what is proposed.

        The proposal takes what is undefined from the numbers that expire first, leaving what reservations of others
        hold; it may come to nothing. What the window has a row of is added to that row (TW-31, TW-32).

        Raises:
            Refusal: `invalid` for a line that brings goods in and for negative quantities, `insufficient_stock` for
                more than is available, or lies in the line's location; what `enter_row` refuses.
        """
        chosen = list(rows)
        if not chosen:
            return self._step(selection.select_proposal, window)
        return self._step(selection.select_rows, window, chosen)

    def refresh_tracking(self, window: int, *, after: int = 0, limit: int | None = None) -> Window:
        """An open window as `window` answers it, with the warnings of what is available of its numbers now.

        Warns `not_available` (TW-34).
        """
        return self._read(lambda transaction: selection.refresh(transaction, window, after, limit))

    def scan(self, window: int, code: str) -> WindowChanged:
        """Take what a scanned code names: a plain number, or a GS1 element string with serial, lot, date, quantity.

        A plain code is a serial if the item is tracked by serials, else a lot, else a package. On an inbound line a
        serial is a row of one and anything else one more on its row; on an outbound line it is what is available and
        undefined, of a serial at most one (TW-29).

        Raises:
            Refusal: `invalid` for a code that cannot be read or is of another item; else as in `enter_row`.
        """
        return self._step(pick.scan, window, code)

    def choose_number(
        self,
        window: int,
        key: int,
        *,
        serial: str | None = None,
        lot: str | None = None,
        package: str | None = None,
        revision: int | None = None,
    ) -> WindowChanged:
        """Give a row the numbers chosen for it, with the quantity that fits; refused like `edit_row`.

        Where too much is tracked the row is cut by the excess, else it grows by what is undefined and available; with a
        serial it is one (TW-33).
        """
        chosen = {"serial": serial, "lot": lot, "package": package}
        chosen = {kind: number for kind, number in chosen.items() if number is not None}
        return self._step(pick.choose_number, window, key, chosen, seen=revision)

    def undo_step(self, window: int, *, revision: int | None = None) -> WindowChanged:
        """Take back the last step that changed rows. Refused `invalid` when there is none."""
        return self._step(steps.undo_step, window, seen=revision)

    def redo_step(self, window: int, *, revision: int | None = None) -> WindowChanged:
        """Do again the step that was undone last. Refused `invalid` when there is none."""
        return self._step(steps.redo_step, window, seen=revision)

    def close_tracking(self, window: int, *, revision: int | None = None) -> WindowClosed:
        """Write what the window drafted to its line, and close it. Rows of quantity 0 or without number are dropped.

        Warns `tracking_undefined`, `not_available`.

        Raises:
            Refusal: `window_stale` when the line or its entries have changed since the window was opened,
                `tracking_exceeds_line`; the window stays open (TW-16 to TW-19).
        """
        return self._write(lambda transaction: close.close_window(transaction, window, self._visit(), revision))

    def discard_tracking(self, window: int) -> Result:
        """Close the window and save nothing (TW-16)."""
        self._write(lambda transaction: close.discard_window(transaction, window))
        return Result()

    def _visit(self, by: str = "") -> Visit:
        now = self._now()
        return Visit(now, now - self._windows_expire_after, by)

    def _step(self, step: Callable[..., T], window: int, *given: Any, **seen: Any) -> T:
        return self._write(lambda transaction: step(transaction, window, *given, visit=self._visit(), **seen))
