"""Dealing out links: several want, several give, both in sequence, and each share becomes a link or a part of one.

Those who want are staged, so that each supply finds those whose turn it meets by key, however many there are, and has
all its columns at hand. Where the ids of both are enough, `ledger.dealing` needs no staging.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)

from stockline.rules.framework import BATCH
from stockline.rules.window import ITEM
from stockline.schema.reservations import staged_turn
from stockline.tracking_code import NUMBER_KINDS

_turn = staged_turn.c
_ANY: dict[str, ColumnElement[Any]] = {
    "line_id": literal(0, BigInteger),
    **{kind: literal("", Text) for kind in NUMBER_KINDS},
}
"""What stands in a part of the key that does not count."""


def in_sequence(rows: FromClause, order: Sequence[Any], keys: Sequence[str]) -> Select[Any]:
    """The rows that have a quantity, with `upto`, the running sum of their quantity within the key."""
    partition = [rows.c[name] for name in keys]
    # A sum is a numeric on PostgreSQL, and turns would not be found by key for one.
    upto = cast(func.sum(rows.c.quantity).over(partition_by=partition or None, order_by=list(order)), BigInteger)
    return select(*rows.c, upto.label("upto")).where(rows.c.quantity > 0)


def take_turns(rows: FromClause, order: Sequence[Any], keys: Sequence[str]) -> Insert:
    """Stage who wants, one after the other within the key; `rows` has `id`, `quantity` and the key."""
    turns = in_sequence(rows, order, keys).subquery("turns")
    key = [turns.c[name] if name in keys else any_ for name, any_ in _ANY.items()]
    columns = (ITEM, BATCH, *key, turns.c.upto, turns.c.id, turns.c.quantity)
    names = ("item_id", "batch_id", *_ANY, "upto", "id", "quantity")
    return insert(staged_turn).from_select(names, select(*columns))


def served(rows: FromClause, order: Sequence[Any], keys: Sequence[str]) -> tuple[FromClause, FromClause, Any]:
    """What gives, joined with whose turn it is: the join, what gives, and how much it is.

    The share of a pair is where the two stretches of the running sums overlap.
    """
    # The whole key comes from what gives, so that no planner finds turns by a part of it.
    gives = in_sequence(rows, order, keys).add_columns(ITEM.label("of_item"), BATCH.label("of_batch")).subquery("gives")
    start = gives.c.upto - gives.c.quantity

    def of_key(turns: FromClause) -> list[ColumnElement[bool]]:
        same = [turns.c[name] == (gives.c[name] if name in keys else any_) for name, any_ in _ANY.items()]
        return [turns.c.item_id == gives.c.of_item, turns.c.batch_id == gives.c.of_batch, *same]

    # The last whose turn it is: with it the key is read from there to here, and not to the end.
    later_turn = staged_turn.alias("later_turn")
    last = select(later_turn.c.upto).where(*of_key(later_turn), later_turn.c.upto >= gives.c.upto)
    last = last.order_by(later_turn.c.upto).limit(1)
    meets = and_(
        *of_key(staged_turn),
        _turn.upto > start,
        _turn.upto <= func.coalesce(last.scalar_subquery(), gives.c.upto),
    )
    later = case((_turn.upto - _turn.quantity > start, _turn.upto - _turn.quantity), else_=start)
    earlier = case((_turn.upto < gives.c.upto, _turn.upto), else_=gives.c.upto)
    return gives.join(staged_turn, meets), gives, earlier - later


FORGET_TURNS = delete(staged_turn).where(_turn.item_id == ITEM, _turn.batch_id == BATCH)
