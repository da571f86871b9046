"""What of an item there is and will be: inventory, and what documents bring and take by a day (OT-40, OT-44)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from stockline.operations.catalog import Item, find_item, find_site
from stockline.operations.lookups.summaries import Stock, steering, summary
from stockline.results import ItemAvailability
from stockline.rules.availability import sum_of
from stockline.schema.catalog import site
from stockline.schema.documents import document, source_line
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link
from stockline.schema.stock import item_site
from stockline.store.database import Transaction
from stockline.values import clean_number, to_quantity, to_units


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about; what is None is not looked at. Inventory knows no days."""

    variant: str | None = None
    site: str | None = None
    lot: str | None = None
    start: dt.date | None = None
    until: dt.date | None = None


def item_availability(transaction: Transaction, item_code: str, scope: Scope) -> ItemAvailability:
    """Inventory, receipts, requirements and what that leaves. Refused `not_found`."""
    item = find_item(transaction, item_code)
    site_id = find_site(transaction, scope.site).id if scope.site is not None else None
    planned_for = [source_line.c.item_id == item.id, *_days(scope)]
    if scope.variant is not None:
        planned_for.append(source_line.c.variant == scope.variant)
    if site_id is not None:
        planned_for.append(source_line.c.site_id == site_id)
    lot = clean_number(scope.lot)
    moves = _moves_of_lot(transaction, planned_for, lot) if lot else _moves(transaction, planned_for)
    inventory = _inventory(transaction, item, scope.variant, site_id, lot)
    reserved = _reserved(transaction, planned_for, lot)
    figures = {"inventory": inventory, **moves, "reserved": reserved}
    available = inventory + moves["receipts"] + moves["planned"] - moves["requirements"]
    return ItemAvailability(
        **{name: to_quantity(value) for name, value in (figures | {"available": available}).items()}
    )


def _days(scope: Scope) -> list[ColumnElement[bool]]:
    days = [] if scope.start is None else [source_line.c.date >= scope.start]
    return days if scope.until is None else [*days, source_line.c.date <= scope.until]


def _inventory(transaction: Transaction, item: Item, variant: str | None, site_id: int | None, lot: str) -> int:
    """What is on hand; goods in transit count only at their site, when it is named."""
    query = select(item_site.c.variant, item_site.c.site_id, item_site.c.quantity)
    query = query.join(site, site.c.id == item_site.c.site_id).where(item_site.c.item_id == item.id)
    query = query.where(~site.c.in_transit if site_id is None else item_site.c.site_id == site_id)
    if variant is not None:
        query = query.where(item_site.c.variant == variant)
    found = transaction.execute(query).all()
    if not lot:
        return sum(row.quantity for row in found)
    stocks = [Stock(item.id, row.variant, row.site_id, steering(item.tracking)) for row in found]
    return to_units(summary(transaction, stocks, {"lot": lot}).total)


_OUTSTANDING = source_line.c.direction * (source_line.c.quantity - source_line.c.handled)
"""What a line will still bring, or with a minus take."""
_OPEN = and_(document.c.kind != "journal", func.abs(source_line.c.handled) < func.abs(source_line.c.quantity))
_PLANNED = document.c.kind == "planned"
_LINES = source_line.join(document, document.c.id == source_line.c.document_id)


def _moves(transaction: Transaction, planned_for: Sequence[Any]) -> dict[str, int]:
    """What the lines still bring and take, what is planned apart from what is firm."""
    query = (
        select(
            sum_of(case((~_PLANNED & (_OUTSTANDING > 0), _OUTSTANDING), else_=0)).label("receipts"),
            sum_of(case((_OUTSTANDING < 0, -_OUTSTANDING), else_=0)).label("requirements"),
            sum_of(case((_PLANNED & (_OUTSTANDING > 0), _OUTSTANDING), else_=0)).label("planned"),
        )
        .select_from(_LINES)
        .where(*planned_for, _OPEN)
    )
    return _whole(transaction.execute(query).one())


def _moves_of_lot(transaction: Transaction, planned_for: Sequence[Any], lot: str) -> dict[str, int]:
    """What entries that carry the lot on their own side bring and take (OT-44)."""
    brought = (
        select(
            sum_of(case((~_PLANNED, link.c.quantity), else_=0)).label("receipts"),
            sum_of(case((_PLANNED, link.c.quantity), else_=0)).label("planned"),
        )
        .select_from(_links_of(SUPPLY))
        .where(*planned_for, link.c.status != "prospect", SUPPLY.lot == lot)
    )
    taken = (
        select(sum_of(link.c.quantity).label("requirements"))
        .select_from(_links_of(DEMAND))
        .where(*planned_for, link.c.status != "prospect", DEMAND.lot == lot)
    )
    return _whole(transaction.execute(brought).one()) | _whole(transaction.execute(taken).one())


def _reserved(transaction: Transaction, planned_for: Sequence[Any], lot: str) -> int:
    """What firm reservations hold for the lines that take."""
    query = select(sum_of(link.c.quantity)).select_from(_links_of(DEMAND))
    query = query.where(*planned_for, link.c.status == "reservation", *([DEMAND.lot == lot] if lot else []))
    return int(transaction.execute(query).scalar_one())


def _links_of(side: LinkSide) -> Any:
    """Links with the line and document of their side."""
    of_line = and_(link.c.item_id == source_line.c.item_id, side.line_id == source_line.c.id)
    return _LINES.join(link, of_line)


def _whole(row: Any) -> dict[str, int]:
    return {name: int(value) for name, value in row._mapping.items()}
