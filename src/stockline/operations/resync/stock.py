"""The stock of one item as the planner of repairs takes it: stock lines, classes of serials, twins to be merged.

Serials are counted by the database, class by class; only those that changes or cases are about are ever named.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import starmap
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Result, Row, and_, bindparam, case, func, literal, or_, select, union

from stockline.operations.catalog import Item
from stockline.plan.placement import Line, SerialClass
from stockline.rules.control.ledger import doubted_keys
from stockline.schema.catalog import location
from stockline.schema.reservations import RESERVATION, link
from stockline.schema.stock import LOST, characteristic_set, extra_link, item_site, serial, stock_line
from stockline.store.database import Transaction, in_parts
from stockline.tracking_code import NumberKind

ITEM = bindparam("item", type_=BigInteger)
NUMBERS = bindparam("numbers", expanding=True, type_=BigInteger)

KEPT_APART: tuple[NumberKind, ...] = ("lot", "package")
"""The numbers the ledger keeps apart where they are specific (invariant 3)."""

Name = tuple[str, str]
"""Variant and serial."""
ItemSite = tuple[str, int]
"""Variant and site."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A stock line that becomes one with an equal one of a lower number (RS-1)."""

    variant: str
    from_line: int
    to_line: int
    quantity: int


class _Set(NamedTuple):
    """Characteristics a last movement saw."""

    id: int
    variant: str
    site_id: int
    location: str
    lot: str
    package: str
    sublot: str
    version: str


class _Line(NamedTuple):
    """A stock line as it is in the database; `id` is that of its characteristics."""

    id: int
    variant: str
    site_id: int
    location: str
    lot: str
    package: str
    sublot: str
    version: str
    number: int
    quantity: int


class _Serials(NamedTuple):
    """Serials that nothing tells apart, and how many, or the number of one."""

    variant: str
    lot: str
    sublot: str
    version: str
    stock_line_id: int | None
    site_id: int | None
    last_direction: int
    seen_set_id: int | None
    told: int
    many: int = 1
    serial: str = ""


_REVISIONS = select(item_site.c.variant, item_site.c.site_id, item_site.c.revision).where(item_site.c.item_id == ITEM)

_PLACE = ("variant", "site_id", "location", "lot", "package")
"""What another system tells of the place of a last movement."""
_SETS = select(
    characteristic_set.c.id,
    *(characteristic_set.c[name] for name in (*_PLACE, "sublot", "version")),
).where(characteristic_set.c.item_id == ITEM)
_LINES = _SETS.add_columns(stock_line.c.id.label("number"), stock_line.c.quantity).join(
    stock_line,
    and_(stock_line.c.item_id == characteristic_set.c.item_id, stock_line.c.set_id == characteristic_set.c.id),
)
_OPEN_LINES = _LINES.where(stock_line.c.quantity != 0)
_SOME_LINES = _LINES.where(stock_line.c.id.in_(NUMBERS))
_SOME_SETS = _SETS.where(characteristic_set.c.id.in_(NUMBERS))
_PUT_AWAY = select(location.c.site_id, location.c.code).where(location.c.category == "put_away")

_came_in = serial.c.last_direction > 0
_CLASS = (
    *(serial.c[name] for name in ("variant", "lot", "sublot", "version", "stock_line_id", "site_id", "last_direction")),
    case((_came_in, serial.c.last_set_id)).label("seen_set_id"),
    case((and_(_came_in, serial.c.last_batch_id.is_(None)), 1), else_=0).label("told"),
)
"""What tells serials apart in a repair (RS-7)."""
_IN_QUESTION = and_(serial.c.item_id == ITEM, or_(serial.c.stock_line_id.isnot(None), _came_in))
_CLASSES = select(*_CLASS, func.count().label("many")).where(_IN_QUESTION).group_by(*_CLASS)

_EXTRA = select(extra_link.c.variant, extra_link.c.serial, extra_link.c.stock_line_id).where(
    extra_link.c.item_id == ITEM
)
_firm = and_(link.c.item_id == ITEM, link.c.status == RESERVATION, link.c.supply_entry_id.isnot(None))
_RESERVED = (
    select(link.c.variant, link.c.demand_serial.label("serial"), link.c.site_id)
    .where(_firm, link.c.demand_serial != "")
    .order_by(link.c.supply_entry_id)
)
"""Serials that reservations name; the last of one serial is where it is held, if it is anywhere."""
_names = union(
    select(extra_link.c.variant, extra_link.c.serial).where(extra_link.c.item_id == ITEM),
    select(link.c.variant, link.c.demand_serial.label("serial")).where(_firm, link.c.demand_serial != ""),
).subquery("names")
_same_name = and_(serial.c.variant == _names.c.variant, serial.c.serial == _names.c.serial)
_ONE = (*_CLASS, literal(1).label("many"), serial.c.serial)
_EXCEPTIONS = select(*_ONE).select_from(_names.join(serial, _same_name)).where(_IN_QUESTION)
_ON_LINES = select(*_ONE).where(_IN_QUESTION, serial.c.stock_line_id.in_(NUMBERS))
_NOT_LINKED = select(*_ONE).where(serial.c.item_id == ITEM, LOST)


