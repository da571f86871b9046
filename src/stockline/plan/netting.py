"""Order-to-order planning: every demand gets a supply of its own, exact in quantity and date (OT-20 to OT-25, OT-35).

Pure: plain values in, decisions out. Quantities are engine units.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stockline.plan.held_stock import ANYTHING, Numbers
from stockline.tracking_code import NUMBER_KINDS

Parts = Mapping[Numbers, int]
"""Quantities by the numbers they carry; under `ANYTHING` what carries none."""
Place = tuple[str, int]
"""Variant and site."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand line: `open` are the parts of it that are not reserved; `rank` is that of its kind (OT-31)."""

    line: int
    place: Place
    date: dt.date
    rank: int
    open: Parts


@dataclass(frozen=True, slots=True)
class Supply:
    """An order line that may be adjusted: `free` are the parts of it that are not reserved.

    `bound`: the demand lines that have it as their own, each with the numbers it has for them. `needed`: the earliest
    date of a demand that is linked to it.
    """

    line: int
    date: dt.date
    quantity: int
    handled: int
    free: Parts
    numbered: bool = False
    bound: Mapping[int, Collection[Numbers]] = field(default_factory=dict)
    needed: dt.date | None = None

    @property
    def is_fixed(self) -> bool:
        """It carries numbers and is nobody's own: never changed (OT-20, OT-33)."""
        return self.numbered and not self.bound

    @property
    def used(self) -> int:
        """What has been handled of it or is reserved: no proposal goes below it (OT-30)."""
        return self.quantity - sum(self.free.values())


@dataclass(frozen=True, slots=True)
class Want:
    """What one demand wants of one supply: a quantity under the numbers the supply is to have, and its parts."""

    demand: Demand
    numbers: Numbers
    parts: Parts

    @property
    def quantity(self) -> int:
        """All parts together."""
        return sum(self.parts.values())

    @property
    def place(self) -> tuple[object, ...]:
        """By date, then number (serial and lot, serial, lot, none), then kind, then the oldest (OT-31)."""
        blanks = tuple(not number for number in self.numbers)
        return (self.demand.date, blanks, self.demand.rank, self.demand.line, self.numbers)


@dataclass(frozen=True, slots=True)
class Change:
    """What a supply line should be: of quantity 0 it should not be at all."""

    line: int
    quantity: int
    date: dt.date


@dataclass(frozen=True, slots=True)
class Bond:
    """A part of a demand and a part of a supply that become a link, order to order.

    `carried`, `given`: the numbers of these parts, as they are taken from their lines. `numbers`: those of the supply's
    side of the link.
    """

    demand: Demand
    supply: int
    quantity: int
    carried: Numbers
    given: Numbers
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Balance:
    """What is to be done: wants of which each needs a new supply, bonds with supply that is there, and changes."""

    new: list[Want]
    bonds: list[Bond]
    changes: list[Change]


def balance(
    demands: Iterable[Demand], supplies: Collection[Supply], decided: Collection[str], start: dt.date | None = None
) -> Balance:
    """What demand wants, and what existing supply should become of it (OT-35).

    A demand adds to its own supply, where it has one (OT-21); what none of its own can take needs a new one. Supply
    that nobody wants is reduced, at most to what is used of it, but before `start` only what is bound (OT-34).
    `decided`: the kinds of number that the supply decides; a demand gets one supply for each combination of these.
    """
    wants = sorted((want for demand in demands for want in _wants(demand, decided)), key=lambda want: want.place)
    taken: dict[int, list[Want]] = defaultdict(list)
    new: list[Want] = []
    for want in wants:
        own = _own_supply(want, supplies)
        if own is None:
            new.append(want)
        else:
            taken[own.line].append(want)
    adjustable = [one for one in supplies if not one.is_fixed and (one.bound or start is None or one.date >= start)]
    changes = [change for one in adjustable if (change := _change(one, taken[one.line])) is not None]
    bonds = [bond for one in supplies for bond in _bonds(one, taken[one.line])]
    return Balance(new, bonds, changes)


def new_bonds(want: Want, supply: int) -> Iterator[Bond]:
    """The links of what is wanted with a supply that has just been made for it."""
    for carried, quantity in want.parts.items():
        yield Bond(want.demand, supply, quantity, carried, ANYTHING, want.numbers)


def _wants(demand: Demand, decided: Collection[str]) -> Iterator[Want]:
    """The open parts of a demand, by the numbers their supply decides."""
    parts: dict[Numbers, dict[Numbers, int]] = defaultdict(dict)
    for numbers, quantity in demand.open.items():
        if quantity > 0:
            parts[only(numbers, decided)][numbers] = quantity
    for numbers, alike in parts.items():
        yield Want(demand, numbers, alike)


def only(numbers: Numbers, kinds: Collection[str]) -> Numbers:
    """Of the numbers those of these kinds."""
    return Numbers(*(number if kind in kinds else "" for kind, number in zip(NUMBER_KINDS, numbers, strict=True)))


def _own_supply(want: Want, supplies: Iterable[Supply]) -> Supply | None:
    """Of the demand's own supplies the one to add to: without number if possible, then the latest, the newest (OT-21).

    A want with numbers adds only to supply that has these.
    """
    own = [(one, one.bound[want.demand.line]) for one in supplies if want.demand.line in one.bound]
    fits = [(one, has) for one, has in own if want.numbers == ANYTHING or want.numbers in has]
    found = max(fits, key=lambda pair: (ANYTHING in pair[1], pair[0].date, pair[0].line), default=None)
    return found[0] if found else None


def _change(supply: Supply, wants: Collection[Want]) -> Change | None:
    """The message for a supply, netted: what is used and what is added; later only, never earlier (OT-23 to OT-25)."""
    quantity = supply.used + sum(want.quantity for want in wants)
    dates = [want.demand.date for want in wants] + ([supply.needed] if supply.needed else [])
    day = max(supply.date, min(dates, default=supply.date))
    return None if (quantity, day) == (supply.quantity, supply.date) else Change(supply.line, quantity, day)


def _bonds(supply: Supply, wants: Iterable[Want]) -> Iterator[Bond]:
    """What is free of a supply for those whose own it is; a part without number takes the number that is wanted."""
    free = dict(supply.free)
    for want in wants:
        suits = [want.numbers, ANYTHING] if want.numbers != ANYTHING else sorted(free)
        for carried, quantity in want.parts.items():
            left = quantity
            for given in suits:
                part = min(left, free.get(given, 0))
                if part > 0:
                    free[given] -= part
                    left -= part
                    numbers = want.numbers if given == ANYTHING else given
                    yield Bond(want.demand, supply.line, part, carried, given, numbers)
