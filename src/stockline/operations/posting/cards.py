"""Information cards of the numbers that are posted: blocked, demanded, made (TW-40, PO-33, PO-34)."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, exists, literal, select

from stockline.operations.posting.lines import PostingLine
from stockline.rules.cards import BLOCKED_NUMBERS, MISSING_CARDS
from stockline.rules.framework import enforce
from stockline.rules.posting import ENTRIES, OF_BATCH
from stockline.schema.catalog import information_card
from stockline.schema.ledger import ledger_entry, staged_line
from stockline.store.database import Transaction
from stockline.tracking_code import NUMBER_KINDS, NumberKind, TrackingCode


def settle_cards(transaction: Transaction, batch: int, posted: Sequence[PostingLine]) -> None:
    """Refuse numbers that are blocked or lack the card demanded, and make the cards that posting makes.

    Refused `number_blocked`, `info_missing`.
    """
    codes = {one.line.item.id: one.line.item.tracking for one in posted if one.line.item.tracking.tracked}
    if codes and transaction.execute(_HAS_BLOCKED, {"batch": batch}).scalar():
        enforce(transaction, BLOCKED_NUMBERS, {"batch": batch})
    for kind in NUMBER_KINDS:
        if items := [item for item, code in codes.items() if code.creates_card(kind)]:
            made = transaction.insert(information_card).from_select(*_new_cards(kind))
            transaction.execute(made.on_conflict_do_nothing(), {"batch": batch, "items": items})
    demanded = {f"{kind}_items": _demanding(codes, kind) for kind in NUMBER_KINDS}
    if any(demanded.values()):
        enforce(transaction, MISSING_CARDS, {"batch": batch, **demanded})


def _demanding(codes: Mapping[int, TrackingCode], kind: NumberKind) -> list[int]:
    return [item for item, code in codes.items() if code.demands_card(kind)]


_HAS_BLOCKED = select(
    exists().where(OF_BATCH, information_card.c.item_id == staged_line.c.item_id, information_card.c.blocked)
)


@cache
def _new_cards(kind: NumberKind) -> tuple[tuple[str, ...], Select[Any]]:
    entry = ledger_entry.c
    of_items = staged_line.c.item_id.in_(bindparam("items", expanding=True, type_=BigInteger))
    numbers = (
        select(entry.item_id, entry.variant, literal(kind), entry[kind])
        .select_from(ENTRIES)
        .where(and_(OF_BATCH, of_items, entry[kind] != ""))
        .distinct()
        .order_by(entry.item_id, entry.variant, entry[kind])
    )
    return ("item_id", "variant", "kind", "number"), numbers
