"""What a posting leaves of the numbers on its lines: handled ones are gone, the rest is again all to handle (PO-5)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, and_, bindparam, case, delete, or_, select, update

from stockline.operations.posting.entries import DOCUMENTS
from stockline.operations.posting.lines import PostingLine
from stockline.rules.posting import OF_BATCH
from stockline.schema.documents import source_line
from stockline.schema.ledger import staged_line
from stockline.schema.reservations import DEMAND, SIDES, SUPPLY, LinkSide, link, tracking_specification
from stockline.store.database import Transaction


def use_up_numbers(transaction: Transaction, batch: int, posted: Sequence[PostingLine]) -> None:
    """Take what was handled off the active numbers; what stays is to be handled and invoiced in full (TW-22, PO-5).

    The numbers of lines that are `linked` have gone with their links.
    """
    for side in sorted({one.line.side.name for one in posted if one.quantity}):
        parameters = {"batch": batch, "sign": 1 if side == SUPPLY.name else -1}
        whole = (transaction.is_among(link, _whole_lines(side)), _handled_whole(side))
        transaction.execute(delete(link).where(*whole), parameters)
        transaction.execute(_handled_part(side), parameters)
    documents = {"documents": sorted({one.line.document_id for one in posted})}
    for name in (DEMAND.name, SUPPLY.name):
        left = update(link).where(transaction.is_among(link, _lines_of_documents(f"{name}_line_id")), _is_partial(name))
        rest = {f"{name}_handle": link.c.quantity, f"{name}_invoice": link.c.quantity}
        transaction.execute(left.values(rest), documents)
    said = transaction.is_among(tracking_specification, _lines_of_documents("line_id"))
    transaction.execute(_RESET_SPECIFICATION.where(said), documents)


@cache
def _whole_lines(side_name: str) -> Select[Any]:
    return select(staged_line.c.item_id, staged_line.c.line_id.label(f"{side_name}_line_id")).where(
        OF_BATCH,
        staged_line.c.own == 1,
        staged_line.c.numbered == 1,
        staged_line.c.linked == 0,
        staged_line.c.cut == 0,
        staged_line.c.sign == bindparam("sign"),
    )


def _handled_whole(side_name: str) -> ColumnElement[bool]:
    side = SIDES[side_name]
    return and_(_of_a_line(side), side.handle == link.c.quantity, side.is_numbered)


def _of_a_line(side: LinkSide) -> ColumnElement[bool]:
    """True of every link that is looked up by its line; said, because SQLite finds its index by that alone."""
    is_given: ColumnElement[bool] = side.line_id.isnot(None)
    return is_given


@cache
def _handled_part(side_name: str) -> Update:
    side, line = SIDES[side_name], staged_line.c
    used = case((line.cut == 1, line.quantity), else_=side.handle)
    return (
        update(link)
        .where(
            OF_BATCH,
            line.own == 1,
            line.numbered == 1,
            line.linked == 0,
            line.sign == bindparam("sign"),
            line.item_id == link.c.item_id,
            line.line_id + 0 == side.line_id,
            side.handle != 0,
            side.is_numbered,
        )
        .values(quantity=link.c.quantity - used)
    )


@cache
def _lines_of_documents(line_id: str) -> Select[Any]:
    lines = select(source_line.c.item_id, source_line.c.id.label(line_id))
    return lines.where(source_line.c.document_id.in_(DOCUMENTS))


def _is_partial(side_name: str) -> ColumnElement[bool]:
    """Less is to be handled or invoiced of the entry's number than there is."""
    side = SIDES[side_name]
    partial = or_(side.handle != link.c.quantity, side.invoice != link.c.quantity)
    return and_(_of_a_line(side), side.is_numbered, partial)


_RESET_SPECIFICATION = (
    update(tracking_specification).where(tracking_specification.c.to_invoice.isnot(None)).values(to_invoice=None)
)
