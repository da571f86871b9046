"""A small, slow, obviously right order desk in plain Python: orders, their numbers, windows, postings and undos.

Every posted movement is an entry; what goes out takes from the oldest open entries of its number. Refusals are answered
as their code, and then nothing has changed.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from stockline import Code
from tests.properties.model import BIKE, BOLT

INBOUND = {"purchase": True, "sale_return": True, "sale": False, "purchase_return": False}


@dataclass
class Entry:
    """One movement of one number; `remaining` is signed like the quantity."""

    item: str
    site: str
    number: str
    quantity: int
    remaining: int
    invoiced: int = 0


@dataclass
class Row:
    """A number of a line; the quantity includes what has been handled."""

    quantity: int
    handle: int
    handled: int = 0

    @property
    def active(self) -> int:
        """What has not been handled."""
        return self.quantity - self.handled


Rows = dict[str, Row]


@dataclass
class Order:
    """An order of one line, and the window that is open of it."""

    kind: str
    item: str
    site: str
    quantity: int
    handled: int = 0
    invoiced: int = 0
    rows: Rows = field(default_factory=dict)
    draft: Rows | None = None
    stale: bool = False

    @property
    def inbound(self) -> bool:
        """Whether it brings goods in."""
        return INBOUND[self.kind]

    @property
    def outstanding(self) -> int:
        """What has not been handled."""
        return self.quantity - self.handled

    def close(self) -> Code | None:
        """Take over what the window drafts."""
        assert self.draft is not None
        if self.stale:
            return Code.WINDOW_STALE
        if sum(row.active for row in self.draft.values()) > self.outstanding:
            return Code.TRACKING_EXCEEDS_LINE
        self.rows = {number: row for number, row in self.draft.items() if row.quantity}
        self.draft = None
        return None


@dataclass
class Handled:
    """What one posting did to its order."""

    order: Order
    entries: list[Entry]
    undone: bool = False


@dataclass
class Desk:
    """What is in stock, and how it came."""

    entries: list[Entry] = field(default_factory=list)

    def on_hand(self, item: str, site: str | None = None, number: str | None = None) -> int:
        """What remains, less what is owed."""
        return sum(entry.remaining for entry in self._of(item, site, number))

    def open_inbound(self, item: str, site: str, number: str) -> int:
        """What remains of what came in."""
        return sum(max(entry.remaining, 0) for entry in self._of(item, site, number))

    def post(self, order: Order, quantity: int) -> Handled | Code:
        """Handle so much of an order, by the numbers marked for it."""
        if not order.outstanding:
            return Code.NOTHING_TO_POST
        marked = _marked(order, quantity)
        if isinstance(marked, Code):
            return marked
        refused = self._not_possible(order, marked)
        if refused:
            return refused
        entries = [self._move(order, number, part, order.inbound) for number, part in marked.items()]
        for number, part in marked.items():
            if number:
                order.rows[number].handled += part
        for row in order.rows.values():
            row.handle = row.active
        order.handled += quantity
        order.stale = True
        return Handled(order, entries)

    def _not_possible(self, order: Order, marked: dict[str, int]) -> Code | None:
        """Why these quantities of specific numbers cannot move."""
        if order.item == BOLT:
            return None
        if order.inbound:
            there = order.item == BIKE and any(self.on_hand(BIKE, None, number) for number in marked)
            return Code.SERIAL_ALREADY_IN_STOCK if there else None
        short = any(self.on_hand(order.item, order.site, number) < wanted for number, wanted in marked.items())
        return Code.NOT_IN_STOCK if short else None

    def undo(self, handled: Handled) -> Code | None:
        """Take a posting back by opposite entries."""
        order = handled.order
        if handled.undone or any(entry.invoiced for entry in handled.entries):
            return Code.UNDO_NOT_POSSIBLE
        if order.inbound and any(entry.remaining != entry.quantity for entry in handled.entries):
            return Code.UNDO_NOT_POSSIBLE
        if (
            not order.inbound
            and order.item == BIKE
            and any(self.on_hand(BIKE, None, entry.number) for entry in handled.entries)
        ):
            return Code.SERIAL_ALREADY_IN_STOCK
        for entry in handled.entries:
            size = abs(entry.quantity)
            if order.inbound:
                entry.remaining = 0
            else:
                self._move(order, entry.number, size, inbound=True, but=entry)
            order.handled -= size
            if entry.number:
                order.rows[entry.number].handled -= size
                order.rows[entry.number].handle += size
        handled.undone = order.stale = True
        return None

    def _move(self, order: Order, number: str, quantity: int, inbound: bool, but: Entry | None = None) -> Entry:
        """A new entry, applied to open ones of the other direction, oldest first."""
        sign = 1 if inbound else -1
        left = quantity
        for other in self._of(order.item, order.site, number):
            if other is not but and other.remaining * sign < 0:
                part = min(left, abs(other.remaining))
                other.remaining += sign * part
                left -= part
        self.entries.append(Entry(order.item, order.site, number, sign * quantity, sign * left))
        return self.entries[-1]

    def _of(self, item: str, site: str | None, number: str | None) -> Iterator[Entry]:
        return (
            entry
            for entry in self.entries
            if entry.item == item and site in (None, entry.site) and number in (None, entry.number)
        )


def _marked(order: Order, quantity: int) -> dict[str, int] | Code:
    """How much of which number a posting of the quantity handles (PO-13)."""
    if order.item == BOLT:
        return {"": quantity}
    marked = {number: row.handle for number, row in order.rows.items() if row.handle}
    if not marked:
        return Code.SERIAL_REQUIRED if order.item == BIKE else Code.LOT_REQUIRED
    if sum(marked.values()) == quantity:
        return marked
    if order.item != BIKE and len(marked) == 1 and sum(marked.values()) > quantity:
        return dict.fromkeys(marked, quantity)
    return Code.TRACKING_INCOMPLETE


def opened(order: Order) -> None:
    """Open the window of an order: its numbers as they are."""
    order.draft = deepcopy(order.rows)
    order.stale = False
