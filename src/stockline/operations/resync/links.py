"""Changing links of serials as a run decided: the links, the serials' movement, the ledger, and what is kept of it.

Whatever changes links but posting and loading comes here: the automatic and the manual resynchronization and the undo.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, and_, bindparam, case, delete, func, insert, null, select, update

from stockline.operations.catalog import Item
from stockline.operations.locks import EVERY_SITE, lock_item_sites
from stockline.operations.resync.ledger import KIND, Corrections, correct
from stockline.operations.resync.merge import merge_lines
from stockline.operations.resync.stock import ItemSite, Merge, Name
from stockline.plan.placement import Place
from stockline.plan.repair import Action
from stockline.rules.framework import BATCH
from stockline.schema.ledger import POSITIONS, posting, posting_line
from stockline.schema.resync import resync_change, resync_figure, resync_line, resync_serial, staged_resync
from stockline.schema.stock import OF_LINE, characteristic_set, extra_link, item_site, serial, stock_line
from stockline.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity in engine units, and the number of serials before and after."""

    quantity: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class LinkChanges:
    """What is to be done to the serials of one item, all at once: cases of the automatic run, or what a person saves.

    `places` are the lines the serials are to be on, `lines` and `sites` the figures of what it touches; `merges` come
    first.
    """

    item: Item
    actions: Sequence[Action]
    places: Mapping[Name, Place]
    lines: Mapping[int, Figure]
    sites: Mapping[ItemSite, Figure]
    merges: Sequence[Merge] = ()
    extra: Sequence[tuple[str, str, int]] = ()
    """Links that stay, or come back, beside the one that is a serial's own: variant, serial, stock line."""
    several: bool = False
    """Whether some serial has several links now."""
    cases: int = 0
    """How many cases of the automatic run are settled by it."""


@dataclass(slots=True)
class RunBook:
    """The book a run writes: how many actions and ledger entries it has so far."""

    run: int
    today: date
    actions: int = 0
    entries: int = 0
    items: set[int] = field(default_factory=set)
    """The items it has written of."""

    def turn(self, changes: LinkChanges) -> None:
        """What has been written stays written: go on behind it."""
        self.items.add(changes.item.id)
        self.actions += len(changes.actions)
        self.entries += Corrections.entries_for(len(changes.places))


def held_by(sites: Collection[ItemSite]) -> set[ItemSite]:
    """What is held for changes at these sites: against serials that come in anywhere, too."""
    return {*sites, *((variant, EVERY_SITE) for variant, _ in sites)}


def hold_item_sites(transaction: Transaction, item_id: int, sites: Collection[ItemSite]) -> None:
    """Hold an item at these sites until the transaction ends."""
    lock_item_sites(transaction, {(item_id, variant, site): 0 for variant, site in held_by(sites)})


def write_links(transaction: Transaction, book: RunBook, changes: LinkChanges) -> None:
    """Write the changes, their item-sites being held, and note them in the book's run (RS-9, RS-18)."""
    if changes.item.id not in book.items:
        _note_posting(transaction, book, changes.item)
    if changes.merges:
        merge_lines(transaction, book.run, changes.item.id, changes.merges)
    if changes.places:
        _write_places(transaction, book, changes)
    _note_actions(transaction, book, changes)
    _note_figures(transaction, book, changes)


def _write_places(transaction: Transaction, book: RunBook, changes: LinkChanges) -> None:
    """Put the serials where they are to be; the ledger follows."""
    item = changes.item
    parameters = {"batch": book.run, "item": item.id, "today": book.today}
    rows = [(item.id, variant, number, place) for (variant, number), place in changes.places.items()]
    transaction.stage(staged_resync, ("item_id", "variant", "serial", "place"), rows, {"batch_id": book.run})
    transaction.execute(_make_known(transaction), parameters)
    _keep_evidence(transaction, parameters)
    first = book.run * POSITIONS + book.entries
    correct(transaction, Corrections(item, book.run, first, len(rows), book.today))
    _move_serials(transaction, changes, parameters)
    transaction.clear(staged_resync, book.run)


