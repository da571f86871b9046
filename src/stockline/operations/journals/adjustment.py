"""Adjustments: a journal of one line made and posted at once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from stockline.codes import Code
from stockline.operations.journals.at_once import JournalLine, post_journal
from stockline.refusal import Refusal
from stockline.results import OrderLine, Posting, TrackingRow
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
    rows: Sequence[TrackingRow] = ()
    apply_to: int | None = None


def adjust(transaction: Transaction, given: Adjustment, today: dt.date) -> Posting:
    """Post an adjustment."""
    try:
        quantity = parse_quantity(given.quantity)
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"Quantity {problem}.", item=given.item) from None
    line = OrderLine(
        item=given.item,
        quantity=abs(quantity),
        unit=given.unit,
        variant=given.variant,
        site=given.site,
        location=given.location,
        type="positive_adjustment" if quantity > 0 else "negative_adjustment",
    )
    journal = [JournalLine(line, given.rows, given.apply_to)]
    return post_journal(transaction, "ADJUSTMENT", journal, given.date or today)
