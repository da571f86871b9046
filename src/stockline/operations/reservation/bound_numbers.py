"""Numbers of what is bound order to order: the supply decides them, and the demand gets them (RE-49, IN-8).

A supply decides the numbers it carries; a kind of which it carries none it decides all the same, if it cannot come in
without.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, case, exists, func, literal, or_, select

from stockline.operations.catalog import Item
from stockline.operations.lines import OCCASIONS, SourceLine
from stockline.operations.reservation.candidates import Kinds
from stockline.operations.reservation.links import LinkBatch, blank
from stockline.rules.window import ITEM, LINE
from stockline.schema.documents import document, source_line
from stockline.schema.reservations import BOUND, DEMAND, SUPPLY, link, staged_split
from stockline.tracking_code import NUMBER_KINDS


def decided_kinds(item: Item, kind: str) -> Kinds:
    """The kinds of number that a supply of this kind of document decides whether it carries them or not."""
    _, occasion = OCCASIONS[item.planning["replenishment"] if kind == "planned" else kind]
    return tuple(number for number in NUMBER_KINDS if item.tracking.requires(number, occasion))


def deciding_documents(item: Item) -> list[str]:
    """The kinds of document whose supply decides numbers even if it carries none."""
    return [kind for kind in (*OCCASIONS, "planned") if decided_kinds(item, kind)]


def kinds_decided_for(batch: LinkBatch, line: SourceLine) -> Kinds | None:
    """The kinds of number that some supply decides for a demand; None: it is bound to none."""
    supplies = batch.rows(_BOUND_SUPPLIES)
    if not supplies:
        return None
    carried = {kind for kind in NUMBER_KINDS for supply in supplies if getattr(supply, kind)}
    needed = {kind for supply in supplies if supply.kind for kind in decided_kinds(line.item, supply.kind)}
    return tuple(kind for kind in NUMBER_KINDS if kind in carried | needed)


_carries = [func.max(case((getattr(SUPPLY, kind) != "", 1), else_=0)).label(kind) for kind in NUMBER_KINDS]
_of_supply = and_(source_line.c.item_id == link.c.item_id, source_line.c.id == SUPPLY.line_id)
_of_document = document.c.id == source_line.c.document_id
_BOUND_SUPPLIES = (
    select(document.c.kind, *_carries)
    .select_from(link.outerjoin(source_line, _of_supply).outerjoin(document, _of_document))
    .where(link.c.item_id == ITEM, BOUND, DEMAND.line_id == LINE)
    .group_by(document.c.kind)
)

DECIDING = bindparam("deciding", expanding=True, type_=Text)
UNDECIDED = and_(
    BOUND,
    blank(SUPPLY),
    ~exists(select(document.c.id).join(source_line, _of_document).where(_of_supply, document.c.kind.in_(DECIDING))),
)
"""The supply of a bound link decides no number: it carries none and needs none."""


def taken_from_demand() -> dict[str, ColumnElement[Any]]:
    """The numbers of the demand's side when the supply loses its own."""
    return {
        f"demand_{kind}": case((and_(BOUND, getattr(SUPPLY, kind) != ""), ""), else_=getattr(DEMAND, kind))
        for kind in NUMBER_KINDS
    }


def handed_to_demand(numbers: Any, entered: Any) -> dict[str, ColumnElement[Any]]:
    """The demand's side of staged parts when the supply gets these numbers: a bound one gets them too, to handle."""
    given = {kind: and_(BOUND, numbers[kind] != "") for kind in NUMBER_KINDS}
    new = or_(*(and_(given[kind], numbers[kind] != getattr(DEMAND, kind)) for kind in NUMBER_KINDS))
    figure = case((new, staged_split.c.quantity), else_=literal(0))
    sides: dict[str, ColumnElement[Any]] = {
        f"demand_{kind}": case((given[kind], numbers[kind]), else_=getattr(DEMAND, kind)) for kind in NUMBER_KINDS
    }
    return sides | {
        "demand_entered": case((new, entered), else_=DEMAND.entered),
        "demand_handle": figure,
        "demand_invoice": figure,
    }


def bound_transfers(*which: ColumnElement[bool]) -> Select[Any]:
    """The outgoing sides of transfers that are bound to a supply by such links."""
    return linked_transfers(*which, BOUND)


def linked_transfers(*which: ColumnElement[bool]) -> Select[Any]:
    """The outgoing sides of transfers that are linked to a supply by such links."""
    line = and_(source_line.c.item_id == link.c.item_id, source_line.c.id == DEMAND.line_id)
    return (
        select(DEMAND.line_id)
        .select_from(link.join(source_line, line).join(document, _of_document))
        .where(*which, document.c.kind == "transfer")
        .distinct()
    )
