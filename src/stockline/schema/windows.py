"""Tracking windows: drafts of the numbers of one source line, kept until they are closed.

A list given whole is staged in `window_row` too, under a number of its own, while its operation runs.
"""

from sqlalchemy import Boolean, Column, Date, Index, false
from sqlalchemy.schema import SchemaItem

from stockline.schema.base import CodeText, Moment, item_table, key, number, quantity, reference_table, small, text

SUMMED = ("quantity", "handle", "invoice", "handled", "rows")
"""The figures of a window's rows that are kept summed."""

tracking_window = item_table(
    "tracking_window",
    key(),
    key("id"),
    number("line_id"),
    text("opened_by"),
    Column("opened_at", Moment, nullable=False),
    Column("touched_at", Moment, nullable=False),
    number("revision"),
    number("last_row"),
    number("step"),
    number("last_step"),
    *(number(f"tracked_{name}") for name in SUMMED),
    text("variant"),
    number("site_id"),
    text("unit"),
    quantity(),
    quantity("handled"),
    quantity("invoiced"),
    Column("date", Date, nullable=False),
)
"""An open window. Every change raises `revision`; `step` of `last_step` steps are in force, the later ones have been
undone. Rows up to `last_row` have been numbered; the `tracked` figures are their sums, and how many they are, without
those refused. The rest is the line as it was when the window opened (TW-17)."""

Index("uq_tracking_window_line_id", tracking_window.c.item_id, tracking_window.c.line_id, unique=True)
Index("ix_tracking_window_id", tracking_window.c.id)


def _row() -> list[SchemaItem]:
    """What a row of a window says."""
    return [
        text("serial"),
        text("lot"),
        text("package"),
        quantity(),
        number("handle", nullable=True),
        number("invoice", nullable=True),
        quantity("handled"),
        quantity("invoiced"),
        Column("expires", Date),
        Column("warranty", Date),
        number("apply_to", nullable=True),
        number("apply_from", nullable=True),
        Column("new_serial", CodeText),
        Column("new_lot", CodeText),
        Column("new_package", CodeText),
        Column("dated", Boolean, nullable=False, server_default=false()),
        Column("new_expires", Date),
        text("refusal"),
        text("message"),
        text("given"),
        number("revision", nullable=True),
    ]


window_row = item_table("window_row", key(), key("window_id"), key("row"), *_row())
"""One row of a window; `quantity` includes what has been handled. Quantities are base quantities, positive when their
sign is the source line's (TW-9 to TW-14). `handle` and `invoice` are NULL until they get their default. `new_…` are
what a reclassification makes of the numbers, NULL where they stay; with `dated` there is a new expiration date, which
may be none (TW-41, TW-42). `row` is given once: a row that goes leaves a gap. `revision` is the window's when the row
last changed, NULL in a list given whole.

A row that was pasted and refused is kept with `refusal`, `message` and, as JSON, what was `given`; all else of it is
blank, so that it counts nowhere."""

OPEN = window_row.c.revision.isnot(None)
"""Rows of open windows, not of lists given whole."""

Index(
    "ix_window_row_number",
    *(window_row.c[name] for name in ("item_id", "window_id", "serial", "lot", "package")),
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)

window_step = item_table("window_step", key(), key("window_id"), key("step"), key("row"), small("present"), *_row())
"""What one step changed: its rows as they were before it, or, once it is undone, as they were after it. `present` is 0
for a row that was not there."""

window_entry = item_table(
    "window_entry",
    key(),
    key("window_id"),
    key("link_id"),
    text("status"),
    quantity(),
    text("serial"),
    text("lot"),
    text("package"),
    Column("expires", Date),
    Column("warranty", Date),
    Column("partner_date", Date),
)
"""A reservation entry of the line as it was when the window opened: what closing compares with (TW-17).
`partner_date` is the date of the line on the other side."""

number_series = reference_table(
    "number_series",
    Column("code", CodeText, primary_key=True),
    text("last"),
)
"""A series of serial, lot or package numbers and the last number it gave (TW-26)."""
