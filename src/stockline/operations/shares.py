"""Dealing out: several want, several give, both in sequence. Written once for all that is dealt out as a set."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, select


def in_sequence(rows: FromClause, order: Sequence[Any], keys: Sequence[str]) -> Select[Any]:
    """The rows that have a quantity, with `upto`, the running sum of their quantity within the key."""
    partition = [rows.c[name] for name in keys]
    upto = func.sum(rows.c.quantity).over(partition_by=partition or None, order_by=list(order))
    return select(*rows.c, upto.label("upto")).where(rows.c.quantity > 0)


def overlap(left: FromClause, right: FromClause, keys: Sequence[str]) -> tuple[ColumnElement[bool], ColumnElement[int]]:
    """Which pairs share something when rows of equal key are served in sequence, and how much it is.

    Both are `in_sequence`; the share of a pair is where the two stretches of the running sums overlap.
    """
    start = case(
        (left.c.upto - left.c.quantity > right.c.upto - right.c.quantity, left.c.upto - left.c.quantity),
        else_=right.c.upto - right.c.quantity,
    )
    end = case((left.c.upto < right.c.upto, left.c.upto), else_=right.c.upto)
    return and_(*(left.c[name] == right.c[name] for name in keys), end > start), end - start
