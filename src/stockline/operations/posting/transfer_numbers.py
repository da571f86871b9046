"""The numbers of a transfer line: stated on its outgoing side, they stand on the incoming side at once (PO-41, TW-43).

What is marked to handle on the incoming side follows the outgoing one until something is shipped; from then on it is
what was shipped and not received.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    Update,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from stockline.operations.lines import SourceLine
from stockline.operations.posting.entries import DOCUMENTS
from stockline.schema.documents import FIRST_INCOMING, document, source_line
from stockline.schema.ledger import ledger_entry
from stockline.schema.reservations import DEMAND, RESERVATION, SUPPLY, TRACKING, link, tracking_specification
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS


def mark_receivable(transaction: Transaction, handled: Sequence[SourceLine]) -> None:
    """Mark on the incoming sides of transfers what can be received, after a posting or an undo of these lines."""
    documents = {line.document_id for line in handled if line.kind == "transfer"}
    parameters = {"documents": sorted(documents)}
    if documents and transaction.execute(_SOMETHING_WAITS, parameters).scalar():
        transaction.execute(_marked(shipping=False), parameters)


def mark_shipping(transaction: Transaction, documents: Sequence[int], *, but: Sequence[int]) -> None:
    """The same before a posting that ships and receives: what outgoing sides are marked to ship counts as shipped.

    `but`: the outgoing sides that are left out.
    """
    transaction.execute(_marked(shipping=True), {"documents": documents, "but": but})


_leaving, _arriving = source_line.alias("leaving"), source_line.alias("arriving")
_BUT = bindparam("but", expanding=True, type_=BigInteger)
_KEY = ("item_id", "line_id", *NUMBER_KINDS)


@cache
def _lines() -> Select[Any]:
    """The transfer lines of the documents, but those whose numbers are all on their way: all of these are marked."""
    still_here = exists().where(
        link.c.item_id == _leaving.c.item_id, DEMAND.line_id == _leaving.c.id, DEMAND.is_numbered
    )
    both = and_(_arriving.c.item_id == _leaving.c.item_id, _arriving.c.id == _leaving.c.id + FIRST_INCOMING)
    return (
        select(
            _leaving.c.item_id,
            _leaving.c.id.label("leaving_id"),
            _arriving.c.id.label("line_id"),
            _leaving.c.handled,
        )
        .select_from(document.join(_leaving, _leaving.c.document_id == document.c.id).join(_arriving, both))
        .where(
            document.c.id.in_(DOCUMENTS),
            document.c.kind == "transfer",
            or_(_leaving.c.handled != _leaving.c.quantity, still_here),
        )
    )


_SOMETHING_WAITS = select(_lines().exists())


def _receivable(lines: Any, *, shipping: bool) -> list[Select[Any]]:
    """Parts that add up to what can be received, by line and combination."""
    table, entry = tracking_specification.c, ledger_entry.c
    no_link = (cast(null(), BigInteger), literal(0), literal(0))

    def handled(line: Any, quantity: Any) -> Select[Any]:
        numbers = [entry[kind] for kind in NUMBER_KINDS]
        return (
            select(lines.c.item_id, lines.c.line_id, *numbers, *no_link, quantity)
            .select_from(
                lines.join(tracking_specification, and_(table.item_id == lines.c.item_id, table.line_id == line)).join(
                    ledger_entry, and_(entry.item_id == table.item_id, entry.id == table.entry_id)
                )
            )
            .where(or_(*(number != "" for number in numbers)))
        )

    numbers = (getattr(DEMAND, kind) for kind in NUMBER_KINDS)
    marked = (
        select(lines.c.item_id, lines.c.line_id, *numbers, *no_link, DEMAND.handle)
        .select_from(lines.join(link, and_(link.c.item_id == lines.c.item_id, DEMAND.line_id == lines.c.leaving_id)))
        .where(DEMAND.is_numbered, lines.c.leaving_id.not_in(_BUT) if shipping else lines.c.handled == 0)
    )
    return [handled(lines.c.leaving_id, table.quantity), handled(lines.c.line_id, -table.quantity), marked]


def _carrying(lines: Any) -> Select[Any]:
    """The entries that carry the numbers of incoming sides, reservations first (TW-20)."""
    own = and_(link.c.item_id == lines.c.item_id, SUPPLY.line_id == lines.c.line_id)
    place = case({RESERVATION: 1, TRACKING: 2}, value=link.c.status, else_=3)
    return (
        select(
            lines.c.item_id,
            lines.c.line_id,
            *(getattr(SUPPLY, kind).label(kind) for kind in NUMBER_KINDS),
            link.c.id.label("link_id"),
            place.label("place"),
            link.c.quantity.label("quantity"),
            literal(0).label("part"),
        )
        .select_from(lines.join(link, own))
        .where(SUPPLY.is_numbered)
    )


@cache
def _marked(*, shipping: bool) -> Update:
    """What can be received of a combination, dealt over the entries that carry it.

    One pass over parts and entries in the order of the numbers: a join of two sets of unknown size is what planners get
    wrong.
    """
    lines = _lines().subquery("lines")
    every = union_all(_carrying(lines), *_receivable(lines, shipping=shipping)).subquery("every")
    key = [every.c[name] for name in _KEY]
    there = func.sum(every.c.part).over(partition_by=key)
    upto = func.sum(every.c.quantity).over(partition_by=key, order_by=(every.c.place, every.c.link_id))
    ranked = select(every.c.item_id, every.c.link_id, every.c.quantity, (there - upto + every.c.quantity).label("left"))
    dealt = ranked.subquery("dealt")
    share = case((dealt.c.left <= 0, 0), (dealt.c.left >= dealt.c.quantity, dealt.c.quantity), else_=dealt.c.left)
    return (
        update(link)
        .where(link.c.item_id == dealt.c.item_id, link.c.id == dealt.c.link_id, SUPPLY.handle != share)
        .values(supply_handle=share, supply_invoice=share)
    )
