"""Postings and the ledger they write."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from stockline.operations import adjustment, posting, questions, undo
from stockline.operations.posting_lines import Quantities
from stockline.results import LedgerEntry, Posting, TrackingRow
from stockline.service.base import Service
from stockline.values import QuantityLike


class Postings(Service):
    """Postings and the ledger they write."""

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

    def undo(self, posting: int, *, line: str | None = None) -> Posting:
        """Take back a posting, or one of its lines, by opposite entries; its numbers are on the lines again.

        Of a posting undone in part the rest is undone.

        Raises:
            Refusal: `not_found`; `undo_not_possible` when it has been undone, invoiced, used or reserved, or is no
                receipt, shipment or assembly; `serial_already_in_stock` (PO-37 to PO-39).
        """
        return self._write(lambda transaction: undo.undo(transaction, posting, line))

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
