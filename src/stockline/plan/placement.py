"""Serials and stock lines as a repair sees them, and where each serial may stand (RS-3)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stockline.values import SCALE

Place = int | None
"""The number of a stock line, or None: on no line."""

Attributes = tuple[str, str, str]
"""Lot, sublot and version; of a serial a blank one is not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """A stock line of an item, its quantity in engine units; `doubtful`: the ledger says another quantity there."""

    number: int
    variant: str
    site: int
    attributes: Attributes
    quantity: int
    put_away: bool = False
    doubtful: bool = False

    @property
    def is_place(self) -> bool:
        """Whether serials can be put there: an open line that does not await put-away."""
        return self.quantity > 0 and not self.put_away

    @property
    def is_whole(self) -> bool:
        """Whether as many serials as its quantity can stand there."""
        return self.quantity >= 0 and self.quantity % SCALE == 0


@dataclass(frozen=True, slots=True)
class SerialClass:
    """Serials of an item that nothing distinguishes: `count` of them, with equal attributes, links and evidence (RS-7).

    `links` are the numbers of the stock lines they are linked to, ascending, each once; a number that is no line of the
    item is unknown, its site is `site`, that of the serial's record. `direction` is that of the last movement: 1 in, -1
    out, 0 none. After a movement in, `homes` are the open lines it can have led to, none when it led `to_put_away`.
    `reserved_at` is the site of a firm reservation that names the serials.
    """

    variant: str
    attributes: Attributes
    links: tuple[int, ...]
    count: int = field(default=1, compare=False)
    direction: int = 0
    homes: tuple[int, ...] = ()
    to_put_away: bool = False
    site: int | None = None
    reserved_at: int | None = None

    def fits(self, line: Line) -> bool:
        """Whether the serials are compatible with the line (ST-12)."""
        return self.variant == line.variant and fits(self.attributes, line.attributes)

    def changes(self, place: Place) -> int:
        """How many links of each change when it gets this place: dropped or added, whichever are more (RS-4)."""
        if place is None:
            return len(self.links)
        return len(self.links) - 1 if place in self.links else max(len(self.links), 1)

    def moves_to(self, place: Place) -> bool:
        """Whether this place is another than the links say."""
        return self.links != (() if place is None else (place,))


def fits(own: Attributes, others: Attributes) -> bool:
    """Whether attributes allow others: each is blank or the same."""
    return all(mine in ("", its) for mine, its in zip(own, others, strict=True))


class Allowed:
    """The classes of an item by what RS-3 allows them, the first rule that fits."""

    def __init__(self, lines: Iterable[Line], classes: Iterable[SerialClass]) -> None:
        self.stock: Mapping[int, Line] = {line.number: line for line in lines}
        self.frozen: list[SerialClass] = []
        """They stay as they are: something leads to where things wait to be put away (a)."""
        self.astray: list[SerialClass] = []
        """Those of them that are linked elsewhere: the lines they are on stay wrong (CO-2 `misplaced`)."""
        self.contradictory: list[SerialClass] = []
        """They stay as they are: they came in where no open line is that fits them (b)."""
        self.proven: dict[SerialClass, Place] = {}
        """They have one place only (b, c, e)."""
        self.returned: dict[SerialClass, tuple[int, ...]] = {}
        """They came in to one of several lines, where their movement does not say more (b)."""
        self.unproven: list[SerialClass] = []
        """On no line, or on any that fits them at a site where they are linked (d)."""
        for serials in classes:
            self._sort(serials)
        self.standing = self._standing()
        """How many serials without a choice stand on each line."""

    def _sort(self, serials: SerialClass) -> None:
        docked = any(line.put_away for line in self._lines(serials))
        if docked or serials.to_put_away:
            self.frozen.append(serials)
            if serials.links and not docked:
                self.astray.append(serials)
        elif serials.direction > 0:
            self._sort_home(serials)
        elif serials.direction < 0 or not serials.links:
            self.proven[serials] = None
        else:
            self.unproven.append(serials)

    def _sort_home(self, serials: SerialClass) -> None:
        homes = tuple(home for home in serials.homes if serials.fits(self.stock[home]))
        if not homes:
            self.contradictory.append(serials)
        elif len(homes) == 1:
            self.proven[serials] = homes[0]
        else:
            self.returned[serials] = homes

    def _standing(self) -> Counter[int]:
        counts: Counter[int] = Counter()
        for serials in (*self.frozen, *self.contradictory):
            for number in serials.links:
                counts[number] += serials.count
        for serials, place in self.proven.items():
            if place is not None:
                counts[place] += serials.count
        return counts

    def _lines(self, serials: SerialClass) -> list[Line]:
        return [self.stock[number] for number in serials.links if number in self.stock]

    def sites(self, serials: SerialClass) -> set[int]:
        """Where the serials are linked; for an unknown number the site on their record."""
        sites = {line.site for line in self._lines(serials)}
        if serials.site is not None and not all(number in self.stock for number in serials.links):
            sites.add(serials.site)
        return sites
