"""Source documents and their lines."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Text, false

from stockline.schema.base import CodeText, Identity, item_table, key, number, quantity, reference_table, small, text

document = reference_table(
    "document",
    Column("id", Identity, primary_key=True),
    Column("code", CodeText, nullable=False),
    text("kind"),
    text("party"),
    Column("in_transit_site_id", ForeignKey("site.id")),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("loaded", Boolean, nullable=False, server_default=false()),
)
"""An order or journal. One that is gone but has ledger entries stays, `deleted`, to give them its name. One that is
`loaded` stands for what has reserved stock in another system; loading that once more replaces its lines."""

Index(
    "uq_document_code",
    document.c.code,
    unique=True,
    sqlite_where=~document.c.deleted,
    postgresql_where=~document.c.deleted,
)
Index("ix_document_code", document.c.code)

source_line = item_table(
    "source_line",
    key(),
    key("id"),
    number("document_id"),
    text("type"),
    small("direction"),
    text("variant"),
    number("site_id"),
    text("location"),
    number("to_site_id", nullable=True),
    text("to_location"),
    text("unit"),
    Column("factor", Text, nullable=False, server_default="1"),
    quantity("unit_quantity"),
    quantity(),
    quantity("handled"),
    quantity("invoiced"),
    Column("date", Date, nullable=False),
    text("reserve"),
)
"""A line. `unit_quantity` is in its unit, all other quantities are base quantities; all carry the sign of the line as
typed. `direction` is +1 when a positive quantity comes in. `id` is made of document and line number (`line_id`).

A line of a transfer is two rows, one a side: the outgoing one and, under an id of its own, the incoming one, each with
its site, date, quantity and what has been handled of it. `to_site_id` and `to_location` are where a reclassification
puts its goods."""

Index("ix_source_line_document_id", source_line.c.document_id)

LINES_PER_DOCUMENT = 2**20
FIRST_COMPONENT = 2**19
FIRST_INCOMING = 2**18
"""Where a document's numbers of components and of incoming sides begin; below are its lines."""


def line_id(document_id: int, position: int, *, component: bool = False) -> int:
    """The id of line `position` (from 1) of a document; components count apart."""
    return document_id * LINES_PER_DOCUMENT + position + (FIRST_COMPONENT if component else 0)


def incoming(line: int) -> int:
    """The id of the incoming side of a transfer line."""
    return line + FIRST_INCOMING


def is_incoming(line: int) -> bool:
    """Whether the id is that of the incoming side of a transfer line."""
    return FIRST_INCOMING < line % LINES_PER_DOCUMENT < FIRST_COMPONENT


def is_component(line: int) -> bool:
    """Whether the id is that of a component."""
    return line % LINES_PER_DOCUMENT > FIRST_COMPONENT


def other_side(line: int) -> int:
    """The id of the other side of a transfer line."""
    return outgoing(line) if is_incoming(line) else incoming(line)


def outgoing(line: int) -> int:
    """The id under which a line stands in the ledger: for both sides of a transfer line its outgoing one."""
    return line - FIRST_INCOMING if is_incoming(line) else line


def line_suffix(line: int) -> str:
    """How a line is named after its document: `1`, `c1` for a component, `1:in` for an incoming side."""
    position = line % LINES_PER_DOCUMENT
    if position > FIRST_COMPONENT:
        return f"c{position - FIRST_COMPONENT}"
    return f"{position - FIRST_INCOMING}:in" if position > FIRST_INCOMING else str(position)


def place_in_document(line: int) -> int:
    """The place a line id has in the numbering of its document."""
    return line % LINES_PER_DOCUMENT


def document_of(line: int) -> int:
    """The document a line id belongs to."""
    return line // LINES_PER_DOCUMENT
