"""A flow network whose nodes are needs (`held_stock.Need`), not demands and not units.

A chain starts at the need of a request. A unit that will do is free, or somebody holds it, who then needs another one.
All who carry the same numbers need the same, so they are one node, however many they are. Chains are searched shortest
first, and stock is asked only about the needs a search has come to (RE-66).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from heapq import heappop, heappush
from itertools import chain, count, islice
from math import inf
from typing import Generic, TypeVar

from stockline.plan.held_stock import ANYTHING, Entry, EntryIndex, Link, Need, Numbers, Stock, Units

MOVE = 2**40
"""What it costs to move one unit, less the ordinal of the demand's date: whatever the dates along a chain add up to, it
never outweighs one move more."""

Row = TypeVar("Row")


class _Cursor(Generic[Row]):
    """Rows of the stock, read as far as they are used; `left` says how much of a row can still be had."""

    def __init__(self, rows: Iterable[Row], left: Callable[[Row], int]) -> None:
        self._unread, self._left = iter(rows), left
        self._read: list[Row] = []
        self._next = 0

    def first(self) -> Row | None:
        """The first row of which something is left."""
        while True:
            if self._next == len(self._read):
                row = next(self._unread, None)
                if row is None:
                    return None
                self._read.append(row)
            if self._left(self._read[self._next]) > 0:
                return self._read[self._next]
            self._next += 1

    def rewind(self) -> None:
        """Look at all rows again: of one there is more than before."""
        self._next = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """`seeker` gets units of `entry` from `holder`, who needs others instead.

    They are those of `link`, or if that is None units that came to the holder in this call. `room` is how many, `cost`
    what each costs: a move, less the move that is undone when the seeker had left this very entry.
    """

    seeker: Need
    holder: Need
    entry: Entry
    link: Link | None
    room: int
    cost: int


class _Newcomers:
    """How much of which entries has come to the holders of one need."""

    def __init__(self) -> None:
        self.entries = EntryIndex()
        self.quantities: dict[int, int] = {}

    def add(self, entry: Entry, quantity: int) -> None:
        """More of an entry."""
        self.entries.add(entry)
        self.quantities[entry.number] = self.quantities.get(entry.number, 0) + quantity

    def drop(self, entry: Entry, quantity: int) -> None:
        """Less of an entry."""
        self.quantities[entry.number] -= quantity
        if not self.quantities[entry.number]:
            del self.quantities[entry.number]
            self.entries.remove(entry)


class Network:
    """The stock, and on top of it what has changed hands so far.

    Per need and entry there is either what holders of the need have `left`, a stack of links, or what has `come` to
    them, never both. Which of those who need the same gets which of the units that came is settled at the end.
    """

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._free: dict[Need, _Cursor[Units]] = {}
        self._holders: dict[Need, dict[Numbers, _Cursor[Link]]] = {}
        self._used: dict[int, int] = defaultdict(int)
        self._moved: dict[int, int] = defaultdict(int)
        self._left: dict[Need, dict[int, list[Link]]] = defaultdict(dict)
        self._come: dict[Need, _Newcomers] = defaultdict(_Newcomers)
        self._come_to_stay: dict[Need, _Newcomers] = defaultdict(_Newcomers)
        self._potential: dict[Need, int] = defaultdict(int)

    def serve(self, need: Need, quantity: int) -> tuple[int, list[Need]]:
        """Give a need so much; what is missing in the end, and the needs that were reached in vain."""
        while quantity:
            steps, units, reached = self._chain(need)
            if units is None:
                return quantity, reached
            quantity -= self._carry_out(need, steps, units, quantity)
        return 0, []

    def _chain(self, start: Need) -> tuple[list[_Step], Units | None, list[Need]]:
        """The cheapest chain from a need to free units, by Dijkstra's algorithm.

        Steps that undo a move cost less than nothing. The potentials, which are what earlier searches learned, make up
        for that. A need with free units has none, so that the first one reached is the best.
        """
        distances: dict[Need, int] = {start: 0}
        arrivals: dict[Need, _Step] = {}
        settled: dict[Need, int] = {}
        serial = count()
        queue: list[tuple[int, tuple[date, int], int, Need]] = [(0, (date.min, 0), next(serial), start)]
        while queue:
            distance, _, _, need = heappop(queue)
            if need in settled:
                continue
            settled[need] = distance
            if units := self._free_units(need):
                self._learn(settled, distance)
                return _way(arrivals, need), units, []
            if need == ANYTHING:
                break  # nothing is free at all
            for step in self._steps(need):
                holder = step.holder
                length = distance + step.cost + self._potential[need] - self._potential[holder]
                if holder not in settled and length < distances.get(holder, inf):
                    distances[holder], arrivals[holder] = length, step
                    heappush(queue, (length, step.entry.age, next(serial), holder))
        return [], None, list(settled)

    def _learn(self, settled: dict[Need, int], distance: int) -> None:
        for need, length in settled.items():
            self._potential[need] += length - distance

    def _free_units(self, need: Need) -> Units | None:
        """The oldest free units a need admits."""
        if need not in self._free:
            self._free[need] = _Cursor(self._stock.free(need), self._unused)
        return self._free[need].first()

    def _steps(self, seeker: Need) -> Iterator[_Step]:
        """Whom the seeker could take a unit from: of each kind of holder who gives way first."""
        for holder, come in self._come.items():
            if holder != seeker:
                yield from self._steps_to_newcomers(seeker, holder, come)
        yield from self._steps_to_links(seeker)

    def _steps_to_newcomers(self, seeker: Need, holder: Need, come: _Newcomers) -> Iterator[_Step]:
        """Those are the same to the seeker, but for the entries it has left."""
        for entry in islice(come.entries.admitted(seeker), 1):
            yield self._step(seeker, holder, entry, None, come.quantities[entry.number], 0)
        for number, links in self._left[seeker].items():
            if number in come.quantities:
                yield self._step(seeker, holder, links[-1].entry, None, come.quantities[number], 0)

    def _steps_to_links(self, seeker: Need) -> Iterator[_Step]:
        if seeker not in self._holders:
            groups = self._stock.holders(seeker)
            self._holders[seeker] = {numbers: _Cursor(links, self._unmoved) for numbers, links in groups.items()}
        for holder, cursor in self._holders[seeker].items():
            if holder != seeker and (link := cursor.first()):
                cost = MOVE - link.date.toordinal()
                yield self._step(seeker, holder, link.entry, link, self._unmoved(link), cost)

    def _step(self, seeker: Need, holder: Need, entry: Entry, link: Link | None, room: int, cost: int) -> _Step:
        if back := self._left[seeker].get(entry.number):
            room, cost = min(room, self._moved[back[-1].id]), cost - (MOVE - back[-1].date.toordinal())
        return _Step(seeker, holder, entry, link, room, cost)

    def _unused(self, units: Units) -> int:
        return units.quantity - self._used[units.entry.number]

    def _unmoved(self, link: Link) -> int:
        return link.quantity - self._moved[link.id]

    def _carry_out(self, need: Need, steps: list[_Step], units: Units, most: int) -> int:
        """Let units pass along a chain; how many."""
        quantity = min(most, self._unused(units), *(step.room for step in steps))
        for step in steps:
            self._give(step.holder, step.entry, step.link, quantity)
            self._get(step.seeker, step.entry, quantity)
        self._used[units.entry.number] += quantity
        self._get(steps[-1].holder if steps else need, units.entry, quantity)
        return quantity

    def _give(self, holder: Need, entry: Entry, link: Link | None, quantity: int) -> None:
        if link:
            links = self._left[holder].setdefault(entry.number, [])
            if link not in links[-1:]:
                links.append(link)
            self._moved[link.id] += quantity
        else:
            self._come[holder].drop(entry, quantity)

    def _get(self, seeker: Need, entry: Entry, quantity: int) -> None:
        if entry.number in self._left[seeker]:
            self._take_back(seeker, entry, quantity)
        else:
            # A serial is one unit: who needs it by name has nowhere else to go, and is not asked again.
            by_serial = isinstance(seeker, Numbers) and seeker.serial
            (self._come_to_stay if by_serial else self._come)[seeker].add(entry, quantity)

    def _take_back(self, seeker: Need, entry: Entry, quantity: int) -> None:
        """Undo the last move from an entry."""
        links = self._left[seeker][entry.number]
        self._moved[links[-1].id] -= quantity
        if not self._moved[links[-1].id]:
            links.pop()
        if not links:
            del self._left[seeker][entry.number]
        for groups in self._holders.values():
            for cursor in groups.values():
                cursor.rewind()

    def left(self) -> Iterator[tuple[Link, int]]:
        """The links that have to move, and how much of each."""
        for by_entry in self._left.values():
            for links in by_entry.values():
                for link in links:
                    yield link, self._moved[link.id]

    def come(self) -> Iterator[tuple[Need, list[Units]]]:
        """What has come to each need instead, and for its requests."""
        for need, come in chain(self._come.items(), self._come_to_stay.items()):
            yield need, [Units(entry, come.quantities[entry.number]) for entry in come.entries.admitted(ANYTHING)]


def _way(arrivals: dict[Need, _Step], end: Need) -> list[_Step]:
    """The steps that lead to a need, the first one first."""
    steps = []
    while end in arrivals:
        steps.append(arrivals[end])
        end = steps[-1].seeker
    return steps[::-1]
