"""Postings and the ledger they write."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from stockline.operations import questions
from stockline.operations.journals import adjustment, counting, reclassification
from stockline.operations.posting import post, undo
from stockline.operations.posting.lines import Quantities
from stockline.operations.requests import Request, answer_once
from stockline.results import Counted, LedgerEntry, Posting, Reclassified, TrackingRow
from stockline.service.base import Service
from stockline.store.database import Transaction
from stockline.values import QuantityLike


class Postings(Service):
    """Postings and the ledger they write.

    A `key` makes it safe to send a request again, when its answer was lost: the same key with the same content is
    answered as the first time and nothing is posted twice; with other content it is refused `invalid`.
    """

    def _once(self, key: str | None, given: Any, work: Callable[[Transaction], Posting]) -> Posting:
        if key is None:
            return self._write(work)
        request = Request(key, type(given).__name__, given)
        return self._write(lambda transaction: answer_once(transaction, request, self._now(), work))

    def post(  # noqa: PLR0913 - what is posted is told in that many ways
        self,
        orders: str | Sequence[str],
        *,
        handle: bool = True,
        invoice: bool = False,
        quantities: Mapping[str, QuantityLike] | None = None,
        invoice_quantities: Mapping[str, QuantityLike] | None = None,
        date: dt.date | None = None,
        side: str | None = None,
        apply_to: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> Posting:
        """Post orders or journals, all or nothing, in the sequence given.

        `quantities` and `invoice_quantities` say, by line name and in the line's unit, how much is handled and
        invoiced; lines not named handle all that is outstanding. `side` says whether transfers are shipped (`out`) or
        received (`in`); left out, they are shipped, then received. `apply_to` names, by line, the entry to apply to.

        Raises:
            Refusal: in the order of PO-4: `not_found`, `invalid`, `nothing_to_post`, `tracking_incomplete`,
                `serial_required`, `lot_required`, `package_required`, `warranty_required`, `expiration_conflict`,
                `expiration_posted`, `expiration_required`, `number_blocked`, `info_missing`; then by entry, the
                earliest first, `serial_already_in_stock`, `not_in_stock`, `expired`,
                `application_invalid`, `insufficient_stock`.
        """
        said = Quantities(handle, invoice, quantities, invoice_quantities, side)
        request = post.PostRequest([orders] if isinstance(orders, str) else list(orders), said, date, apply_to)
        return self._once(key, request, lambda transaction: post.post(transaction, request, self.today))

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
        key: str | None = None,
    ) -> Posting:
        """Make and post a journal of one line at once; the sign of the quantity is the direction, rows are positive.

        Raises:
            Refusal: what `create_order`, `track` and `post` refuse.
        """
        given = adjustment.Adjustment(item, site, quantity, variant, location, unit, date, list(rows), apply_to)
        return self._once(key, given, lambda transaction: adjustment.adjust(transaction, given, self.today))

    def reclassify(  # noqa: PLR0913 - two places, each with its sides
        self,
        item: str,
        site: str,
        rows: Iterable[Reclassified],
        *,
        variant: str = "",
        new_site: str | None = None,
        location: str = "",
        new_location: str | None = None,
        unit: str | None = None,
        date: dt.date | None = None,
        key: str | None = None,
    ) -> Posting:
        """Give stock new numbers, a new expiration date, another site or place; posted at once, row by row in sequence.

        Rows that change nothing but the place inside the site move stock and post nothing: `entries` counts the others.

        Raises:
            Refusal: `not_found`, `not_tracked`, `serial_quantity_not_one`, `invalid`, and what `post` refuses, of old
                numbers and new (PO-44 to PO-46, TW-41, TW-42).
        """
        given = reclassification.Reclassification(
            item, site, list(rows), variant, new_site, location, new_location, unit, date
        )
        return self._once(key, given, lambda transaction: reclassification.reclassify(transaction, given, self.today))

    def count(
        self,
        item: str,
        site: str,
        rows: Iterable[Counted],
        *,
        variant: str = "",
        location: str = "",
        date: dt.date | None = None,
        key: str | None = None,
    ) -> Posting:
        """Post the differences between what was counted and what is on hand at a site, or at one place of it.

        What is on hand there and not in the rows counts as 0. Nothing differs: no entries. Where stock lines, serials
        and ledger disagree, they are made to agree first, in a posting of its own (CO-4).

        Raises:
            Refusal: `not_found`, `not_tracked`, `serial_quantity_not_one`, `invalid`, `tracking_duplicate`, and what
                `adjust` refuses (PO-47).
        """
        given = counting.Count(item, site, list(rows), variant, location, date)
        return self._once(key, given, lambda transaction: counting.count(transaction, given, self.today))

    def undo(self, posting: int, *, line: str | None = None, key: str | None = None) -> Posting:
        """Take back a posting, or one of its lines, by opposite entries; its numbers are on the lines again.

        Of a posting undone in part the rest is undone.

        Raises:
            Refusal: `not_found`; `undo_not_possible` when it has been undone, invoiced, used or reserved, or is no
                receipt, shipment or assembly; `serial_already_in_stock` (PO-37 to PO-39).
        """
        given = undo.Undo(posting, line)
        return self._once(key, given, lambda transaction: undo.undo(transaction, given))

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
