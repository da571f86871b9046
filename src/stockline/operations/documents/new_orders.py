"""New orders and journals of every kind: what a person gives becomes source lines (IN-14, IN-15)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, insert, select

from stockline.codes import Code
from stockline.operations.catalog import Item, Site, find_items, find_sites
from stockline.operations.documents.line_values import LineValues
from stockline.operations.lines import ONE_WAY
from stockline.operations.problems import Problems
from stockline.results import OrderLine
from stockline.schema.documents import FIRST_COMPONENT, FIRST_INCOMING, document, line_id, line_suffix, source_line
from stockline.store.database import Transaction
from stockline.values import QuantityLike

DIRECTIONS = {
    "purchase": 1,
    "purchase_return": -1,
    "sale": -1,
    "sale_return": 1,
    "transfer": -1,
    "planned": 1,
    "positive_adjustment": 1,
    "negative_adjustment": -1,
    "output": 1,
    "consumption": -1,
    "assembly_output": 1,
    "assembly_consumption": -1,
    "reclassification": -1,
}
"""The direction goods move when the quantity is positive, by document kind or type of line (TW-3)."""

MADE = {"production": ("output", "consumption"), "assembly": ("assembly_output", "assembly_consumption")}
"""The kinds that make an item from components: the types of the line that comes out and of those that go in."""

_LINES = {"lines", "site", "location", "date"}
_GIVEN = dict.fromkeys(("purchase", "purchase_return", "sale", "sale_return", "journal", "planned"), _LINES)
_GIVEN |= {"transfer": {"lines", "location", "from_site", "to_site", "in_transit", "ship_date", "receipt_date"}}
_GIVEN |= {kind: {"site", "location", "date", "item", "quantity", "unit", "variant", "components"} for kind in MADE}
"""What may be given of an order of a kind, beside id, kind and party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order as it is given: lines, with a route when it is a transfer; or an item and what it is made of."""

    code: str
    kind: str
    party: str | None = None
    lines: Sequence[OrderLine] = ()
    site: str | None = None
    location: str | None = None
    date: dt.date | None = None
    from_site: str | None = None
    to_site: str | None = None
    in_transit: str | None = None
    ship_date: dt.date | None = None
    receipt_date: dt.date | None = None
    item: str | None = None
    quantity: QuantityLike | None = None
    unit: str | None = None
    variant: str | None = None
    components: Sequence[OrderLine] = ()

    @property
    def output(self) -> Sequence[OrderLine]:
        """What the order makes, as a line."""
        if self.item is None or self.quantity is None:
            return []
        return [OrderLine(item=self.item, quantity=self.quantity, unit=self.unit, variant=self.variant or "")]


def create_order(transaction: Transaction, order: NewOrder, today: dt.date) -> int:
    """A new order or journal; its id. Refused `not_found` for names that do not exist, `invalid` for the rest."""
    code = order.code.strip()
    problems = Problems((Code.NOT_FOUND, Code.INVALID))
    _check_order(order, problems)
    check_code(transaction, code, problems)
    problems.refuse()
    new = _NewLines(transaction, order, code, today, problems)
    route = new.route()
    rows = list(new.rows(route))
    problems.refuse()
    values = {"code": code, "kind": order.kind, "party": order.party or "", "in_transit_site_id": route.way}
    document_id = transaction.execute(insert(document).values(values).returning(document.c.id)).scalar_one()
    for row in rows:
        row |= {"id": line_id(document_id, row.pop("position")), "document_id": document_id}
    if rows:
        transaction.execute(insert(source_line), rows)
    return int(document_id)


def check_code(transaction: Transaction, code: str, problems: Problems) -> None:
    """A new order must have a code, and one that no open order has."""
    if not code:
        problems.add(Code.INVALID, "An order needs an id.")
    if transaction.execute(select(exists().where(document.c.code == code, ~document.c.deleted))).scalar():
        problems.add(Code.INVALID, f"Order {code} exists already.")


def _check_order(order: NewOrder, problems: Problems) -> None:
    """What is given must be what the kind has."""
    if order.kind not in _GIVEN:
        problems.add(Code.INVALID, f"An order cannot be of kind {order.kind!r}.")
        return
    every = set().union(*_GIVEN.values())
    beside = sorted(name for name in every - _GIVEN[order.kind] if getattr(order, name) not in (None, (), []))
    if beside:
        problems.add(Code.INVALID, f"A {order.kind} order is not given {', '.join(beside)}.")
    if order.kind in MADE and not order.output:
        problems.add(Code.INVALID, f"A {order.kind} order needs an item and a quantity.")
    if max(len(order.lines), len(order.components)) >= FIRST_INCOMING:
        problems.add(Code.INVALID, f"An order can have at most {FIRST_INCOMING - 1} lines.")


@dataclass(frozen=True, slots=True)
class _Route:
    """The sites of a transfer, as far as they are known."""

    start: Site | None = None
    end: Site | None = None
    way: int | None = None


class _NewLines:
    """Makes the rows of `source_line` from an order as it is given, noting every problem."""

    def __init__(
        self, transaction: Transaction, order: NewOrder, code: str, today: dt.date, problems: Problems
    ) -> None:
        self._order, self._code, self._today, self._problems = order, code, today, problems
        given = [*order.lines, *order.output, *order.components]
        named = {order.site, order.from_site, order.to_site, order.in_transit}
        named |= {name for line in given for name in (line.site, line.to_site)}
        self._items = find_items(transaction, [line.item for line in given])
        self._sites = find_sites(transaction, [name for name in named if name])

    def route(self) -> _Route:
        """The sites of a transfer: two, and one in transit between them (IN-14)."""
        order = self._order
        if order.kind != "transfer":
            return _Route()
        checker = LineValues(self._code, self._problems)
        names = (order.from_site, order.to_site, order.in_transit)
        start, end, way = (checker.site(self._sites, name) for name in names)
        for place, in_transit in ((start, False), (end, False), (way, True)):
            if place is not None and place.in_transit != in_transit:
                message = f"Order {self._code}: {place.code} is {'not ' if in_transit else ''}an in-transit site."
                self._problems.add(Code.INVALID, message)
        if start is not None and start is end:
            self._problems.add(Code.INVALID, f"Order {self._code} goes from {start.code} to the same site.")
        return _Route(start, end, way.id if way else None)

    def rows(self, route: _Route) -> Iterator[dict[str, Any]]:
        """The rows, each with its `position` in the numbering of the document."""
        order = self._order
        if order.kind == "transfer":
            for position, line in enumerate(order.lines, 1):
                yield from self._transferred(position, line, route)
        elif order.kind in MADE:
            made, used = MADE[order.kind]
            for line in order.output:
                yield from self._ordinary(1, line, made)
            for position, line in enumerate(order.components, 1):
                yield from self._ordinary(FIRST_COMPONENT + position, line, used)
        else:
            for position, line in enumerate(order.lines, 1):
                yield from self._ordinary(position, line, order.kind)

    def _checker(self, position: int) -> LineValues:
        return LineValues(f"{self._code}/{line_suffix(position)}", self._problems)

    def _ordinary(self, position: int, line: OrderLine, kind: str) -> Iterator[dict[str, Any]]:
        order, checker = self._order, self._checker(position)
        checker.lacks(line, "ship_date", "receipt_date")
        found = checker.item(self._items, line.item)
        place = checker.site(self._sites, line.site or order.site)
        row = self._row(checker, position, line, found, place)
        if row is not None:
            type_ = checker.type(kind, line.type)
            row["type"] = "" if type_ == order.kind else type_
            row["direction"] = DIRECTIONS.get(type_, 1)
            row["date"] = checker.date(line.date or order.date or self._today)
            yield row | self._target(checker, line, type_)

    def _target(self, checker: LineValues, line: OrderLine, type_: str) -> dict[str, Any]:
        """Where the line puts its goods, if it is one of a reclassification."""
        start = line.site or self._order.site
        to_site = self._sites.get(line.to_site or start or "")
        if type_ != "reclassification" or to_site is None:
            return {"to_site_id": None, "to_location": ""}
        stays = line.to_location is None and to_site.code == start
        place = line.location if stays else line.to_location
        return {"to_site_id": to_site.id, "to_location": checker.location(to_site, place)}

    def _transferred(self, position: int, line: OrderLine, route: _Route) -> Iterator[dict[str, Any]]:
        """The two sides of a transfer line; its location is where it leaves from."""
        order, checker = self._order, self._checker(position)
        checker.lacks(line, "site", "date", "type", "to_site", "to_location")
        row = self._row(checker, position, line, checker.item(self._items, line.item), route.start)
        if row is None or route.end is None:
            return
        shipped = checker.date(line.ship_date or order.ship_date or self._today)
        received = checker.date(line.receipt_date or order.receipt_date or shipped)
        checker.in_sequence(shipped, received)
        yield row | {"type": "", "direction": -1, "date": shipped}
        arriving = {"position": position + FIRST_INCOMING, "site_id": route.end.id, "location": "", "date": received}
        yield row | {"type": "", "direction": 1} | arriving

    def _row(
        self, checker: LineValues, position: int, line: OrderLine, found: Item | None, place: Site | None
    ) -> dict[str, Any] | None:
        """What lines of every kind have; None where item or site is not known."""
        order = self._order
        if found is None or place is None:
            return None
        unit = line.unit or found.unit
        factor = checker.factor(found, unit)
        quantity, base = checker.quantity(found, factor, line.quantity, zero_allowed=False)
        if order.kind in ONE_WAY:
            checker.positive(quantity)
        return {
            "position": position,
            "item_id": found.id,
            "variant": checker.variant(found, line.variant),
            "site_id": place.id,
            "location": checker.location(place, line.location if line.location is not None else order.location),
            "unit": unit,
            "factor": str(factor),
            "unit_quantity": quantity,
            "quantity": base,
            "reserve": line.reserve or found.planning["reserve"],
        }
