"""Links between demand and supply, and what has been handled of the numbers of a line."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Date, FromClause, Index, and_, false, literal_column, or_
from sqlalchemy.schema import SchemaItem

from stockline.schema.base import item_table, key, number, quantity, small, stage_table, text, text_key
from stockline.tracking_code import NUMBER_KINDS


def _side(name: str) -> list[SchemaItem]:
    """The columns of one side of a link: its line, its numbers, and what of them is to be handled and invoiced."""
    return [
        number(f"{name}_line_id", nullable=True),
        number(f"{name}_entry_id", nullable=True),
        text(f"{name}_serial"),
        text(f"{name}_lot"),
        text(f"{name}_package"),
        quantity(f"{name}_handle"),
        quantity(f"{name}_invoice"),
        number(f"{name}_entered", nullable=True),
        Column(f"{name}_expires", Date),
        Column(f"{name}_warranty", Date),
        number(f"{name}_apply_to", nullable=True),
        number(f"{name}_apply_from", nullable=True),
    ]


link = item_table(
    "link",
    key(),
    key("id"),
    text("status"),
    quantity(),
    text("binding"),
    text("variant"),
    number("site_id"),
    *_side("demand"),
    *_side("supply"),
)
"""A reservation entry pair in one row, or one side with no partner (`surplus`, `prospect`); quantities are positive.

