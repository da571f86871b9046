"""What a posting does to reservations (RE-30 to RE-34, PO-25 to PO-27).

What comes in takes the links of its line with it to the new stock. What goes out uses up the links of its line; what it
is not linked to it takes from what is free, and others that hold its numbers by chance give way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Insert, and_, case, exists, func, insert, literal_column, select, union_all, update

from stockline.codes import Code
from stockline.operations.posting.legs import Leg
from stockline.operations.posting.lines import PostingLine
from stockline.operations.reservation.bound_numbers import bound_transfers, handed_to_demand
from stockline.operations.reservation.candidates import steering_kinds
from stockline.operations.reservation.late_binding import LateBinding
from stockline.operations.reservation.links import (
    NEW,
    SITE,
    VARIANT,
    LinkBatch,
    blank,
    going_to_entry,
    left_alone,
    numbered,
    stage_split,
)
from stockline.operations.reservation.release import fit
from stockline.operations.reservation.shares import served, take_turns
from stockline.plan.held_stock import Numbers
from stockline.plan.matching import Cut, Request
from stockline.refusal import Finding, Refusal
from stockline.rules.framework import BATCH, Names, enforce
from stockline.rules.posting import ENTRIES, OF_BATCH, OF_WAVE, reserved_of, steering
from stockline.rules.reservation import LEAVES_PURCHASE, applied_line_reserved, reserved_on_document
from stockline.rules.window import ITEM
from stockline.schema.documents import source_line
from stockline.schema.ledger import ledger_entry, open_entry, staged_application, staged_line
from stockline.schema.reservations import (
    DEMAND,
    LINKED,
    NO_ENTRY,
    RESERVATION,
    SIDES,
    SUPPLY,
    SURPLUS,
    TRACKING,
    link,
    staged_split,
    staged_turn,
)
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode
from stockline.values import to_quantity

Place = tuple[int, str, int]
"""Item, variant and site."""


def reserved_places(transaction: Transaction, batch: int) -> set[Place]:
    """Where anything is reserved of what the posting moves: elsewhere there is nothing to do."""
    rows = transaction.execute(_RESERVED_PLACES, {"batch": batch})
    return {(row.item_id, row.variant, row.site_id) for row in rows}


def fit_transfers(transaction: Transaction, posted: Iterable[PostingLine]) -> None:
    """What a transfer has linked to purchases stays as far as it fits what is still to ship (RE-31)."""
    for one in posted:
        line = one.line
        if line.kind == "transfer" and line.side is DEMAND:
            fit(transaction, replace(line, handled=line.handled + line.sign * one.quantity))


class PostedReservations:
    """The reservations a posting touches, place by place."""

    def __init__(self, transaction: Transaction, batch: int, places: set[Place]) -> None:
        self._transaction = transaction
        self._batch = LinkBatch(transaction, batch)
        self._places = places
        self.bound_transfers: set[tuple[int, int]] = set()
        """Outgoing sides of transfers, each with its item, that got numbers from a supply they are bound to (IN-8)."""
        self._linked = transaction.execute(_MARK_LINKED, {"batch": batch}).rowcount > 0

    def go_out(self, wave: int, legs: Sequence[Leg]) -> None:
        """Use up the links of what goes out, and have others give way (RE-31, RE-32).

        Refused `insufficient_stock` for what is reserved on a supply that has not come, `reservation_exists` for an
        entry named beside reservations (RE-33), `cannot_be_fully_applied` for what others hold.
        """
        for place, code in self._here(legs):
            parameters = self._at(place, wave)
            if self._linked:
                self._use_up(wave, code, parameters)
            moved = any(code.steers(kind) for kind in NUMBER_KINDS) and self._rebind(wave, code)
            if self._linked or moved:
                self._batch.settle()

    def _use_up(self, wave: int, code: TrackingCode, parameters: dict[str, Any]) -> None:
        enforce(self._transaction, [applied_line_reserved], parameters)
        for numbers in (True, False):
            self._batch.deal(*_used(numbers), wave=wave)
        enforce(self._transaction, [reserved_on_document], parameters)
        if not code.steers("serial"):  # a serial is taken from where it is anyway
            self._batch.run(_FORCE_APPLICATIONS)
        self._batch.cut([left_alone("supply")])

    def come_in(self, wave: int, legs: Sequence[Leg]) -> None:
        """Pass the links of what comes in to the new stock, the earliest demand first (RE-30, PO-25).

        Demands that are bound get the numbers (RE-49). Refused `reservation_exists` for an entry named beside
        reservations (RE-33).
        """
        for place, _ in self._here(legs) if self._linked else ():
            item_id, _, _ = place
            enforce(self._transaction, [applied_line_reserved], self._at(place, wave))
            self._batch.deal(*_passed(of_number=True), wave=wave)
            self._batch.cut([_PASSED_ON])
            self._batch.deal(*_passed(of_number=False), wave=wave)
            self._batch.cut([_PASSED_ON])
            self.bound_transfers |= {(item_id, row.demand_line_id) for row in self._batch.rows(_BOUND_TRANSFERS)}
            self._batch.settle()

    def _here(self, legs: Iterable[Leg]) -> list[tuple[Place, TrackingCode]]:
        moved = {
            (leg.posted.line.item.id, leg.posted.line.variant, leg.site_id): leg.posted.line.item.tracking
            for leg in legs
        }
        return [(place, code) for place, code in sorted(moved.items(), key=itemgetter(0)) if place in self._places]

    def _at(self, place: Place, wave: int) -> dict[str, Any]:
        self._batch.go_to(*place)
        return self._batch.parameters | {"wave": wave}

    def _rebind(self, wave: int, code: TrackingCode) -> bool:
        """Others that hold the posted numbers by chance give way, where what is free is not enough (PO-27).

        Whether any did.
        """
        lacking = self._batch.rows(_LACKING, wave=wave)
        if not lacking or any(row.on_hand < row.asked for row in lacking):
            return False  # what is not there at all is refused by the rules of posting
        asked = self._batch.rows(_ASKED, wave=wave)
        requests = [_request(row) for row in asked]
        binding = LateBinding(self._transaction, self._batch, steering_kinds(code))
        result = binding.match(requests)
        if isinstance(result, Cut):
            self._refuse(binding, result, asked[result.request])
        else:
            binding.write([(move.link.id, move.to.number, move.quantity) for move in result.moves])
        return True

    def _refuse(self, binding: LateBinding, cut: Cut, row: Any) -> None:
        """Refuse `cannot_be_fully_applied`: what is wanted, and who holds it (RE-62)."""
        parameters = self._batch.parameters
        names = Names(self._transaction, [{"item_id": parameters["item"], "line_id": row.line_id}])
        line, item = names.line(row.line_id), names.items[parameters["item"]]
        number = " ".join(part for part in (row.serial, row.lot, row.package) if part)
        message = f"Line {line}: {to_quantity(cut.missing)} of {number} are held by others."
        where = {kind: getattr(row, kind) or None for kind in NUMBER_KINDS}
        wanted = Finding(message, line=line, item=item, facts={"missing": to_quantity(cut.missing)}, **where)
        raise Refusal(Code.CANNOT_BE_FULLY_APPLIED, [wanted, *binding.explain(cut)])


def _request(row: Any) -> Request:
    """What an entry takes: of an entry that was decided on, or of its numbers."""
    if row.decided is not None:
        return Request(frozenset([row.decided]), row.quantity)
    return Request(Numbers(row.serial, row.lot, row.package), row.quantity)


# ---------------------------------------------------------------- where there is work

_leg = staged_line.c
_LINKED_HERE = and_(
    link.c.item_id == _leg.item_id, link.c.variant == _leg.variant, link.c.site_id == _leg.site_id, LINKED
)
# One link tells; as an EXISTS, PostgreSQL would read all links there are.
_any_here = select(literal_column("1")).where(_LINKED_HERE).limit(1).scalar_subquery()
_RESERVED_PLACES = (
    select(_leg.item_id, _leg.variant, _leg.site_id)
    .where(OF_BATCH, _leg.quantity != 0, _any_here.isnot(None))
    .distinct()
)


def _linked(side_name: str) -> Any:
    of_line = and_(link.c.item_id == _leg.item_id, SIDES[side_name].line_id == _leg.line_id)
    return exists(select(link.c.id).where(of_line, link.c.status.in_((RESERVATION, TRACKING))))


_MARK_LINKED = (
    update(staged_line)
    .where(OF_BATCH, _leg.own == 1, case((_leg.sign > 0, _linked("supply")), else_=_linked("demand")))
    .values(linked=1)
)

_HERE = and_(OF_WAVE, _leg.item_id == ITEM, _leg.variant == VARIANT, _leg.site_id == SITE)
_LINKED_LINES = and_(_HERE, _leg.own == 1, _leg.linked == 1)


def _entries(*conditions: Any) -> Any:
    """New entries of linked lines of the wave here."""
    columns = (
        ledger_entry.c.id,
        _leg.line_id,
        *(ledger_entry.c[kind] for kind in NUMBER_KINDS),
        func.abs(ledger_entry.c.quantity).label("quantity"),
    )
    return select(*columns).select_from(ENTRIES).where(_LINKED_LINES, *conditions)


def _own_links(side_name: str, rank: Any, *conditions: Any) -> Any:
    """Links of these lines on their own side, with their sequence."""
    side = SIDES[side_name]
    numbers = [getattr(side, kind).label(kind) for kind in NUMBER_KINDS]
    of_line = and_(link.c.item_id == _leg.item_id, side.line_id == _leg.line_id)
    return (
        select(link.c.id, side.line_id.label("line_id"), *numbers, link.c.quantity, rank.label("rank"))
        .select_from(staged_line.join(link, of_line))
        .where(_LINKED_LINES, *conditions)
    )


Dealt = tuple[Insert, Insert]


def _deal(entries: Any, links: Any, keys: Sequence[str]) -> Dealt:
    """Stage which part of which link goes with which entry."""
    joined, linked, quantity = served(links, (links.c.rank, links.c.id), keys)
    parts = select(linked.c.id.label("link_id"), staged_turn.c.id.label("target"), quantity.label("quantity"))
    return take_turns(entries, (entries.c.id,), keys), stage_split(parts.select_from(joined))


# ---------------------------------------------------------------- going out


@cache
def _used(numbers: bool) -> Dealt:
    """Deal the entries of the wave over the links of their lines, in the order of RE-31."""
    rank = case(
        (link.c.status == SURPLUS, 4),
        (link.c.status == TRACKING, 3),
        (SUPPLY.entry_id == NO_ENTRY, 6),
        (SUPPLY.entry_id.isnot(None), 1),
        (LEAVES_PURCHASE, 5),
        else_=2,
    )
    entries = _entries(_leg.numbered == int(numbers)).subquery("entries")
    if numbers:
        links = _own_links("demand", rank, numbered(SIDES["demand"])).subquery("links")
        return _deal(entries, links, ("line_id", *NUMBER_KINDS))
    firm = [link.c.status == RESERVATION, blank(SIDES["demand"]), ~LEAVES_PURCHASE]
    return _deal(entries, _own_links("demand", rank, *firm).subquery("links"), ("line_id",))


_FORCE_APPLICATIONS = insert(staged_application).from_select(
    ("item_id", "batch_id", "entry_id", "other_id", "quantity"),
    select(ITEM, BATCH, staged_split.c.target, SUPPLY.entry_id, func.sum(staged_split.c.quantity))
    .select_from(
        staged_split.join(link, and_(link.c.item_id == staged_split.c.item_id, link.c.id == staged_split.c.link_id))
    )
    .where(staged_split.c.item_id == ITEM, staged_split.c.batch_id == BATCH, SUPPLY.entry_id != NO_ENTRY)
    .group_by(staged_split.c.target, SUPPLY.entry_id),
)

_steered = [steering(kind).label(kind) for kind in NUMBER_KINDS]
_leaving = (
    select(*_steered, func.sum(-ledger_entry.c.quantity).label("asked"))
    .select_from(ENTRIES)
    .where(_HERE)
    .group_by(*(steering(kind) for kind in NUMBER_KINDS))
    .subquery("leaving")
)
_there = and_(
    open_entry.c.item_id == ITEM,
    open_entry.c.variant == VARIANT,
    open_entry.c.site_id == SITE,
    open_entry.c.remaining > 0,
    *(open_entry.c[kind] == _leaving.c[kind] for kind in NUMBER_KINDS),
)


def _sum_there(quantity: Any) -> Any:
    """Of the open entries of the numbers that leave; asked number by number, each is found by the whole key."""
    return select(func.coalesce(func.sum(quantity), 0)).where(_there).scalar_subquery()


_free = _sum_there(open_entry.c.remaining - reserved_of(open_entry.c.entry_id))
_LACKING = select(_leaving, _sum_there(open_entry.c.remaining).label("on_hand")).where(_free < _leaving.c.asked)
"""Numbers of which less is free than leaves."""

_decided = and_(
    staged_application.c.item_id == ledger_entry.c.item_id,
    staged_application.c.batch_id == BATCH,
    staged_application.c.entry_id == ledger_entry.c.id,
)
_rest = -ledger_entry.c.quantity - (
    select(func.coalesce(func.sum(staged_application.c.quantity), 0)).where(_decided).scalar_subquery()
)
_what = (ledger_entry.c.id, _leg.line_id, *_steered)
_ASKED = union_all(
    select(*_what, literal_column("NULL").label("decided"), _rest.label("quantity"))
    .select_from(ENTRIES)
    .where(_HERE, _rest > 0),
    select(*_what, staged_application.c.other_id, staged_application.c.quantity)
    .select_from(ENTRIES.join(staged_application, _decided))
    .where(_HERE),
)
"""What the entries of the wave take: of an entry decided on, or of their numbers."""

# ---------------------------------------------------------------- coming in

_PASSED_ON = going_to_entry(
    link.c.status.in_((RESERVATION, TRACKING)), **handed_to_demand(ledger_entry.c, entered=link.c.id)
)
_BOUND_TRANSFERS = bound_transfers(NEW)


def _by_demand(statuses: Sequence[str]) -> Any:
    """Reservations first, of these the earliest demand (PO-25)."""
    line = source_line.c
    date = select(line.date).where(line.item_id == link.c.item_id, line.id == SIDES["demand"].line_id)
    status = case({name: place for place, name in enumerate(statuses)}, value=link.c.status, else_=len(statuses))
    return func.row_number().over(order_by=(status, date.scalar_subquery(), SIDES["demand"].line_id, link.c.id))


@cache
def _passed(*, of_number: bool) -> Dealt:
    """Deal what has come in over the links of its line: those of its number, then those without number."""
    rank = _by_demand((RESERVATION, TRACKING))
    if of_number:
        entries = _entries(_leg.numbered == 1).subquery("entries")
        links = _own_links("supply", rank, numbered(SUPPLY)).subquery("links")
        return _deal(entries, links, ("line_id", *NUMBER_KINDS))
    passed = select(func.coalesce(func.sum(link.c.quantity), 0)).where(
        link.c.item_id == ITEM, SUPPLY.entry_id == ledger_entry.c.id
    )
    rest = func.abs(ledger_entry.c.quantity) - passed.scalar_subquery()
    entries = (
        select(ledger_entry.c.id, _leg.line_id, rest.label("quantity"))
        .select_from(ENTRIES)
        .where(_LINKED_LINES)
        .subquery("entries")
    )
    firm = [link.c.status.in_((RESERVATION, TRACKING)), blank(SUPPLY)]
    return _deal(entries, _own_links("supply", rank, *firm).subquery("links"), ("line_id",))
