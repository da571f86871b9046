"""What of tracking numbers and items there is and what of it is free."""

import datetime as dt
from collections.abc import Sequence

from stockline.operations.lookups import summaries
from stockline.operations.lookups.items import Scope, item_availability
from stockline.operations.lookups.on_hand import PageRequest, page
from stockline.operations.windows.drafts import look_at_window
from stockline.results import Availability, ItemAvailability, NumberOnHand
from stockline.service.base import Service
from stockline.store.database import Transaction
from stockline.tracking_code import NumberKind


class Availabilities(Service):
    """What of tracking numbers and items there is and what of it is free."""

    def availability(
        self,
        item: str,
        *,
        site: str | None = None,
        variant: str = "",
        serial: str | None = None,
        lot: str | None = None,
        package: str | None = None,
        window: int | None = None,
    ) -> Availability:
        """The summary of one number of an item at a site, or of all its stock there (TW-30, RE-47); base units.

        Several numbers given: of what carries them all. No site: of all sites together. There is no date filter.
        Asked from an open `window`: at the site of its line, with what it drafts.

        Raises:
            Refusal: `not_found`; `invalid` when the window is of another item, variant or site.
        """
        numbers = {"serial": serial, "lot": lot, "package": package}

        def work(transaction: Transaction) -> Availability:
            if window is None:
                stocks = summaries.find_stocks(transaction, item, site, variant)
            else:
                stocks = [summaries.find_window_stock(transaction, window, item, site, variant)]
            return summaries.summary(transaction, stocks, numbers)

        return self._read(work)

    def numbers_on_hand(  # noqa: PLR0913 - people narrow a list in that many ways
        self,
        item: str,
        kind: NumberKind,
        *,
        site: str,
        variant: str = "",
        after: str = "",
        limit: int = 50,
        prefix: str = "",
        only_available: bool = False,
        location: str = "",
    ) -> Sequence[NumberOnHand]:
        """The serials, lots or packages of an item on hand at a site, each with its summary (TW-30); base units.

        Sorted by number, compared exactly; at most `limit` of those after the number `after`: to go on, name the last
        one shown. `prefix`: only those that begin with it; `only_available`: only those of which something is.
        `location` shows what of each lies there, and with `only_available` leaves out what does not.

        Raises:
            Refusal: `not_found`; `invalid` for a page of no or more than 1,000 numbers.
        """
        wanted = PageRequest(kind, after, prefix, only_available, location, limit)
        return self._read(
            lambda transaction: page(transaction, summaries.find_stock(transaction, item, site, variant), wanted)
        )

    def numbers_for_window(
        self,
        window: int,
        kind: NumberKind,
        *,
        after: str = "",
        limit: int = 50,
        prefix: str = "",
        only_available: bool = False,
    ) -> Sequence[NumberOnHand]:
        """`numbers_on_hand` for the line of an open window: at its site, with what the window drafts as pending.

        If the line names a location, each number comes with what of it lies there.

        Raises:
            Refusal: `not_found`, `window_stale`, `invalid`.
        """

        def work(transaction: Transaction) -> Sequence[NumberOnHand]:
            line = look_at_window(transaction, window).line
            wanted = PageRequest(kind, after, prefix, only_available, line.location, limit)
            return page(transaction, summaries.stock_for(line, window), wanted)

        return self._read(work)

    def item_availability(
        self,
        item: str,
        *,
        variant: str | None = None,
        site: str | None = None,
        lot: str | None = None,
        start: dt.date | None = None,
        until: dt.date | None = None,
    ) -> ItemAvailability:
        """What of an item there is and will be until a day, that day included (OT-40); base units.

        What is not given is not looked at. The days limit receipts and requirements, never the inventory; with `start`
        the figures are those of the period (net change). With a lot: of what carries it (OT-44).

        Raises:
            Refusal: `not_found`.
        """
        scope = Scope(variant, site, lot, start, until)
        return self._read(lambda transaction: item_availability(transaction, item, scope))