_ITEM = bindparam("item", type_=BigInteger)
_TODAY = bindparam("today", type_=Date)
_OF_BATCH = and_(staged_resync.c.item_id == _ITEM, staged_resync.c.batch_id == BATCH)
_KEY = ("item_id", "variant", "serial")
_SAME = and_(*(serial.c[name] == staged_resync.c[name] for name in _KEY))
OWN = ("lot", "sublot", "version")
STATE = (*OWN, "stock_line_id", "last_direction", "last_set_id", "last_batch_id", "last_date")
"""What a run keeps of a serial as it was."""

_EVIDENCE = (
    select(BATCH, staged_resync.c.place, *(serial.c[name] for name in (*_KEY, *STATE)))
    .select_from(staged_resync.join(serial, _SAME))
    .where(_OF_BATCH)
)


def _keep_evidence(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Note the serials as they are; one that a run changes again is noted as it was before the run."""
    statement = transaction.insert(resync_serial).from_select(("run_id", "place", *_KEY, *STATE), _EVIDENCE)
    place = {"place": statement.excluded.place}
    keys = ["item_id", "run_id", "variant", "serial"]
    transaction.execute(statement.on_conflict_do_update(index_elements=keys, set_=place), parameters)


def _note_posting(transaction: Transaction, book: RunBook, item: Item) -> None:
    """The run is a posting of the item, whatever it posts: that is how its entries are found."""
    values = {"item_id": item.id, "posting_id": book.run, "line_id": 0}
    transaction.execute(transaction.insert(posting_line).values(values).on_conflict_do_nothing())


def open_posting(transaction: Transaction, run: int, today: date) -> None:
    """The posting that holds the corrections of a run."""
    transaction.execute(insert(posting).values(id=run, kind=KIND, posting_date=today))


# ---------------------------------------------------------------- the serials


def _make_known(transaction: Transaction) -> Any:
    """A serial that has a card only gets its record (RS-16)."""
    staged = select(*(staged_resync.c[name] for name in _KEY)).where(_OF_BATCH)
    return transaction.insert(serial).from_select(_KEY, staged).on_conflict_do_nothing()


_to_line = and_(stock_line.c.item_id == staged_resync.c.item_id, stock_line.c.id == staged_resync.c.place)
_placed = (
    select(
        *(staged_resync.c[name] for name in _KEY),
        staged_resync.c.place,
        stock_line.c.set_id,
        *(characteristic_set.c[name] for name in OWN),
    )
    .select_from(staged_resync.outerjoin(stock_line, _to_line).outerjoin(characteristic_set, OF_LINE))
    .where(_OF_BATCH, staged_resync.c.place.isnot(None))
    .subquery("placed")
)
_MOVED = {"last_batch_id": BATCH, "last_date": _TODAY}
_LINK = (
    update(serial)
    .where(*(serial.c[name] == _placed.c[name] for name in _KEY))
    .values(
        stock_line_id=_placed.c.place,
        last_direction=1,
        last_set_id=_placed.c.set_id,
        **_MOVED,
        # A blank own attribute is not known: the line tells it (ST-12).
        **{
            name: case((serial.c[name] == "", func.coalesce(_placed.c[name], "")), else_=serial.c[name]) for name in OWN
        },
    )
)
_left_set = (
    select(stock_line.c.set_id)
    .where(stock_line.c.item_id == serial.c.item_id, stock_line.c.id == serial.c.stock_line_id)
    .scalar_subquery()
)
_UNLINK = (
    update(serial)
    .where(_OF_BATCH, _SAME, staged_resync.c.place.is_(None))
    .values(stock_line_id=null(), last_direction=-1, last_set_id=_left_set, **_MOVED)
)
_FORGET_EXTRA = delete(extra_link).where(
    select(staged_resync.c.serial)
    .where(_OF_BATCH, *(extra_link.c[name] == staged_resync.c[name] for name in _KEY))
    .exists()
)


def _move_serials(transaction: Transaction, changes: LinkChanges, parameters: Mapping[str, Any]) -> None:
    """Give each serial its one link; that is a movement of it, inward or outward (ST-6)."""
    places = changes.places.values()
    if any(place is None for place in places):
        transaction.execute(_UNLINK, parameters)
    if any(place is not None for place in places):
        transaction.execute(_LINK, parameters)
    if changes.several:
        transaction.execute(_FORGET_EXTRA, parameters)
    rows = [(changes.item.id, *link) for link in changes.extra]
    if rows:
        columns = ("item_id", "variant", "serial", "stock_line_id")
        transaction.execute(insert(extra_link), [dict(zip(columns, row, strict=True)) for row in rows])


# ---------------------------------------------------------------- what is kept


def _note_actions(transaction: Transaction, book: RunBook, changes: LinkChanges) -> None:
    actions = [
        {
            "item_id": changes.item.id,
            "run_id": book.run,
            "position": book.actions + place,
            "action": action.name,
            "variant": action.variant,
            "serial": action.serial,
            "from_line": action.from_line,
            "to_line": action.to_line,
            "reason": action.reason,
            "quantity": action.quantity,
        }
        for place, action in enumerate(changes.actions, 1)
    ]
    transaction.execute(insert(resync_change), actions)
    rows = [
        {
            "item_id": changes.item.id,
            "run_id": book.run,
            "stock_line_id": number,
            "quantity": figure.quantity,
            "serials_before": figure.before,
            "serials_after": figure.after,
        }
        for number, figure in changes.lines.items()
    ]
    if rows:
        statement = transaction.insert(resync_line)
        keys = ["item_id", "run_id", "stock_line_id"]
        after = {"serials_after": statement.excluded.serials_after}
        transaction.execute(statement.on_conflict_do_update(index_elements=keys, set_=after), rows)


_SITE_KEY = ("item_id", "variant", "site_id")
_every = resync_figure.alias("every")
_last_run = (
    select(func.max(_every.c.run_id)).where(*(_every.c[name] == item_site.c[name] for name in _SITE_KEY))
).scalar_subquery()
_of_last_run = and_(
    *(resync_figure.c[name] == item_site.c[name] for name in _SITE_KEY), resync_figure.c.run_id == _last_run
)
_LAST = (
    select(
        item_site.c.variant,
        item_site.c.site_id,
        item_site.c.stock_revision,
        resync_figure.c.first_run_id,
        resync_figure.c.revision,
    )
    .select_from(item_site.outerjoin(resync_figure, _of_last_run))
    .where(item_site.c.item_id == _ITEM)
)


def _note_figures(transaction: Transaction, book: RunBook, changes: LinkChanges) -> None:
    """Figures of the item-sites; they go on from the run before, unless stock changed otherwise since (RS-13)."""
    last = {(row.variant, row.site_id): row for row in transaction.execute(_LAST, {"item": changes.item.id})}
    rows = []
    for (variant, site), figure in changes.sites.items():
        before = last[variant, site]
        now = before.stock_revision
        rows.append(
            {
                "item_id": changes.item.id,
                "variant": variant,
                "site_id": site,
                "run_id": book.run,
                "quantity": figure.quantity,
                "serials_before": figure.before,
                "serials_after": figure.after,
                "first_run_id": before.first_run_id if before.revision == now - 1 else book.run,
                "revision": now,
            }
        )
    if rows:
        statement = transaction.insert(resync_figure)
        goes_on = {name: statement.excluded[name] for name in ("serials_after", "revision")}
        keys = [*_SITE_KEY, "run_id"]
        transaction.execute(statement.on_conflict_do_update(index_elements=keys, set_=goes_on), rows)
