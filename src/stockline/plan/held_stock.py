"""What late binding asks of the stock of one item, variant and site: who holds which units, and what is free.

Numbers here are those that *steer* (RE-18, RE-44): a kind that is not specific for the item is blank everywhere.
Quantities are engine units.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import NamedTuple, Protocol


class Numbers(NamedTuple):
    """A combination. On a demand a blank part is one it leaves open: blank altogether admits every unit (RE-60)."""

    serial: str = ""
    lot: str = ""
    package: str = ""

    def admits(self, other: "Numbers") -> bool:
        """Whether a unit with the other numbers will do; of two demands: whether all that suits the other suits."""
        return all(own in ("", theirs) for own, theirs in zip(self, other, strict=True))

    def admitting(self) -> "set[Numbers]":
        """All numbers of a demand that admit these."""
        return {Numbers(*parts) for parts in product(*((part, "") for part in self))}


ANYTHING = Numbers()

Need = Numbers | frozenset[int]
"""What will do: units that agree with the numbers, or units of exactly these ledger entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An open inbound ledger entry. The oldest is that of the first posting date, in it the lowest number (PO-21)."""

    number: int
    numbers: Numbers
    posting_date: date

    @property
    def age(self) -> tuple[date, int]:
        """What entries are sorted by, oldest first."""
        return self.posting_date, self.number


class Units(NamedTuple):
    """A quantity of one ledger entry."""

    entry: Entry
    quantity: int


@dataclass(frozen=True, slots=True)
class Link:
    """A reservation against stock: `quantity` of `entry` for a demand that carries `numbers` and is due on `date`.

    `movable` is false where something else decides the entry, so that the link may not give way although its numbers
    would allow it.
    """

    id: int
    numbers: Numbers
    entry: Entry
    quantity: int
    date: date
    movable: bool = True

    @property
    def fixed(self) -> bool:
        """Whether the link never gives way. One that names a serial cannot: that serial is the unit it holds."""
        return not self.movable or bool(self.numbers.serial)


class Stock(Protocol):
    """One item, variant and site, asked step by step: every answer may be lazy, and is read only as far as needed.

    `free` and `holders` are asked at most once for each need. `holders` is never asked for `ANYTHING`. `links` and
    `on_hand` are asked only to explain a refusal.
    """

    def free(self, need: Need) -> Iterable[Units]:
        """What the need admits and no reservation holds (RE-9), oldest entry first."""
        ...

    def holders(self, need: Need) -> Mapping[Numbers, Iterable[Link]]:
        """The links that are not `fixed` and hold what the need admits, by the numbers their demands carry.

        Each group in the order in which they give way (RE-63): latest demand date first, then oldest entry, then
        the link made last.
        """
        ...

    def links(self, needs: Sequence[Need]) -> Iterable[Link]:
        """All links, fixed ones too, that hold what at least one of the needs admits; each once."""
        ...

    def on_hand(self, needs: Sequence[Need]) -> int:
        """How much there is, held or free, of what at least one of the needs admits."""
        ...


class EntryIndex:
    """Entries, found by what admits them."""

    def __init__(self) -> None:
        self._by_number: dict[int, Entry] = {}
        self._by_need: dict[Numbers, dict[int, Entry]] = defaultdict(dict)

    def add(self, entry: Entry) -> None:
        """Take an entry in."""
        self._by_number[entry.number] = entry
        for need in entry.numbers.admitting():
            self._by_need[need][entry.number] = entry

    def remove(self, entry: Entry) -> None:
        """Forget an entry."""
        del self._by_number[entry.number]
        for need in entry.numbers.admitting():
            del self._by_need[need][entry.number]

    def admitted(self, need: Need) -> Iterable[Entry]:
        """The entries a need admits, in the order they were added; those of an exact need in any order."""
        if isinstance(need, frozenset):
            return [self._by_number[number] for number in need & self._by_number.keys()]
        return self._by_need[need].values() if need in self._by_need else ()


class StockInMemory(Stock):
    """The stock as plain values: what remains of each entry, and the links against them."""

    def __init__(self, on_hand: Iterable[Units], links: Iterable[Link]) -> None:
        self._remaining: dict[int, int] = {}
        self._links: dict[int, list[Link]] = defaultdict(list)
        self._entries, self._open = EntryIndex(), EntryIndex()
        for link in links:
            self._links[link.entry.number].append(link)
        for entry, remaining in sorted(on_hand, key=lambda units: units.entry.age):
            self._remaining[entry.number] = remaining
            self._entries.add(entry)
            if self._left(entry) > 0:
                self._open.add(entry)

    def free(self, need: Need) -> Iterator[Units]:
        """See `Stock`."""
        for entry in sorted(self._open.admitted(need), key=lambda entry: entry.age):
            yield Units(entry, self._left(entry))

    def holders(self, need: Need) -> Mapping[Numbers, Iterable[Link]]:
        """See `Stock`."""
        groups: dict[Numbers, list[Link]] = defaultdict(list)
        for link in sorted(self.links([need]), key=lambda link: (-link.date.toordinal(), link.entry.age, -link.id)):
            if not link.fixed:
                groups[link.numbers].append(link)
        return groups

    def links(self, needs: Sequence[Need]) -> Iterator[Link]:
        """See `Stock`."""
        for entry in self._admitted(needs):
            yield from self._links[entry.number]

    def on_hand(self, needs: Sequence[Need]) -> int:
        """See `Stock`."""
        return sum(self._remaining[entry.number] for entry in self._admitted(needs))

    def _left(self, entry: Entry) -> int:
        return self._remaining[entry.number] - sum(link.quantity for link in self._links[entry.number])

    def _admitted(self, needs: Sequence[Need]) -> Iterable[Entry]:
        return {entry.number: entry for need in needs for entry in self._entries.admitted(need)}.values()
