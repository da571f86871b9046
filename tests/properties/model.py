"""A small, slow, obviously right stock in plain Python, to compare the engine with.

It keeps stock lines in the order they were opened, takes from them in that order, and a serial is where it lies.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from stockline import Code

BIKE, PAINT, BOLT = "BIKE", "PAINT", "BOLT"
"""An item of specific serials, one of specific lots, one without numbers."""


@dataclass
class Line:
    """A stock line."""

    item: str
    site: str
    location: str
    lot: str
    quantity: Decimal


@dataclass(frozen=True)
class Movement:
    """One line that is posted: whole serials, or a quantity, of a lot if the item has lots."""

    item: str
    site: str
    location: str
    quantity: Decimal
    serials: tuple[str, ...] = ()
    lot: str = ""


@dataclass
class Model:
    """What is in stock."""

    lines: list[Line] = field(default_factory=list)
    serials: dict[str, Line] = field(default_factory=dict)

    @property
    def open_lines(self) -> list[Line]:
        """Lines that hold something, or owe it."""
        return [line for line in self.lines if line.quantity != 0]

    @property
    def spread_out(self) -> list[Line]:
        """Lines of goods without serials that lie in a second place of their site too."""
        lines = [line for line in self.open_lines if line.item != BIKE]
        goods = [(line.item, line.site, line.lot) for line in lines]
        return [line for line, of in zip(lines, goods, strict=True) if goods.count(of) > 1]

    def total(self, item: str, site: str) -> Decimal:
        """The quantity on hand."""
        return sum((line.quantity for line in self.lines if (line.item, line.site) == (item, site)), Decimal(0))

    def receive(self, moved: Movement) -> tuple[Code, set[str]] | None:
        """Goods come in: shortages of the site are filled first. A refusal says which serials are to blame."""
        there = {serial for serial in moved.serials if serial in self.serials}
        if there:
            return Code.SERIAL_ALREADY_IN_STOCK, there
        left = moved.quantity
        for line in self._lines_of(moved):
            filled = min(left, max(-line.quantity, Decimal(0)))
            line.quantity += filled
            left -= filled
        if left:
            line = self._put(moved, moved.location, left)
            self.serials |= dict.fromkeys(moved.serials, line)
        return None

    def issue(self, moved: Movement) -> tuple[Code, set[str]] | None:
        """Goods go out: the very serials, or from the oldest lines. The untracked may be owed, not by a location."""
        if moved.item == BIKE:
            return self._issue_serials(moved)
        lines = [line for line in self._lines_of(moved) if moved.location in ("", line.location) and line.quantity > 0]
        left = moved.quantity
        if left > sum(line.quantity for line in lines):
            if moved.item == PAINT:
                return Code.NOT_IN_STOCK, set()
            if moved.location:
                return Code.INSUFFICIENT_STOCK, set()
        for line in lines:
            taken = min(left, line.quantity)
            line.quantity -= taken
            left -= taken
        if left:
            self._put(moved, "", -left)
        return None

    def _issue_serials(self, moved: Movement) -> tuple[Code, set[str]] | None:
        missing = {serial for serial in moved.serials if not self._lies_at(serial, moved.site, moved.location)}
        if missing:
            return Code.NOT_IN_STOCK, missing
        for serial in moved.serials:
            self.serials.pop(serial).quantity -= 1
        return None

    def _lies_at(self, serial: str, site: str, location: str) -> bool:
        line = self.serials.get(serial)
        return line is not None and line.site == site and location in ("", line.location)

    def _lines_of(self, moved: Movement) -> Iterator[Line]:
        """Lines of the item and lot at the site, oldest first."""
        wanted = (moved.item, moved.site, moved.lot)
        return (line for line in self.lines if (line.item, line.site, line.lot) == wanted)

    def _put(self, moved: Movement, location: str, quantity: Decimal) -> Line:
        """Add to the open line of these characteristics, or open one."""
        for line in self._lines_of(moved):
            if line.location == location and line.quantity != 0:
                line.quantity += quantity
                return line
        self.lines.append(Line(moved.item, moved.site, location, moved.lot, quantity))
        return self.lines[-1]


def told(line: Line) -> tuple[object, ...]:
    """A line as plain values."""
    return line.item, line.site, line.location, line.lot, line.quantity
