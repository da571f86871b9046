"""Orders, journals and their lines."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from stockline.operations import documents, line_changes, locks, questions, reservation_policy
from stockline.operations.lines import lines_of
from stockline.results import LineState, OrderLine, Result
from stockline.service.base import Service
from stockline.store.database import Transaction


class Documents(Service):
    """Orders, journals and their lines."""

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

        Lines whose policy is `always` are reserved at once; `reservation_shortage` warns of what is lacking (RE-20).

        Raises:
            Refusal: `not_found` for names that do not exist, `invalid` for the rest (IN-14, IN-15, PO-48).
        """
        order = documents.NewOrder(id, kind, lines, site, location, date, party)

        def work(transaction: Transaction) -> Result:
            created = documents.create_order(transaction, order, self.today)
            return Result(warnings=reservation_policy.reserve_always(transaction, lines_of(transaction, [created])))

        return self._write(work)

    def change_line(self, line: str, **changes: Any) -> Result:
        """Change quantity, date, site, variant, location, unit, reserve or item of a line.

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
        """Delete a line, with `confirm` its numbers too.

        Raises:
            Refusal: `not_found`, `already_handled`, `has_tracking` (TW-44).
        """

        def work(transaction: Transaction) -> None:
            documents.delete_lines(transaction, [locks.hold_line(transaction, line)], confirm=confirm)

        self._write(work)
        return Result()

    def delete_order(self, order: str, *, confirm: bool = False) -> Result:
        """Delete an order, with `confirm` the numbers on its lines too.

        Raises:
            Refusal: `not_found`, `already_handled`, `has_tracking` (TW-44).
        """
        self._write(lambda transaction: documents.delete_order(transaction, order, confirm=confirm))
        return Result()

    def line(self, line: str) -> LineState:
        """A source line; quantities in its unit. Refused `not_found`."""
        return self._read(lambda transaction: questions.line_state(transaction, line))
