"""Giving up reservations: a person says so, a line gets smaller, or it goes (RE-21 to RE-29)."""

import datetime as dt
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Insert, Select, and_, bindparam, case, exists, func, literal, or_, select

from stockline.codes import Code
from stockline.operations.lines import SourceLine
from stockline.operations.locks import hold_line
from stockline.operations.reservation.links import (
    OTHER,
    LinkBatch,
    blank,
    dissolve,
    left_alone,
    numbered,
    stage_split,
)
from stockline.operations.reservation.reserving import ReserveRequest, base_quantity, find_partner
from stockline.operations.reservation.search import ASKED, STOCK, with_numbers
from stockline.operations.reservation.shares import in_sequence
from stockline.refusal import Refusal
from stockline.results import Reserved
from stockline.rules.reservation import date_conflict
from stockline.rules.window import ITEM, LINE
from stockline.schema.documents import source_line
from stockline.schema.reservations import NO_ENTRY, PROSPECT, RESERVATION, SIDES, SURPLUS, TRACKING, link
from stockline.store.database import Transaction
from stockline.values import to_quantity

ANY, OF_STOCK = 0, -1
_PARTNER = bindparam("partner", type_=BigInteger)
"""The line on the other side; `ANY` or `OF_STOCK`."""


def unreserve(transaction: Transaction, request: ReserveRequest) -> Reserved:
    """Cancel reservations of a line: all, those with one partner or number, or a quantity of them (RE-29).

    Sides with numbers become surplus, others vanish. Refused `not_found` where there is none, `invalid` for more.
    """
    line = hold_line(transaction, request.line)
    partner = find_partner(transaction, request.against)
    batch = LinkBatch.of_line(transaction, line)
    chosen = request.numbers.parameters() | {
        "partner": partner.id if isinstance(partner, SourceLine) else OF_STOCK if partner == STOCK else ANY
    }
    side = line.side.name
    reserved = batch.ask(_reserved(side), **chosen)
    if not reserved:
        raise Refusal.of(Code.NOT_FOUND, f"Line {line.name} has no such reservation.", line=line.name)
    asked = base_quantity(line, request, reserved, "cancel")
    batch.run(_stage_cancelled(side), asked=asked, **chosen)
    dissolve(batch)
    batch.settle()
    return Reserved(quantity=to_quantity(asked))


def fit(transaction: Transaction, line: SourceLine) -> None:
    """Release entries of a line until they fit into what is outstanding (RE-23); entries with own numbers stay."""
    batch = LinkBatch.of_line(transaction, line)
    excess = batch.ask(_entries(line.side.name)) - abs(line.outstanding)
    if excess > 0:
        release(batch, line, excess)


def release(batch: LinkBatch, line: SourceLine, quantity: int) -> None:
    """Release this much of a line's entries that carry no number of it, in the order of RE-23."""
    batch.run(_stage_released(line.side.name), asked=quantity)
    dissolve(batch)
    batch.settle()


def release_all(transaction: Transaction, line: SourceLine) -> None:
    """Release every reservation of a line that carries no number of it, so that it can be reserved anew (RE-21)."""
    batch = LinkBatch.of_line(transaction, line)
    release(batch, line, batch.ask(_entries(line.side.name)))


def release_late(transaction: Transaction, line: SourceLine, date: dt.date) -> None:
    """Dissolve the reservations of a line in which, were it of this date, the supply would come too late (RE-25)."""
    batch = LinkBatch.of_line(transaction, line)
    if batch.run(_stage_late(line.side.name), new_date=date):
        dissolve(batch)
        batch.settle()


def end_links(transaction: Transaction, line: SourceLine) -> None:
    """End the links of a line that goes; partners with numbers keep them as surplus (RE-28).

    The supply of an order-to-order link loses its numbers with its demand.
    """
    side = line.side.name
    linked = exists().where(link.c.item_id == line.item.id, line.side.line_id == line.id, _LINKED)
    if not transaction.execute(select(linked)).scalar():
        return
    batch = LinkBatch.of_line(transaction, line)
    batch.run(_stage_all(side))
    batch.cut([_left_of_deleted(side)])
    batch.settle()


_LINKED = link.c.status.in_((RESERVATION, TRACKING))


def _of_line(side_name: str) -> Any:
    return and_(link.c.item_id == ITEM, SIDES[side_name].line_id == LINE)


def _chosen(side_name: str) -> Any:
    """Reservations of the line with the partner and the numbers that are named."""
    partner = SIDES[OTHER[side_name]]
    of_partner = or_(
        _PARTNER == ANY, and_(_PARTNER == OF_STOCK, partner.entry_id.isnot(None)), partner.line_id == _PARTNER
    )
    return and_(_of_line(side_name), link.c.status == RESERVATION, of_partner, with_numbers(side_name))


def _partner_date(side_name: str) -> Any:
    line, partner = source_line.c, SIDES[OTHER[side_name]]
    return select(line.date).where(line.item_id == link.c.item_id, line.id == partner.line_id).scalar_subquery()


_STATUS_ORDER = case({PROSPECT: 1, SURPLUS: 2, TRACKING: 3, RESERVATION: 4}, value=link.c.status, else_=5)


def _stage_first(side_name: str, entries: Any) -> Insert:
    """Stage the parts that go when `asked` of these entries of a line are given up, in the order of RE-23.

    What carries a number of the line goes last, where it may go at all; first of the rest what holds nothing.
    """
    side, partner = SIDES[side_name], SIDES[OTHER[side_name]]
    named = case((numbered(side), 1), else_=0)
    of_stock = case((partner.entry_id == NO_ENTRY, -1), (partner.entry_id.isnot(None), 1), else_=0)
    order = [_STATUS_ORDER, named, of_stock, _partner_date(side_name), link.c.id]
    rank = func.row_number().over(order_by=order)
    rows = select(link.c.id, link.c.quantity, rank.label("rank")).where(entries).subquery("rows")
    ranked = in_sequence(rows, (rows.c.rank,), ()).subquery("ranked")
    left = ASKED - (ranked.c.upto - ranked.c.quantity)
    part = case((left < ranked.c.quantity, left), else_=ranked.c.quantity)
    return stage_split(select(ranked.c.id.label("link_id"), literal(0).label("target"), part.label("quantity")))


@cache
def _stage_cancelled(side_name: str) -> Insert:
    return _stage_first(side_name, _chosen(side_name))


@cache
def _stage_released(side_name: str) -> Insert:
    return _stage_first(side_name, and_(_of_line(side_name), blank(SIDES[side_name])))


@cache
def _stage_all(side_name: str) -> Insert:
    every = select(link.c.id.label("link_id"), literal(0).label("target"), link.c.quantity)
    return stage_split(every.where(_of_line(side_name)))


@cache
def _left_of_deleted(side_name: str) -> Insert:
    return left_alone(OTHER[side_name], unbound=side_name == "demand")


@cache
def _stage_late(side_name: str) -> Insert:
    late = date_conflict(side_name).query.subquery("late")
    return stage_split(select(late.c.position.label("link_id"), literal(0).label("target"), late.c.quantity))


@cache
def _reserved(side_name: str) -> Select[Any]:
    return select(func.sum(link.c.quantity)).where(_chosen(side_name))


@cache
def _entries(side_name: str) -> Select[Any]:
    return select(func.sum(link.c.quantity)).where(_of_line(side_name))
