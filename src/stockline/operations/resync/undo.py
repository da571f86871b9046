"""Taking a resynchronization back: every link it changed, the attributes it filled, the ledger likewise (RS-19)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select, update

from stockline.codes import Code
from stockline.operations.catalog import Item, find_items, item_codes
from stockline.operations.resync.desk import Desk
from stockline.operations.resync.links import (
    OWN,
    Figure,
    LinkChanges,
    RunBook,
    hold_item_sites,
    open_posting,
    write_links,
)
from stockline.operations.resync.log import UNDER_WAY, UNDO, begin_run, told
from stockline.operations.resync.stock import ItemSite, Name
from stockline.operations.resync.sync_state import site_figures
from stockline.plan.repair import Action
from stockline.refusal import Refusal
from stockline.results import ResyncRun
from stockline.rules.framework import Query, enforce, rule
from stockline.schema.ledger import posting_line
from stockline.schema.reservations import RESERVATION, link
from stockline.schema.resync import resync_change, resync_line, resync_run, resync_serial
from stockline.schema.stock import OF_LINE, characteristic_set, extra_link, serial, stock_line
from stockline.store.database import Transaction

REASON = "undo"
_RUN = bindparam("run", type_=BigInteger)
_ITEM = bindparam("item", type_=BigInteger)
_KEY = ("item_id", "variant", "serial")
_OF_RUN = and_(resync_serial.c.item_id == _ITEM, resync_serial.c.run_id == _RUN)
_SAME = and_(*(serial.c[name] == resync_serial.c[name] for name in _KEY))


def undo_resync(transaction: Transaction, run: int, today: date, person: str) -> ResyncRun:
    """Take back what a run has done; merged lines stay merged."""
    _find(transaction, run)
    touched = set(transaction.execute(_ITEMS, {"run": run}).scalars())
    items = find_items(transaction, item_codes(transaction, touched).values())
    every = [_UndoneItem(transaction, run, items[code]) for code in sorted(items)]
    undone = [one for one in every if one.returns]
    for one in undone:
        hold_item_sites(transaction, one.item.id, one.sites)
        enforce(transaction, (changed_since, line_closed_since, reserved_since), {"run": run, "item": one.item.id})
    book = RunBook(begin_run(transaction, UNDO, person=person, undoes=run), today)
    open_posting(transaction, book.run, today)
    actions = []
    for one in undone:
        changes = one.changes()
        write_links(transaction, book, changes)
        transaction.execute(_RESTORE_ATTRIBUTES, {"run": run, "item": one.item.id})
        book.turn(changes)
        actions += [told(one.item.code, action) for action in changes.actions]
    return ResyncRun(number=book.run, actions=actions)


def _find(transaction: Transaction, run: int) -> None:
    found = transaction.execute(select(resync_run.c.state).where(resync_run.c.id == run)).one_or_none()
    if found is None:
        raise Refusal.of(Code.NOT_FOUND, f"There is no resynchronization {run}.")
    if found.state in UNDER_WAY:
        raise Refusal.of(Code.UNDO_NOT_POSSIBLE, f"Resynchronization {run} is still running.")
    if transaction.execute(select(resync_run.c.id).where(resync_run.c.undoes == run)).first() is not None:
        raise Refusal.of(Code.UNDO_NOT_POSSIBLE, f"Resynchronization {run} has been undone already.")


_ITEMS = select(posting_line.c.item_id).where(posting_line.c.posting_id == _RUN)


@rule(Code.UNDO_NOT_POSSIBLE)
def changed_since() -> Query:
    """Serial {serial} has been moved, issued or linked otherwise since."""
    elsewhere = func.coalesce(serial.c.stock_line_id, 0) != func.coalesce(resync_serial.c.place, 0)
    return select(*(serial.c[name] for name in _KEY)).where(
        _OF_RUN, _SAME, or_(serial.c.last_batch_id.is_(None), serial.c.last_batch_id != _RUN, elsewhere)
    )


@rule(Code.UNDO_NOT_POSSIBLE)
def line_closed_since() -> Query:
    """Stock line {stock_line} has closed since."""
    left = select(resync_change.c.from_line).where(
        resync_change.c.item_id == _ITEM, resync_change.c.run_id == _RUN, resync_change.c.serial != ""
    )
    is_same = and_(stock_line.c.item_id == resync_line.c.item_id, stock_line.c.id == resync_line.c.stock_line_id)
    return (
        select(stock_line.c.item_id, stock_line.c.id.label("stock_line"))
        .join(resync_line, is_same)
        .where(
            resync_line.c.item_id == _ITEM,
            resync_line.c.run_id == _RUN,
            resync_line.c.quantity != 0,
            stock_line.c.quantity == 0,
            stock_line.c.id.in_(left),
        )
    )


@rule(Code.UNDO_NOT_POSSIBLE)
def reserved_since() -> Query:
    """Serial {serial} is reserved, and would not be in stock there any more."""
    same_number = and_(*(link.c[name] == resync_serial.c[name] for name in ("item_id", "variant")))
    returns = (
        select(stock_line.c.id)
        .join(characteristic_set, OF_LINE)
        .where(
            stock_line.c.item_id == _ITEM,
            stock_line.c.id == resync_serial.c.stock_line_id,
            stock_line.c.quantity != 0,
            characteristic_set.c.site_id == link.c.site_id,
        )
    )
    return (
        select(*(resync_serial.c[name] for name in _KEY), link.c.site_id)
        .join(link, and_(same_number, link.c.demand_serial == resync_serial.c.serial))
        .where(_OF_RUN, link.c.status == RESERVATION, link.c.supply_entry_id.isnot(None), ~returns.exists())
    )


_SERIALS = select(resync_serial, serial.c.site_id).where(_OF_RUN, _SAME).order_by(*resync_serial.primary_key)
_CHANGED = select(
    *(resync_change.c[name] for name in ("variant", "serial", "from_line", "to_line")),
).where(resync_change.c.item_id == _ITEM, resync_change.c.run_id == _RUN, resync_change.c.serial != "")
_BESIDE = (
    select(extra_link.c.variant, extra_link.c.serial, extra_link.c.stock_line_id)
    .join(resync_serial, and_(*(extra_link.c[name] == resync_serial.c[name] for name in _KEY)))
    .where(_OF_RUN)
)
_RESTORE_ATTRIBUTES = update(serial).where(_OF_RUN, _SAME).values({name: resync_serial.c[name] for name in OWN})


@dataclass(frozen=True, slots=True)
class _Return:
    """A serial that goes back: the links it has, and those it had, its own first."""

    variant: str
    number: str
    now: tuple[int, ...]
    links: tuple[int, ...]
    site: int | None

    def actions(self) -> Iterator[Action]:
        """What puts its links back."""
        gone = [number for number in self.now if number not in self.links]
        for number in self.links:
            if number not in self.now:
                yield Action(self.variant, self.number, gone.pop() if gone else None, number, REASON)
        for number in gone:
            yield Action(self.variant, self.number, number, None, REASON)


class _UndoneItem:
    """What a run did to one item, and what takes it back."""

    def __init__(self, transaction: Transaction, run: int, item: Item) -> None:
        self.item = item
        of_run = {"run": run, "item": item.id}
        left, come, beside = (defaultdict[Name, set[int]](set) for _ in range(3))
        for row in transaction.execute(_CHANGED, of_run):
            left[row.variant, row.serial] |= {row.from_line} - {None}
            come[row.variant, row.serial] |= {row.to_line} - {None}
        for row in transaction.execute(_BESIDE, of_run):
            beside[row.variant, row.serial].add(row.stock_line_id)
        self.returns = []
        """The serials of the item that go back."""
        for row in transaction.execute(_SERIALS, of_run):
            name = (row.variant, row.serial)
            now = {row.place} - {None} | beside[name]
            own = {row.stock_line_id} - {None}
            others = (left[name] | now - come[name]) - own
            self.returns.append(_Return(*name, tuple(sorted(now)), (*own, *sorted(others)), row.site_id))
        numbers = {number for one in self.returns for number in (*one.links, *one.now)}
        desk = Desk(transaction, item, "")
        self._lines = desk.lines(numbers)
        self._linked = Counter(desk.linked(numbers))
        self._figures = site_figures(transaction, item.id)

    @property
    def sites(self) -> set[ItemSite]:
        """What it touches."""
        touched = {(one.variant, self._places(one, (*one.links, *one.now))) for one in self.returns}
        return {key for own, places in touched for variant, site in places for key in ((variant, site), (own, site))}

    def _places(self, one: _Return, numbers: Iterable[int]) -> frozenset[ItemSite]:
        lines = [self._lines[number] for number in numbers if number in self._lines]
        places = {(line.variant, line.site) for line in lines}
        if one.site is not None and not all(number in self._lines for number in numbers):
            places.add((one.variant, one.site))
        return frozenset(places)

    def changes(self) -> LinkChanges:
        """What takes it back."""
        back = {(one.variant, one.number): self._in_order(one.links) for one in self.returns}
        after = Counter(self._linked)
        for one in self.returns:
            after.update(one.links)
            after.subtract(one.now)
        return LinkChanges(
            self.item,
            [action for one in self.returns for action in one.actions()],
            {name: next(iter(links), None) for name, links in back.items()},
            {
                number: Figure(self._quantity(number), self._linked[number], serials)
                for number, serials in after.items()
            },
            {(variant, site): self._figure(variant, site) for variant, site in sorted(self.sites)},
            extra=[(*name, number) for name, links in back.items() for number in links[1:]],
            several=any(len(one.now) > 1 for one in self.returns),
        )

    def _in_order(self, links: Sequence[int]) -> Sequence[int]:
        """Links of a serial, those to open lines first: the first is where the ledger is to have it (RS-9)."""
        return sorted(links, key=lambda number: self._quantity(number) == 0)

    def _quantity(self, number: int) -> int:
        return self._lines[number].quantity if number in self._lines else 0

    def _figure(self, variant: str, site: int) -> Figure:
        now = self._figures[site]
        before = now.serials.get(variant, 0)
        difference = sum(
            ((variant, site) in self._places(one, one.links)) - ((variant, site) in self._places(one, one.now))
            for one in self.returns
        )
        return Figure(now.quantities[variant], before, before + difference)
