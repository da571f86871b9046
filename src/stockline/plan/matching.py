"""Late binding: which links to stock move so that a request gets the numbers it needs (RE-43, RE-60 to RE-66).

Pure: it knows no database, but asks a `Stock` as it goes. How: docs/adr/0013-late-binding-is-a-flow-of-needs.md.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from stockline.plan.chains import Network
from stockline.plan.held_stock import Entry, Link, Need, Numbers, Stock, Units


@dataclass(frozen=True, slots=True)
class Request:
    """So much of what a need admits, for a new reservation or a posting. `partial`: as much of it as can be had."""

    need: Need
    quantity: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request gets from one entry; `request` is its place in the list of requests."""

    request: int
    entry: Entry
    quantity: int


@dataclass(frozen=True, slots=True)
class Move:
    """`quantity` of a link goes from the entry it names to another; the rest of the link stays."""

    link: Link
    to: Entry
    quantity: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Why a request lacks `missing`: whatever `needs` admit is held by demands that can have nothing else."""

    request: int
    missing: int
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the requests take, what moves for them, and for each partial request that lacks something why."""

    taken: tuple[Taken, ...]
    moves: tuple[Move, ...]
    cuts: tuple[Cut, ...] = ()

    def quantity(self, request: int) -> int:
        """How much the request at this place gets."""
        return sum(taken.quantity for taken in self.taken if taken.request == request)


@dataclass(frozen=True, slots=True)
class Competition:
    """What a cut looks like: `wanted` of so little `on_hand`, and the first of the `links` that can have nothing else.

    `wanted` counts the requests of the same call too.
    """

    on_hand: int
    wanted: int
    links: tuple[Link, ...]


def match(stock: Stock, requests: Sequence[Request]) -> Assignment | Cut:
    """Serve all requests and keep every link whole; a `Cut` says why this cannot be (RE-62).

    Requests that are not partial come first; among partial ones the earlier has precedence. Fewest units move; of
    equal choices those of the demands with the latest dates (of a chain: their sum), then the oldest entries (RE-63).
    Links that a line gives up for the request (RE-40, RE-64) must be ended before: their units are free.
    """
    network = Network(stock)
    cuts = []
    for place in sorted(range(len(requests)), key=lambda place: requests[place].partial):
        missing, needs = network.serve(requests[place].need, requests[place].quantity)
        if missing:
            cuts.append(Cut(place, missing, _widest(needs)))
            if not requests[place].partial:
                return cuts[0]
    lacking = {cut.request: cut.missing for cut in cuts}
    served = [request.quantity - lacking.get(place, 0) for place, request in enumerate(requests)]
    taken, moves = _shares(network, requests, served)
    return Assignment(taken, moves, tuple(cuts))


def competition(stock: Stock, cut: Cut, most: int) -> Competition:
    """Which demands compete for which numbers (RE-62): the proof that a cut is one, with at most so many links."""
    wide = [need for need in cut.needs if isinstance(need, Numbers)]
    bound = (link for link in stock.links(cut.needs) if link.fixed or any(need.admits(link.numbers) for need in wide))
    on_hand = stock.on_hand(cut.needs)
    return Competition(on_hand, on_hand + cut.missing, tuple(islice(bound, most)))


def _widest(needs: Iterable[Need]) -> tuple[Need, ...]:
    """The needs less those that admit nothing another does not admit."""
    numbers = [need for need in needs if isinstance(need, Numbers)]
    return tuple(
        need
        for need in needs
        if not isinstance(need, Numbers) or not any(other.admits(need) for other in numbers if other != need)
    )


def _shares(
    network: Network, requests: Sequence[Request], served: Sequence[int]
) -> tuple[tuple[Taken, ...], tuple[Move, ...]]:
    """Share out what has come to each need, oldest entries first: to its requests, then to its links by date."""
    claims: dict[Need, list[tuple[int | Link, int]]] = defaultdict(list)
    for place, request in enumerate(requests):
        claims[request.need].append((place, served[place]))
    for link, quantity in sorted(network.left(), key=lambda left: (left[0].date, left[0].id)):
        claims[link.numbers].append((link, quantity))
    taken: list[Taken] = []
    moves: list[Move] = []
    for need, units in network.come():
        for claim, entry, quantity in _deal(claims[need], sorted(units, key=lambda came: came.entry.age)):
            if isinstance(claim, Link):
                moves.append(Move(claim, entry, quantity))
            else:
                taken.append(Taken(claim, entry, quantity))
    return tuple(taken), tuple(moves)


def _deal(claims: Iterable[tuple[int | Link, int]], units: Iterable[Units]) -> Iterator[tuple[int | Link, Entry, int]]:
    """Serve claims in turn from units in turn; both add up to the same."""
    supply = deque(units)
    for claim, wanted in claims:
        missing = wanted
        while missing:
            entry, there = supply.popleft()
            quantity = min(missing, there)
            if there > quantity:
                supply.appendleft(Units(entry, there - quantity))
            missing -= quantity
            yield claim, entry, quantity
