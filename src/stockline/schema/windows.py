"""Tracking windows: drafts of the numbers of one source line, kept until they are closed."""

from sqlalchemy import Column, Date

from stockline.schema.base import key, number, quantity, stage_table, text

window_row = stage_table(
    "window_row",
    key(),
    key("window_id"),
    key("row"),
    text("serial"),
    text("lot"),
    text("package"),
    quantity(),
    number("handle", nullable=True),
    number("invoice", nullable=True),
    Column("expires", Date),
    Column("warranty", Date),
    number("apply_to", nullable=True),
    number("apply_from", nullable=True),
)
"""One row of a window; `quantity` includes what has been handled. Quantities are base quantities, positive when their
sign is the source line's (TW-9 to TW-14). `handle` and `invoice` are NULL until they get their default."""
