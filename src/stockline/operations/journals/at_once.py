"""Journals made and posted at once: adjustments, reclassifications, counts. They leave no line behind (PO-6)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete

from stockline.operations.documents.new_orders import NewOrder, create_order
from stockline.operations.lines import lines_of
from stockline.operations.new_numbers import NEW_NUMBERS, take_from
from stockline.operations.posting.lines import PostingLine
from stockline.operations.posting.post import post_lines
from stockline.operations.windows.whole import track_line
from stockline.results import OrderLine, Posting, TrackingRow
from stockline.rules.window import COMBINATION
from stockline.schema.documents import document
from stockline.store.database import Transaction


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A line to be posted at once, with its numbers; `apply_to` is the entry, `stock_lines` where its stock is taken.

    `keeps_warranty`: its numbers move with the warranty date they have in stock.
    """

    line: OrderLine
    rows: Sequence[TrackingRow] = ()
    apply_to: int | None = None
    stock_lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    keeps_warranty: bool = False


def post_journal(transaction: Transaction, kind: str, journal: Sequence[JournalLine], posting_date: dt.date) -> Posting:
    """Make a journal of these lines and post it. Refused like a document, a window and a posting."""
    code = f"{kind} {transaction.next_number()}"
    order = NewOrder(code=code, kind="journal", lines=[one.line for one in journal])
    document_id = create_order(transaction, order, posting_date)
    lines = lines_of(transaction, [document_id])
    for line, given in zip(lines, journal, strict=True):
        if any(getattr(row, name) for row in given.rows for name in (*COMBINATION, *NEW_NUMBERS)):
            track_line(transaction, line, given.rows, keeps_warranty=given.keeps_warranty)
        take_from(transaction, line, given.stock_lines)
    apply_to = {line.id: given.apply_to for line, given in zip(lines, journal, strict=True) if given.apply_to}
    posted = [PostingLine(line, line.quantity, 0) for line in lines]
    posting = post_lines(transaction, posted, posting_date, apply_to)
    transaction.execute(delete(document).where(document.c.id == document_id))
    return posting
