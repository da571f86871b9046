"""Stock as it lies, stock from elsewhere, and control."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from stockline.operations import control, questions
from stockline.operations.journals import stock_moves
from stockline.operations.load import found_demands, found_stock, missing
from stockline.operations.resync import sync_state
from stockline.operations.resync.repairs import with_repairs
from stockline.results import (
    ControlFinding,
    FoundItem,
    FoundReservation,
    FoundSerial,
    FoundSite,
    FoundStockLine,
    Loaded,
    Moved,
    SerialState,
    StockLineState,
    SyncState,
)
from stockline.service.base import Service
from stockline.store.database import Transaction
from stockline.values import QuantityLike


class Stock(Service):
    """Stock as it lies, stock from elsewhere, and control."""

    def load(
        self,
        *,
        stock_lines: Iterable[FoundStockLine] = (),
        serials: Iterable[FoundSerial] = (),
        reservations: Iterable[FoundReservation] = (),
        items: Mapping[str, FoundItem] | None = None,
        sites: Mapping[str, FoundSite] | None = None,
    ) -> Loaded:
        """Put in stock that comes from elsewhere, as it is, right or wrong (ST-11, ST-14).

        Reservations become lines of documents named like the other system's, with links to the stock they hold; what
        is not there stays reserved, and `control` finds it. A document that was loaded before gets its lines anew, but
        what has been posted of them stays. Of `items` and `sites`, by their codes, what does not exist is made first.

        Raises:
            Refusal: `not_found` or `invalid`, naming every row that cannot be read; `invalid` also for a reservation of
                a document that is one of your own here.
        """
        found = found_stock.FoundStock(list(stock_lines), list(serials), list(reservations))

        def work(transaction: Transaction) -> Loaded:
            new_items = missing.create_missing_items(transaction, items or {})
            new_sites = missing.create_missing_sites(transaction, sites or {})
            loaded = found_stock.load(transaction, found, self.today)
            return replace(loaded, items=new_items, sites=new_sites)

        return self._write(work)

    def owners_of_numbers(self, numbers: Iterable[int]) -> dict[int, tuple[str, str, str]]:
        """Item, variant and site of the stock lines, open or closed, of these numbers; unused ones are left out."""
        wanted = list(numbers)
        return self._read(lambda transaction: questions.owners_of_numbers(transaction, wanted))

    def own_documents(self, documents: Iterable[str]) -> list[str]:
        """Those of the documents that are your own here, so that `load` refuses reservations of them."""
        wanted = list(documents)
        return self._read(lambda transaction: found_demands.own_documents(transaction, wanted))

    def move_stock(
        self,
        *,
        to: Mapping[str, Any],
        stock_line: int | None = None,
        item: str | None = None,
        site: str | None = None,
        quantity: QuantityLike | None = None,
        serials: Sequence[str] = (),
        **characteristics: Any,
    ) -> Moved:
        """Move stock of one stock line, or of an item at a site with these characteristics, to other characteristics.

        Without quantity and serials all of it moves. To another site, lot or package it is posted as a
        reclassification; whatever else changes, changes without ledger entry (ST-5).

        Raises:
            Refusal: `not_found`, `stock_line_unknown`, `invalid`, `serial_required` for a part of a line of specific
                serials, `not_in_stock`, `insufficient_stock`, and what `reclassify` refuses.
        """
        given = stock_moves.StockMove(to, stock_line, item, site, characteristics, quantity, serials)
        return self._write(lambda transaction: stock_moves.move_stock(transaction, given, self.today))

    def control(
        self,
        *,
        site: str | None = None,
        items: tuple[str, str] | None = None,
        only: Collection[str] | None = None,
        repairs: bool = False,
        report: Callable[[int, int], None] | None = None,
    ) -> list[ControlFinding]:
        """Everything that does not agree, for a site and a range of items, by the controls asked for (CO-1, CO-2).

        With `repairs` what the machine would repair of serials and equal lines is planned, item by item, so that each
        finding tells who can; that takes longer, and `report` is told of how many items the repairs are planned, and
        of how many they will be. Without it their `repair` is blank.

        Raises:
            Refusal: `not_found` for a site or one item that does not exist; `invalid` for a control that does not.
        """
        found = self._findings(site, items, only)
        if not repairs:
            return found
        return self._database.read(lambda transaction: with_repairs(transaction, found, site, report), scans=True)

    def _findings(
        self, site: str | None, items: tuple[str, str] | None, only: Collection[str] | None
    ) -> list[ControlFinding]:
        if not self._read(control.is_large):
            everything = partial(control.control, site=site, items=items, only=only)
            return self._database.read(everything, scans=True)
        parts = self._database.parts
        asked = self._read(lambda transaction: control.questions(transaction, site, items, only, parts))
        return control.told(asked, self._database.read_each(asked))

    def quantity_on_hand(
        self,
        item: str,
        *,
        site: str | None = None,
        stock_line: int | None = None,
        serial: str | None = None,
        **characteristics: Any,
    ) -> Decimal:
        """The quantity on hand over all stock lines with these characteristics (ST-1), or on the one of this number.

        Of a serial, 1 or 0 as it is on such a line.
        """
        place = questions.Place(site, stock_line, characteristics)
        return self._read(lambda transaction: questions.quantity_on_hand(transaction, item, place, serial))

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
        return self._read(lambda transaction: sync_state.sync_state(transaction, site, item, variant))

    def sync_states(self, places: Sequence[tuple[str, str, str]]) -> list[SyncState]:
        """The figures and verdicts of many places at once, each an item, a variant and a site (CO-3, RS-13).

        Raises:
            Refusal: `not_found` for an item or site; `invalid` for an item that is not tracked by specific serials.
        """
        return self._database.read(lambda transaction: sync_state.sync_states(transaction, places), scans=True)
