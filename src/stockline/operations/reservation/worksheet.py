"""The reservation worksheet: who wants what, who gets how much of the free stock, and reserving it (RE-52, RE-53)."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, exists, func, or_, select

from stockline.codes import Code
from stockline.operations.catalog import find_item, find_site
from stockline.operations.lines import find_line, lock_documents
from stockline.operations.locks import lock_item_sites
from stockline.operations.reservation.candidates import RANKS
from stockline.operations.reservation.reserving import ReserveRequest, reserve
from stockline.operations.reservation.search import STOCK
from stockline.plan.allocation import Place, Policy, allocate
from stockline.refusal import Refusal
from stockline.results import WorksheetLine
from stockline.rules.framework import Names
from stockline.rules.posting import reserved_of
from stockline.schema.catalog import information_card, site
from stockline.schema.documents import document, source_line
from stockline.schema.ledger import open_entry
from stockline.schema.reservations import DEMAND, RESERVATION, link
from stockline.store.database import Transaction, in_parts
from stockline.tracking_code import NUMBER_KINDS
from stockline.values import ValueProblem, to_quantity

ALLOCATION_POLICIES = "stockline.allocation_policies"
"""The group of entry points under which a package offers allocation policies (`plan.allocation.Policy`)."""
BASIC = "basic"
"""The policy where none is named (RE-53)."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """What a worksheet is about; what is None is not looked at. `until` is the last day of demand."""

    item: str | None = None
    site: str | None = None
    until: dt.date | None = None


def worksheet(
    transaction: Transaction, horizon: Horizon, policies: Sequence[str], priorities: Mapping[str, int]
) -> list[WorksheetLine]:
    """Open demand lines, with what each is to get of the free stock. Refused `not_found`, `invalid` (RE-52, RE-53)."""
    chosen = {name: _policy(name) for name in policies or [BASIC]}
    rows = transaction.execute(_open_demand(transaction, horizon)).mappings().all()
    names = Names(transaction, rows)
    free = _free_stock(transaction, {row["item_id"] for row in rows}, names)
    lines = [
        WorksheetLine(
            line=str(names.side(row["line_id"])),
            item=names.items[row["item_id"]],
            variant=row["variant"],
            site=names.sites[row["site_id"]],
            date=row["date"],
            party=row["party"],
            priority=priorities.get(row["party"], 0),
            remaining=to_quantity(row["remaining"]),
            available=Decimal(0),
        )
        for row in rows
    ]
    try:
        return allocate(lines, free, chosen)
    except ValueProblem as problem:
        raise Refusal.of(Code.INVALID, f"The worksheet cannot be filled: {problem}.") from None


def carry_out(transaction: Transaction, lines: Iterable[WorksheetLine]) -> list[WorksheetLine]:
    """Reserve the accepted lines from stock, all or none; which they were (RE-52).

    Refused as `reserve` is: `nothing_to_reserve` where the stock is gone by now.
    """
    accepted = [line for line in lines if line.accepted]
    found = [find_line(transaction, line.line) for line in accepted]
    lock_documents(transaction, [line.document_id for line in found])
    places = {(line.item.id, line.variant, line.site_id): 0 for line in found}
    lock_item_sites(transaction, places, stock_changes=False)
    for line in accepted:
        reserve(transaction, ReserveRequest(line.line, base_quantity=line.to_reserve, against=STOCK))
    return accepted


def _policy(name: str) -> Policy:
    """The policy some package offers under this name; ours are offered the same way. Refused `not_found`."""
    offered = entry_points(group=ALLOCATION_POLICIES)
    if name not in offered.names:
        known = ", ".join(sorted(offered.names))
        raise Refusal.of(Code.NOT_FOUND, f"There is no allocation policy {name}; there are {known}.")
    policy: Policy = offered[name].load()
    return policy


def _open_demand(transaction: Transaction, horizon: Horizon) -> Select[Any]:
    """Lines that take from stock and are not reserved in full, by place and date."""
    line = source_line.c
    reserved = (
        select(func.coalesce(func.sum(link.c.quantity), 0))
        .where(link.c.item_id == line.item_id, DEMAND.line_id == line.id, link.c.status == RESERVATION)
        .scalar_subquery()
    )
    remaining = line.quantity - line.handled - reserved
    wanted = [line.direction == -1, line.quantity > line.handled, line.reserve != "never", remaining > 0]
    if horizon.item is not None:
        wanted.append(line.item_id == find_item(transaction, horizon.item).id)
    if horizon.site is not None:
        wanted.append(line.site_id == find_site(transaction, horizon.site).id)
    if horizon.until is not None:
        wanted.append(line.date <= horizon.until)
    place = (line.item_id, line.variant, line.site_id)
    return (
        select(*place, line.id.label("line_id"), line.date, document.c.party, remaining.label("remaining"))
        .join(document, document.c.id == line.document_id)
        .where(document.c.kind.in_(RANKS["demand"]), *wanted)
        .order_by(*place, line.date, line.id)
    )


def _free_stock(transaction: Transaction, items: Iterable[int], names: Names) -> dict[Place, Decimal]:
    """What is free of these items, place by place."""
    free: dict[Place, Decimal] = {}
    for part in in_parts(sorted(items)):
        for row in transaction.execute(_FREE, {"items": part}):
            if row.site_id in names.sites:
                free[names.items[row.item_id], row.variant, names.sites[row.site_id]] = to_quantity(row.free)
    return free


_card = information_card.c
_BLOCKED = exists().where(
    _card.item_id == open_entry.c.item_id,
    _card.variant == open_entry.c.variant,
    _card.blocked,
    or_(
        *(
            and_(_card.kind == kind, _card.number.in_((open_entry.c[kind], open_entry.c[f"carried_{kind}"])))
            for kind in NUMBER_KINDS
        )
    ),
)
_HERE = (open_entry.c.item_id, open_entry.c.variant, open_entry.c.site_id)
_FREE = (
    select(*_HERE, func.sum(open_entry.c.remaining - reserved_of(open_entry.c.entry_id)).label("free"))
    .join(site, site.c.id == open_entry.c.site_id)
    .where(
        open_entry.c.item_id.in_(bindparam("items", expanding=True, type_=BigInteger)),
        open_entry.c.remaining > 0,
        ~site.c.in_transit,
        ~_BLOCKED,
    )
    .group_by(*_HERE)
)
"""Free stock by item, variant and site; blocked numbers and what is in transit left out (RE-8, RE-9, RE-52)."""
