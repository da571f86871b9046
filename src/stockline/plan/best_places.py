"""Where serials with a choice stand in the best plans (RS-4).

Counts per class and place are a flow from the classes over their places to the pivot. It costs the difference between
serials and quantities (D) first, the links changed (N) second. What all cheapest flows have in common is forced (RS-7).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stockline.plan.flow import PIVOT, UNLIMITED, Circulation
from stockline.plan.placement import Allowed, Attributes, Line, Place, SerialClass, fits
from stockline.values import SCALE

Pattern = tuple[str, int, Attributes]
"""Variant, site and own attributes: unproven serials that are equal in these have the same lines to go to."""


@dataclass(frozen=True, slots=True)
class BestPlaces:
    """What the best plans have in common."""

    of_class: Mapping[SerialClass, tuple[Place, ...]]
    """Where serials of a class with a choice stand in some best plan."""
    on_line: Mapping[int, tuple[int, int]]
    """The least and the most serials on a line over all best plans; lines that cannot change may be left out."""


def best_places(allowed: Allowed) -> BestPlaces:
    """The places of serials with a choice over all best plans."""
    patterns = _Patterns(allowed)
    idle = _idle_lines(allowed, patterns)
    places: dict[SerialClass, tuple[Place, ...]] = {}
    moving = [*allowed.returned]
    for serials in allowed.unproven:
        if len(serials.links) == 1 and serials.links[0] in idle:
            places[serials] = serials.links
        else:
            moving.append(serials)
    lines = (line for line in allowed.stock.values() if line.is_place and line.number not in idle)
    network = _Network(allowed, patterns, lines, moving)
    return BestPlaces(places | network.places(), network.bounds())


class _Patterns:
    """The patterns of the unproven classes, found again from the side of the lines."""

    def __init__(self, allowed: Allowed) -> None:
        self._known: dict[tuple[str, int], dict[tuple[bool, ...], set[Attributes]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for serials in allowed.unproven:
            for site in allowed.sites(serials):
                own = serials.attributes
                self._known[serials.variant, site][tuple(map(bool, own))].add(own)

    def fitting(self, line: Line) -> Iterator[Attributes]:
        """The own attributes of unproven serials that could come to the line."""
        if line.is_place:
            for known, attributes in self._known.get((line.variant, line.site), {}).items():
                lot, sublot, version = (its if said else "" for said, its in zip(known, line.attributes, strict=True))
                if (lot, sublot, version) in attributes:
                    yield lot, sublot, version


def _idle_lines(allowed: Allowed, patterns: _Patterns) -> set[int]:
    """Lines that agree, and on which nothing changes in any best plan: they need not be looked at.

    All their serials with a choice are linked to them alone, and whatever could come there could go wherever one of
    these could: to let it go there directly is a change less.
    """
    alone: dict[int, list[SerialClass]] = defaultdict(list)
    sought = {home for homes in allowed.returned.values() for home in homes}
    for serials in allowed.unproven:
        if len(serials.links) == 1:
            alone[serials.links[0]].append(serials)
        else:
            sought.update(serials.links)
    idle = set()
    for number, line in allowed.stock.items():
        there = alone.get(number, ())
        count = allowed.standing[number] + sum(serials.count for serials in there)
        if line.is_place and number not in sought and count * SCALE == line.quantity:
            coming = list(patterns.fitting(line))
            if all(serials.fits(line) and all(fits(own, serials.attributes) for own in coming) for serials in there):
                idle.add(number)
    return idle


class _Network:
    """The flow of an item's serials with a choice.

    An unproven class reaches the lines that fit it over a node of its pattern, so that the arcs are few even where
    every serial fits every line.
    """

    def __init__(self, allowed: Allowed, patterns: _Patterns, lines: Iterable[Line], moving: list[SerialClass]) -> None:
        self._allowed = allowed
        self._flow = Circulation()
        # One unit of difference outweighs all changes there can be.
        self._unit = 1 + sum(serials.count * max(len(serials.links), 1) for serials in moving)
        self._nodes: dict[Place | Pattern, int] = {None: self._flow.node()}
        self._ways: dict[SerialClass | Pattern, list[tuple[int, Place | Pattern]]] = defaultdict(list)
        self._loads: dict[int, list[int]] = {}
        lines = list(lines)
        for line in lines:
            self._nodes[line.number] = self._flow.node()
            for own in patterns.fitting(line):
                self._add_way((line.variant, line.site, own), line.number)
        standing: Counter[Place] = Counter()
        for serials in moving:
            standing[self._add_class(serials)] += serials.count
        self._flow.arc(self._nodes[None], PIVOT, cost=0, flow=standing[None])
        for line in lines:
            self._add_loads(line, standing[line.number])
        self._flow.minimize()

    def _add_way(self, pattern: Pattern, number: int) -> None:
        """Serials of the pattern can come to the line."""
        if pattern not in self._nodes:
            self._nodes[pattern] = self._flow.node()
        self._ways[pattern].append((self._flow.arc(self._nodes[pattern], self._nodes[number], cost=0), number))

    def _add_class(self, serials: SerialClass) -> Place:
        """Add the ways of a class to its places; it starts where it changes least, so that no exchange is cheaper."""
        node = self._flow.node()
        ways = list(self._places(serials))
        start = min(range(len(ways)), key=lambda way: ways[way][1])
        for way, (place, cost) in enumerate(ways):
            flow = serials.count if way == start else 0
            self._ways[serials].append((self._flow.arc(node, self._nodes[place], cost, flow=flow), place))
        place = ways[start][0]
        return place if not isinstance(place, tuple) else None

    def _places(self, serials: SerialClass) -> Iterator[tuple[Place | Pattern, int]]:
        """The places and patterns a class can go to, and the links each of its serials changes then."""
        homes = self._allowed.returned.get(serials)
        if homes is not None:
            yield from ((home, serials.changes(home)) for home in homes)
            return
        for number in serials.links:
            if number in self._nodes and serials.fits(self._allowed.stock[number]):
                yield number, serials.changes(number)
        yield None, serials.changes(None)
        for site in self._allowed.sites(serials):
            pattern = (serials.variant, site, serials.attributes)
            if pattern in self._nodes:
                yield pattern, len(serials.links)

    def _add_loads(self, line: Line, standing: int) -> None:
        """What serials on the line cost: each up to its quantity makes the difference smaller, each beyond larger."""
        whole, part = divmod(line.quantity, SCALE)
        proven = self._allowed.standing[line.number]
        steps = [(max(whole - proven, 0), -SCALE), (UNLIMITED, SCALE)]
        if part and proven <= whole:
            steps.insert(1, (1, SCALE - 2 * part))
        arcs = []
        for room, difference in steps:
            flow = min(room, standing)
            standing -= flow
            arcs.append(self._flow.arc(self._nodes[line.number], PIVOT, difference * self._unit, room, flow))
        self._loads[line.number] = arcs

    def places(self) -> dict[SerialClass, tuple[Place, ...]]:
        """Where serials of each class stand in some best plan."""
        return {serials: tuple(self._reached(serials)) for serials in self._ways if isinstance(serials, SerialClass)}

    def _reached(self, start: SerialClass | Pattern) -> Iterator[Place]:
        for arc, place in self._ways[start]:
            if self._flow.is_possible(arc):
                if isinstance(place, tuple):
                    yield from self._reached(place)
                else:
                    yield place

    def bounds(self) -> dict[int, tuple[int, int]]:
        """The least and the most serials on each line over all best plans."""
        return {number: self._bounds(number, arcs) for number, arcs in self._loads.items()}

    def _bounds(self, number: int, arcs: list[int]) -> tuple[int, int]:
        proven = self._allowed.standing[number]
        bounds = [self._flow.bounds(arc) for arc in arcs]
        return proven + sum(least for least, _ in bounds), proven + sum(most for _, most in bounds)
