"""Rules on links: of a line that is to change (RE-24), of lines that are posted (RE-31, RE-33), of bound ones (RE-49).

Parameters: `item`, `line`, `new_date`; or `item`, `of_variant`, `site`, `batch` and `wave` of a posting; or `item`,
`line` and `batch` of a window that is closed.
"""

from functools import cache

from sqlalchemy import ColumnElement, Date, and_, bindparam, exists, func, or_, select

from stockline.codes import Code
from stockline.rules.framework import BATCH, Query, Rule, rule
from stockline.rules.posting import OF_WAVE
from stockline.rules.window import ITEM, LINE
from stockline.schema.documents import document, source_line
from stockline.schema.ledger import POSITIONS, staged_line
from stockline.schema.reservations import DEMAND, RESERVATION, SUPPLY, SURPLUS, LinkSide, link, staged_split
from stockline.tracking_code import NUMBER_KINDS

NEW_DATE = bindparam("new_date", type_=Date)


@cache
def date_conflict(side_name: str) -> Rule:
    """The rule that no reserved supply comes after its demand, for a line of this side that gets a new date (RE-24)."""
    side, other = (DEMAND, SUPPLY) if side_name == "demand" else (SUPPLY, DEMAND)
    late = source_line.c.date > NEW_DATE if side_name == "demand" else source_line.c.date < NEW_DATE

    @rule(Code.DATE_CONFLICT)
    def conflict() -> Query:
        """{quantity} are reserved with line {line}, which is of {date}: the supply would come after the demand."""
        return (
            select(
                link.c.id.label("position"),
                link.c.item_id,
                other.line_id.label("line_id"),
                link.c.quantity,
                source_line.c.date,
            )
            .join(source_line, (source_line.c.item_id == link.c.item_id) & (source_line.c.id == other.line_id))
            .where(link.c.item_id == ITEM, side.line_id == LINE, link.c.status == RESERVATION, late)
        )

    return conflict


def _is_line_of(side: LinkSide, kind: str) -> ColumnElement[bool]:
    of_side = (source_line.c.item_id == link.c.item_id, source_line.c.id == side.line_id)
    lines = select(source_line.c.id).join(document, document.c.id == source_line.c.document_id)
    return exists(lines.where(*of_side, document.c.kind == kind))


LEAVES_PURCHASE = and_(SUPPLY.line_id.isnot(None), _is_line_of(SUPPLY, "purchase"), _is_line_of(DEMAND, "transfer"))
"""A transfer that is linked to a purchase ships from free stock and leaves the link (RE-31)."""


@rule(Code.INSUFFICIENT_STOCK)
def reserved_on_document() -> Query:
    """Line {line}: {quantity} of it are reserved on a supply that has not come in yet."""
    used = and_(staged_split.c.item_id == link.c.item_id, staged_split.c.link_id == link.c.id)
    return (
        select(
            staged_split.c.target.label("position"),
            link.c.item_id,
            DEMAND.line_id.label("line_id"),
            staged_split.c.quantity,
        )
        .select_from(staged_split.join(link, used))
        .where(
            staged_split.c.item_id == ITEM,
            staged_split.c.batch_id == BATCH,
            link.c.status == RESERVATION,
            SUPPLY.line_id.isnot(None),
            ~LEAVES_PURCHASE,
        )
    )


def _named_beside(side: LinkSide) -> ColumnElement[bool]:
    line = staged_line.c
    of_line = and_(link.c.item_id == line.item_id, side.line_id == line.line_id)
    reserved = exists(select(link.c.id).where(of_line, link.c.status == RESERVATION))
    of_row = exists(select(link.c.id).where(of_line, side.handle != 0, side.apply_to.isnot(None)))
    return and_(reserved, or_(line.apply_to.isnot(None), of_row))


@rule(Code.RESERVATION_EXISTS)
def applied_line_reserved() -> Query:
    """Line {line} is reserved: no entry can be named for it."""
    line = staged_line.c
    return select(line.first_entry.label("position"), line.item_id, line.line_id).where(
        OF_WAVE, line.item_id == ITEM, line.own == 1, or_(_named_beside(DEMAND), _named_beside(SUPPLY))
    )


@rule(Code.TRACKING_BOUND_TO_SUPPLY)
def number_not_of_supply() -> Query:
    """Line {line}: {serial} {lot} {package} is not a number of the supply it is bound to."""
    entries = select(func.sum(link.c.quantity)).where(link.c.item_id == ITEM, DEMAND.line_id == LINE)
    outstanding = select(source_line.c.quantity - source_line.c.handled).where(
        source_line.c.item_id == ITEM, source_line.c.id == LINE
    )
    new = [link.c.id > BATCH * POSITIONS, link.c.id < (BATCH + 1) * POSITIONS, link.c.status == SURPLUS]
    return select(
        link.c.id.label("position"),
        link.c.item_id,
        DEMAND.line_id.label("line_id"),
        *(getattr(DEMAND, kind).label(kind) for kind in NUMBER_KINDS),
        link.c.quantity,
    ).where(
        link.c.item_id == ITEM,
        DEMAND.line_id == LINE,
        *new,
        entries.scalar_subquery() > outstanding.scalar_subquery(),
    )
