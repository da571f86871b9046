"""What of an item cannot change once it is used (TW-6)."""

from collections.abc import Sequence

from sqlalchemy import and_, exists, or_, select

from stockline.codes import Code
from stockline.refusal import Refusal
from stockline.schema.documents import document, source_line
from stockline.schema.ledger import ledger_entry
from stockline.schema.reservations import SIDES, link, tracking_specification
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, TrackingCode


def tracking_code_in_use(
    transaction: Transaction, item_id: int, code: str, former: TrackingCode, new: TrackingCode
) -> None:
    """Refuse a change of the tracking code that what has been posted or entered does not allow (TW-6)."""
    if _changes_hard(former, new) and (_has_entries(transaction, item_id) or _is_bought(transaction, item_id)):
        raise Refusal.of(Code.TRACKING_CODE_IN_USE, f"Item {code} has ledger entries or purchase lines.", item=code)
    if former.uses_expiration and not new.uses_expiration and _has_dates(transaction, item_id):
        raise Refusal.of(Code.TRACKING_CODE_IN_USE, f"Item {code} has ledger entries with expiration dates.", item=code)
    if former.tracked and not new.tracked and _has_numbers(transaction, item_id):
        raise Refusal.of(Code.TRACKING_CODE_IN_USE, f"Lines of item {code} carry tracking numbers.", item=code)


def unit_in_use(transaction: Transaction, item_id: int, code: str, units: Sequence[str] | None) -> None:
    """Refuse to change the factor of a unit, or (None) the rounding, that lines or entries of the item use (TW-6)."""
    lines = select(source_line.c.id).where(source_line.c.item_id == item_id)
    if units is not None:
        lines = lines.where(source_line.c.unit.in_(units))
    if transaction.execute(select(exists(lines))).scalar() or (units is None and _has_entries(transaction, item_id)):
        what = "the rounding" if units is None else f"unit {', '.join(units)}"
        raise Refusal.of(Code.INVALID, f"Item {code}: {what} is in use.", item=code)


def _changes_hard(former: TrackingCode, new: TrackingCode) -> bool:
    if former.tracked and not new.tracked:
        return True
    return any(
        former.steers(kind) != new.steers(kind) or former.requires(kind, "warehouse") != new.requires(kind, "warehouse")
        for kind in NUMBER_KINDS
    )


def _has_entries(transaction: Transaction, item_id: int) -> bool:
    return bool(transaction.execute(select(exists().where(ledger_entry.c.item_id == item_id))).scalar())


def _has_dates(transaction: Transaction, item_id: int) -> bool:
    dated = exists().where(ledger_entry.c.item_id == item_id, ledger_entry.c.expires.isnot(None))
    return bool(transaction.execute(select(dated)).scalar())


def _is_bought(transaction: Transaction, item_id: int) -> bool:
    bought = (
        select(source_line.c.id)
        .join(document, document.c.id == source_line.c.document_id)
        .where(source_line.c.item_id == item_id, document.c.kind.in_(("purchase", "purchase_return")))
    )
    return bool(transaction.execute(select(exists(bought))).scalar())


def _has_numbers(transaction: Transaction, item_id: int) -> bool:
    of_a_line = (and_(side.line_id.isnot(None), side.is_numbered) for side in SIDES.values())
    active = select(link.c.id).where(link.c.item_id == item_id, or_(*of_a_line))
    open_line = select(source_line.c.id).where(
        source_line.c.item_id == item_id, source_line.c.id == tracking_specification.c.line_id
    )
    historic = select(tracking_specification.c.line_id).where(
        tracking_specification.c.item_id == item_id, exists(open_line)
    )
    return bool(transaction.execute(select(or_(exists(active), exists(historic)))).scalar())
