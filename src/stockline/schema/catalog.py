"""Items, sites and information cards: what is set up once and read by everything."""

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, Text, false
from sqlalchemy import text as sql

from stockline.schema.base import CodeText, Identity, item_table, key, quantity, reference_table, text, text_key

item = reference_table(
    "item",
    Column("id", Identity, primary_key=True),
    Column("code", CodeText, nullable=False, unique=True),
    text("unit", "PCS"),
    quantity("rounding"),
    Column("tracking", JSON, nullable=False),
    Column("planning", JSON, nullable=False),
)
"""`rounding` is in engine units; `tracking` is the tracking code, `planning` the reservation and planning policies."""

item_unit = reference_table(
    "item_unit",
    Column("item_id", ForeignKey("item.id"), primary_key=True),
    text_key("unit"),
    Column("factor", Text, nullable=False),
)
"""A further unit; `factor` is the decimal number of base units in it, as text so that it is exact everywhere."""

variant = reference_table(
    "variant",
    Column("item_id", ForeignKey("item.id"), primary_key=True),
    text_key("code"),
)

site = reference_table(
    "site",
    Column("id", Identity, primary_key=True),
    Column("code", CodeText, nullable=False, unique=True),
    Column("in_transit", Boolean, nullable=False, server_default=false()),
)

warehouse = reference_table(
    "warehouse",
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    text_key("code"),
)

location = reference_table(
    "location",
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    text_key("code"),
    text("category"),
)

information_card = item_table(
    "information_card",
    key(),
    text_key("variant"),
    text_key("kind"),
    text_key("number"),
    Column("blocked", Boolean, nullable=False, server_default=false()),
    Column("expires", Date),
    text("description"),
)
"""What is known of one serial, lot or package (`kind`), TW-40."""

Index(
    "ix_information_card_blocked",
    information_card.c.item_id,
    sqlite_where=information_card.c.blocked,
    postgresql_where=information_card.c.blocked,
)

counter = reference_table(
    "counter",
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False, server_default=sql("0")),
)
"""The last number given, where the database has no sequences."""
