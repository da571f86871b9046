"""Resynchronization: who changed which links of serials, why, and what was there before; drafts of such changes."""

from sqlalchemy import JSON, BigInteger, Column, Date, Float, Index, Integer, Text, func

from stockline.schema.base import (
    Moment,
    item_table,
    key,
    number,
    quantity,
    reference_table,
    small,
    stage_table,
    text,
    text_key,
)

resync_run = reference_table(
    "resync_run",
    key("id"),
    Column("kind", Text, nullable=False),
    text("person"),
    text("stated_reason"),
    text("site"),
    text("first_item"),
    text("last_item"),
    Column("state", Text, nullable=False),
    Column("started_at", Moment, nullable=False, server_default=func.now()),
    Column("items_found", Integer, nullable=False, server_default="0"),
    Column("items_done", Integer, nullable=False, server_default="0"),
    Column("cases_found", Integer, nullable=False, server_default="0"),
    Column("cases_done", Integer, nullable=False, server_default="0"),
    Column("lines_read", Integer, nullable=False, server_default="0"),
    Column("serials_read", Integer, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),
    number("undoes", nullable=True),
)
"""One resynchronization: `automatic`, `manual` or `undo`, by whom, over what (blank: all), and how far it is:
`running`, `cancelling`, `cancelled`, `failed` or `done`, as it was `seconds` after it began. Its number is that of its
posting. `undoes`: the run it takes back."""

resync_change = item_table(
    "resync_change",
    key(),
    key("run_id"),
    key("position"),
    text("action"),
    text("variant"),
    text("serial"),
    number("from_line", nullable=True),
    number("to_line", nullable=True),
    text("reason"),
    quantity(),
)
"""One action of a run (RS-1): a merge of stock lines with the quantity that is added, or the changed link of a serial.
Never deleted (RS-18)."""

resync_follow = item_table(
    "resync_follow",
    key(),
    key("run_id"),
    text_key("variant"),
    text_key("serial"),
    key("from_line"),
    number("to_line"),
)
"""A link that followed a stock line into the one it was merged with (RS-1)."""

resync_serial = item_table(
    "resync_serial",
    key(),
    key("run_id"),
    text_key("variant"),
    text_key("serial"),
    number("place", nullable=True),
    text("lot"),
    text("sublot"),
    text("version"),
    number("stock_line_id", nullable=True),
    small("last_direction"),
    number("last_set_id", nullable=True),
    number("last_batch_id", nullable=True),
    Column("last_date", Date),
)
"""A serial whose links a run changed: the line it was given, and its own attributes, its link and its last movement
before: the evidence of that moment, and enough to take the change back (RS-18, RS-19)."""

resync_line = item_table(
    "resync_line",
    key(),
    key("run_id"),
    key("stock_line_id"),
    quantity(),
    Column("serials_before", Integer, nullable=False),
    Column("serials_after", Integer, nullable=False),
)
"""A stock line whose serials a run changed: its quantity then, and the number of its serials before and after."""

resync_figure = item_table(
    "resync_figure",
    key(),
    text_key("variant"),
    key("site_id"),
    key("run_id"),
    quantity(),
    Column("serials_before", Integer, nullable=False),
    Column("serials_after", Integer, nullable=False),
    number("first_run_id"),
    number("revision"),
)
"""Quantity and different serials of an item at a site before and after a run (RS-13). `first_run_id` is the first run
since stock or links there changed otherwise, `revision` the `stock_revision` of the item-site row after the run."""

resync_left = item_table(
    "resync_left",
    key(),
    key("run_id"),
    key("position"),
    text("variant"),
    text("cause"),
    text("message"),
    Column("lines", JSON, nullable=False),
    Column("serials", JSON, nullable=False),
    Column("plans", JSON, nullable=False),
)
"""A case a run left alone: its cause, its stock lines, the serials that contradict it, and its best plans as lists of
actions (RS-10)."""

resync_draft = item_table(
    "resync_draft",
    key(),
    text_key("variant"),
    key("site_id"),
    text_key("person"),
    text_key("serial"),
    Column("removed", JSON, nullable=False),
    number("added", nullable=True),
    Column("links", JSON, nullable=False),
    text("lot"),
    text("sublot"),
    text("version"),
    small("last_direction"),
    number("last_set_id", nullable=True),
    number("last_batch_id", nullable=True),
)
"""What a person means to do to a serial: the stock lines it is taken off and the one it is put on (RS-14), with its
links, own attributes and last movement as the person saw them (RS-20)."""

resync_draft_line = item_table(
    "resync_draft_line",
    key(),
    text_key("variant"),
    key("site_id"),
    text_key("person"),
    key("stock_line_id"),
    quantity(),
    Column("serials", Integer, nullable=False),
    Column("digest", BigInteger, nullable=False),
)
"""A stock line a draft touches, as the person saw it: its quantity, the number of its serials, and a digest of which
they are, of their own attributes and last movements (RS-20)."""

staged_resync = stage_table(
    "staged_resync",
    key(),
    key("batch_id"),
    text_key("variant"),
    text_key("serial"),
    number("place", nullable=True),
)
"""A serial of a running resynchronization, and the line it is to be on; NULL: none."""

Index("ix_resync_change_serial", resync_change.c.item_id, resync_change.c.variant, resync_change.c.serial)
