"""The numbers of a transfer line: stated on its outgoing side, they stand on the incoming side at once (PO-41, TW-43).

What is marked to handle on the incoming side follows the outgoing one until something is shipped; from then on it is
what was shipped and not received.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    union_all,
    update,
)

from stockline.operations.entries import DOCUMENTS, is_numbered
from stockline.operations.lines import SourceLine
from stockline.schema.documents import FIRST_INCOMING, document, source_line
from stockline.schema.ledger import ledger_entry
from stockline.schema.reservations import DEMAND, SUPPLY, LinkSide, link, tracking_specification
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS


def mark_receivable(transaction: Transaction, handled: Sequence[SourceLine]) -> None:
    """Mark on the incoming sides of transfers what can be received, after a posting or an undo of these lines."""
    documents = {line.document_id for line in handled if line.kind == "transfer"}
    if documents:
        transaction.execute(_marked(shipping=False), {"documents": sorted(documents)})


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
        link.c.item_id == _leaving.c.item_id, DEMAND.line_id == _leaving.c.id, is_numbered(DEMAND)
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


def _receivable(lines: Any, *, shipping: bool) -> CompoundSelect[Any]:
    """Parts that add up to what can be received, by line and combination."""
    table, entry = tracking_specification.c, ledger_entry.c

    def handled(line: Any, quantity: Any) -> Select[Any]:
        return (
            select(lines.c.item_id, lines.c.line_id, *(entry[kind] for kind in NUMBER_KINDS), quantity.label("part"))
            .select_from(
                lines.join(tracking_specification, and_(table.item_id == lines.c.item_id, table.line_id == line)).join(
                    ledger_entry, and_(entry.item_id == table.item_id, entry.id == table.entry_id)
                )
            )
            .where(or_(*(entry[kind] != "" for kind in NUMBER_KINDS)))
        )

    numbers = (getattr(DEMAND, kind) for kind in NUMBER_KINDS)
    marked = (
        select(lines.c.item_id, lines.c.line_id, *numbers, DEMAND.handle)
        .select_from(lines.join(link, and_(link.c.item_id == lines.c.item_id, DEMAND.line_id == lines.c.leaving_id)))
        .where(is_numbered(DEMAND))
    )
    marked = marked.where(lines.c.leaving_id.not_in(_BUT) if shipping else lines.c.handled == 0)
    return union_all(handled(lines.c.leaving_id, table.quantity), handled(lines.c.line_id, -table.quantity), marked)


@cache
def _marked(*, shipping: bool) -> Any:
    """What can be received of a combination, dealt over the entries that carry it, reservations first (TW-20)."""
    lines = _lines().subquery("lines")
    parts = _receivable(lines, shipping=shipping).subquery("parts")
    key = [parts.c[name] for name in _KEY]
    there = select(*key, func.sum(parts.c.part).label("quantity")).group_by(*key).subquery("there")
    carrying = link.alias("carrying")
    own = LinkSide(SUPPLY.name, carrying)
    numbers = [getattr(own, kind) for kind in NUMBER_KINDS]
    sequence = (case((carrying.c.status == "reservation", 0), (carrying.c.status == "tracking", 1), else_=2),)
    upto = func.sum(carrying.c.quantity).over(
        partition_by=(carrying.c.item_id, own.line_id, *numbers), order_by=(*sequence, carrying.c.id)
    )
    left = func.coalesce(there.c.quantity, 0) - (upto - carrying.c.quantity)
    same = and_(
        there.c.item_id == carrying.c.item_id,
        there.c.line_id == own.line_id,
        *(there.c[kind] == number for kind, number in zip(NUMBER_KINDS, numbers, strict=True)),
    )
    dealt = (
        select(
            carrying.c.item_id,
            carrying.c.id,
            case((left <= 0, 0), (left >= carrying.c.quantity, carrying.c.quantity), else_=left).label("share"),
        )
        .select_from(
            lines.join(carrying, and_(carrying.c.item_id == lines.c.item_id, own.line_id == lines.c.line_id)).outerjoin(
                there, same
            )
        )
        .where(is_numbered(own))
        .subquery("dealt")
    )
    return (
        update(link)
        .where(link.c.item_id == dealt.c.item_id, link.c.id == dealt.c.id, SUPPLY.handle != dealt.c.share)
        .values(supply_handle=dealt.c.share, supply_invoice=dealt.c.share)
    )
