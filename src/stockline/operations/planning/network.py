"""What of an item is outstanding, as planning sees it: demand, and the supply that may be adjusted (OT-1, OT-20)."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select, union_all

from stockline.operations.catalog import Item, Site
from stockline.operations.lines import SourceLine, lock_documents
from stockline.operations.locks import EVERY_SITE, lock_item_sites
from stockline.operations.reservation.bound_numbers import decided_kinds
from stockline.operations.reservation.links import numbered
from stockline.plan.held_stock import ANYTHING, Numbers
from stockline.plan.netting import Balance, Demand, Supply, balance, only
from stockline.rules.window import ITEM
from stockline.schema.documents import document, source_line
from stockline.schema.reservations import BOUND, DEMAND, RESERVATION, SUPPLY, SURPLUS, LinkSide, link
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS

DEMANDS = {"purchase_return": 0, "sale": 1, "assembly": 2, "production": 3, "transfer": 4}
"""The kinds of demand in the order they are planned in (OT-31)."""
ADJUSTABLE = ("purchase", "production")
"""The kinds of order that get messages (OT-20)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines a planning run is about: those of a site, those up to a day; None: all."""

    site: Site | None = None
    until: dt.date | None = None

    @property
    def lines(self) -> list[Any]:
        """The condition on source lines."""
        of_site = [] if self.site is None else [source_line.c.site_id == self.site.id]
        return of_site if self.until is None else [*of_site, source_line.c.date <= self.until]

    def holds(self, line: SourceLine) -> bool:
        """The same of a line that has been read."""
        of_site = self.site is None or line.site_id == self.site.id
        return of_site and (self.until is None or line.date <= self.until)


EVERYTHING = Scope()


def hold_item(transaction: Transaction, item: Item) -> None:
    """Hold an item until the transaction ends: its open orders, its places, and its planning as a whole."""
    rows = transaction.execute(_OPEN_PLACES, {"item": item.id}).all()
    lock_documents(transaction, {row.document_id for row in rows})
    places = {(item.id, row.variant, row.site_id): 0 for row in rows} | {(item.id, "", EVERY_SITE): 0}
    lock_item_sites(transaction, places, stock_changes=False)


def balanced(transaction: Transaction, item: Item, scope: Scope = EVERYTHING, start: dt.date | None = None) -> Balance:
    """What demand within the scope wants, and what should become of the supply within it."""
    decided = decided_kinds(item, "planned")
    parts = _Parts(transaction, item)
    demands: list[Demand] = []
    supplies: list[Supply] = []
    for row in transaction.execute(_OPEN.where(*scope.lines), {"item": item.id}):
        free = parts.free(row.id, row.quantity - row.handled)
        if row.direction < 0:
            demands.append(Demand(row.id, (row.variant, row.site_id), row.date, DEMANDS[row.kind], free))
        else:
            bound = {line: {only(one, decided) for one in has} for line, has in parts.bound[row.id].items()}
            numbered, needed = row.id in parts.numbered, parts.needed.get(row.id)
            supplies.append(Supply(row.id, row.date, row.quantity, row.handled, free, numbered, bound, needed))
    return balance(demands, supplies, decided, start)


class _Parts:
    """The entries of an item by line: what is reserved, what carries numbers alone, who is bound to whom."""

    def __init__(self, transaction: Transaction, item: Item) -> None:
        self.bound: dict[int, dict[int, set[Numbers]]] = defaultdict(lambda: defaultdict(set))
        self.needed: dict[int, dt.date] = {}
        self.numbered: set[int] = set()
        self._reserved: dict[int, int] = defaultdict(int)
        self._loose: dict[int, dict[Numbers, int]] = defaultdict(dict)
        for row in transaction.execute(_RESERVED, {"item": item.id}):
            self._add_reserved(row)
        for row in transaction.execute(_LOOSE, {"item": item.id}):
            self._loose[row.line_id][_numbers(row)] = int(row.quantity)
            self.numbered.add(row.line_id)
        for row in transaction.execute(_BOUND, {"item": item.id}):
            self.bound[row.supply_line_id][row.demand_line_id].add(_numbers(row))

    def _add_reserved(self, row: Any) -> None:
        demand, supply = row.demand_line_id, row.supply_line_id
        self._reserved[demand] += int(row.quantity)
        if supply is not None:
            self._reserved[supply] += int(row.quantity)
            self.needed[supply] = min(row.date, self.needed.get(supply, row.date))
            if row.numbered:
                self.numbered.add(supply)

    def free(self, line: int, outstanding: int) -> dict[Numbers, int]:
        """What of a line is not reserved, by the numbers it carries."""
        loose = self._loose[line]
        return {ANYTHING: outstanding - self._reserved[line] - sum(loose.values())} | loose


def _numbers(row: Any) -> Numbers:
    return Numbers(row.serial, row.lot, row.package)


_line = source_line.c
_OPEN = (
    select(
        _line.id,
        document.c.kind,
        _line.direction,
        _line.variant,
        _line.site_id,
        _line.date,
        _line.quantity,
        _line.handled,
    )
    .join(document, document.c.id == _line.document_id)
    .where(
        _line.item_id == ITEM,
        _line.quantity > _line.handled,
        or_(
            and_(_line.direction < 0, document.c.kind.in_(DEMANDS)),
            and_(_line.direction > 0, document.c.kind.in_(ADJUSTABLE)),
        ),
    )
    .order_by(_line.id)
)
"""Open demand, and open supply that gets messages."""

_OPEN_PLACES = (
    select(_line.document_id, _line.variant, _line.site_id)
    .where(_line.item_id == ITEM, _line.quantity > _line.handled)
    .distinct()
)

_pair = (DEMAND.line_id, SUPPLY.line_id)
_RESERVED = (
    select(
        *_pair,
        _line.date,
        func.sum(link.c.quantity).label("quantity"),
        func.max(case((numbered(SUPPLY), 1), else_=0)).label("numbered"),
    )
    .join(source_line, and_(_line.item_id == link.c.item_id, _line.id == DEMAND.line_id))
    .where(link.c.item_id == ITEM, link.c.status == RESERVATION)
    .group_by(*_pair, _line.date)
)
"""What is reserved, by the lines on both sides, with the date of the demand."""


def _loose(side: LinkSide) -> Select[Any]:
    numbers = [getattr(side, kind).label(kind) for kind in NUMBER_KINDS]
    columns = (side.line_id.label("line_id"), *numbers, link.c.quantity)
    return select(*columns).where(link.c.item_id == ITEM, link.c.status == SURPLUS, side.line_id.isnot(None))


_LOOSE = union_all(_loose(DEMAND), _loose(SUPPLY))
"""What carries numbers and has no partner."""

_BOUND = (
    select(*_pair, *(getattr(SUPPLY, kind).label(kind) for kind in NUMBER_KINDS))
    .where(link.c.item_id == ITEM, BOUND, SUPPLY.line_id.isnot(None))
    .distinct()
)
