"""Stock being gathered from a foreign system's files, row by row, by the keys of that system."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from stockline.exchange.found import Found, round_number_behind
from stockline.exchange.homes import Homes
from stockline.exchange.journeys import Latest, Step, When, last_of
from stockline.exchange.needed import items_of, sites_of
from stockline.results import FoundSerial
from stockline.values import LARGEST, SCALE, to_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockline.exchange.found import LineKey, SerialKey
    from stockline.exchange.overrides import Overrides
    from stockline.exchange.tables import Unreadable
    from stockline.results import FoundReservation, FoundStockLine


@dataclass(slots=True)
class _Line:
    line: FoundStockLine
    quantity: Decimal


@dataclass(slots=True)
class _Serial:
    links: dict[LineKey, None] = field(default_factory=dict)
    site: str | None = None
    lot: str = ""
    sublot: str = ""
    version: str = ""
    moves: Latest[Step] = field(default_factory=Latest)


class Gathering:
    """Stock being read from files: what has been found so far, by the keys of its system."""

    def __init__(self, overrides: Overrides) -> None:
        self.overrides = overrides
        self.untold: frozenset[str] = frozenset()
        """What the movements do not tell, of location, lot and package."""
        self.unreadable: list[Unreadable] = []
        self.repeated = 0
        self.left_out = 0
        self.not_reserved = 0
        self.unheld = 0
        self.reservations: list[FoundReservation] = []
        self._lines: dict[LineKey, _Line] = {}
        self._wanted: dict[LineKey, int] = {}
        self._serials: dict[SerialKey, _Serial] = {}
        self._held: defaultdict[tuple[SerialKey, LineKey], Decimal] = defaultdict(Decimal)
        self._put_away: set[tuple[str, str]] = set()

    def has_line(self, key: LineKey) -> bool:
        """Whether there is such a stock line already."""
        return key in self._lines

    def add_line(self, key: LineKey, line: FoundStockLine, quantity: Decimal) -> None:
        """A stock line, or some more of its quantity; `id` is the number it has in the system, if any."""
        if (known := self._lines.get(key)) is not None:
            known.quantity += quantity
            return
        self._lines[key] = _Line(line, quantity)
        if line.id is not None:
            self._wanted[key] = line.id

    def add_serial(self, key: SerialKey, **own: str) -> None:
        """A serial that is known; `own` are its site and its own attributes. What is blank stays as it was."""
        serial = self._serials.setdefault(key, _Serial())
        for name, value in own.items():
            if value:
                setattr(serial, name, value)

    def knows(self, key: SerialKey) -> bool:
        """Whether a serial has been found."""
        return key in self._serials

    def serials_by_item(self) -> dict[str, list[str]]:
        """The serials found so far, in the order of their numbers."""
        numbers: dict[str, list[str]] = {}
        for item, _, serial in sorted(self._serials):
            numbers.setdefault(item, []).append(serial)
        return numbers

    def link(self, serial: SerialKey, line: LineKey, wanted: int | None = None) -> None:
        """Link a serial to a stock line, which need not exist; `wanted` is its number in the system."""
        links = self._serials.setdefault(serial, _Serial()).links
        if line in links:
            self.repeated += 1
        links[line] = None
        if wanted is not None:
            self._wanted.setdefault(line, wanted)

    def hold(self, serial: SerialKey, line: LineKey, quantity: Decimal) -> None:
        """What the rows of a serial add to the quantity of a stock line, where they have one of their own."""
        self._held[serial, line] += quantity

    def moved(self, serial: SerialKey, when: When, step: Step) -> None:
        """A movement of a serial; the latest counts, of several at one time the one that ends their chain."""
        self._serials[serial].moves.note(when, step)

    def has_moved(self, serial: SerialKey) -> bool:
        """Whether a movement of a serial has been found."""
        return bool(self._serials[serial].moves.those)

    def reserve(self, reservation: FoundReservation) -> str | None:
        """Stock that is reserved; nothing is no reservation. Why it cannot be taken, if it cannot."""
        quantity = to_units(Decimal(reservation.quantity))
        if quantity < 0 or (reservation.serial and quantity not in (0, SCALE)):
            what = f"of the serial {reservation.serial}" if reservation.serial else "as reserved"
            return f"the quantity {reservation.quantity} makes no sense {what}"
        if quantity:
            self.reservations.append(reservation)
        else:
            self.not_reserved += 1
        return None

    def awaits_put_away(self, site: str, location: str) -> None:
        """Goods at this place, by its names here, wait to be put away."""
        self._put_away.add((site, location))

    def take_out_huge(self) -> list[tuple[FoundStockLine, Decimal]]:
        """Take out the stock lines whose quantity is out of range; each with its sum."""
        huge = [key for key, kept in self._lines.items() if abs(kept.quantity) * SCALE > LARGEST]
        taken = [self._lines.pop(key) for key in huge]
        return [(kept.line, kept.quantity) for kept in taken]

    def found(self) -> Found:
        """Everything together, stock lines with their numbers."""
        linked = (key for serial in self._serials.values() for key in serial.links)
        numbers, made = _numbers([*self._lines, *linked], self._wanted)
        lines = {key: replace(kept.line, id=numbers[key], quantity=kept.quantity) for key, kept in self._lines.items()}
        homes = Homes(lines.values(), self.untold)
        serials = [
            FoundSerial(
                item=item,
                variant=variant,
                serial=number,
                stock_line=tuple(numbers[line] for line in kept.links) or None,
                site=kept.site,
                lot=kept.lot,
                sublot=kept.sublot,
                version=kept.version,
                last=homes.complete(
                    (item, variant), last_of(kept.moves), [lines[line] for line in kept.links if line in lines]
                ),
            )
            for (item, variant, number), kept in self._serials.items()
        ]
        return Found(
            stock_lines=list(lines.values()),
            serials=serials,
            reservations=self.reservations,
            items=items_of(lines.values(), serials, self.reservations, self.overrides),
            sites=sites_of(lines.values(), serials, self.reservations, self._waits),
            keys={number: key for key, number in numbers.items()},
            made=frozenset(made),
            held={(serial, numbers[line]): held for (serial, line), held in self._held.items() if line in numbers},
            unreadable=self.unreadable,
            repeated=self.repeated,
            left_out=self.left_out,
            not_reserved=self.not_reserved,
            unheld=self.unheld,
        )

    def _waits(self, site: str, location: str) -> bool:
        return (site, location) in self._put_away or self.overrides.puts_away(site, location)


def _numbers(keys: Iterable[LineKey], wanted: dict[LineKey, int]) -> tuple[dict[LineKey, int], set[int]]:
    """A number for every line: the system's own where no other line has taken it, else one that is made."""
    numbers: dict[LineKey, int] = {}
    taken: set[int] = set()
    rest: dict[LineKey, None] = {}
    for key in keys:
        if key in numbers:
            continue
        number = wanted.get(key)
        if number is None or number in taken:
            rest[key] = None
        else:
            numbers[key] = number
            taken.add(number)
    first = round_number_behind(taken) if taken else 0
    free = (number for number in count(first + 1) if number not in taken)
    made = dict(zip(rest, free, strict=False))
    return numbers | made, set(made.values())
