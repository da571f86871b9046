"""The tracking window of a source line."""

from collections.abc import Iterable

from stockline.operations import lines, window, window_view
from stockline.results import Specification, TrackingRow, WindowClosed, WindowView
from stockline.service.base import Service


class Tracking(Service):
    """The tracking window of a source line."""

    def track(self, line: str, rows: Iterable[TrackingRow], *, side: str | None = None) -> WindowClosed:
        """Open the tracking window of a line, make its rows exactly these, and close it.

        Warns `tracking_undefined` when a part of the line stays without number.

        Raises:
            Refusal: `not_found`, `not_tracked`, `serial_quantity_not_one`, `invalid`, `already_handled`,
                `quantity_below_handled`, `tracking_duplicate`, `tracking_exceeds_line` (TW-9 to TW-19).
        """
        rows = list(rows)
        return self._write(lambda transaction: window.track(transaction, lines.with_side(line, side), rows))

    def tracking(self, line: str, *, side: str | None = None) -> WindowView:
        """The tracking window of a line as it would open now: rows and header matrix (TW-7, TW-8)."""
        return self._read(
            lambda transaction: window_view.view(transaction, lines.find_line(transaction, lines.with_side(line, side)))
        )

    def specification(self, line: str) -> Specification:
        """Sums over the numbers of a line, active and historic (PO-10)."""
        return self._read(
            lambda transaction: window_view.specification(transaction, lines.find_line(transaction, line))
        )
