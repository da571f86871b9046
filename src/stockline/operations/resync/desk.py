"""Stock lines and serials as a person resynchronizes them: what is there of a few lines and a few serials (RS-14)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, Text, and_, bindparam, case, cast, func, select, union, union_all

from stockline.codes import Code
from stockline.operations.catalog import Item, find_item, item_codes
from stockline.operations.resync.stock import ITEM, NUMBERS
from stockline.plan.placement import Attributes, Line, fits
from stockline.refusal import Refusal
from stockline.results import ControlFinding
from stockline.rules.control import AWAITING_PUT_AWAY, LINES
from stockline.schema.catalog import information_card, item
from stockline.schema.reservations import RESERVATION, link
from stockline.schema.stock import characteristic_set, extra_link, serial, stock_line
from stockline.store.database import Transaction, in_parts


@dataclass(frozen=True, slots=True)
class DeskSerial:
    """A serial a person names: its links, its own attributes and last movement, and what holds it."""

    number: str
    known: bool = False
    links: tuple[int, ...] = ()
    """The line it is its own on first, then those loaded beside it."""
    attributes: Attributes = ("", "", "")
    movement: tuple[int, int | None, int | None] = (0, None, None)
    """The last one: its direction, the characteristics it saw, its number."""
    site: int | None = None
    reserved_at: frozenset[int] = frozenset()

    @property
    def direction(self) -> int:
        """That of its last movement: 1 in, -1 out, 0 none."""
        return self.movement[0]

    def fits(self, line: Line) -> bool:
        """Whether the serial is compatible with a line of its variant (ST-12)."""
        return fits(self.attributes, line.attributes)


class Desk:
    """What is there of one item and variant, read as it is asked for."""

    def __init__(self, transaction: Transaction, item: Item, variant: str) -> None:
        self.item = item
        self.variant = variant
        self._transaction = transaction

    def lines(self, numbers: Iterable[int]) -> dict[int, Line]:
        """Those of these numbers that are lines of the item."""
        rows = self._rows_for(_LINES, numbers)
        return {
            row.id: Line(
                row.id,
                row.variant,
                row.site_id,
                (row.lot, row.sublot, row.version),
                int(row.quantity),
                put_away=bool(row.put_away),
            )
            for row in rows
        }

    def linked(self, numbers: Iterable[int]) -> dict[int, int]:
        """How many serials are linked to each of these numbers."""
        return {row.stock_line_id: int(row.serials) for row in self._rows_for(_LINKED, numbers)}

    def digests(self, numbers: Iterable[int]) -> dict[int, int]:
        """A number for the serials linked to each of these: another when one is exchanged, or is not as it was.

        Loading leaves no other trace on a line (ST-14). It is a sum of 32 bits of each serial, which is quickly read
        and overlooks a change once in four thousand million times.
        """
        return {row.stock_line_id: int(row.digest) for row in self._rows_for(_DIGESTS, numbers)}

    def serials(self, numbers: Collection[str]) -> dict[str, DeskSerial]:
        """What is known of these serials; of some it is nothing."""
        links: dict[str, list[int]] = defaultdict(list)
        reserved: dict[str, set[int]] = defaultdict(set)
        rows = {row.serial: row for row in self._rows_for(_SERIALS, numbers)}
        for row in rows.values():
            links[row.serial] += [] if row.stock_line_id is None else [row.stock_line_id]
        for row in self._rows_for(_EXTRA, numbers):
            links[row.serial].append(row.stock_line_id)
        for row in self._rows_for(_RESERVED, numbers):
            reserved[row.serial].add(row.site_id)
        cards = {row.number for row in self._rows_for(_CARDS, numbers)}
        return {
            number: _serial(number, rows.get(number), number in cards, links[number], reserved[number])
            for number in numbers
        }

    def lines_of(self, findings: Iterable[ControlFinding]) -> set[int]:
        """The stock lines findings on serials are about: one of a serial on several lines is about each of them."""
        found = list(findings)
        several = {one.serial for one in found if one.serial and one.stock_line is None and one.variant == self.variant}
        linked = {number for one in self.serials(several).values() for number in one.links}
        return linked.union(one.stock_line for one in found if one.stock_line is not None)

    def _rows_for(self, query: Any, numbers: Iterable[Any]) -> Iterator[Row[Any]]:
        """The rows for these stock lines or serials, asked for in parts that fit into a statement."""
        for some in in_parts(sorted(set(numbers))):
            given = {"item": self.item.id, "variant": self.variant, "numbers": some}
            yield from self._transaction.execute(query, given)


_LINES = (
    select(
        stock_line.c.id,
        stock_line.c.quantity,
        *(characteristic_set.c[name] for name in ("variant", "site_id", "lot", "sublot", "version")),
        case((AWAITING_PUT_AWAY, 1), else_=0).label("put_away"),
    )
    .select_from(LINES)
    .where(stock_line.c.item_id == ITEM, stock_line.c.id.in_(NUMBERS))
)
_links = union_all(
    *(
        select(table.c.stock_line_id).where(table.c.item_id == ITEM, table.c.stock_line_id.in_(NUMBERS))
        for table in (serial, extra_link)
    )
).subquery("links")
_LINKED = select(_links.c.stock_line_id, func.count().label("serials")).group_by(_links.c.stock_line_id)

_moved = [serial.c[name] for name in ("last_direction", "last_set_id", "last_batch_id")]
_facts: list[Any] = [
    *(serial.c[name] for name in ("variant", "serial", "lot", "sublot", "version")),
    *(func.coalesce(cast(column, Text), "") for column in _moved),
]
_digest = func.hashtext(reduce(lambda text, fact: text + "\n" + fact, _facts), type_=Integer).label("digest")
_same_serial = and_(*(extra_link.c[name] == serial.c[name] for name in ("item_id", "variant", "serial")))
_digested = union_all(
    select(serial.c.stock_line_id, _digest).where(serial.c.item_id == ITEM, serial.c.stock_line_id.in_(NUMBERS)),
    select(extra_link.c.stock_line_id, _digest)
    .select_from(extra_link.join(serial, _same_serial))
    .where(extra_link.c.item_id == ITEM, extra_link.c.stock_line_id.in_(NUMBERS)),
).subquery("digested")
_DIGESTS = select(_digested.c.stock_line_id, func.sum(_digested.c.digest).label("digest")).group_by(
    _digested.c.stock_line_id
)

NAMES = bindparam("numbers", expanding=True, type_=Text)
_VARIANT = bindparam("variant", type_=Text)


def _named(table: Any, number: str, *columns: Any) -> Any:
    return select(table.c[number], *columns).where(
        table.c.item_id == ITEM, table.c.variant == _VARIANT, table.c[number].in_(NAMES)
    )


_SERIALS = _named(serial, "serial", *(column for column in serial.c if column.name != "serial"))
_EXTRA = _named(extra_link, "serial", extra_link.c.stock_line_id)
_CARDS = _named(information_card, "number").where(information_card.c.kind == "serial")
_RESERVED = _named(link, "demand_serial", link.c.demand_serial.label("serial"), link.c.site_id).where(
    link.c.status == RESERVATION, link.c.supply_entry_id.isnot(None)
)


def _serial(number: str, row: Row[Any] | None, card: bool, links: Iterable[int], reserved: Iterable[int]) -> DeskSerial:
    if row is None:
        return DeskSerial(number, known=card)
    return DeskSerial(
        number,
        known=True,
        links=tuple(links),
        attributes=(row.lot, row.sublot, row.version),
        movement=(row.last_direction, row.last_set_id, row.last_batch_id),
        site=row.site_id,
        reserved_at=frozenset(reserved),
    )


def open_desk(transaction: Transaction, number: int) -> Desk:
    """The desk of a stock line, or the first of those whose serials are linked to a number that is none.

    Refused `stock_line_unknown`.
    """
    return desks_of(transaction, number)[0]


def desks_of(transaction: Transaction, number: int) -> list[Desk]:
    """The desk of the item and variant of a stock line, or of each whose serials are linked to a number that is none.

    Refused `stock_line_unknown`.
    """
    for query in (_OF_LINE, _OF_LINKS):
        found = transaction.execute(query, {"number": number}).all()
        if found:
            codes = item_codes(transaction, {row.item_id for row in found})
            return [Desk(transaction, find_item(transaction, codes[row.item_id]), row.variant) for row in found]
    raise Refusal.of(Code.STOCK_LINE_UNKNOWN, f"There is no stock line {number}, and no serial is linked to it.")


_NUMBER = bindparam("number", type_=BigInteger)
_OF_LINE = (
    select(stock_line.c.item_id, characteristic_set.c.variant).select_from(LINES).where(stock_line.c.id == _NUMBER)
)
_on_number = and_(serial.c.item_id == item.c.id, serial.c.stock_line_id == _NUMBER)
_OF_LINKS = union(
    # Item by item, as the index of the links begins with the item.
    select(serial.c.item_id, serial.c.variant).select_from(item.join(serial, _on_number)),
    select(extra_link.c.item_id, extra_link.c.variant).where(extra_link.c.stock_line_id == _NUMBER),
).order_by("item_id", "variant")
