"""What is found in a foreign system's files: stock lines, serials, and the items and places that they need."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from stockline.exchange.tables import Unreadable
    from stockline.results import FoundItem, FoundReservation, FoundSerial, FoundSite, FoundStockLine

HUGE = 10**17
"""Numbers of stock lines from here on leave no round number behind them that a stock line can have."""
LineKey = tuple[str, ...]
"""What a stock line is known by in its system; it ends with the columns a serial's row there names it by."""
SerialKey = tuple[str, str, str]
"""Item, variant and serial."""


class FileRead(NamedTuple):
    """A file that has been read: as which table, and how many rows."""

    path: str
    table: str
    rows: int


@dataclass(slots=True, kw_only=True)
class Found:
    """Everything that the files hold."""

    stock_lines: list[FoundStockLine]
    serials: list[FoundSerial]
    items: dict[str, FoundItem]
    sites: dict[str, FoundSite]
    keys: dict[int, LineKey]
    """Of every stock line number, also of one that only serials name, its key in the system."""
    made: frozenset[int]
    """The numbers that the system does not have itself."""
    unreadable: list[Unreadable]
    repeated: int
    """Rows that say what another has said."""
    left_out: int
    """Rows of places that hold no stock, such as a customer's."""
    files: list[FileRead] = field(default_factory=list)
    held: dict[tuple[SerialKey, int], Decimal] = field(default_factory=dict)
    """What a serial's own rows add to the quantity of a stock line; 1 for each link where nothing is said."""
    reservations: list[FoundReservation] = field(default_factory=list)
    not_reserved: int = 0
    """Rows of reservations that hold no stock: cancelled, delivered, or of goods still to come."""
    unheld: int = 0
    """Reservations of which the system itself does not know what they are for."""

    @property
    def links(self) -> int:
        """Links of serials to stock lines."""
        return sum(len(links_of(serial)) for serial in self.serials)

    @property
    def duplicates(self) -> int:
        """Serials that are linked to more than one stock line."""
        return sum(len(links_of(serial)) > 1 for serial in self.serials)

    @property
    def unreadable_rows(self) -> int:
        """Rows that are not taken."""
        return len({(row.file, row.line or row.reason) for row in self.unreadable})

    @property
    def doubtful(self) -> set[str]:
        """Items of which something could not be read; "" stands for any, where a row does not tell its item."""
        return {row.item for row in self.unreadable}

    def renumbered(self, numbers: dict[int, int]) -> Found:
        """The same with other numbers for some stock lines."""

        def new(number: int) -> int:
            return numbers.get(number, number)

        def line_with(line: FoundStockLine) -> FoundStockLine:
            return replace(line, id=numbers[line.id]) if line.id in numbers else line

        def serial_with(serial: FoundSerial) -> FoundSerial:
            links = links_of(serial)
            return serial if numbers.keys().isdisjoint(links) else replace(serial, stock_line=tuple(map(new, links)))

        return replace(
            self,
            stock_lines=list(map(line_with, self.stock_lines)),
            serials=list(map(serial_with, self.serials)),
            keys={new(number): key for number, key in self.keys.items()},
            made=frozenset(map(new, self.made)),
            held={(serial, new(number)): quantity for (serial, number), quantity in self.held.items()},
        )


def round_number_behind(numbers: Iterable[int]) -> int:
    """Where made numbers begin, so that they are told from a system's own; huge ones leave no room behind them."""
    return int(10 ** len(str(max((number for number in numbers if number < HUGE), default=0))))


def links_of(serial: FoundSerial) -> tuple[int, ...]:
    """The numbers of the stock lines a serial is linked to."""
    link = serial.stock_line
    return () if link is None else (link,) if isinstance(link, int) else tuple(link)
