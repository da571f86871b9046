"""Orders, journals and their lines."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from stockline.operations import locks, questions
from stockline.operations.documents import deletion, line_changes, new_orders
from stockline.operations.lines import lines_of
from stockline.operations.reservation import policy
from stockline.results import LineState, OrderLine, Result
from stockline.service.base import Service
from stockline.store.database import Transaction
from stockline.values import QuantityLike


class Documents(Service):
    """Orders, journals and their lines."""

    def create_order(  # noqa: PLR0913 - orders of all kinds are made here
        self,
        id: str,
        kind: str,
        *,
        party: str | None = None,
        lines: Sequence[OrderLine] = (),
        site: str | None = None,
        location: str | None = None,
        date: dt.date | None = None,
        from_site: str | None = None,
        to_site: str | None = None,
        in_transit: str | None = None,
        ship_date: dt.date | None = None,
        receipt_date: dt.date | None = None,
        item: str | None = None,
        quantity: QuantityLike | None = None,
        unit: str | None = None,
        variant: str | None = None,
        components: Sequence[OrderLine] = (),
    ) -> Result:
        """A new order or journal; its lines are named `id/1`, `id/2` and so on.

        A `transfer` has `from_site`, `to_site` and the site `in_transit` instead of `site`, `ship_date` and
        `receipt_date` instead of `date`; the sides of its lines are named `id/1:out` and `id/1:in`. A `production` or
        `assembly` order has `item`, `quantity` (in `unit`) and `variant` of what it makes, named `id/1`, and
        `components` for the whole of it, named `id/c1`, `id/c2`.

        Lines whose policy is `always` are reserved at once; `reservation_shortage` warns of what is lacking (RE-20).

        Raises:
            Refusal: `not_found` for names that do not exist, `invalid` for the rest (IN-14, IN-15, PO-48).
        """
        order = new_orders.NewOrder(
            code=id,
            kind=kind,
            party=party,
            lines=lines,
            site=site,
            location=location,
            date=date,
            from_site=from_site,
            to_site=to_site,
            in_transit=in_transit,
            ship_date=ship_date,
            receipt_date=receipt_date,
            item=item,
            quantity=quantity,
            unit=unit,
            variant=variant,
            components=components,
        )

        def work(transaction: Transaction) -> Result:
            created = new_orders.create_order(transaction, order, self.today)
            return Result(warnings=policy.reserve_always(transaction, lines_of(transaction, [created])))

        return self._write(work)

    def change_line(self, line: str, **changes: Any) -> Result:
        """Change quantity, date, site, variant, location, unit, reserve or item of a line.

        A transfer line has `ship_date` and `receipt_date` instead of date and site, and its two sides change together;
        only the location is that of the side named.

        Warns `reservation_shortage` when a line that is always reserved could not be reserved in full.

        Raises:
            Refusal: `not_found`, `invalid`, `reserve_not_allowed`, `already_handled`, `quantity_below_handled`,
                `reservation_exists`, `has_tracking`, `quantity_below_tracked`, `date_conflict` (IN-4, IN-5, RE-19 to
                RE-27, TW-44, TW-45).
        """

        def work(transaction: Transaction) -> Result:
            held = locks.hold_line(transaction, line)
            return Result(warnings=line_changes.change_line(transaction, held, changes))

        return self._write(work)

    def delete_line(self, line: str, *, confirm: bool = False) -> Result:
        """Delete a line, with `confirm` its numbers too; with the output of an order go its components.

        Raises:
            Refusal: `not_found`, `already_handled`, `has_tracking` (TW-44).
        """

        def work(transaction: Transaction) -> None:
            deletion.delete_line(transaction, locks.hold_line(transaction, line), confirm=confirm)

        self._write(work)
        return Result()

    def delete_order(self, order: str, *, confirm: bool = False) -> Result:
        """Delete an order, with `confirm` the numbers on its lines too.

        Raises:
            Refusal: `not_found`, `already_handled`, `has_tracking` (TW-44).
        """
        self._write(lambda transaction: deletion.delete_order(transaction, order, confirm=confirm))
        return Result()

    def line(self, line: str) -> LineState:
        """A source line; quantities in its unit. Refused `not_found`."""
        return self._read(lambda transaction: questions.line_state(transaction, line))
