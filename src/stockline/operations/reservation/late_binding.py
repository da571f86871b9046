"""Late binding: links that hold a number by chance give way to who needs it (RE-43 to RE-46, RE-60 to RE-66).

`plan.matching` decides; here is what it asks of the database, need by need, and how its answer is written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, CursorResult, Select, Text, and_, bindparam, func, literal, literal_column, select

from stockline.operations.reservation.candidates import Kinds
from stockline.operations.reservation.links import SITE, VARIANT, LinkBatch, going_to_entry
from stockline.plan.held_stock import Entry, Link, Need, Numbers, Stock, StockInMemory, Units
from stockline.plan.matching import Assignment, Competition, Cut, Request, competition, match
from stockline.refusal import Finding
from stockline.rules.framework import Names
from stockline.rules.posting import reserved_of
from stockline.rules.window import ITEM
from stockline.schema.documents import source_line
from stockline.schema.ledger import ledger_entry, open_entry
from stockline.schema.reservations import DEMAND, RESERVATION, SUPPLY, link, staged_split
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import to_quantity

FEW = 100
"""Up to so many requests are answered by asking the database need by need; for more the whole stock is read at once."""
SHOWN = 10
"""How many of the links that are in the way a refusal names."""


class LateBinding:
    """The links to stock of one item, variant and site, as far as they may have to move."""

    def __init__(self, transaction: Transaction, batch: LinkBatch, steering: Kinds) -> None:
        self._transaction = transaction
        self._batch = batch
        self._stock = _SiteStock(transaction, batch.parameters, steering)

    def match(self, requests: Sequence[Request]) -> Assignment | Cut:
        """Who takes what, and which links move for it; a cut where no assignment serves all (RE-62)."""
        return match(self._stock.for_requests(len(requests)), requests)

    def explain(self, cut: Cut) -> list[Finding]:
        """Which demands compete for which numbers, so that there is no way (RE-62)."""
        found = competition(self._stock, cut, SHOWN)
        demand = select(link.c.id, link.c.item_id, DEMAND.line_id.label("line_id"))
        held = demand.where(link.c.item_id == ITEM, link.c.id.in_([one.id for one in found.links]))
        rows = {row["id"]: row for row in self._transaction.execute(held, self._batch.parameters).mappings()}
        self._stock.close()
        names = Names(self._transaction, rows.values())
        return [self._finding(names, rows[one.id], one, found) for one in found.links]

    def _finding(self, names: Names, row: Mapping[Any, Any], held: Link, found: Competition) -> Finding:
        """One demand that can have nothing else."""
        line, item = names.line(row["line_id"]), names.items[row["item_id"]]
        number = " ".join(part for part in held.entry.numbers if part)
        message = f"Line {line} holds {to_quantity(held.quantity)} of {number}, and nothing else will do."
        facts = {"on_hand": to_quantity(found.on_hand), "wanted": to_quantity(found.wanted)}
        numbers = {kind: getattr(held.entry.numbers, kind) or None for kind in NUMBER_KINDS}
        return Finding(message, line=line, item=item, facts=facts, **numbers)

    def write(self, goes: Iterable[tuple[int, int, int]]) -> None:
        """Parts of links go to other ledger entries: link, entry, quantity."""
        self._stock.close()
        sums: dict[tuple[int, int], int] = {}
        for link_id, entry, quantity in goes:
            sums[link_id, entry] = sums.get((link_id, entry), 0) + quantity
        rows = [(link_id, entry, quantity) for (link_id, entry), quantity in sums.items()]
        if rows:
            same = {"item_id": self._batch.parameters["item"], "batch_id": self._batch.parameters["batch"]}
            self._transaction.stage(staged_split, ("link_id", "target", "quantity"), rows, same)
            self._batch.cut([_GO_TO_ENTRY])


_GO_TO_ENTRY = going_to_entry(status=literal(RESERVATION, Text))


class _SiteStock(Stock):
    """See `plan.held_stock.Stock`; rows are read only as far as they are asked for."""

    def __init__(self, transaction: Transaction, parameters: Mapping[str, Any], steering: Kinds) -> None:
        self._transaction = transaction
        self._parameters = dict(parameters)
        self._steering = steering
        self._open: list[CursorResult[Any]] = []

    def for_requests(self, count: int) -> Stock:
        """Itself for few requests; for many all there is, read at once."""
        if count <= FEW:
            return self
        every: list[Need] = [Numbers()]
        held = [Units(_entry(row), row.remaining) for row in self._read(_held(self._steering, (), False), {})]
        return StockInMemory(held, self.links(every))

    def close(self) -> None:
        """Stop reading what nobody asked for."""
        for result in self._open:
            result.close()
        self._open.clear()

    def free(self, need: Need) -> Iterator[Units]:
        for row in self._ask(_free, need):
            yield Units(_entry(row), row.free)

    def holders(self, need: Need) -> Mapping[Numbers, Iterable[Link]]:
        groups = {_numbers(row) for row in self._ask(_holding_numbers, need)}
        return {numbers: self._holders(need, numbers) for numbers in groups}

    def _holders(self, need: Need, numbers: Numbers) -> Iterator[Link]:
        named = {f"holder_{kind}": getattr(numbers, kind) for kind in NUMBER_KINDS}
        return (_link(row, movable=True) for row in self._ask(_holders, need, named))

    def links(self, needs: Sequence[Need]) -> Iterator[Link]:
        seen: set[int] = set()
        for need in needs:
            for row in self._ask(_links, need):
                if row.id not in seen:
                    seen.add(row.id)
                    yield _link(row, movable=row.binding == "")

    def on_hand(self, needs: Sequence[Need]) -> int:
        if len(needs) == 1:  # anything, usually: that may be a lot
            return sum(row.remaining or 0 for row in self._ask(_sum_held, needs[0]))
        found: dict[int, int] = {}
        for need in needs:
            found |= {row.entry_id: row.remaining for row in self._ask(_held, need)}
        return sum(found.values())

    def _ask(self, build: Any, need: Need, more: Mapping[str, Any] = {}) -> Iterator[Any]:
        """The rows a query answers for a need: what has these numbers, or these entries."""
        if isinstance(need, frozenset):
            return self._read(build(self._steering, (), True), {"entries": sorted(need), **more})
        kinds = tuple(kind for kind in self._steering if getattr(need, kind))
        asked = {f"asked_{kind}": getattr(need, kind) for kind in kinds}
        return self._read(build(self._steering, kinds, False), {**asked, **more})

    def _read(self, query: Select[Any], more: Mapping[str, Any]) -> Iterator[Any]:
        by_and_by = query.execution_options(yield_per=FEW)
        result = self._transaction.execute(by_and_by, self._parameters | dict(more))
        self._open.append(result)
        yield from result


def _entry(row: Any) -> Entry:
    return Entry(row.entry_id, Numbers(row.serial, row.lot, row.package), row.posting_date)


def _numbers(row: Any) -> Numbers:
    return Numbers(row.demand_serial, row.demand_lot, row.demand_package)


def _link(row: Any, *, movable: bool) -> Link:
    return Link(row.id, _numbers(row), _entry(row), row.quantity, row.date, movable)


_ENTRIES = bindparam("entries", expanding=True, type_=BigInteger)


def _asked(table: Any, column: Any, kinds: Kinds, exact: bool) -> list[Any]:
    """The row is of the entries, or of the numbers, that are asked for."""
    if exact:
        return [column.in_(_ENTRIES)]
    same = [table(kind) == bindparam(f"asked_{kind}", type_=Text) for kind in kinds]
    return [*same, *(table(kind) != literal_column("''") for kind in kinds)]  # so that planners take the index


@cache
def _held(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    """Open entries with what remains of them."""
    entry = open_entry.c
    here = [entry.item_id == ITEM, entry.variant == VARIANT, entry.site_id == SITE, entry.remaining > 0]
    other = [entry[kind] == "" for kind in NUMBER_KINDS if kind not in steering]
    numbers = [entry[kind] for kind in NUMBER_KINDS]
    asked = _asked(lambda kind: entry[kind], entry.entry_id, kinds, exact)
    return select(entry.entry_id, entry.posting_date, entry.remaining, *numbers).where(*here, *other, *asked)


@cache
def _sum_held(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    rows = _held(steering, kinds, exact).subquery("rows")
    return select(func.sum(rows.c.remaining).label("remaining"))


@cache
def _free(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    free = open_entry.c.remaining - reserved_of(open_entry.c.entry_id)
    rows = _held(steering, kinds, exact).add_columns(free.label("free")).subquery("rows")
    return select(rows).where(rows.c.free > 0).order_by(rows.c.posting_date, rows.c.entry_id)


def _reserved(steering: Kinds, kinds: Kinds, exact: bool, *columns: Any) -> Select[Any]:
    """Reservations against stock; on both sides only numbers that steer."""
    on = [link.c.item_id == ITEM, link.c.variant == VARIANT, link.c.site_id == SITE, link.c.status == RESERVATION]
    asked = _asked(lambda kind: getattr(SUPPLY, kind), SUPPLY.entry_id, kinds, exact)
    return select(*columns, *_steering_of("demand", steering)).where(*on, SUPPLY.entry_id.isnot(None), *asked)


def _steering_of(side: str, steering: Kinds) -> list[Any]:
    return [
        (link.c[f"{side}_{kind}"] if kind in steering else literal("", Text)).label(f"{side}_{kind}")
        for kind in NUMBER_KINDS
    ]


def _with_entry(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    numbers = [(getattr(SUPPLY, kind) if kind in steering else literal("", Text)).label(kind) for kind in NUMBER_KINDS]
    columns = [link.c.id, link.c.binding, link.c.quantity, SUPPLY.entry_id.label("entry_id"), *numbers]
    entry = and_(ledger_entry.c.item_id == link.c.item_id, ledger_entry.c.id == SUPPLY.entry_id)
    line = and_(source_line.c.item_id == link.c.item_id, source_line.c.id == DEMAND.line_id)
    found = _reserved(steering, kinds, exact, *columns, ledger_entry.c.posting_date, source_line.c.date)
    return found.select_from(link.join(ledger_entry, entry).join(source_line, line))


@cache
def _links(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    return _with_entry(steering, kinds, exact)


def _gives_way(steering: Kinds) -> list[Any]:
    """A demand that names a serial, or is bound to its supply, never moves."""
    return [link.c.binding == "", *([DEMAND.serial == ""] if "serial" in steering else [])]


@cache
def _holding_numbers(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    """What the demands name that hold what is asked for."""
    return _reserved(steering, kinds, exact).where(*_gives_way(steering)).distinct()


@cache
def _holders(steering: Kinds, kinds: Kinds, exact: bool) -> Select[Any]:
    """The links of demands that name these numbers, in the order in which they give way (RE-63)."""
    named = [getattr(DEMAND, kind) == bindparam(f"holder_{kind}", type_=Text) for kind in steering]
    order = [source_line.c.date.desc(), ledger_entry.c.posting_date, SUPPLY.entry_id, link.c.id.desc()]
    return _with_entry(steering, kinds, exact).where(*_gives_way(steering), *named).order_by(*order)