class ItemStock:
    """What is there of one item, twins merged; with a `site`, twins are merged there only."""

    def __init__(self, transaction: Transaction, item: Item, site: int | None) -> None:
        self.item = item
        self._transaction = transaction
        # The revisions first: what changes while the rest is read is noticed by them.
        self.revisions = revisions(transaction, item.id)
        self.merges: list[Merge] = []
        self.lines: dict[int, Line] = {}
        self._put_away = {(row.site_id, row.code) for row in transaction.execute(_PUT_AWAY)}
        self._merged: dict[int, int] = {}
        self._sets: dict[int, _Set | _Line] = {}
        self._of_set: dict[int, list[int]] = defaultdict(list)
        self._of_place: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        counted = list(starmap(_Serials, self._rows(_CLASSES)))
        extra = self._extra_links()
        linked = {number for links in extra.values() for number in links}
        self._read_lines(site, linked | {row.stock_line_id for row in counted if row.stock_line_id is not None})
        self._read_sets({row.seen_set_id for row in counted if row.seen_set_id is not None})
        self._exceptions = self._read_exceptions(extra)
        self.classes = self._count(counted)

    def _rows(self, query: Any, **more: Any) -> Result[Any]:
        return self._transaction.execute(query, {"item": self.item.id, **more})

    def _rows_for(self, query: Any, numbers: Iterable[int]) -> Iterator[Row[Any]]:
        """The rows for these numbers, asked for in portions that fit into a statement."""
        for some in in_parts(sorted(numbers)):
            yield from self._rows(query, numbers=some)

    def _extra_links(self) -> dict[Name, set[int]]:
        """The stock lines serials are linked to beside their own."""
        links: dict[Name, set[int]] = defaultdict(set)
        for row in self._rows(_EXTRA):
            links[row.variant, row.serial].add(row.stock_line_id)
        return links

    # ------------------------------------------------------------ lines

    def _read_lines(self, site: int | None, linked: set[int]) -> None:
        rows = {row.number: row for row in starmap(_Line, self._rows(_OPEN_LINES))}
        rows |= {row.number: row for row in starmap(_Line, self._rows_for(_SOME_LINES, linked - rows.keys()))}
        quantities = {number: int(row.quantity) for number, row in rows.items()}
        for twins in self._twins(rows, site):
            merged = sum(quantities[number] for number in twins)
            if merged >= 0:
                lowest, *others = twins
                quantities[lowest] = merged
                for number in others:
                    self.merges.append(Merge(rows[number].variant, number, lowest, quantities[number]))
                    self._merged[number] = lowest
                    del quantities[number]
        steered = [kind for kind in KEPT_APART if self.item.tracking.steers(kind)]
        key = attrgetter("variant", "site_id", *steered)
        doubted = {key(row) for row in self._rows(doubted_keys(frozenset(steered)))}
        for number, quantity in quantities.items():
            self._add_line(rows[number], quantity, doubtful=key(rows[number]) in doubted)

    def _twins(self, rows: Mapping[int, _Line], site: int | None) -> Iterator[list[int]]:
        """Open lines that are equal in all characteristics, ascending."""
        equal: dict[int, list[int]] = defaultdict(list)
        for number in sorted(rows):
            row = rows[number]
            if row.quantity != 0 and site in (None, row.site_id) and not self._awaits_put_away(row):
                equal[row.id].append(number)
        yield from (numbers for numbers in equal.values() if len(numbers) > 1)

    def _add_line(self, row: _Line, quantity: int, *, doubtful: bool) -> None:
        line = Line(
            number=row.number,
            variant=row.variant,
            site=row.site_id,
            attributes=(row.lot, row.sublot, row.version),
            quantity=quantity,
            put_away=self._awaits_put_away(row),
            doubtful=doubtful,
        )
        self.lines[line.number] = line
        self._sets[row.id] = row
        if line.is_place:
            self._of_set[row.id].append(line.number)
            self._of_place[_place(row)].append(line.number)

    def _awaits_put_away(self, row: _Set | _Line) -> bool:
        return (row.site_id, row.location) in self._put_away

    def _read_sets(self, seen: set[int]) -> None:
        for row in starmap(_Set, self._rows_for(_SOME_SETS, seen - self._sets.keys())):
            self._sets[row.id] = row

    # ------------------------------------------------------------ serials

    def _class_of(self, row: _Serials, links: Iterable[int] | None = None) -> SerialClass:
        """What the planner knows of a serial, or of serials counted together."""
        if links is None:
            links = () if row.stock_line_id is None else (row.stock_line_id,)
        seen = None if row.seen_set_id is None else self._sets.get(row.seen_set_id)
        return SerialClass(
            variant=row.variant,
            attributes=(row.lot, row.sublot, row.version),
            links=tuple(sorted({self._merged.get(number, number) for number in links})),
            count=row.many,
            direction=row.last_direction,
            homes=() if seen is None else tuple(self._of_place[_place(seen)] if row.told else self._of_set[seen.id]),
            to_put_away=seen is not None and self._awaits_put_away(seen),
            site=seen.site_id if seen is not None and not links else row.site_id,
        )

    def _read_exceptions(self, extra: Mapping[Name, set[int]]) -> dict[Name, tuple[_Serials, SerialClass]]:
        """The serials the database cannot count as a class: those with several links, those reserved by name."""
        reserved = {(row.variant, row.serial): row.site_id for row in self._rows(_RESERVED)}
        found = {}
        for row in starmap(_Serials, self._rows(_EXCEPTIONS)):
            name = (row.variant, row.serial)
            links = [*extra.get(name, ()), *([] if row.stock_line_id is None else [row.stock_line_id])]
            found[name] = row, replace(self._class_of(row, links), reserved_at=reserved.get(name))
        return found

    def _count(self, counted: Iterable[_Serials]) -> list[SerialClass]:
        counts: Counter[SerialClass] = Counter()
        for row in counted:
            counts[self._class_of(row)] += row.many
        for row, serials in self._exceptions.values():
            counts[self._class_of(row)] -= 1
            counts[serials] += 1
        return [
            serials if serials.count == count else replace(serials, count=count)
            for serials, count in counts.items()
            if count
        ]

    def numbers(self, classes: Collection[SerialClass]) -> dict[SerialClass, list[str]]:
        """The serials of these classes, in the order of their numbers."""
        found: dict[SerialClass, list[str]] = {serials: [] for serials in classes}
        linked = {number for serials in classes for number in serials.links}
        linked |= {old for old, merged in self._merged.items() if merged in linked}
        rows = list(self._rows_for(_ON_LINES, linked))
        if any(not serials.links for serials in classes):
            rows += self._rows(_NOT_LINKED)
        for row in starmap(_Serials, rows):
            if (row.variant, row.serial) not in self._exceptions:
                serials = self._class_of(row)
                if serials in found:
                    found[serials].append(row.serial)
        for (_, number), (_, serials) in self._exceptions.items():
            if serials in found:
                found[serials].append(number)
        return {serials: sorted(names) for serials, names in found.items()}

    def united(self) -> set[Name]:
        """The serials with several links that all lead to one line once equal lines have become one."""
        return {name for name, (_, serials) in self._exceptions.items() if len(serials.links) == 1}

    def linked(self) -> Counter[int]:
        """How many serials are linked to each line."""
        counts: Counter[int] = Counter()
        for serials in self.classes:
            for number in serials.links:
                counts[number] += serials.count
        return counts

    def item_sites(self, serials: SerialClass) -> set[ItemSite]:
        """Where the serials are linked, by the variant of the line.

        Lines awaiting put-away are nowhere, unknown numbers at the site on record.
        """
        lines = [self.lines[number] for number in serials.links if number in self.lines]
        places = {(line.variant, line.site) for line in lines if not line.put_away}
        if serials.site is not None and len(lines) < len(serials.links):
            places.add((serials.variant, serials.site))
        return places

    def different(self) -> Counter[ItemSite]:
        """How many different serials are linked, by variant and site."""
        counts: Counter[ItemSite] = Counter()
        for serials in self.classes:
            for key in self.item_sites(serials):
                counts[key] += serials.count
        return counts

    def quantities(self) -> Counter[ItemSite]:
        """The quantity by variant and site, lines awaiting put-away left out."""
        counts: Counter[ItemSite] = Counter()
        for line in self.lines.values():
            if not line.put_away:
                counts[line.variant, line.site] += line.quantity
        return counts


def revisions(transaction: Transaction, item_id: int) -> dict[ItemSite, int]:
    """By variant and site how often anything of the item has changed there, or has been held."""
    rows = transaction.execute(_REVISIONS, {"item": item_id})
    return {(row.variant, row.site_id): row.revision for row in rows}


_place = attrgetter(*_PLACE)
"""The place of a line or of a last movement."""
