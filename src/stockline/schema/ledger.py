"""Postings, the ledger that only grows, what remains open of it, and what was taken from what.

An entry's number is `posting number * 2^24 + position`: unique, in time order, and computed where it is inserted.
"""

from sqlalchemy import Boolean, Column, Date, DateTime, Index, SmallInteger, Text, and_, false, func, literal_column

from stockline.schema.base import item_table, key, number, quantity, reference_table, small, stage_table, text, text_key
from stockline.tracking_code import NUMBER_KINDS

POSITIONS = 2**24

posting = reference_table(
    "posting",
    key("id"),
    text("kind"),
    Column("posting_date", Date, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

posting_line = item_table(
    "posting_line",
    key(),
    key("posting_id"),
    key("line_id"),
    quantity("handled"),
    quantity("invoiced"),
    number("undone_id", nullable=True),
)
"""What one posting did to one line, in positive base quantities; `undone_id` is the posting that undid it."""

Index("ix_posting_line_posting_id", posting_line.c.posting_id)
Index("ix_posting_line_line_id", posting_line.c.line_id)

ledger_entry = item_table(
    "ledger_entry",
    key(),
    key("id"),
    number("line_id", nullable=True),
    Column("kind", Text, nullable=False),
    text("variant"),
    number("site_id"),
    text("location"),
    quantity(),
    text("serial"),
    text("lot"),
    text("package"),
    Column("expires", Date),
    Column("warranty", Date),
    Column("posting_date", Date, nullable=False),
    number("origin_id", nullable=True),
    Column("correction", Boolean, nullable=False, server_default=false()),
    number("entered", nullable=True),
)
"""One posted movement of one combination; never changed. `origin_id` is the entry it was made from, if any. `entered`
orders the rows of the line's window, see `link`."""

_made_from = ledger_entry.c.origin_id.isnot(None)
Index(
    "ix_ledger_entry_origin_id",
    ledger_entry.c.item_id,
    ledger_entry.c.origin_id,
    sqlite_where=_made_from,
    postgresql_where=_made_from,
)

open_entry = item_table(
    "open_entry",
    key(),
    text_key("variant"),
    text_key("serial"),
    key("site_id"),
    text_key("lot"),
    text_key("package"),
    Column("posting_date", Date, primary_key=True),
    key("entry_id"),
    quantity("remaining"),
    *(text(f"carried_{kind}") for kind in NUMBER_KINDS),
)
"""What remains of a ledger entry, signed like it; a row is there while that is not 0.

`serial`, `lot` and `package` are the numbers that *steer*: those of the kinds that are specific for the item, blank for
the others. So what a movement may take from is found by equality, in the order it is taken (PO-19 to PO-21). The
`carried` numbers are those of the other kinds: they steer nothing, but people look them up."""

for _kind in NUMBER_KINDS:
    # Where serials steer, a lot or package is looked up by its stock lines: an index here would be of no use.
    _looked_up = and_(
        open_entry.c.serial == literal_column("''"), open_entry.c[f"carried_{_kind}"] != literal_column("''")
    )
    Index(
        f"ix_open_entry_carried_{_kind}",
        open_entry.c.item_id,
        open_entry.c.variant,
        open_entry.c.site_id,
        open_entry.c[f"carried_{_kind}"],
        sqlite_where=_looked_up,
        postgresql_where=_looked_up,
    )

SHORT = open_entry.c.remaining <= literal_column("0")
"""Entries that wait for stock, and those just used up: few among many, found by an index of their own."""

Index("ix_open_entry_short", open_entry.c.item_id, sqlite_where=SHORT, postgresql_where=SHORT)

number_date = item_table(
    "number_date",
    key(),
    text_key("variant"),
    text_key("kind"),
    text_key("number"),
    Column("expires", Date),
    number("entry_id"),
    Column("changed", Boolean, nullable=False, server_default=false()),
)
"""The expiration date of a serial, lot or package (`kind`), over all sites, kept for items that use dates: that of its
last inbound ledger entry, blank if that has none (TW-35, PO-28). `entry_id` is the entry that brought the date;
`changed`: the number has had another one, and only then can its open entries differ."""

application = item_table(
    "application",
    key(),
    key("outbound_id"),
    key("inbound_id"),
    Column("fixed", Boolean, primary_key=True, server_default=false()),
    quantity(),
)
"""What an outbound entry took from an inbound one; `fixed` when a person, a reservation or a transfer decided it: such
an application is not moved to other stock (PO-23). Of one entry another may take a part so, and more by search."""

Index("ix_application_inbound_id", application.c.item_id, application.c.inbound_id)

staged_line = stage_table(
    "staged_line",
    key(),
    key("batch_id"),
    key("line_id"),
    key("own", SmallInteger),
    number("ledger_line_id", nullable=True),
    small("wave"),
    small("sign"),
    text("kind"),
    text("variant"),
    number("site_id"),
    text("location"),
    quantity(),
    quantity("invoice"),
    number("first_entry"),
    number("last_entry"),
    number("first_place", nullable=True),
    number("first_undone", nullable=True),
    small("numbered"),
    small("cut"),
    small("linked"),
    small("requires_serial"),
    small("requires_lot"),
    small("requires_package"),
    small("steers_serial"),
    small("steers_lot"),
    small("steers_package"),
    small("may_go_negative"),
    small("renumbers"),
    number("apply_to", nullable=True),
    Column("expires_by_default", Date),
    Column("warranty_by_default", Date),
    small("keeps_expired"),
)
"""A leg of a line of the posting that is running: what it handles and invoices (base, positive), the direction it moves
(`sign`), the range its entries are numbered in, and what the item's tracking code asks of it.

Every line has its `own` leg; one that takes goods here and puts them there has a second, whose entries are the
counterparts of the first's. Legs of one `wave` move one way and are posted as a set; waves follow each other (PO-2).
`ledger_line_id` is the line as the ledger names it. `first_place`: the window place of the line's first entry, where
its entries are numbered by their places, see `entries`. `first_undone`: the first of the entries an undo takes back.
`cut`: its one combination gives less than it is marked for (PO-13). `linked`: its links go with it (RE-30, RE-31).
`keeps_expired`: what is past its expiration date may not leave with it (PO-31)."""

staged_application = stage_table(
    "staged_application",
    key(),
    key("batch_id"),
    key("entry_id"),
    key("other_id"),
    quantity(),
)
"""What a new entry of a running posting must be applied to, decided before any search: `other_id` is an open entry."""
