"""Stock of one item as plain values: small random instances, most of them tight."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stockline.plan.held_stock import Entry, Link, Need, Numbers, StockInMemory, Units
from stockline.plan.matching import Request

TODAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Instance:
    """What is on hand, who holds it, and who asks."""

    on_hand: tuple[Units, ...]
    links: tuple[Link, ...]
    requests: tuple[Request, ...]

    def stock(self) -> StockInMemory:
        return StockInMemory(self.on_hand, self.links)

    def suitable(self, claim: Link | Request) -> set[int]:
        """The entries a link may move to or keep, or a request may take from."""
        if isinstance(claim, Link):
            return self._admitted(claim.numbers) if claim.movable else {claim.entry.number}
        return self._admitted(claim.need)

    def _admitted(self, need: Need) -> set[int]:
        return {units.entry.number for units in self.on_hand if admits(need, units.entry)}


def admits(need: Need, entry: Entry) -> bool:
    return entry.number in need if isinstance(need, frozenset) else need.admits(entry.numbers)


def random_instance(random: Random, *, entries: int, largest: int) -> Instance:
    """Some entries of serials, or of lots with at most `largest` units, that are nearly all reserved."""
    of_serials = random.random() < 0.5
    on_hand = tuple(
        _units(random, number, 1 if of_serials else random.randint(1, largest), serial=of_serials)
        for number in range(1, random.randint(2, entries) + 1)
    )
    links = tuple(_links(random, on_hand))
    requests = tuple(_request(random, on_hand, largest) for _ in range(random.choice((1, 1, 1, 2, 3, 5))))
    return Instance(on_hand, links, requests)


def _units(random: Random, number: int, quantity: int, *, serial: bool) -> Units:
    numbers = Numbers(f"S{number}" if serial else "", random.choice(("A", "B", "C")), random.choice(("", "P", "Q")))
    return Units(Entry(number, numbers, TODAY + timedelta(days=random.randint(0, 3))), quantity)


def _links(random: Random, on_hand: tuple[Units, ...]) -> Iterator[Link]:
    made = 0
    free_share = random.choice((0.1, 0.2, 0.3))
    for entry, remaining in on_hand:
        left = remaining
        while left and random.random() >= free_share:
            made += 1
            quantity = random.randint(1, left)
            left -= quantity
            due = TODAY + timedelta(days=random.randint(0, 4))
            yield Link(made, _vaguer(random, entry.numbers), entry, quantity, due, movable=random.random() > 0.05)


def _vaguer(random: Random, numbers: Numbers) -> Numbers:
    """The same numbers, some of them left open: a serial mostly."""
    serial, lot, package = numbers
    return Numbers(
        serial if random.random() < 0.05 else "",
        lot if random.random() < 0.35 else "",
        package if random.random() < 0.3 else "",
    )


def _request(random: Random, on_hand: tuple[Units, ...], largest: int) -> Request:
    entry = random.choice(on_hand).entry
    need: Need = random.choice((entry.numbers, entry.numbers, _vaguer(random, entry.numbers), Numbers(lot="A")))
    if random.random() < 0.2:
        need = frozenset(units.entry.number for units in random.sample(on_hand, random.randint(1, len(on_hand))))
    return Request(need, random.choice((1, random.randint(1, largest))), partial=random.random() < 0.4)
