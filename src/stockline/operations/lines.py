"""Source lines as the engine sees them, and finding them by name."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from stockline.codes import Code
from stockline.operations.catalog import Item, find_items, item_codes
from stockline.refusal import Refusal
from stockline.schema.catalog import site
from stockline.schema.documents import (
    FIRST_COMPONENT,
    FIRST_INCOMING,
    LINES_PER_DOCUMENT,
    document,
    is_incoming,
    line_id,
    line_suffix,
    other_side,
    outgoing,
    source_line,
)
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide
from stockline.store.database import Transaction
from stockline.values import in_unit

OCCASIONS = {
    "purchase": ("purchase_out", "purchase_in"),
    "purchase_return": ("purchase_out", "purchase_in"),
    "sale": ("sale_out", "sale_in"),
    "sale_return": ("sale_out", "sale_in"),
    "transfer": ("transfer", "transfer"),
    "reclassification": ("transfer", "transfer"),
    "production": ("consumption", "output"),
    "assembly": ("assembly_out", "assembly_in"),
}
"""The occasions of a document kind or journal type, outbound and inbound (TW-3); of other types it is the type."""

ENTRY_KINDS = {
    "purchase": "purchase",
    "purchase_return": "purchase",
    "sale": "sale",
    "sale_return": "sale",
    "transfer": "transfer",
    "reclassification": "transfer",
}
"""The kind of ledger entry a document kind or journal type makes; other types are it themselves (PO-6)."""

MAY_GO_NEGATIVE = {"purchase", "purchase_return", "sale", "sale_return"}
NEGATIVE_TYPES = {"positive_adjustment", "negative_adjustment"}

NEVER_INVOICED = {"transfer", "production", "assembly"}
ONE_WAY = NEVER_INVOICED | {"planned"}
"""The kinds whose goods move one way only, so that no quantity is negative (IN-15)."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line with its item and document; base quantities in engine units, with the sign the line was typed with."""

    id: int
    document_id: int
    document: str
    kind: str
    type: str
    item: Item
    direction: int
    variant: str
    site_id: int
    site: str
    location: str
    unit: str
    factor: Decimal
    unit_quantity: int
    quantity: int
    handled: int
    invoiced: int
    date: dt.date
    reserve: str
    to_site_id: int | None = None
    to_location: str = ""
    in_transit_site_id: int | None = None
    site_in_transit: bool = False
    other_handled: int = 0
    """Of a transfer line: what its other side has handled."""

    @property
    def name(self) -> str:
        """How people name it: `PO1/1`."""
        return f"{self.document}/{line_suffix(self.id)}"

    @property
    def sign(self) -> int:
        """The sign its quantities are typed with."""
        return -1 if self.quantity < 0 else 1

    @property
    def movement(self) -> int:
        """The direction its goods move: +1 in, -1 out (TW-3)."""
        return self.direction * self.sign

    @property
    def side(self) -> LinkSide:
        """Which side of a link it is: what takes from stock is demand."""
        return SUPPLY if self.movement > 0 else DEMAND

    @property
    def ledger_id(self) -> int:
        """The line as the ledger names it: both sides of a transfer line are one there."""
        return outgoing(self.id)

    @property
    def is_journal(self) -> bool:
        """Journal lines are posted whole, not invoiced, and vanish."""
        return self.kind == "journal"

    @property
    def is_planned(self) -> bool:
        """A supply that planning proposes: it is neither posted nor invoiced."""
        return self.kind == "planned"

    @property
    def is_invoiced(self) -> bool:
        """Whether what has been handled of it is to be invoiced."""
        return self.kind not in ONE_WAY and not self.is_journal

    @property
    def has_invoice_column(self) -> bool:
        """Whether its window asks for a quantity to invoice (TW-8)."""
        return self.kind not in NEVER_INVOICED

    @property
    def is_incoming(self) -> bool:
        """Whether it is the incoming side of a transfer line."""
        return self.kind == "transfer" and is_incoming(self.id)

    @property
    def may_exceed(self) -> bool:
        """Whether more than its quantity may be handled and tracked: the output of a production order (PO-3, TW-16)."""
        return self.kind == "production" and self.type == "output"

    @property
    def outstanding(self) -> int:
        """What is not handled yet, signed; of an output that exceeded its line nothing is."""
        return self.sign * max(self.sign * (self.quantity - self.handled), 0)

    @property
    def in_transit(self) -> int:
        """Of a transfer line: what is shipped and not received."""
        return self.other_handled - self.handled if self.is_incoming else self.handled - self.other_handled

    @property
    def unsettled(self) -> int:
        """What has been handled and is not at rest: not invoiced, of a transfer not received (IN-5)."""
        return self.in_transit if self.kind == "transfer" else self.handled - self.invoiced

    @property
    def occasion(self) -> str:
        """The occasion its movement is (TW-3)."""
        pair = OCCASIONS.get(self.type if self.is_journal else self.kind)
        return pair[self.movement > 0] if pair else self.type

    @property
    def entry_kind(self) -> str:
        """The kind of ledger entry it makes (PO-6)."""
        return ENTRY_KINDS.get(self.type or self.kind, self.type)

    @property
    def renumbers(self) -> bool:
        """Whether it gives stock other numbers, dates or places."""
        return self.type == "reclassification"

    @property
    def may_go_negative(self) -> bool:
        """Whether it may take what is not there yet, if no specific number is asked for (PO-24).

        At an in-transit site nothing may: what is shipped there later belongs to its order alone (PO-40).
        """
        return (self.kind in MAY_GO_NEGATIVE or self.type in NEGATIVE_TYPES) and not self.site_in_transit

    def in_unit(self, units: int) -> Decimal:
        """A base quantity in the line's unit."""
        return in_unit(units, self.factor)


