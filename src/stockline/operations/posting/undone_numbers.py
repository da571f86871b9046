"""The numbers of an undone posting are active on its lines again: surplus, all of it to handle (PO-39)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Date, Insert, Select, Update, and_, cast, insert, literal, null, or_, select, update

from stockline.rules.posting import ENTRIES, OF_BATCH
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.schema.reservations import SIDES, SUPPLY, LinkSide, link
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS


def give_numbers_back(transaction: Transaction, parameters: Mapping[str, Any]) -> None:
    """Raise the surplus a line has of an undone combination, else make one."""
    for side in SIDES:
        transaction.execute(_raise(side), parameters)
        transaction.execute(_make(side), parameters)


@cache
def _undone(side_name: str) -> Select[Any]:
    """Combinations taken back of lines that are this side of a link."""
    side = SIDES[side_name]
    original = ledger_entry.alias("original")
    own = and_(original.c.item_id == ledger_entry.c.item_id, original.c.id == ledger_entry.c.origin_id)
    numbers = [original.c[kind] for kind in NUMBER_KINDS]
    # What leaves finds its date in stock, what comes in must bring it (TW-21).
    expires = original.c.expires if side is SUPPLY else cast(null(), Date)
    return (
        select(
            ledger_entry.c.id,
            original.c.item_id,
            original.c.variant,
            original.c.site_id,
            staged_line.c.line_id,
            *numbers,
            (original.c.quantity * -staged_line.c.sign).label("quantity"),
            original.c.entered,
            expires.label("expires"),
            original.c.origin_id.label("apply_from"),
        )
        .select_from(ENTRIES.join(original, own))
        .where(
            OF_BATCH,
            staged_line.c.own == 1,
            staged_line.c.sign == (-1 if side is SUPPLY else 1),
            or_(*(number != "" for number in numbers)),
        )
    )


def _surplus(side: LinkSide, undone: Any) -> Any:
    return and_(
        link.c.item_id == undone.c.item_id,
        side.line_id == undone.c.line_id,
        link.c.status == "surplus",
        *(getattr(side, kind) == undone.c[kind] for kind in NUMBER_KINDS),
    )


@cache
def _raise(side_name: str) -> Update:
    undone = _undone(side_name).subquery("undone")
    quantity = link.c.quantity + undone.c.quantity
    figures = {f"{side_name}_{name}": quantity for name in ("handle", "invoice")}
    return update(link).where(_surplus(SIDES[side_name], undone)).values(quantity=quantity, **figures)


@cache
def _make(side_name: str) -> Insert:
    undone = _undone(side_name).subquery("undone")
    same = {name: undone.c[name] for name in ("item_id", "id", "variant", "site_id", "quantity")}
    own = {name: undone.c[name] for name in ("line_id", *NUMBER_KINDS, "entered", "expires", "apply_from")}
    own |= {"handle": undone.c.quantity, "invoice": undone.c.quantity}
    values = same | {"status": literal("surplus")} | {f"{side_name}_{name}": value for name, value in own.items()}
    there = select(link.c.id).where(_surplus(SIDES[side_name], undone)).correlate(undone)
    return insert(link).from_select(list(values), select(*values.values()).where(~there.exists()))
