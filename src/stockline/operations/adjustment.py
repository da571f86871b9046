"""Adjustments: a journal made and posted at once."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import delete

from stockline.codes import Code
from stockline.operations.documents import NewOrder, create_order
from stockline.operations.lines import lines_of
from stockline.operations.posting import post_lines
from stockline.operations.posting_lines import PostingLine
from stockline.operations.window import track_line
from stockline.refusal import Refusal
from stockline.results import OrderLine, Posting, TrackingRow
from stockline.schema.documents import document
from stockline.store.database import Transaction
from stockline.values import QuantityLike, ValueProblem, parse_quantity


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A quantity found too much (positive) or missing (negative); its rows are positive either way."""

    item: str
    site: str
    quantity: QuantityLike
    variant: str = ""
    location: str = ""
    unit: str | None = None
    date: dt.date | None = None
    rows: Iterable[TrackingRow] = ()
    apply_to: int | None = None


def adjust(transaction: Transaction, given: Adjustment, today: dt.date) -> Posting:
    """Post an adjustment. Its entries belong to no line: the journal is gone with the posting (PO-6)."""
    try:
        quantity = parse_quantity(given.quantity)
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Quantity {problem}.", item=given.item) from None
    order = NewOrder(f"ADJUSTMENT {transaction.next_number()}", "journal", [_line(given, quantity)])
    document_id = create_order(transaction, order, today)
    (line,) = lines_of(transaction, [document_id])
    rows = list(given.rows)
    if rows:
        track_line(transaction, line, rows)
    apply_to = {line.id: given.apply_to} if given.apply_to else {}
    posting = post_lines(transaction, [PostingLine(line, line.quantity, 0)], given.date or today, apply_to)
    transaction.execute(delete(document).where(document.c.id == document_id))
    return posting


def _line(given: Adjustment, quantity: Decimal) -> OrderLine:
    return OrderLine(
        item=given.item,
        quantity=abs(quantity),
        unit=given.unit,
        variant=given.variant,
        site=given.site,
        location=given.location,
        type="positive_adjustment" if quantity > 0 else "negative_adjustment",
    )