def split_name(name: str) -> tuple[str, int | None, str | None]:
    """Order, line position within the document's numbering (None: malformed), and side of `ORDER/N[:side]`."""
    rest, _, side = name.rpartition(":") if name.endswith((":out", ":in")) else (name, "", "")
    order, _, suffix = rest.rpartition("/")
    component = suffix.startswith("c")
    digits = suffix[1:] if component else suffix
    if not order or not digits.isdigit() or not digits.isascii() or not 0 < int(digits) < FIRST_INCOMING:
        return rest, None, side or None
    first = FIRST_COMPONENT if component else FIRST_INCOMING if side == "in" else 0
    return order, int(digits) + first, side or None


def with_side(name: str, side: str | None) -> str:
    """The name of one side of a line."""
    return f"{name}:{side}" if side else name


def find_line(transaction: Transaction, name: str) -> SourceLine:
    """The line of this name, or the refusal `not_found`.

    Only lines of transfers have sides; without side the outgoing one is meant.
    """
    order, position, side = split_name(name)
    if position is not None:
        own = source_line.c.id == document.c.id * LINES_PER_DOCUMENT + position
        found = _read(transaction, _LINES.where(document.c.code == order, ~document.c.deleted, own))
        if found and (side is None or found[0].kind == "transfer"):
            return found[0]
    raise Refusal.of(Code.NOT_FOUND, f"There is no line {name}.", line=name)


def line_by_id(transaction: Transaction, item_id: int, id: int) -> SourceLine | None:
    """The line of this id, if it still exists and is still of this item."""
    found = _read(transaction, _LINES.where(source_line.c.item_id == item_id, source_line.c.id == id))
    return found[0] if found else None


def find_line_ids(transaction: Transaction, name: str) -> list[int]:
    """The ids lines of this name have or had: documents that are gone keep their name for the ledger."""
    order, position, _ = split_name(name)
    if position is None:
        return []
    ids = transaction.execute(select(document.c.id).where(document.c.code == order)).scalars().all()
    return [line_id(id_, position) for id_ in ids]


def sides_of(transaction: Transaction, line: SourceLine) -> list[SourceLine]:
    """The line itself; of a transfer line both sides, the outgoing one first."""
    if line.kind != "transfer":
        return [line]
    both = source_line.c.id.in_((line.id, other_side(line.id)))
    return _read(transaction, _LINES.where(source_line.c.item_id == line.item.id, both))


def find_document(transaction: Transaction, code: str) -> int:
    """The id of an open document, or the refusal `not_found`."""
    query = select(document.c.id).where(document.c.code == code, ~document.c.deleted)
    found = transaction.execute(query).scalar()
    if found is None:
        raise Refusal.of(Code.NOT_FOUND, f"There is no order {code}.")
    return int(found)


def lock_documents(transaction: Transaction, ids: Iterable[int]) -> None:
    """Hold documents, in order, so that their lines do not change under an operation."""
    statement = select(document.c.id).where(document.c.id.in_(sorted(set(ids)))).order_by(document.c.id)
    transaction.execute(statement.with_for_update())


def lines_of(transaction: Transaction, documents: Iterable[int]) -> list[SourceLine]:
    """All lines of documents, by document and number."""
    return _read(transaction, _LINES.where(source_line.c.document_id.in_(list(documents))))


_LINES = (
    select(
        source_line,
        document.c.code.label("document"),
        document.c.kind,
        document.c.in_transit_site_id,
        site.c.code.label("site"),
        site.c.in_transit.label("site_in_transit"),
    )
    .join(document, document.c.id == source_line.c.document_id)
    .join(site, site.c.id == source_line.c.site_id)
    .order_by(source_line.c.id)
)


def _read(transaction: Transaction, query: Any) -> list[SourceLine]:
    rows = transaction.execute(query).all()
    codes = item_codes(transaction, {row.item_id for row in rows}) if rows else {}
    items = {found.id: found for found in find_items(transaction, codes.values()).values()} if rows else {}
    handled = _handled_by_side(transaction, rows)
    return [
        SourceLine(
            row.id,
            row.document_id,
            row.document,
            row.kind,
            row.type,
            items[row.item_id],
            row.direction,
            row.variant,
            row.site_id,
            row.site,
            row.location,
            row.unit,
            Decimal(row.factor),
            row.unit_quantity,
            row.quantity,
            row.handled,
            row.invoiced,
            row.date,
            row.reserve,
            row.to_site_id,
            row.to_location,
            row.in_transit_site_id,
            row.site_in_transit,
            handled[other_side(row.id)] if row.kind == "transfer" else 0,
        )
        for row in rows
    ]


def _handled_by_side(transaction: Transaction, rows: Sequence[Any]) -> dict[int, int]:
    """What has been handled of each side of the transfer lines among these rows."""
    handled = {row.id: row.handled for row in rows if row.kind == "transfer"}
    unread = [other_side(id_) for id_ in handled if other_side(id_) not in handled]
    if unread:
        items = {row.item_id for row in rows}
        query = select(source_line.c.id, source_line.c.handled)
        query = query.where(source_line.c.item_id.in_(items), source_line.c.id.in_(unread))
        handled |= {row.id: row.handled for row in transaction.execute(query)}
    return handled
