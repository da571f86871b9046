"""What the combinations of a reclassification line are to become (PO-44, TW-41)."""

from collections.abc import Sequence

from sqlalchemy import delete

from stockline.operations.lines import SourceLine
from stockline.results import KEEP, TrackingRow
from stockline.schema.reservations import renumbering
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import clean_number


def note_new_numbers(
    transaction: Transaction, line: SourceLine, rows: Sequence[TrackingRow], stock_line_id: int | None = None
) -> None:
    """Write what the rows of a reclassification line are to become; what they do not say stays as it is (TW-41)."""
    date_value = transaction.dialect.date_value
    given = []
    for row in rows:
        old = [clean_number(getattr(row, kind)) for kind in NUMBER_KINDS]
        new = [getattr(row, f"new_{kind}") for kind in NUMBER_KINDS]
        numbers = [was if now is None else clean_number(now) for was, now in zip(old, new, strict=True)]
        expires = None if row.new_expires == KEEP else date_value(row.new_expires)
        given.append((*old, *numbers, row.new_expires != KEEP, expires, stock_line_id))
    columns = (*NUMBER_KINDS, *(f"new_{kind}" for kind in NUMBER_KINDS), "dated", "new_expires", "stock_line_id")
    transaction.stage(renumbering, columns, given, {"item_id": line.item.id, "line_id": line.id})


def forget_new_numbers(transaction: Transaction, lines: Sequence[SourceLine]) -> None:
    """Take away what was noted of reclassification lines."""
    for line in lines:
        if line.renumbers:
            own = (renumbering.c.item_id == line.item.id, renumbering.c.line_id == line.id)
            transaction.execute(delete(renumbering).where(*own))
