"""Stock as it lies, stock from elsewhere, and control."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from stockline.operations import control, load, questions
from stockline.results import (
    ControlFinding,
    FoundSerial,
    FoundStockLine,
    Loaded,
    SerialState,
    StockLineState,
    SyncState,
)
from stockline.service.base import Service


class Stock(Service):
    """Stock as it lies, stock from elsewhere, and control."""

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

    def sync_state(self, site: str, item: str, *, variant: str | None = None) -> SyncState:
        """Whether quantity and serials of an item at a site agree (CO-3). Refused `invalid` without serials."""
        return self._read(lambda transaction: control.sync_state(transaction, site, item, variant))
