"""Stock as it lies: stock lines, and the serials linked to them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    UniqueConstraint,
    and_,
    case,
    false,
    literal_column,
    or_,
    true,
)

from stockline.schema.base import item_table, key, number, quantity, small, stage_table, text, text_key

CHARACTERISTICS = (
    "variant",
    "site_id",
    "warehouse",
    "location",
    "lot",
    "sublot",
    "version",
    "status",
    "package",
    "identifier2",
    "custom1",
    "custom2",
    "analysis_request",
    "owner",
    "packing_unit",
    "packing_factor",
)
"""What the stock on one stock line shares, beside the item (ST-1)."""

item_site = item_table(
    "item_site",
    key(),
    text_key("variant"),
    key("site_id"),
    quantity(),
    number("revision"),
    quantity("stock_revision"),
)
"""The quantity of an item on hand at a site: the sum of its stock lines (invariant 15). Every operation that changes
anything of the item there updates this row first, so the row is its lock: `revision` counts them, `stock_revision`
those that change stock lines or links of serials. Site 0, always of quantity 0, locks what holds over all sites."""

characteristic_set = item_table(
    "characteristic_set",
    key(),
    key("id"),
    *(Column(name, BigInteger, nullable=False) if name == "site_id" else text(name) for name in CHARACTERISTICS[:-1]),
    quantity("packing_factor"),
    UniqueConstraint("item_id", *CHARACTERISTICS, name="uq_characteristic_set"),
)
"""One set of characteristics, never changed: what a stock line shares now, and what a movement of a serial once saw."""

for _kind in ("lot", "package"):
    _named = characteristic_set.c[_kind] != literal_column("''")
    Index(
        f"ix_characteristic_set_{_kind}",
        characteristic_set.c.item_id,
        characteristic_set.c.variant,
        characteristic_set.c.site_id,
        characteristic_set.c[_kind],
        sqlite_where=_named,
        postgresql_where=_named,
    )

stock_line = item_table(
    "stock_line",
    key(),
    key("id"),
    number("set_id"),
    quantity(),
    Column("twin", Boolean, nullable=False, server_default=false()),
)
"""A quantity on hand. `id` is its chronological number, never given twice. Of open lines with equal characteristics, as
only loading makes them, all but the lowest number are marked `twin`, which takes them out of the unique key; so is a
line below 0 that is not open (ST-2, ST-3, ST-14)."""

OPEN_LINE = (stock_line.c.quantity != literal_column("0")) & ~stock_line.c.twin
"""The condition of the unique key of open lines; written out, so that a prepared statement matches it too."""

Index(
    "uq_stock_line_open",
    stock_line.c.item_id,
    stock_line.c.set_id,
    unique=True,
    sqlite_where=OPEN_LINE,
    postgresql_where=OPEN_LINE,
)
TWIN_LINE = stock_line.c.twin.is_(true())
Index("ix_stock_line_twin", stock_line.c.item_id, sqlite_where=TWIN_LINE, postgresql_where=TWIN_LINE)
_below = stock_line.c.quantity < literal_column("0")
Index("ix_stock_line_below", stock_line.c.item_id, stock_line.c.quantity, sqlite_where=_below, postgresql_where=_below)
Index("ix_stock_line_id", stock_line.c.id)

OF_LINE = and_(characteristic_set.c.item_id == stock_line.c.item_id, characteristic_set.c.id == stock_line.c.set_id)
"""The characteristics of a stock line."""

serial = item_table(
    "serial",
    key(),
    text_key("variant"),
    text_key("serial"),
    text("lot"),
    text("sublot"),
    text("version"),
    number("site_id", nullable=True),
    number("stock_line_id", nullable=True),
    small("last_direction"),
    number("last_set_id", nullable=True),
    number("last_batch_id", nullable=True),
    Column("last_date", Date),
)
"""A serial of an item tracked by specific serials: its own attributes, the one stock line it is linked to, and its last
movement (ST-6, ST-10): direction +1 in, -1 out, 0 none; the characteristics it saw; when. `site_id` is the site another
system has on its record, for serials whose line is not known."""

LINKED = serial.c.stock_line_id.isnot(None)
LINK = tuple(serial.c[name] for name in ("item_id", "stock_line_id", "last_set_id", "lot", "variant"))
"""What tells of most links whether they are right; most serials of a line are alike in it."""

Index("ix_serial_link", *LINK, sqlite_where=LINKED, postgresql_where=LINKED)

_more = and_(
    LINKED,
    or_(
        serial.c.last_direction < literal_column("0"),
        serial.c.sublot != literal_column("''"),
        serial.c.version != literal_column("''"),
    ),
)
PARTICULAR = case((_more, literal_column("1")), else_=literal_column("0")) == literal_column("1")
"""Links of which more has to be looked at: of serials issued, as no good stock has them, or with a sublot or version of
their own. Said as a case, or SQLite would rather go through all links of an item."""

Index("ix_serial_particular", serial.c.item_id, sqlite_where=PARTICULAR, postgresql_where=PARTICULAR)

LOST = and_(serial.c.stock_line_id.is_(None), serial.c.last_direction > literal_column("0"))
"""Serials that came in last and are linked to no line: in a good stock there are none, so they have an index."""

Index("ix_serial_lost", serial.c.item_id, sqlite_where=LOST, postgresql_where=LOST)

extra_link = item_table(
    "extra_link",
    key(),
    text_key("variant"),
    text_key("serial"),
    key("stock_line_id"),
)
"""Further links of a serial, as loaded data may have them; no operation of ours makes one (ST-11)."""

staged_stock = stage_table(
    "staged_stock",
    key(),
    key("batch_id"),
    text_key("variant"),
    key("site_id"),
    text_key("location"),
    text_key("lot"),
    text_key("package"),
    number("number"),
    quantity(),
    number("set_id", nullable=True),
    number("stock_line_id", nullable=True),
)
"""Stock a posting puts in one place: the quantity it adds, the number of a stock line should one be opened, and the
characteristics and stock line it is. What posted receipts do not say is blank, their status is A (ST-7)."""

staged_take = stage_table(
    "staged_take",
    key(),
    key("batch_id"),
    key("entry_id"),
    key("stock_line_id"),
    quantity(),
)
"""How much an outbound ledger entry of a running posting takes from a stock line."""

staged_count = stage_table(
    "staged_count",
    key(),
    key("batch_id"),
    key("row"),
    text("serial"),
    text("lot"),
    text("package"),
    quantity(),
)
"""What a count has found of one combination."""

staged_move = stage_table(
    "staged_move",
    key(),
    key("batch_id"),
    key("row"),
    number("stock_line_id"),
    *(Column(name, BigInteger, nullable=False) if name == "site_id" else text(name) for name in CHARACTERISTICS[:-1]),
    quantity("packing_factor"),
    quantity(),
    number("set_id", nullable=True),
    number("to_line_id", nullable=True),
)
"""A quantity that leaves a stock line for other characteristics; these, and the set and the stock line they are."""

staged_moved_serial = stage_table(
    "staged_moved_serial",
    key(),
    key("batch_id"),
    text_key("variant"),
    text_key("serial"),
    key("row"),
    number("left_set_id", nullable=True),
)
"""A specific serial that goes along with a `staged_move`, under the number it has afterwards; the set it left."""

staged_line_found = stage_table(
    "staged_line_found",
    key(),
    key("batch_id"),
    key("row"),
    number("stock_line_id"),
    small("known"),
    *(Column(name, BigInteger, nullable=False) if name == "site_id" else text(name) for name in CHARACTERISTICS[:-1]),
    quantity("packing_factor"),
    quantity(),
)
"""A stock line as another system has it; `known` 1 when its number exists here, 2 when it is another item's."""

staged_serial_found = stage_table(
    "staged_serial_found",
    key(),
    key("batch_id"),
    key("row"),
    small("known"),
    small("main"),
    text("variant"),
    text("serial"),
    number("stock_line_id", nullable=True),
    number("site_id", nullable=True),
    text("lot"),
    text("sublot"),
    text("version"),
    small("steers_serial"),
    small("last_direction"),
    number("last_site_id", nullable=True),
    text("last_location"),
    text("last_lot"),
    text("last_package"),
    Column("last_date", Date),
)
"""One link of a serial as another system has it; of several links of one serial `main` is the one it keeps."""