A side is a source line, or for stock one ledger entry. `entered` orders the rows of the line's window: it is the id of
the link under which the combination was first entered (TW-7)."""

RESERVATION, TRACKING, SURPLUS, PROSPECT = "reservation", "tracking", "surplus", "prospect"
"""The statuses of a link (RE-2)."""
ORDER_TO_ORDER = "order_to_order"
"""The binding of a link that planning makes between a demand and a supply of its own (RE-48); blank: none."""
NO_ENTRY = 0
"""The ledger entry of a reservation of stock that is not there, as loaded data may have it (invariant 16). Its line is
reserved, but when it is posted gets no more than what is not linked at all."""
EMPTY = link.c.quantity == literal_column("0")
Index("ix_link_empty", link.c.item_id, sqlite_where=EMPTY, postgresql_where=EMPTY)

WANTED = "wanted"
"""A surplus for which an operation that is running looks for a partner; never committed."""

staged_split = stage_table(
    "staged_split",
    key(),
    key("batch_id"),
    key("link_id"),
    key("target"),
    quantity(),
)
"""How much of a link goes another way: to the ledger entry `target`, to the number of that row of a window, or, with
target 0, to its end."""

staged_turn = stage_table(
    "staged_turn",
    key(),
    key("batch_id"),
    key("line_id"),
    *(text_key(kind) for kind in NUMBER_KINDS),
    key("upto"),
    number("id"),
    quantity(),
)
"""Who wants how much, in sequence within a line and its numbers; `upto` is the running sum, see `shares`."""

staged_reservation_found = stage_table(
    "staged_reservation_found",
    key(),
    key("batch_id"),
    key("row"),
    number("line_id", nullable=True),
    text("document"),
    text("kind"),
    number("place"),
    small("turn"),
    text("variant"),
    number("site_id"),
    quantity(),
    *(text(kind) for kind in NUMBER_KINDS),
    *(text(f"asked_{kind}") for kind in NUMBER_KINDS),
    Column("date", Date),
)
"""What a line of another system's document has reserved under one combination. `kind` is what the document is here,
`place` the line's place in its numbering. The `asked` numbers, of specific kinds, decide what it holds; rows that name
the same of these kinds have the same `turn`."""

tracking_specification = item_table(
    "tracking_specification",
    key(),
    key("line_id"),
    key("entry_id"),
    quantity(),
    quantity("invoiced"),
    number("to_invoice", nullable=True),
)
"""What has been handled of a line, a row per ledger entry (PO-10); quantities are positive. The numbers stand on the
entry. `to_invoice` is what the next posting invoices of it; NULL: all that is not invoiced."""

_said = tracking_specification.c.to_invoice.isnot(None)
Index(
    "ix_tracking_specification_to_invoice",
    tracking_specification.c.item_id,
    tracking_specification.c.line_id,
    sqlite_where=_said,
    postgresql_where=_said,
)


renumbering = item_table(
    "renumbering",
    key(),
    key("line_id"),
    text_key("serial"),
    text_key("lot"),
    text_key("package"),
    text("new_serial"),
    text("new_lot"),
    text("new_package"),
    Column("dated", Boolean, nullable=False, server_default=false()),
    Column("new_expires", Date),
    number("stock_line_id", nullable=True),
)
"""What a line of a reclassification makes of a combination: its numbers afterwards, with `dated` its new expiration
date, which may be none, and, where somebody said so, the stock line it is taken from (PO-44)."""


class LinkSide:
    """One side of `link` under names without prefix, so that a statement can be written once for both."""

    def __init__(self, name: str, table: FromClause = link) -> None:
        self.name = name
        self.table = table

    def __getattr__(self, column: str) -> Any:
        return self.table.c[f"{self.name}_{column}"]

    @property
    def c(self) -> Mapping[str, Any]:
        """The columns of the side by name, as a table has them."""
        prefix = f"{self.name}_"
        return {column.name.removeprefix(prefix): column for column in self.table.c if column.name.startswith(prefix)}

    @property
    def is_numbered(self) -> ColumnElement[bool]:
        """The link carries a number on this side."""
        return or_(*(self.c[kind] != "" for kind in NUMBER_KINDS))


DEMAND, SUPPLY = LinkSide("demand"), LinkSide("supply")
SIDES: Mapping[str, LinkSide] = {side.name: side for side in (DEMAND, SUPPLY)}
"""By name: statements are built once for each side, and kept under its name."""

LINKED = and_(DEMAND.line_id.isnot(None), or_(SUPPLY.line_id.isnot(None), SUPPLY.entry_id.isnot(None)))
"""The link has two sides. Told by them rather than by its status: then no planner takes the index below for another."""
Index(
    "ix_link_linked",
    link.c.item_id,
    link.c.variant,
    link.c.site_id,
    sqlite_where=LINKED,
    postgresql_where=LINKED,
)

for _side_of in (DEMAND, SUPPLY):
    _line = _side_of.line_id
    Index(
        f"ix_link_{_side_of.name}_line",
        link.c.item_id,
        _line,
        _side_of.serial,
        _side_of.lot,
        _side_of.package,
        sqlite_where=_line.isnot(None),
        postgresql_where=_line.isnot(None),
    )
    _entry = _side_of.entry_id
    Index(
        f"ix_link_{_side_of.name}_entry",
        link.c.item_id,
        _entry,
        link.c.status,
        link.c.quantity,
        sqlite_where=_entry.isnot(None),
        postgresql_where=_entry.isnot(None),
    )

BOUND = link.c.binding != literal_column("''")
# Bound links are few, and most items have none: so what they are asked for costs nothing else.
Index("ix_link_bound", link.c.item_id, DEMAND.line_id, SUPPLY.line_id, sqlite_where=BOUND, postgresql_where=BOUND)

for _kind in NUMBER_KINDS:
    # Who asks for a number, and who holds stock of it: looked up number by number (TW-30).
    for _name, _side_of, _given in (("requested", DEMAND, DEMAND.line_id), ("held", SUPPLY, SUPPLY.entry_id)):
        _number = getattr(_side_of, _kind)
        _there = and_(_given.isnot(None), _number != literal_column("''"))
        Index(f"ix_link_{_name}_{_kind}", link.c.item_id, _number, sqlite_where=_there, postgresql_where=_there)

LOTS_OF_SERIALS = {
    side: and_(
        side.serial != literal_column("''"),
        or_(side.lot != literal_column("''"), side.package != literal_column("''")),
    )
    for side in (DEMAND, SUPPLY)
}
"""Entries that tell the lot or package of a serial (TW-13): none at all of most items."""

for _side_of, _tells in LOTS_OF_SERIALS.items():
    Index(
        f"ix_link_{_side_of.name}_lot_of_serial",
        link.c.item_id,
        _side_of.serial,
        sqlite_where=_tells,
        postgresql_where=_tells,
    )
